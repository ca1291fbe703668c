// Pictures of each screen: light and dark, in each language, at four widths. `npm run shots [-- name]`; they lie in `shots/`.

import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { ADDRESSES } from "./addresses.mjs";
import { look, openShop, openWindow, startBrowser } from "./shop.mjs";

const FOLDER = fileURLToPath(new URL("../shots/", import.meta.url));
const SIZES = [[390, 844], [768, 1024], [1440, 900], [1920, 1080]];
const THEMES = ["light", "dark"];
const LANGUAGES = ["en", "it", "fr"];

const wanted = process.argv.slice(2);
const names = Object.keys(ADDRESSES).filter((name) => wanted.length === 0 || wanted.includes(name));

await mkdir(FOLDER, { recursive: true });
const [shop, browser] = await Promise.all([openShop({ events: 600 }), startBrowser()]);
try {
  for (const [width, height] of SIZES) {
    for (const theme of THEMES) {
      for (const language of LANGUAGES) {
        const { page, context } = await openWindow(browser, shop, { width, height, theme, language, touch: width < 800 });
        for (const name of names) {
          await look(page, shop, ADDRESSES[name]);
          await page.screenshot({ path: `${FOLDER}${name}-${theme}-${language}-${width}.png`, fullPage: width < 800 });
        }
        await context.close();
      }
    }
  }
  console.log(`${names.length * SIZES.length * THEMES.length * LANGUAGES.length} pictures in ${FOLDER}`);
} finally {
  await browser.close();
  await shop.close();
}

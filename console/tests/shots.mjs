// Pictures of each screen: light and dark, in each language, at four widths; they lie in `shots/`. `npm run shots`, or fewer of
// them: `npm run shots -- today person --widths 390,1440 --languages en`.

import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { ADDRESSES } from "./addresses.mjs";
import { look, openShop, openWindow, startBrowser } from "./shop.mjs";

const FOLDER = fileURLToPath(new URL("../shots/", import.meta.url));
const SIZES = [[390, 844], [768, 1024], [1440, 900], [1920, 1080]];
const THEMES = ["light", "dark"];
const LANGUAGES = ["en", "it", "fr"];

/** What a flag lists, where it is given. */
function flag(name, all) {
  const at = process.argv.indexOf(`--${name}`);
  const listed = at < 0 ? undefined : process.argv.splice(at, 2)[1].split(",");
  return all.filter((one) => !listed || listed.includes(String(Array.isArray(one) ? one[0] : one)));
}

const [sizes, languages] = [flag("widths", SIZES), flag("languages", LANGUAGES)];
const wanted = process.argv.slice(2);
const names = Object.keys(ADDRESSES).filter((name) => wanted.length === 0 || wanted.includes(name));

await mkdir(FOLDER, { recursive: true });
const [shop, browser] = await Promise.all([openShop({ events: 600 }), startBrowser()]);
try {
  for (const [width, height] of sizes) {
    for (const theme of THEMES) {
      for (const language of languages) {
        const { page, context } = await openWindow(browser, shop, { width, height, theme, language, touch: width < 800 });
        for (const name of names) {
          await look(page, shop, ADDRESSES[name]);
          // A small window grows to its page, so that the bar at its end hides nothing.
          if (width < 800) await page.setViewportSize({ width, height: await page.evaluate(() => Math.max(innerHeight, document.documentElement.scrollHeight)) });
          await page.screenshot({ path: `${FOLDER}${name}-${theme}-${language}-${width}.png` });
          await page.setViewportSize({ width, height });
        }
        await context.close();
      }
    }
  }
  console.log(`${names.length * sizes.length * THEMES.length * languages.length} pictures in ${FOLDER}`);
} finally {
  await browser.close();
  await shop.close();
}

import { mkdir } from "node:fs/promises";
import { ADDRESSES } from "./addresses.mjs";
import { look, openWindow, startBrowser } from "./shop.mjs";
const [url, folder, ...rest] = process.argv.slice(2);
const [widths, themes, languages, ...names] = rest;
await mkdir(folder, { recursive: true });
const browser = await startBrowser();
const shop = { url };
for (const width of widths.split(",").map(Number)) for (const theme of themes.split(",")) for (const language of languages.split(",")) {
  const height = width < 800 ? 844 : 900;
  const { page, context } = await openWindow(browser, shop, { width, height, theme, language, touch: width < 800 });
  for (const name of names.length ? names : Object.keys(ADDRESSES)) {
    await look(page, shop, ADDRESSES[name] ?? name);
    if (width < 800) await page.setViewportSize({ width, height: await page.evaluate(() => Math.max(innerHeight, document.documentElement.scrollHeight)) });
    await page.screenshot({ path: `${folder}/${name.replaceAll("/", "_")}-${theme}-${language}-${width}.png` });
    await page.setViewportSize({ width, height });
  }
  await context.close();
}
await browser.close();

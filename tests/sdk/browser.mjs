// Debian's Chromium with a page of a shop in it. The page comes from a port of its own, so every call to Trama is
// cross-origin, as it is on a real site.

import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const CHROMIUM = process.env.CHROMIUM_BIN ?? "/usr/bin/chromium";

// Headless Chromium calls itself a robot, and Trama keeps robots out of profiles. Here it stands for a person.
const PERSON = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Safari/537.36";

/** One Chromium, for whoever closes it. */
export function startBrowser() {
  // A container's root may not make the sandbox; the page is our own.
  return chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
}

/** A visitor with no history opens the shop, in which the named build of the SDK is loaded and nothing else. */
export async function openShop(t, browser, build) {
  const script = await readFile(createRequire(import.meta.url).resolve(build));
  const shop = createServer((request, response) => {
    const isScript = request.url === "/sdk.js";
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html; charset=utf-8");
    response.end(isScript ? script : '<!doctype html><title>Bottega</title><script src="/sdk.js"></script>');
  }).listen(0, "127.0.0.1");
  await once(shop, "listening");
  const context = await browser.newContext({ userAgent: PERSON });
  t.after(async () => {
    await context.close();
    shop.closeAllConnections();
    shop.close();
  });
  const page = await context.newPage();
  const seen = [];
  page.on("response", (response) => {
    const { pathname } = new URL(response.url());
    seen.push({ method: response.request().method(), path: pathname, status: response.status() });
  });
  const errors = [];
  page.on("pageerror", (error) => errors.push(error));
  const origin = `http://127.0.0.1:${shop.address().port}`;
  await page.goto(`${origin}/?utm_source=newsletter&utm_medium=email&utm_campaign=spring`);
  return { page, origin, seen, errors };
}

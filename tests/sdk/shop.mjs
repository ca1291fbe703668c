// A shop whose pages allow as little as a page can: no script and no style but from named places, no HTML from scripts.

import { once } from "node:events";
import { createServer } from "node:http";

// Headless Chromium calls itself a robot, and Trama keeps robots out of profiles. Here it stands for a person.
const PERSON = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Safari/537.36";

// A machine that is busy building answers late, and that is another test's business.
const WAIT_MS = 20_000;

const STYLE = `body { margin: 0; font: 16px sans-serif; color: #222; background: #fff } main { padding: 16px; min-height: 3000px }
.top { height: 120px; overflow: hidden; background: #eee }`;

/** A page of the shop, for the server or for somewhere else that it asks. */
export async function startShop(t, browser, server, { endpoint = server.url, wait = WAIT_MS } = {}) {
  const policy = [
    "default-src 'none'",
    `script-src ${server.url}`,
    `connect-src ${server.url} ${endpoint}`,
    "style-src 'self'",
    "base-uri 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types trama",
  ].join("; ");
  const page = `<!doctype html><html lang="en"><title>Bottega</title><link rel="stylesheet" href="/style.css">
<script async src="${server.url}/t.js" data-write-key="${server.writeKey}" data-endpoint="${endpoint}" data-wait="${wait}"></script>
<main><h1>Bottega</h1><div class="top" data-trama-slot="top">Our own words</div><p><a id="first" href="#more">More</a></p></main>
<div data-trama-slot="site"></div><div data-trama-slot="popup"></div>`;
  const shop = createServer((request, response) => {
    if (request.url === "/style.css") return response.setHeader("content-type", "text/css").end(STYLE);
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.setHeader("content-security-policy", policy).end(page);
  }).listen(0, "127.0.0.1");
  await once(shop, "listening");
  t.after(() => {
    shop.closeAllConnections();
    shop.close();
  });
  const url = `http://127.0.0.1:${shop.address().port}/`;
  return { url, visitor: () => visitor(t, browser) };
}

/** Somebody with no history: a page, what went wrong in it, and by how much its layout jumped. */
async function visitor(t, browser) {
  const context = await browser.newContext({ userAgent: PERSON, locale: "en-GB", viewport: { width: 1000, height: 700 } });
  t.after(() => context.close());
  const page = await context.newPage();
  await page.addInitScript(() => {
    window.shop = { shift: 0, violations: [] };
    document.addEventListener("securitypolicyviolation", (event) => window.shop.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
    new PerformanceObserver((list) => list.getEntries().forEach((one) => (window.shop.shift += one.value))).observe({ type: "layout-shift", buffered: true });
  });
  const errors = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  return { page, errors, told: () => page.evaluate(() => window.shop) };
}

// A server without room tells its senders to come back. A browser must be allowed to read when, the SDK in it must do
// so and not before, and what it had to say must be there once.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";

import { openShop, startBrowser } from "./browser.mjs";
import { eventually, startHeldServer } from "./server.mjs";

const SDK = "@segment/analytics-next/dist/umd/index.js";

// Larger together than what the server lets wait.
const BODIES = 8;
const EVENTS_A_BODY = 230;
const EVENT_BYTES = 31_000;

let browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser?.close());

test("@segment/analytics-next is told to come back, and does so then", async (t) => {
  const { server, letGo } = await startHeldServer(t);
  const full = fill(server);
  await eventually(async () => assert.equal((await fetch(`${server.url}/readyz`)).status, 503));

  const shop = await openShop(t, browser, SDK);
  const asked = [];
  const answers = [];
  shop.page.on("request", (one) => one.method() === "POST" && asked.push(performance.now()));
  shop.page.on("response", async (one) => {
    if (one.request().method() === "POST") answers.push({ status: one.status(), headers: await one.allHeaders() });
  });
  const visitor = await shop.page.evaluate(
    async (settings) => {
      const analytics = globalThis.AnalyticsNext.AnalyticsBrowser.load(settings);
      void analytics.track("Product Viewed", { sku: "cup" });
      return (await analytics.user()).anonymousId();
    },
    { writeKey: server.writeKey, cdnURL: server.url },
  );
  await eventually(() => assert.equal(answers.length, 1));
  letGo();
  await eventually(() => assert.equal(answers.at(-1).status, 200, JSON.stringify(answers)));

  const [refused] = answers;
  assert.equal(refused.status, 429);
  assert.match(refused.headers["access-control-expose-headers"], /retry-after/i);
  const seconds = Number(refused.headers["retry-after"]);
  assert.ok(seconds >= 1, `Retry-After: ${refused.headers["retry-after"]}`);
  // The browser says when it asked a little late, and not always by as much.
  const waited = (asked[1] - asked[0]) / 1000 + 0.2;
  assert.ok(waited >= seconds, `told to wait ${seconds} s, it waited ${waited} s`);

  const timeline = await server.timeline(`anonymous_id:${visitor}`);
  assert.deepEqual(timeline, [{ name: "Product Viewed", properties: { sku: "cup" } }]);
  assert.deepEqual(shop.errors, []);
  await full;
});

/** Sends more than there is room for; resolves when all of it was taken or refused. */
function fill(server) {
  const text = randomBytes(EVENT_BYTES / 2).toString("hex");
  const event = { type: "track", event: "Noise", userId: "noise", properties: { text } };
  const body = JSON.stringify({ writeKey: server.writeKey, batch: Array(EVENTS_A_BODY).fill(event) });
  // A server that refuses may close before it has read what it does not want.
  const send = () => fetch(`${server.url}/v1/batch`, { method: "POST", body }).catch(() => {});
  return Promise.all(Array.from({ length: BODIES }, send));
}

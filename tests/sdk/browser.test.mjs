// Segment's web SDK in a real browser, unchanged: it asks our settings endpoint where to send, and sends from another
// origin, so every call passes the browser's own cross-origin checks.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { openShop, startBrowser } from "./browser.mjs";
import { eventually, startServer } from "./server.mjs";

const NEWEST = "@segment/analytics-next/dist/umd/index.js";
// The last series that put the write key into the body only, and so needs no preflight.
const WITHOUT_HEADER = "@segment/analytics-next-1.70/dist/umd/index.js";

const BATCHING = { "Segment.io": { deliveryStrategy: { strategy: "batching", config: { size: 3, timeout: 200 } } } };

const CASES = [
  { name: "one request an event", build: NEWEST, integrations: {}, posts: ["/v1/p", "/v1/t", "/v1/i", "/v1/g", "/v1/s", "/v1/a"] },
  { name: "batches", build: NEWEST, integrations: BATCHING, posts: ["/v1/b"] },
  { name: "1.70, write key in the body", build: WITHOUT_HEADER, integrations: {}, posts: ["/v1/p", "/v1/t", "/v1/i"] },
];

let browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser?.close());

for (const { name, build, integrations, posts } of CASES) {
  test(`@segment/analytics-next, ${name}: a visitor becomes a customer`, async (t) => {
    const server = await startServer(t);
    const shop = await openShop(t, browser, build);
    const settings = { writeKey: server.writeKey, cdnURL: server.url };
    const visitor = await shop.page.evaluate(visit, { settings, integrations });

    const log = await eventually(async () => {
      const log = await server.events();
      assert.deepEqual(log.map((event) => event.type).sort(), CALLS.toSorted());
      return log;
    });
    assert.deepEqual(new Set(log.map((event) => event.person.address)), new Set(["user_id:u1"]));
    const page = log.find((event) => event.type === "page");
    assert.deepEqual(page.context.campaign, { source: "newsletter", medium: "email", name: "spring" });

    const timeline = await server.timeline("user_id:u1");
    assert.deepEqual(timeline.map((event) => event.name).sort(), [...Object.keys(DID), "Page Viewed", "Screen Viewed"].sort());
    for (const [name, properties] of Object.entries(DID)) {
      assert.deepEqual(timeline.find((event) => event.name === name).properties, properties);
    }
    const profile = await server.profile("user_id:u1");
    assert.deepEqual(profile.traits, { email: "ada@example.com", first_name: "Ada", plan: "gold" });
    assert.deepEqual(await server.profile(`anonymous_id:${visitor}`), profile, "the history from before is hers");

    const { pathname } = new URL(`${server.url}/v1/projects/${server.writeKey}/settings`);
    const paths = (method) => shop.seen.filter((one) => one.method === method && one.status === 200).map((one) => one.path);
    assert.ok(paths("GET").includes(pathname), "the settings came from us");
    for (const path of posts) assert.ok(paths("POST").includes(path), `${path} in ${paths("POST")}`);
    assert.deepEqual(shop.errors, []);
  });
}

const CALLS = ["page", "track", "identify", "track", "group", "screen", "identify", "alias"];

const DID = {
  "Order Completed": { order_id: "o1", total: 25, products: [{ sku: "cup", quantity: 2 }] },
  "Product Viewed": { sku: "cup" },
};

/** Runs in the page. Gives the visitor's anonymous id. */
async function visit({ settings, integrations }) {
  const analytics = globalThis.AnalyticsNext.AnalyticsBrowser.load(settings, { integrations });
  await analytics.page("Shop");
  await analytics.track("Product Viewed", { sku: "cup" });
  const anonymous = (await analytics.user()).anonymousId();
  await analytics.identify("u1", { email: "ada@example.com", first_name: "Ada" });
  await analytics.track("Order Completed", { order_id: "o1", total: 25, products: [{ sku: "cup", quantity: 2 }] });
  await analytics.group("g1", { company: "Analytical Engines" });
  await analytics.screen("Basket");
  await analytics.identify("u1", { plan: "gold" });
  // After identify this SDK sends the person's own id as the previous one: it must not hurt.
  await analytics.alias("u1", "u1");
  return anonymous;
}

test("a browser may send from any origin, and read when to come back", async (t) => {
  const server = await startServer(t);
  for (const path of ["/v1/t", "/v1/b", "/v1/batch"]) {
    const asked = "authorization,content-type,x-retry-count";
    const headers = { origin: "https://bottega.example", "access-control-request-method": "POST", "access-control-request-headers": asked };
    const response = await fetch(`${server.url}${path}`, { method: "OPTIONS", headers });
    assert.ok(response.ok, `OPTIONS ${path}: ${response.status}`);
    assert.equal(response.headers.get("access-control-allow-origin"), "https://bottega.example");
    const allowed = response.headers.get("access-control-allow-headers").toLowerCase();
    for (const header of asked.split(",")) assert.ok(allowed.includes(header), `${header} in ${allowed}`);
  }
  const refused = await fetch(`${server.url}/v1/track`, { method: "POST", body: "{", headers: { origin: "https://bottega.example" } });
  assert.match(refused.headers.get("access-control-expose-headers") ?? "", /retry-after/i);
});

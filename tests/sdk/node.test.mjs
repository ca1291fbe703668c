// The SDKs for Node, unchanged, against the real server: each call arrives once, and as it was made.

import assert from "node:assert/strict";
import { createServer, request } from "node:http";
import { once } from "node:events";
import { test } from "node:test";

import { Analytics } from "@segment/analytics-node";
import RudderAnalytics from "@rudderstack/rudder-sdk-node";
import { eventually, startServer } from "./server.mjs";

const SDKS = [
  {
    name: "@segment/analytics-node",
    open(url, writeKey) {
      const client = new Analytics({ writeKey, host: url });
      return { call: (type, message) => client[type](message), flush: () => client.closeAndFlush() };
    },
  },
  {
    name: "@rudderstack/rudder-sdk-node",
    open(url, writeKey) {
      const client = new RudderAnalytics(writeKey, { dataPlaneUrl: url });
      return { call: (type, message) => client[type](message), flush: () => client.flush() };
    },
  },
];

// A visitor looks at a cup, says who she is, buys it, and is seen on other surfaces.
const products = [{ sku: "cup", quantity: 2, price: 12.5 }];
const CALLS = [
  ["track", { anonymousId: "browser-1", event: "Product Viewed", properties: { sku: "cup", price: 12.5 } }],
  [
    "identify",
    { userId: "u1", anonymousId: "browser-1", traits: { email: "Ada@Example.com", first_name: "Ada", plan: "free" } },
  ],
  ["track", { userId: "u1", event: "Order Completed", properties: { order_id: "o1", total: 25, currency: "EUR", products } }],
  ["page", { userId: "u1", name: "Guide", properties: { path: "/guide" } }],
  ["screen", { userId: "u1", name: "Basket", properties: { items: 2 } }],
  ["group", { userId: "u1", groupId: "g1", traits: { company: "Analytical Engines" } }],
  ["alias", { userId: "u1", previousId: "browser-0" }],
  ["identify", { userId: "u1", traits: { plan: "gold", vip: true } }],
];

// What the timeline must hold of it.
const TIMELINE = [
  { name: "Product Viewed", properties: { sku: "cup", price: 12.5 } },
  { name: "Order Completed", properties: { order_id: "o1", total: 25, currency: "EUR", products } },
  { name: "Page Viewed", properties: { name: "Guide", path: "/guide" } },
  { name: "Screen Viewed", properties: { name: "Basket", items: 2 } },
];

for (const sdk of SDKS) {
  test(`${sdk.name}: every call arrives once`, async (t) => {
    const server = await startServer(t);
    const client = sdk.open(server.url, server.writeKey);
    for (const [type, message] of CALLS) client.call(type, message);
    await client.flush();
    await expectTheStory(server);
  });

  test(`${sdk.name}: a lost answer makes it repeat itself, and nothing counts twice`, async (t) => {
    const server = await startServer(t);
    const road = await loseFirstAnswer(t, server.url);
    const client = sdk.open(road.url, server.writeKey);
    for (const [type, message] of CALLS) client.call(type, message);
    await client.flush();
    await expectTheStory(server);
    assert.ok(road.requests() >= 2, "the SDK did not repeat itself, so this test shows nothing");
  });
}

/** Each call is in the log once, the person's history is whole, and what was said about her is merged. */
async function expectTheStory(server) {
  const log = await eventually(async () => {
    const log = await server.events();
    assert.deepEqual(log.map((event) => event.type).sort(), CALLS.map(([type]) => type).sort());
    return log;
  });
  assert.deepEqual(new Set(log.map((event) => event.person.address)), new Set(["user_id:u1"]));
  assert.equal(log.find((event) => event.type === "group").properties.groupId, "g1");

  assert.deepEqual((await server.timeline("user_id:u1")).sort(byName), TIMELINE.toSorted(byName));
  const profile = await server.profile("user_id:u1");
  assert.deepEqual(profile.traits, { email: "Ada@Example.com", first_name: "Ada", plan: "gold", vip: true });
  for (const other of ["email:ada@example.com", "anonymous_id:browser-1", "anonymous_id:browser-0"]) {
    assert.deepEqual(await server.profile(other), profile, other);
  }
}

const byName = (a, b) => a.name.localeCompare(b.name);

/** A road to the server on which the first request arrives, is taken, and its answer gets lost. */
async function loseFirstAnswer(t, url) {
  let requests = 0;
  const road = createServer((incoming, outgoing) => {
    const isFirst = ++requests === 1;
    const onward = request(`${url}${incoming.url}`, { method: incoming.method, headers: incoming.headers });
    onward.on("response", (response) => {
      if (isFirst) return response.resume().on("end", () => outgoing.destroy());
      outgoing.writeHead(response.statusCode, response.headers);
      return response.pipe(outgoing);
    });
    incoming.pipe(onward);
  }).listen(0, "127.0.0.1");
  await once(road, "listening");
  t.after(() => road.closeAllConnections());
  t.after(() => road.close());
  return { url: `http://127.0.0.1:${road.address().port}`, requests: () => requests };
}

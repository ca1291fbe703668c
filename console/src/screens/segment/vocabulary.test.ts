import assert from "node:assert/strict";
import { test } from "node:test";
import { together } from "./vocabulary.ts";

test("what the engine counted is kept, and the newest events add what only the log has", () => {
  const told = { events: [{ name: "Order Completed", people: 4, times: 9, properties: [{ path: "total", values: [] }] }], traits: [{ name: "country", people: 3, values: [{ value: "IT", times: 2 }] }] };
  const order = { kind: "event", name: "Order Completed", properties: { total: 5, products: [{ sku: "A" }, { sku: "A" }] } };
  const all = together(told, [order, { kind: "event", name: "Page Viewed", properties: {} }, { kind: "engaged", name: "x" }]);
  assert.deepEqual(all.events.map(({ name, times, people }) => [name, times, people]), [["Order Completed", "9", 4], ["Page Viewed", "1", 0]]);
  assert.deepEqual(all.events[0]?.properties, [{ path: "total", values: [] }, { path: "products.sku", values: [{ value: "A", times: "2" }] }]);
  assert.deepEqual(all.traits[0]?.values, [{ value: "IT", times: "2" }]);
});

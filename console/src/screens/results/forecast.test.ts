import assert from "node:assert/strict";
import { test } from "node:test";
import { bands, totals, type Outlook } from "./forecast.ts";
import { marginOf, missed } from "./worth.ts";

const outlook = (level: number, low: number): Outlook => ({ what: "orders", each: "week", method: "smoothed", level, periods: 4, total: 5, forecast: [{ from: "2026-11-23", value: 5, low, high: 9 }], backtest: null });

test("the wider band comes first, and no band goes below zero", () => {
  assert.deepEqual(bands(outlook(0.9, -2), outlook(0.5, 3)), [{ at: "2026-11-23", value: 5, bands: [{ level: 90, low: 0, high: 9 }, { level: 50, low: 3, high: 9 }] }]);
  assert.equal(bands(outlook(0.9, 1))[0]?.bands.length, 1);
});

test("a forecast of weeks ends with the Sunday of its last one", () => {
  assert.deepEqual(totals(outlook(0.9, 1)), { until: "2026-11-29" });
});

test("a margin is a share of what customers pay, all of it where nobody said", () => {
  assert.equal(marginOf("35"), 0.35);
  assert.deepEqual([marginOf(""), marginOf("0"), marginOf("250"), marginOf("x")], [1, 1, 1, 1]);
});

test("what was foretold is held against what came", () => {
  const scores = { actual: 10, predicted: 12, mae: 1, length: 4, correlation: null, by_frequency: [] };
  assert.ok(Math.abs((missed(scores) ?? 0) - 0.2) < 1e-9);
  assert.equal(missed({ ...scores, actual: 0 }), null);
  assert.equal(missed(null), null);
});

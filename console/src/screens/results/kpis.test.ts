import assert from "node:assert/strict";
import { test } from "node:test";
import { base, doubt, grouped, grown, writer, written, type Kpi } from "./kpis.ts";

const kpi = (name: string, over: Partial<Kpi> = {}): Kpi => ({ name, title: name, formula: "", unit: "count", value: 3, numerator: 3, denominator: null, n: 3, interval: null, ...over });

test("figures stand in their groups, and a new one is not lost", () => {
  const groups = grouped([kpi("visits"), kpi("revenue"), kpi("orders"), kpi("brand_new")]);
  assert.deepEqual(groups.map((group) => [group.key, group.kpis.map((one) => one.name)]), [["orders", ["orders", "revenue"]], ["reach", ["visits"]], ["others", ["brand_new"]]]);
});

test("a value is written as its unit, and undefined is not zero", () => {
  assert.equal(written(kpi("cpa", { unit: "money", value: 3.5, currency: "EUR" })), "€3.50");
  assert.equal(written(kpi("ctr", { unit: "share", value: 0.034 })), "3.4%");
  assert.equal(written(kpi("roas", { unit: "ratio", value: 2 })), "2.00");
  assert.equal(written(kpi("ctr", { unit: "share", value: null })), "–");
  assert.equal(written(undefined), "…");
  assert.equal(writer("count")(1234), "1,234");
});

test("a share says what it is of, and how sure it is", () => {
  const rate = kpi("ctr", { unit: "share", value: 0.5, numerator: 5, denominator: 10, interval: [0.2, 0.8] });
  assert.equal(base(rate), "5 / 10");
  assert.equal(doubt(rate), "20.0% to 80.0%");
  assert.equal(base(kpi("cpa", { unit: "money", value: 2, numerator: "20.00", denominator: 10, currency: "EUR" })), "€20.00 / 10");
  assert.equal(base(kpi("ctr", { value: null, denominator: 0 })), "");
});

test("what grew from nothing has no share of growth", () => {
  assert.equal(grown(kpi("orders", { value: 6 }), kpi("orders", { value: 3 })), 1);
  assert.equal(grown(kpi("orders", { value: 6 }), kpi("orders", { value: 0 })), null);
  assert.equal(grown(kpi("orders", { value: 6 }), undefined), null);
});

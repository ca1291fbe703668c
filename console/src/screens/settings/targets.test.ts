import assert from "node:assert/strict";
import { test } from "node:test";
import { definitionOf, formOf, fresh, missing, open, type Figure } from "./targets.ts";

const figure = (name: string, unit: string, growth = "steady"): Figure => ({ name, title: name, unit, bound: "at_least", growth });
const orders = figure("orders", "count", "adds_up");
const revenue = figure("revenue", "money", "adds_up");
const conversion = figure("landing_conversion", "share");
const cac = figure("cac", "money");

test("what is filled in becomes the definition: percent of a share, a period where the figure adds up, a currency of money", () => {
  const form = (of: Figure, value: string, currency = "") => definitionOf(of, { ...fresh(of.name), value, currency });
  assert.deepEqual(form(orders, "160", "EUR"), { value: "160", per: "month" });
  assert.deepEqual(form(revenue, "9000.50"), { value: "9000.50", per: "month" });
  assert.deepEqual(form(cac, "45", "chf"), { value: "45", currency: "CHF" });
  assert.deepEqual(form(conversion, "2,5"), { value: "2.5%" });
});

test("a target that is live fills the form as it was written", () => {
  assert.deepEqual(formOf(conversion, { millionths: 25_000 }), { figure: "landing_conversion", value: "2.5", currency: "", per: "month" });
  assert.deepEqual(formOf(revenue, { millionths: 9_000_000_000, currency: "EUR", per: "week" }), { figure: "revenue", value: "9000", currency: "EUR", per: "week" });
});

test("it takes a number above nothing, and of a share no more than all", () => {
  const of = (one: Figure | undefined, value: string) => missing(one, { ...fresh(""), value });
  assert.deepEqual([of(orders, ""), of(orders, "0"), of(orders, "many"), of(undefined, "5")], Array(4).fill("programme.target_first"));
  assert.equal(of(conversion, "101"), "programme.target_share");
  assert.deepEqual([of(conversion, "100"), of(orders, "101")], [undefined, undefined]);
});

test("figures that have a target are not offered again", () => {
  assert.deepEqual(open([orders, cac], { cac: { millionths: 1 } }), [orders]);
});

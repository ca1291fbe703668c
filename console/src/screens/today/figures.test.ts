import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, test } from "node:test";
import { write } from "../../format.ts";
import { speak } from "../../words.ts";
import { shown, type Kpi } from "./figures.ts";

const book = (noun: string) => JSON.parse(readFileSync(new URL(`../../words/en/${noun}.json`, import.meta.url), "utf8")) as Record<string, string>;
before(() => {
  write("en");
  speak("en", { kpi: book("kpi"), today: book("today"), target: book("target") });
});

const kpi = (name: string, unit: string, value: number | null, n = 0): Kpi => ({ name, unit, value, n, currency: unit === "money" ? "EUR" : undefined });

test("what is not defined is not shown, and no more than fit are", () => {
  const now = [kpi("cac", "money", 0), kpi("visits", "count", 9), kpi("leads", "count", null), kpi("revenue", "money", 18420), kpi("orders", "count", 3)];
  assert.deepEqual(shown(now, [], []).map((one) => one.name), ["revenue", "orders", "visits"]);
});

test("a figure is compared with the period before; a share says its base where there is none", () => {
  const [revenue, conversion] = shown([kpi("revenue", "money", 18420), kpi("landing_conversion", "share", 0.036, 411)], [kpi("revenue", "money", 17500)], []);
  assert.equal(revenue?.value, "€18,420");
  assert.equal(revenue?.note, "+5% against €17,500 before");
  assert.equal(conversion?.note, "of 411");
});

test("fewer is worse, of what costs more is; a little of either is neither", () => {
  const state = (name: string, unit: string, value: number, was: number) => shown([kpi(name, unit, value)], [kpi(name, unit, was)], [])[0]?.state;
  assert.equal(state("leads", "count", 80, 100), "warn");
  assert.equal(state("leads", "count", 98, 100), undefined);
  assert.equal(state("leads", "count", 130, 100), undefined);
  assert.equal(state("cac", "money", 30, 20), "warn");
  assert.equal(state("cac", "money", 10, 20), undefined);
});

test("what has a target comes first and says how far it is; where that is undefined it is compared as the others are", () => {
  const target = { value: 10, bound: "at_least", per: "week", so_far: true, whole: 10, due: 8, distance: -0.25, course: "behind" };
  const now = [kpi("revenue", "money", 100), kpi("orders", "count", 6), { ...kpi("roas", "ratio", 2.5), target: { ...target, course: null, distance: null } }, { ...kpi("visits", "count", 6), target }];
  const [visits, roas, revenue, orders] = shown(now, [], []);
  assert.deepEqual([visits?.name, visits?.note, visits?.state, visits?.of], ["visits", "Behind: 25% under the target so far", "warn", 0.75]);
  assert.deepEqual([roas?.name, roas?.value, roas?.note, roas?.of], ["roas", "2.50", "nothing before", undefined]);
  assert.deepEqual([revenue?.name, orders?.name, orders?.of], ["revenue", "orders", undefined]);
});

test("a day without figures is a zero in the picture", () => {
  const days = [[kpi("orders", "count", 2)], [], [kpi("orders", "count", 5)]];
  assert.deepEqual(shown([kpi("orders", "count", 7)], [], days)[0]?.spark, [2, 0, 5]);
});

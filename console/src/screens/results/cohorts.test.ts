import assert from "node:assert/strict";
import { test } from "node:test";
import { begun, returning, tables } from "./cohorts.ts";

const cohort = (channel: string, people: number, ordered: number[]) => ({ channel, begin: "2026-08", people, ordered });

test("cohorts that are too young say nothing about who stays", () => {
  assert.deepEqual(returning([cohort("", 10, [4, 1]), cohort("", 30, [6]), cohort("", 100, [])]), { share: 0.25, people: 40 });
  assert.equal(returning([cohort("", 5, [])]), null);
});

test("a table a channel, the largest first", () => {
  assert.deepEqual(tables([cohort("a", 1, []), cohort("b", 5, []), cohort("a", 2, [])]).map((one) => [one.channel, one.cohorts.length]), [["b", 1], ["a", 2]]);
});

test("a month is a month", () => {
  assert.match(begun("2026-08"), /Aug 2026/);
  assert.match(begun("2026-08-03"), /3 Aug/);
});

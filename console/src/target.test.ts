import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, test } from "node:test";
import { money, write } from "./format.ts";
import { aimOf, courseOf, reachedOf, stateOf, type Target } from "./target.ts";
import type { Language } from "./theme.ts";
import { speak } from "./words.ts";

const read = (language: Language) => {
  const words = JSON.parse(readFileSync(new URL(`./words/${language}/target.json`, import.meta.url), "utf8")) as Record<string, string>;
  write(language);
  speak(language, { target: words });
};
before(() => read("en"));

const target = (of: Partial<Target> = {}): Target => ({ value: 9000, currency: "EUR", bound: "at_least", per: "month", so_far: true, whole: 2100, due: 1800, distance: -0.12, course: "behind", ...of });

test("how far a figure is has a word for its state, and the distance", () => {
  assert.equal(courseOf(target()), "Behind: 12% under the target so far");
  assert.equal(courseOf(target({ distance: 0.034, course: "met", so_far: false })), "Met: 3% over the target");
  assert.equal(courseOf(target({ distance: null, course: "on_course" })), "On course");
  assert.equal(courseOf(target({ distance: null, course: null })), "The target cannot be compared here");
  assert.deepEqual([stateOf(target()), stateOf(target({ course: "met" })), stateOf(target({ course: "on_course" }))], ["warn", "good", undefined]);
  assert.deepEqual([reachedOf(target()), reachedOf(target({ distance: null }))], [0.88, undefined]);
});

test("a target says whether it is the least or the most, and in how long a time", () => {
  assert.equal(aimOf(target(), (value) => money(value, "EUR")), "at least €9,000 a month");
  assert.equal(aimOf(target({ value: 45, bound: "at_most", per: null }), (value) => money(value, "EUR")), "at most €45.00");
  read("it");
  assert.equal(courseOf(target()), "Indietro: finora 12% sotto il traguardo");
  read("en");
});

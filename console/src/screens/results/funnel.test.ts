import assert from "node:assert/strict";
import { test } from "node:test";
import { changedSteps, stepsOf, weakest } from "./funnel.ts";

test("steps are those of the address; one alone is no funnel", () => {
  assert.deepEqual(stepsOf("A, B ,"), ["A", "B"]);
  assert.deepEqual(stepsOf("A", "Paid").at(-1), "Paid");
});

test("steps are added, moved, changed and taken out, and never hold a comma", () => {
  assert.deepEqual(changedSteps(["A", "B"], { add: "C, d" }), ["A", "B", "C  d"]);
  assert.deepEqual(changedSteps(["A", "B", "C"], { move: 2, by: -1 }), ["A", "C", "B"]);
  assert.deepEqual(changedSteps(["A", "B", "C"], { move: 0, by: 1 }), ["B", "A", "C"]);
  assert.deepEqual(changedSteps(["A", "B", "C"], { remove: 1 }), ["A", "C"]);
  assert.deepEqual(changedSteps(["A", "B"], { at: 0, name: "Z" }), ["Z", "B"]);
});

test("most are lost between the two with the widest gap", () => {
  assert.deepEqual(weakest([{ step: "A", people: 10 }, { step: "B", people: 8 }, { step: "C", people: 1 }]), { from: "B", to: "C", lost: 7 });
  assert.equal(weakest([{ step: "A", people: 3 }, { step: "B", people: 3 }]), null);
});

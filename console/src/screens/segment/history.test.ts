import assert from "node:assert/strict";
import { test } from "node:test";
import { back, begun, forth, stepped } from "./history.ts";

test("steps go back and forth, and a new one ends what was ahead", () => {
  let steps = stepped(stepped(begun("a"), "b"), "c");
  assert.equal(back(steps)?.now, "b");
  steps = back(back(steps) ?? steps) ?? steps;
  assert.deepEqual([steps.now, back(steps)], ["a", null]);
  steps = forth(steps) ?? steps;
  assert.equal(steps.now, "b");
  steps = stepped(steps, "d");
  assert.equal(forth(steps), null);
  assert.deepEqual(steps.past, ["a", "b"]);
});

test("what is written in one go is one step, and the same again is none", () => {
  const steps = stepped(stepped(begun("a"), "ab"), "abc", true);
  assert.deepEqual(steps.past, ["a"]);
  assert.equal(stepped(steps, "abc"), steps);
});

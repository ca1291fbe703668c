import assert from "node:assert/strict";
import { test } from "node:test";
import { beside } from "./compare.ts";

test("lines that stayed stand beside each other, changed ones opposite", () => {
  assert.deepEqual(beside("a\nb\nc\n", "a\nx\nc\nd\n"), [
    { left: "a", right: "a" },
    { left: "b", right: "x", change: "changed" },
    { left: "c", right: "c" },
    { left: undefined, right: "d", change: "added" },
  ]);
  assert.deepEqual(beside("a\n", ""), [{ left: "a", right: undefined, change: "removed" }]);
  assert.deepEqual(beside("", ""), []);
});

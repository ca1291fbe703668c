import assert from "node:assert/strict";
import { test } from "node:test";
import { beside, near } from "./compare.ts";

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

test("far from every change is left out", () => {
  const text = Array.from({ length: 9 }, (_, line) => `line ${line}`).join("\n");
  const rows = near(beside(text, text.replace("line 4", "other")), 1);
  assert.deepEqual(rows.map((row) => (row === "cut" ? row : row.right)), ["cut", "line 3", "other", "line 5", "cut"]);
  assert.deepEqual(near(beside(text, text)), ["cut"]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { differing } from "./audit.ts";

test("only the places that differ are told", () => {
  assert.deepEqual(differing({ a: 1, b: { c: [1], d: 2 } }, { a: 1, b: { c: [1, 2], e: "x" } }), [
    { path: "b.c", before: "[1]", after: "[1,2]" },
    { path: "b.d", before: "2", after: "–" },
    { path: "b.e", before: "–", after: "x" },
  ]);
  assert.deepEqual(differing(null, { state: "paused" }), [{ path: "", before: "–", after: '{"state":"paused"}' }]);
  assert.deepEqual(differing({ a: 1 }, { a: 1 }), []);
});

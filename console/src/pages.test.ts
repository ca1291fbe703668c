import assert from "node:assert/strict";
import { test } from "node:test";
import { extended, renewed, type PageOf } from "./pages.ts";

const key = (row: number) => row;
const page = (rows: number[], next: string | null = null): PageOf<number> => ({ rows, next });

test("the newest page alone is replaced whole", () => {
  const first = renewed(undefined, page([9, 8], "8"), key);
  assert.deepEqual(renewed(first, page([10, 9], "9"), key), { rows: [10, 9], next: "9", deep: false });
});

test("older pages are kept when the newest one comes anew, with what fell off its end", () => {
  const deep = extended(renewed(undefined, page([9, 8], "8"), key), page([8, 7, 6], "6"), key);
  assert.deepEqual(deep.rows, [9, 8, 7, 6], "what both pages have is there once");
  assert.deepEqual(renewed(deep, page([11, 10, 9], "9"), key), { rows: [11, 10, 9, 8, 7, 6], next: "6", deep: true });
});

test("where more came at once than a page holds, nothing stands behind a gap", () => {
  const deep = extended(renewed(undefined, page([9, 8], "8"), key), page([7], null), key);
  assert.deepEqual(renewed(deep, page([30, 29], "29"), key), { rows: [30, 29], next: "29", deep: false });
});

test("a page that looked and found nothing keeps what was found beyond it, unless nothing is left", () => {
  const deep = extended(renewed(undefined, page([], "50"), key), page([7], null), key);
  assert.equal(renewed(deep, page([], "60"), key), deep);
  assert.deepEqual(renewed(deep, page([]), key).rows, []);
});

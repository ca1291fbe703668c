import assert from "node:assert/strict";
import { test } from "node:test";
import { parts } from "./progress.ts";

test("everybody of the audience is in one part", () => {
  const all = parts({ audience: 10, waiting: 3, cancelled: 0, skipped: 1, begun: 6, held_out: 2 });
  assert.deepEqual(all.map(({ part, people }) => [part, people]), [["begun", 6], ["skipped", 1], ["waiting", 3]]);
  assert.ok(Math.abs(all.reduce((sum, one) => sum + one.share, 0) - 1) < 1e-9);
  assert.deepEqual(parts({ audience: 0, waiting: 0, cancelled: 0, skipped: 0, begun: 0, held_out: 0 }), []);
});

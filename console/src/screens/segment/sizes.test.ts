import assert from "node:assert/strict";
import { test } from "node:test";
import { course, pointsOf } from "./sizes.ts";

const days = [{ day: "2026-11-23" }, { day: "2026-11-24", size: 5 }, { day: "2026-11-25", size: null }, { day: "2026-11-26", size: 0 }];

test("a day of which nothing is known is a gap, and a day without anybody is a zero", () => {
  assert.deepEqual(pointsOf(days).map((point) => point.value), [null, 5, null, 0]);
});

test("a course goes from the first size that is known to the last", () => {
  assert.deepEqual(course(days), { from: 5, to: 0, since: "2026-11-24", days: 2, gaps: true });
  assert.equal(course(days.slice(1, 2))?.gaps, false);
  assert.equal(course([{ day: "2026-11-26" }]), null);
});

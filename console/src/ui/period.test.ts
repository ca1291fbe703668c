import assert from "node:assert/strict";
import { test } from "node:test";
import { days, stepped } from "./period.ts";

test("a preset ends today, and a step is as long as the period", () => {
  assert.deepEqual(days("7d", "2026-11-23"), { from: "2026-11-17", until: "2026-11-23" });
  assert.deepEqual(days("nonsense", "2026-11-23"), days("7d", "2026-11-23"));
  assert.equal(stepped("7d", -1, "2026-11-23"), "2026-11-10..2026-11-16");
  assert.equal(stepped("2026-11-10..2026-11-16", 1), "2026-11-17..2026-11-23");
  // The clock goes back on the 25th of October in Rome; a day stays a day.
  assert.equal(stepped("2026-10-25..2026-10-25", 1), "2026-10-26..2026-10-26");
});

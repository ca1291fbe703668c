import assert from "node:assert/strict";
import { test } from "node:test";
import { plain, way } from "./plain.ts";

test("a part of a definition reads as a line", () => {
  assert.equal(plain({ wait: { until: "09:00", weekday: ["monday", "friday"] } }), "wait: until: 09:00, weekday: monday; friday");
  assert.equal(plain(undefined), "–");
  assert.equal(plain([]), "–");
  assert.ok(plain("x".repeat(999)).endsWith("x…"));
  assert.equal(way(["steps", "2", "wait"]), "steps › 2 › wait");
});

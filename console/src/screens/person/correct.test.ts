import assert from "node:assert/strict";
import { test } from "node:test";
import { changedTraits } from "./correct.ts";

test("only what differs is stated, in the kind that it was", () => {
  const before = { first_name: "Ada", age: 36, vip: true, city: "London", plan: "pro" };
  const now = { first_name: " Ada ", age: "37", vip: "false", city: "", plan: "12", phone: "" };
  assert.deepEqual(changedTraits(before, now), { age: 37, vip: false, city: null, plan: "12" });
  assert.deepEqual(changedTraits(before, { age: "old" }), { age: "old" });
});

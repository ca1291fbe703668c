import assert from "node:assert/strict";
import { test } from "node:test";
import { fits } from "./decisions.ts";

test("a filter that is empty lets everything through, and several have to fit together", () => {
  const dropped = { decision: "drop", reason: "no_consent", journey: "cart" };
  assert.ok(fits(dropped, { decision: "", reason: "", journey: "" }));
  assert.ok(fits(dropped, { decision: "drop", reason: "no_consent", journey: "cart" }));
  assert.ok(!fits(dropped, { decision: "send", reason: "", journey: "" }));
  assert.ok(!fits(dropped, { decision: "drop", reason: "fatigue", journey: "" }));
  assert.ok(!fits({ decision: "send" }, { decision: "", reason: "", journey: "cart" }));
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { quantityForm, quantityOf, testName, testOf, testText, windowForm, windowOf, withField, type Test } from "./form.ts";

test("a window goes into its form and back", () => {
  for (const window of [undefined, { within: "1 day" }, { within: "30 days" }, { since: "2026-01-01" }, { before: "2026-01-01" }, { between: ["2026-01-01", "2026-02-01"] }]) {
    assert.deepEqual(windowOf(windowForm(window)), window);
  }
  assert.equal(windowOf({ ...windowForm({ within: "1 day" }), many: "x" }), undefined);
});

test("a quantity goes into its form and back", () => {
  for (const quantity of [undefined, { at_least: 2 }, { exactly: 3 }, { sum: { path: "total", test: { ">": 500 } } }]) {
    assert.deepEqual(quantityOf(quantityForm(quantity)), quantity);
  }
});

test("a test of a value goes into its field and back; what looks like a number is one", () => {
  const tests: Test[] = [{ "=": "ceramica" }, { "=": true }, { ">": 19.9 }, { in: ["IT", 2] }, { contains: "x" }, { starts_with: "12" }, { exists: true }, { in_the_next: "7 days" }];
  for (const one of tests) assert.deepEqual(testOf(testName(one), testText(one)), one);
  assert.deepEqual(testOf("starts_with", "12"), { starts_with: "12" });
});

test("a field is set or taken away, and the others stay", () => {
  const part = { did: { event: "A", window: { within: "1 day" } } };
  assert.deepEqual(withField(part, "did", "window", undefined), { did: { event: "A" } });
  assert.deepEqual(withField(part, "did", "quantity", { at_least: 2 }), { did: { event: "A", window: { within: "1 day" }, quantity: { at_least: 2 } } });
});

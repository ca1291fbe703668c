import assert from "node:assert/strict";
import { test } from "node:test";
import { expressionIn } from "./lines.ts";

test("the expression of a side, as YAML or as JSON writes it", () => {
  assert.equal(expressionIn([" vip:", '-  is: did "A"', '+  is: did "B"'], "-"), 'did "A"');
  assert.equal(expressionIn(['-"vip": "did \\"A\\""', '+"vip": "x"'], "-"), 'did "A"');
  assert.equal(expressionIn(["-a: b", "-c: d"], "-"), null, "of several lines none is guessed");
  assert.equal(expressionIn(undefined, "-"), null);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { addressesOf, expressionOf, textExpression } from "./filter.ts";

test("filters join to one expression, and alternatives keep their parentheses", () => {
  assert.equal(expressionOf({ text: "", segment: "", expression: " " }), "");
  assert.equal(expressionOf({ text: "", segment: "vip", expression: "" }), 'in segment "vip"');
  assert.equal(expressionOf({ text: "", segment: "vip", expression: 'did "A" or did "B"' }), 'in segment "vip" and (did "A" or did "B")');
});

test("a word begins a name or an email, two are first and last name in any order", () => {
  assert.equal(textExpression("Ada").split(" or ").length, 4);
  const two = textExpression('Ada "B');
  assert.ok(two.startsWith('trait.first_name starts with "Ada" and trait.last_name starts with "\\"B"'), two);
  assert.equal(textExpression("  "), "");
});

test("a text is tried as every identifier that it may be", () => {
  assert.deepEqual(addressesOf("phone:+39 1"), []);
  assert.deepEqual(addressesOf("user_id:c-1"), ["user_id:c-1"]);
  assert.deepEqual(addressesOf("a@b.c"), ["email:a@b.c", "user_id:a@b.c"]);
  assert.deepEqual(addressesOf("+39 333 1"), ["phone:+393331", "user_id:+39 333 1", "anonymous_id:+39 333 1", "device_token:+39 333 1"]);
  assert.deepEqual(addressesOf("c-1001"), ["user_id:c-1001", "anonymous_id:c-1001", "device_token:c-1001"]);
  assert.deepEqual(addressesOf("Ada Byron"), []);
});

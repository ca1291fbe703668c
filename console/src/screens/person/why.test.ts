import assert from "node:assert/strict";
import { test } from "node:test";
import { deciding, missing, subject, type Part } from "./why.ts";

const part = (text: string, holds: boolean, parts?: Part[]): Part => ({ text, holds, sentence: "", parts }) as Part;
const texts = (one: Part) => deciding(one).map((each) => each.text);

test("what decides: all that hold of somebody inside, only what is missing of somebody outside", () => {
  const [a, b, c] = [part("a", true), part("b", true), part("c", false)];
  assert.deepEqual(texts(part("a and b", true, [a, b])), ["a", "b"]);
  assert.deepEqual(texts(part("a and c", false, [a, c])), ["c"]);
  assert.deepEqual(texts(part("a or c", true, [a, c])), ["a"]);
});

test("a negation turns it round, at any depth", () => {
  const not = (one: Part) => part(`not ${one.text}`, !one.holds, [one]);
  assert.deepEqual(texts(not(part("c", false))), ["c"]);
  const both = part("a and not (b or c)", false, [part("a", true), not(part("b or c", true, [part("b", true), part("c", false)]))]);
  assert.deepEqual(texts(both), ["b"]);
});

test("the nearest is whom the fewest parts are missing", () => {
  const [a, b, c] = [part("a", false), part("b", false), part("c", true)];
  assert.equal(missing(c), 0);
  assert.equal(missing(part("a and b and c", false, [a, b, c])), 2);
  assert.equal(missing(part("a or b", false, [a, b])), 1);
});

test("a part is about its event, or its trait", () => {
  assert.equal(subject(part('did "Order Completed" (category = "x") within 3 days', true)), "Order Completed");
  assert.equal(subject(part("trait.country = true", true)), "country");
});

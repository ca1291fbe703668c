import assert from "node:assert/strict";
import { test } from "node:test";
import { slugOf } from "../../files/slug.ts";
import { expressionOf, saying } from "./definition.ts";

test("what else a definition says stays when its expression changes", () => {
  assert.equal(saying(undefined, "a"), "a");
  assert.equal(saying("old", "a"), "a");
  assert.deepEqual(saying({ is: "old", record: "changes" }, "a"), { is: "a", record: "changes" });
});

test("a title becomes a name of the files", () => {
  assert.equal(slugOf("  Città d’arte, 2 volte!"), "citta-d-arte-2-volte");
  assert.equal(slugOf("60 days silent"), "days-silent");
});

test("the expression of either way of writing", () => {
  assert.equal(expressionOf("a"), "a");
  assert.equal(expressionOf({ is: "a", record: "changes" }), "a");
  assert.equal(expressionOf(undefined), null);
});

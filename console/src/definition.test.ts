import assert from "node:assert/strict";
import { test } from "node:test";
import { Problem } from "./client.ts";
import { changedBy, conflictOf, findingsOf } from "./definition.ts";

test("a refusal tells its findings, a conflict the newer text and whose it is", () => {
  assert.equal(findingsOf(new Problem(400, "", { code: "programme_mistakes", findings: [{ message: "no" }] } as never)).length, 1);
  assert.equal(conflictOf(new Problem(412, "", { current: { yaml: "theirs" } } as never))?.yaml, "theirs");
  assert.equal(conflictOf(new Problem(400, "", {})), undefined);
  assert.equal(changedBy(new Problem(412, "", { by: "eve" } as never)), "eve");
  assert.deepEqual(findingsOf(new Error("lost")), []);
});

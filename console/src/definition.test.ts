import assert from "node:assert/strict";
import { test } from "node:test";
import { Problem } from "./client.ts";
import { conflictOf, findingsOf } from "./definition.ts";

test("a refusal tells its findings, a conflict the newer text and whose it is", () => {
  assert.equal(findingsOf(new Problem(400, "", { code: "programme_mistakes", findings: [{ message: "no" }] } as never)).length, 1);
  const conflict = conflictOf(new Problem(412, "", { current: { yaml: "theirs" }, change: { by: "eve", at: "2026-11-26T12:00:00Z" } } as never));
  assert.equal(conflict?.current?.yaml, "theirs");
  assert.equal(conflict?.by, "eve");
  assert.deepEqual(conflictOf(new Problem(412, "", { current: null, change: null } as never)), { by: "", at: undefined, current: undefined });
  assert.equal(conflictOf(new Problem(400, "", {})), undefined);
  assert.deepEqual(findingsOf(new Error("lost")), []);
});

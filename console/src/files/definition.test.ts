import assert from "node:assert/strict";
import { test } from "node:test";
import { Problem } from "../client.ts";
import { conflictOf, findingsOf, isAbsent, marks, placed } from "./definition.ts";

const finding = (line: number, column: number) => ({ file: "x.yaml", line, column, severity: "error" as const, message: "no", at: { line, column } });

test("a finding underlines the word that it points at", () => {
  const yaml = "phase: boost\nfrom: soon";
  const [one] = placed(yaml, [finding(2, 7)]);
  assert.equal(yaml.slice(one?.from, one?.to), "soon");
  assert.deepEqual(placed(yaml, [{ ...finding(1, 1), at: null }]), [], "what is wrong elsewhere is not underlined here");
  assert.equal(placed(yaml, [finding(2, 99)])[0]?.from, yaml.length);
});

test("a refusal tells its findings, a conflict the newer text, an older server that it cannot", () => {
  assert.equal(findingsOf(new Problem(400, "", { code: "programme_mistakes", findings: [finding(1, 1)] } as never)).length, 1);
  assert.equal(conflictOf(new Problem(412, "", { current: { yaml: "theirs" } } as never))?.yaml, "theirs");
  assert.equal(conflictOf(new Problem(400, "", {})), undefined);
  assert.ok(isAbsent(new Problem(404, "", {})));
  assert.deepEqual(findingsOf(new Error("lost")), []);
});

test("names, texts, numbers and comments of a line are told apart", () => {
  const line = "  total: 240 # paid";
  assert.deepEqual(marks(line).map((mark) => [mark.kind, line.slice(mark.from, mark.to)]), [["name", "total"], ["number", "240"], ["comment", " # paid"]]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { marks, placed } from "./text.ts";

const finding = (line: number, column: number) => ({ file: "x.yaml", line, column, severity: "error" as const, message: "no", at: { line, column } });

test("a finding underlines the word that it points at", () => {
  const yaml = "phase: boost\nfrom: soon";
  const [one] = placed(yaml, [finding(2, 7)]);
  assert.equal(yaml.slice(one?.from, one?.to), "soon");
  assert.deepEqual(placed(yaml, [{ ...finding(1, 1), at: null }]), [], "what is wrong elsewhere is not underlined here");
  assert.equal(placed(yaml, [finding(2, 99)])[0]?.from, yaml.length);
});

test("names, texts, numbers and comments of a line are told apart", () => {
  const line = "  total: 240 # paid";
  assert.deepEqual(marks(line).map((mark) => [mark.kind, line.slice(mark.from, mark.to)]), [["name", "total"], ["number", "240"], ["comment", " # paid"]]);
});

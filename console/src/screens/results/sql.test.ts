import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { LakeTable, SqlAnswer } from "../../lake.ts";
import { EXAMPLES, asJson, asNumbers, completions, isNumber, marks } from "./sql.ts";

const table = (name: string, ...columns: string[]): LakeTable => ({ name, version: 1, means: "", columns: columns.map((column) => ({ name: column, optional: false, means: "" })) });
const tables = [table("orders", "day", "net"), table("events", "day", "name")];
const answer = (names: string[], ...rows: SqlAnswer["rows"]): SqlAnswer => ({ columns: names.map((name) => ({ name, type: "text" })), rows, truncated: false, seq: 3, as_of: "", took_ms: 1 });

test("words, texts, numbers and comments of a line are told apart", () => {
  const line = "SELECT 'it''s', 12.5 FROM orders -- all";
  assert.deepEqual(marks(line).map((mark) => [mark.kind, line.slice(mark.from, mark.to)]), [["word", "SELECT"], ["text", "'it''s'"], ["number", "12.5"], ["word", "FROM"], ["comment", "-- all"]]);
  assert.deepEqual(marks("'open"), [{ from: 0, to: 5, kind: "text" }]);
});

test("what is completed are columns of the tables that are named, tables and words", () => {
  const labels = (text: string, at = text.length) => completions(text, at, tables)?.options.map((one) => one.label);
  assert.deepEqual(labels("SELECT n FROM orders", 8)?.[0], "net");
  assert.ok(!labels("SELECT n FROM orders", 8)?.includes("name"), "a column of a table that is not named");
  assert.deepEqual(labels("SELECT * FROM ev"), ["events"]);
  assert.equal(completions("SELECT zz", 9, tables), null);
  assert.equal(completions("SELECT * FROM ev", 16, tables)?.from, 14);
});

test("numbers stand at the right, and lengths of time do not", () => {
  assert.ok(["bigint", "decimal", "double", "UInt64"].every(isNumber));
  assert.ok(!["text", "timestamp", "interval", "date"].some(isNumber));
});

test("an answer as a file has its columns, each of them", () => {
  assert.deepEqual(JSON.parse(asJson(answer(["a", "a", "b"], [1, "x", null]))), [{ a: 1, a_2: "x", b: null }]);
  assert.deepEqual(asNumbers(answer(["a", "b"], [true, 2.5])).raw, [["true", 2.5]]);
});

test("each example asks for tables and columns that the lake has", () => {
  const reference = readFileSync(new URL("../../../../docs/reference/lake.md", import.meta.url), "utf8");
  const parts = reference.split(/^### /m).slice(1);
  const columnsOf = new Map(parts.map((part) => [/^`(\w+)`/.exec(part)?.[1], [...part.matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1])]));
  for (const [name, sql] of Object.entries(EXAMPLES)) {
    const asked = [...sql.matchAll(/\b(?:FROM|JOIN) (\w+)/g)].map((match) => match[1]);
    const given = [...sql.matchAll(/\bAS (\w+)/g)].map((match) => match[1]);
    const known = new Set([...asked, ...given, ...asked.flatMap((table) => columnsOf.get(table) ?? assert.fail(`${name}: there is no table ${table}`))]);
    const words = sql.split("\n").flatMap((line) => {
      const told = marks(line);
      return [...line.matchAll(/[A-Za-z_]\w*/g)].filter(({ index }) => !told.some((mark) => mark.from <= index && index < mark.to)).map(([word]) => word);
    });
    assert.deepEqual(words.filter((word) => !known.has(word)), [], name);
  }
});

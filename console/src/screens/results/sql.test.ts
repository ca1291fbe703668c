import assert from "node:assert/strict";
import { test } from "node:test";
import { asJson, isNumber, marks } from "./sql.ts";

test("words, texts, numbers and comments of a line are told apart", () => {
  const line = "SELECT 'it''s', 12.5 FROM orders -- all";
  assert.deepEqual(marks(line).map((mark) => [mark.kind, line.slice(mark.from, mark.to)]), [["word", "SELECT"], ["text", "'it''s'"], ["number", "12.5"], ["word", "FROM"], ["comment", "-- all"]]);
  assert.deepEqual(marks("'open"), [{ from: 0, to: 5, kind: "text" }]);
});

test("numbers stand at the right", () => {
  assert.ok(isNumber("Decimal128(19, 6)") && isNumber("Int64"));
  assert.ok(!isNumber("Utf8") && !isNumber("Timestamp"));
});

test("an answer as JSON has its columns as names", () => {
  const answer = { columns: [{ name: "a", type: "Int64" }, { name: "b", type: "Utf8" }], rows: [[1, null]], is_cut: false, as_of_seq: 3, as_of: "" };
  assert.deepEqual(JSON.parse(asJson(answer)), [{ a: 1, b: null }]);
});

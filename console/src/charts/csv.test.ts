import assert from "node:assert/strict";
import { test } from "node:test";
import { csv } from "./csv.ts";

test("a file of numbers opens in a spreadsheet, and no cell is a formula", () => {
  const text = csv({ columns: ["Channel", "Sum"], rows: [["x", "y"]], raw: [['say "hi", all', 1.5], ["=1+1", null], ["-", -2]] });
  assert.equal(text, '\ufeffChannel,Sum\r\n"say ""hi"", all",1.5\r\n\'=1+1,\r\n-,-2\r\n');
});

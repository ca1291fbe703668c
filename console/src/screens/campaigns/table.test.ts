import assert from "node:assert/strict";
import { test } from "node:test";
import { amountOf, dayOf, guessed, linesOf, readTable, sendAll } from "./table.ts";

test("a table is read with its quotes, whatever lies between its cells", () => {
  assert.deepEqual(readTable('\ufeffDay;Cost\r\n"31/01/2026";"1.234,50"\r\n\r\n'), { between: ";", columns: ["Day", "Cost"], rows: [["31/01/2026", "1.234,50"]] });
  assert.deepEqual(readTable('a,b\n"say ""hi"", all",2').rows, [['say "hi", all', "2"]]);
  assert.deepEqual(readTable("a\tb\n1\t").rows, [["1", ""]]);
  assert.deepEqual(readTable(""), { between: ",", columns: [], rows: [] });
});

test("columns are known by what platforms call them", () => {
  const mapping = guessed(["Campaign name", "Giorno", "Amount spent (EUR)", "Impr."]);
  assert.deepEqual([mapping.date, mapping.campaign, mapping.amount, mapping.impressions, mapping.clicks], [1, 0, 2, 3, -1]);
});

test("amounts of every country are one number, and days one day", () => {
  assert.deepEqual(["1.234,50 €", "1,234.50", "12,5", "1,234,567", "-3.20", "100"].map((text) => amountOf(text)), ["1234.50", "1234.50", "12.5", "1234567", "-3.20", "100"]);
  assert.deepEqual([amountOf("1,234", ","), amountOf("1,234", ";"), amountOf("free")], ["1234", "1.234", "free"]);
  assert.deepEqual(["31/1/2026", "01.02.2026", "2026-03-04", "soon"].map(dayOf), ["2026-01-31", "2026-02-01", "2026-03-04", "soon"]);
});

test("lines have the channel of the file where no column says one", () => {
  const sheet = readTable("Day,Cost,Clicks\n2026-01-31,5,1 200");
  assert.deepEqual(linesOf(sheet, guessed(sheet.columns), "paid-search", "ads.csv"), [{ date: "2026-01-31", channel: "paid-search", campaign: undefined, amount: "5", currency: undefined, impressions: undefined, clicks: 1200, source: "ads.csv" }]);
});

test("what was refused is told by its row in the whole file", async () => {
  const told = await sendAll([1, 2, 3, 4, 5], 2, async (part) => ({ taken: part.length - 1, repeated: 0, refused: [{ index: 0, field: "amount", reason: "no number" }] }));
  assert.deepEqual([told.taken, told.refused.map((one) => one.index)], [2, [0, 2, 4]]);
});

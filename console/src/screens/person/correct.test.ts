import assert from "node:assert/strict";
import { test } from "node:test";
import { asKind, backOf, changesOf, rowsOf, type Row } from "./correct.ts";

const before = { plan: "pro", age: 36, first_name: "Ada", vip: true, tags: ["a"], city: "London" };
const rows = (change: Partial<Record<string, Partial<Row>>> = {}) => rowsOf(before).map((row) => ({ ...row, ...change[row.name] }));
const fresh = (more: Partial<Row>): Row => ({ id: 99, name: "", kind: "text", text: "", gone: false, fresh: true, naming: true, ...more });

test("traits stand in the order in which people are read, each in its kind", () => {
  assert.deepEqual(rows().map((row) => [row.name, row.kind]), [["first_name", "text"], ["city", "text"], ["age", "number"], ["plan", "text"], ["tags", "parts"], ["vip", "truth"]]);
  assert.deepEqual(changesOf(before, rows()), { traits: {}, wrong: new Map() });
});

test("only what differs is stated, in its kind; what is emptied or taken away is null", () => {
  const changed = rows({ age: { text: "37,5" }, vip: { text: "false" }, city: { gone: true }, plan: { text: " " }, tags: { text: '["a", "b"]' } });
  const { traits, wrong } = changesOf(before, changed);
  assert.deepEqual(traits, { age: 37.5, vip: false, city: null, plan: null, tags: ["a", "b"] });
  assert.equal(wrong.size, 0);
  assert.deepEqual(backOf(before, { ...traits, new: 1 }), { age: 36, vip: true, city: "London", plan: "pro", tags: ["a"], new: null });
});

test("a number that became a text is another value", () => {
  const [age] = rows().filter((row) => row.name === "age");
  assert.ok(age);
  assert.deepEqual(changesOf(before, [asKind(age, "text")]).traits, { age: "36" });
  assert.equal(asKind(age, "truth").text, "true");
});

test("what cannot be meant is said at its row", () => {
  const wrongOf = (all: Row[]) => [...changesOf(before, all).wrong.values()];
  assert.deepEqual(wrongOf(rows({ age: { text: "old" }, tags: { text: "[" } })), ["number", "parts"]);
  assert.deepEqual(wrongOf([...rows(), fresh({ text: "x" })]), ["name"]);
  assert.deepEqual(wrongOf([...rows(), fresh({ name: "city", text: "Rome" })]), ["twice"]);
  assert.deepEqual(wrongOf([...rows(), fresh({ name: "size" })]), ["value"]);
  assert.deepEqual(wrongOf([...rows(), fresh({}), fresh({ name: "phone", naming: false })]), [], "what was begun and left empty says nothing");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { Problem } from "../../client.ts";
import { characterAt, completions, fixOf, marks, mistakeOf } from "./marks.ts";
import type { Vocabulary } from "./vocabulary.ts";

test("a line is cut into words, texts, numbers and names", () => {
  const kinds = marks('did "Order Completed" (total >= 50.5)').map((mark) => mark.kind);
  assert.deepEqual(kinds, ["word", "text", "name", "name", "name", "number", "name"]);
});

test("bytes of the server are characters here", () => {
  assert.equal(characterAt('did "Città"', 11), 10);
  assert.equal(characterAt("abc", 9), 3);
});

test("a mistake covers its word, and is mended where the server says how", () => {
  const text = 'in segment "vipp"';
  const problem = new Problem(400, "", { message: 'there is no segment "vipp"', offset: 12, suggestion: 'did you mean "vip"?' });
  const mistake = mistakeOf(text, problem, (fix) => fix);
  assert.deepEqual([text.slice(mistake.from, mistake.to), mistake.fix?.text], ['"vipp"', '"vip"']);
  const quote = mistakeOf(text, new Problem(400, "", { message: "x", offset: 11 }), (fix) => fix);
  assert.equal(text.slice(quote.from, quote.to), '"vipp"');
  const end = mistakeOf("did", new Problem(400, "", { message: "found the end", offset: 3 }), (fix) => fix);
  assert.deepEqual([end.from, end.to, end.fix], [3, 3, undefined]);
});

test("only what stands for the word is put in its place", () => {
  assert.equal(fixOf("is", "write `=`"), "=");
  assert.equal(fixOf("within", "write `2 times`"), null);
  assert.equal(fixOf("vipp", undefined), null);
});

test("what can be written depends on what is before it", () => {
  const known: Vocabulary = {
    events: [{ name: "Order Completed", times: "12", people: 3, properties: [{ path: "category", values: [{ value: "ceramica", times: "7" }] }] }],
    traits: [{ name: "country", people: "9", values: [{ value: "IT", times: "4" }] }],
  };
  const names = { segments: ["vip"], purposes: ["offers"], offers: [] };
  const labels = (text: string) => completions(text, text.length, known, names)?.options.map((one) => one.apply ?? one.label) ?? null;
  assert.deepEqual(labels('did "Ord'), ['Order Completed"']);
  assert.deepEqual(labels('did "Order Completed" (category = "'), ['ceramica"']);
  assert.deepEqual(labels('did "Order Completed" (cat'), ["category"]);
  assert.deepEqual(labels('trait.country = "'), ['IT"']);
  assert.deepEqual(labels("trait.c"), ["trait.country"]);
  assert.deepEqual(labels('in segment "'), ['vip"']);
  assert.ok(labels("")?.includes('did "'));
  assert.equal(labels('did "Order Completed" '), null);
});

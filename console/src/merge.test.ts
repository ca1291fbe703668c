import assert from "node:assert/strict";
import { test } from "node:test";
import { changes, keyOf, merge } from "./merge.ts";

test("what only one of them changed is kept, whoever it was", () => {
  const rows: [unknown, unknown, unknown, unknown][] = [
    [{ a: 1, b: 1 }, { a: 2, b: 1 }, { a: 1, b: 3 }, { a: 2, b: 3 }],
    [{ a: 1 }, { a: 1, mine: 1 }, { theirs: 1 }, { mine: 1, theirs: 1 }],
    [{ a: { b: 1, c: 1 } }, { a: { b: 2, c: 1 } }, { a: { b: 1 } }, { a: { b: 2 } }],
    [["x", "y"], ["x", "new", "y"], ["x", "y", "last"], ["x", "new", "y", "last"]],
    [[{ wait: "1 day" }, { send: "a" }], [{ wait: "2 days" }, { send: "a" }], [{ wait: "1 day" }, { send: "a", at: "best" }], [{ wait: "2 days" }, { send: "a", at: "best" }]],
    ["one\ntwo\nthree", "one\n2\nthree", "one\ntwo\nthree\nfour", "one\n2\nthree\nfour"],
    [{ a: 1 }, { a: 2 }, { a: 2 }, { a: 2 }],
  ];
  for (const [base, mine, theirs, expected] of rows) {
    assert.deepEqual(merge(base, mine, theirs), { value: expected, clashes: [] }, JSON.stringify(base));
  }
});

test("where both changed the same, it is mine until somebody says theirs", () => {
  const [base, mine, theirs] = [{ steps: [{ wait: "1 day" }], purpose: "a" }, { steps: [{ wait: "2 days" }], purpose: "a" }, { steps: [{ wait: "3 days" }], purpose: "b" }];
  const { value, clashes } = merge(base, mine, theirs);
  assert.deepEqual(clashes, [{ place: ["steps", "1", "wait"], base: "1 day", mine: "2 days", theirs: "3 days" }]);
  assert.deepEqual(value, { steps: [{ wait: "2 days" }], purpose: "b" });
  const picked = merge(base, mine, theirs, { [keyOf(["steps", "1", "wait"])]: "theirs" });
  assert.deepEqual(picked.value, theirs);
});

test("both may add in the same place, and one may take out what the other changed", () => {
  assert.deepEqual(merge(["a", "b"], ["a", "m", "b"], ["a", "t", "b"]).value, ["a", "m", "t", "b"]);
  const { clashes } = merge({ a: 1, b: 1 }, { b: 1 }, { a: 2, b: 1 });
  assert.deepEqual(clashes, [{ place: ["a"], base: 1, mine: undefined, theirs: 2 }]);
  assert.equal(merge(["x", "y", "z"], ["x", "z"], ["x", "Y", "z"]).clashes.length, 1);
});

test("what became other is told by its place", () => {
  const before = { purpose: "a", steps: [{ wait: "1 day" }, { send: "x" }], text: "one\ntwo" };
  const after = { purpose: "b", steps: [{ wait: "2 days" }, { send: "x" }, "exit"], text: "one\n2" };
  assert.deepEqual(changes(before, after), [
    { place: ["purpose"], before: "a", after: "b" },
    { place: ["steps", "1", "wait"], before: "1 day", after: "2 days" },
    { place: ["steps", "3"], before: undefined, after: "exit" },
    { place: ["text", "2"], before: "two", after: "2" },
  ]);
});

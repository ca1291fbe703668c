import assert from "node:assert/strict";
import { test } from "node:test";
import { added, at, changed, duplicated, moved, negated, outerPath, questions, removed, rows, stages, tidy, turned, wrapped, type Row, type Tree } from "./tree.ts";

const leaf = (name: string): Tree => ({ did: { event: name } });
const [a, b, c, d] = ["a", "b", "c", "d"].map(leaf) as [Tree, Tree, Tree, Tree];
const and = (...all: Tree[]): Tree => ({ and: all });
const or = (...all: Tree[]): Tree => ({ or: all });
const not = (one: Tree): Tree => ({ not: one });

test("a part is found, changed and taken away by its path, and the old tree stays as it was", () => {
  const tree = and(a, not(or(b, c)));
  assert.equal(at(tree, [1, 0, 1]), c);
  assert.deepEqual(changed(tree, [1, 0, 1], () => d), and(a, not(or(b, d))));
  assert.deepEqual(removed(tree, [1, 0, 0]), and(a, not(c)));
  assert.deepEqual(removed(tree, [1]), a);
  assert.deepEqual(removed(tree, [1, 0]), a, "what is under a not takes the not along");
  assert.equal(removed(a, []), null);
  assert.deepEqual(tree, and(a, not(or(b, c))));
});

test("a tree is tidy: no joint of one, none in its own kind, no double not", () => {
  assert.deepEqual(tidy(and(and(a, b), or(or(c)), not(not(d)))), and(a, b, c, d));
});

test("adding never loses what there was", () => {
  assert.deepEqual(added(null, a), a);
  assert.deepEqual(added(a, b), and(a, b));
  assert.deepEqual(added(or(a, b), c), and(or(a, b), c), "an alternative stays one");
  assert.deepEqual(added(and(a, b), c, [0], "or"), and(or(a, c), b));
  assert.deepEqual(wrapped(and(a, b), [1], "or", c), and(a, or(b, c)));
  assert.deepEqual(wrapped(or(a, b), [], "and", c), and(or(a, b), c));
});

test("negating twice is nothing, turning joins otherwise", () => {
  assert.deepEqual(negated(and(a, b), [1]), and(a, not(b)));
  assert.deepEqual(negated(and(a, not(b)), [1]), and(a, b));
  assert.deepEqual(turned(and(a, b), []), or(a, b));
});

test("a copy stands behind what it is a copy of", () => {
  assert.deepEqual(duplicated(and(a, b), [0]), and(a, a, b));
  assert.deepEqual(duplicated(a, []), and(a, a));
  assert.deepEqual(duplicated(and(a, not(b)), [1, 0]), and(a, not(b), not(b)));
});

test("moving goes past neighbours and out of a group at its edge", () => {
  assert.deepEqual(moved(and(a, b, c), [0], 1), { tree: and(b, a, c), path: [1] });
  assert.deepEqual(moved(and(a, b), [0], -1), { tree: and(a, b), path: [0] });
  assert.deepEqual(moved(and(a, or(b, c)), [1, 0], -1), { tree: and(a, b, c), path: [1] });
  assert.deepEqual(moved(and(or(b, c, d), a), [0, 2], 1), { tree: and(or(b, c), d, a), path: [1] });
  assert.deepEqual(moved(and(a, not(b), c), [1, 0], 1), { tree: and(a, c, not(b)), path: [2] });
});

test("rows say the tree from the top down, with heads of groups and what joins them", () => {
  const name = (row: Row) => (row.group ? `(${Object.keys(row.part)[0]}` : (row.part.did as { event: string }).event);
  const told = (tree: Tree) => rows(tree).map((row) => [row.negated ? "not" : "", name(row), row.depth, row.joint ? `${row.joint.kind}@${row.joint.path.join(".")}` : ""].join(" ").trim());
  assert.deepEqual(told(and(a, not(b), or(c, d))), ["a 0", "not b 0 and@", "(or 0 and@", "c 1", "d 1 or@2"]);
  assert.deepEqual(told(not(or(a, b))), ["not (or 0", "a 1", "b 1 or@0"]);
  assert.deepEqual(told(a), ["a 0"]);
  assert.deepEqual(rows(null), []);
});

test("what is done to a row is done to the not above it too", () => {
  assert.deepEqual(outerPath(and(a, not(b)), [1, 0]), [1]);
  assert.deepEqual(outerPath(and(a, b), [1]), [1]);
  assert.deepEqual(outerPath(not(a), [0]), []);
});

test("stages are what is left after each part of the whole", () => {
  assert.deepEqual(stages(and(a, b, c)).map((one) => one.tree), [a, and(a, b), and(a, b, c)]);
  assert.deepEqual(stages(or(a, b)), [{ path: [], tree: or(a, b) }]);
});

test("what is counted: stages of the whole, and rows of a group by themselves", () => {
  const told = questions(and(a, not(b), or(c, not(d)))).map((one) => [one.path.join("."), one.alone, one.tree]);
  assert.deepEqual(told, [
    ["0", false, a],
    ["1", false, and(a, not(b))],
    ["2", false, and(a, not(b), or(c, not(d)))],
    ["2.0", true, c],
    ["2.1", true, not(d)],
  ]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { lanes, type Step } from "./form.ts";
import { insert, listAt, move, moveBy, neighbour, pathOf, placeOf, remove, stepAt, walk } from "./tree.ts";

const steps: Step[] = [
  { wait: "1 hour" },
  { send: "cart" },
  { branch: [{ if: "a", then: [{ send: "vip" }, { wait: "1 day" }] }, { else: [{ send: "other" }] }], name: "who" },
  { split: [{ share: "50%", then: [] }, { share: "50%", then: [{ send: "gift" }] }] },
];

test("places are called as the server calls them", () => {
  assert.deepEqual(walk(steps).map((path) => placeOf(steps, path)), ["1", "2", "who", "whoa.1", "whoa.2", "whob.1", "4", "4b.1"]);
  assert.deepEqual(pathOf(steps, "4b.1"), [3, 1, 0]);
  assert.equal(pathOf(steps, "9"), undefined);
});

test("a step is put in, taken out and found, and nothing changes in place", () => {
  const before = structuredClone(steps);
  const more = insert(steps, [2, 1, 0], "exit");
  assert.equal(stepAt(more, [2, 1, 0]), "exit");
  assert.deepEqual(stepAt(more, [2, 1, 1]), { send: "other" });
  assert.deepEqual(remove(more, [2, 1, 0]), steps);
  assert.deepEqual(steps, before);
});

test("everybody else of a branch without else is a way as soon as something is put there", () => {
  const alone: Step[] = [{ branch: [{ if: "a", then: [] }] }];
  assert.equal(lanes(alone[0] as Step).length, 2);
  assert.deepEqual(insert(alone, [0, 1, 0], "exit"), [{ branch: [{ if: "a", then: [] }, { else: ["exit"] }] }]);
});

test("a move keeps every step, also where taking it away moves the slot", () => {
  const down = move(steps, [0], [2, 0, 1]);
  assert.deepEqual(down?.path, [1, 0, 1]);
  assert.deepEqual(stepAt(down?.steps ?? [], [1, 0, 1]), { wait: "1 hour" });
  assert.equal(walk(down?.steps ?? []).length, walk(steps).length);
  assert.equal(move(steps, [2], [2, 0, 0]), null, "not into itself");
  assert.equal(move(steps, [1], [2]), null, "the slot behind it is where it is");
});

test("up and down, and out of a way at its ends", () => {
  assert.deepEqual(moveBy(steps, [1], -1)?.path, [0]);
  assert.deepEqual(moveBy(steps, [1], 1)?.path, [2]);
  assert.deepEqual(moveBy(steps, [2, 0, 0], -1)?.path, [2]);
  assert.deepEqual(moveBy(steps, [2, 0, 1], 1)?.path, [3]);
  assert.equal(moveBy(steps, [0], -1), null);
  assert.equal(moveBy(steps, [3], 1), null);
  const out = moveBy(steps, [2, 0, 0], -1)?.steps ?? [];
  assert.deepEqual(listAt(out, [3, 0, 0]), [{ wait: "1 day" }]);
});

test("arrows walk in the order of reading, and to the way beside", () => {
  assert.deepEqual(neighbour(steps, [2], "down"), [2, 0, 0]);
  assert.deepEqual(neighbour(steps, [2, 1, 0], "up"), [2, 0, 1]);
  assert.deepEqual(neighbour(steps, [2, 0, 1], "right"), [2, 1, 0]);
  assert.equal(neighbour(steps, [3, 1, 0], "left"), undefined, "the way beside is empty");
  assert.equal(neighbour(steps, [0], "up"), undefined);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { apart, between, grid, runs, spread, thinned, upward } from "./axis.ts";

test("bars begin at zero, and at most three lines cross them", () => {
  for (const values of [[0], [3, 9184], [0.001, 0.002], []]) {
    const scale = upward(values, 100, 0);
    assert.equal(scale(0), 100);
    assert.ok((scale.domain()[1] ?? 0) >= Math.max(0, ...values));
    assert.ok(grid(scale).length <= 4 && !grid(scale).includes(0), String(grid(scale)));
  }
});

test("a line that does not move has room above and below", () => {
  const scale = between([5, 5, 5], 100, 0);
  assert.ok(scale(5) >= 0 && scale(5) < 100);
  assert.equal(between([-2, 4], 100, 0, true)(0) < 100, true);
  assert.ok(Number.isFinite(between([], 100, 0)(0)));
});

test("texts below an axis have room", () => {
  assert.deepEqual(spread(48, 760, 120), [0, 10, 20, 30, 40]);
  assert.deepEqual(spread(3, 1000), [0, 1, 2]);
  assert.deepEqual(spread(1, 1000), [0]);
  assert.deepEqual(spread(0, 1000), []);
  assert.equal(spread(100, 10).length, 2);
});

test("a long series keeps its lows and highs, in order", () => {
  const long = Array.from({ length: 5000 }, (_, index) => ({ index, value: index === 2345 ? 1e6 : index === 4001 ? -1e6 : index % 7 }));
  const short = thinned(long, (point) => point.value);
  assert.ok(short.length <= 400);
  assert.ok(short.some((point) => point.index === 2345) && short.some((point) => point.index === 4001));
  assert.deepEqual(short.map((point) => point.index), [...short.map((point) => point.index)].sort((a, b) => a - b));
});

test("labels that would lie on each other move apart", () => {
  assert.deepEqual(apart([10, 12, 50], 14), [10, 24, 50]);
  assert.deepEqual(apart([50, 10], 14), [50, 10]);
});

test("a line is cut where nothing is known", () => {
  const isKnown = (point: number | null) => point !== null;
  assert.deepEqual(runs([null, 1, 2, null, null, 3], isKnown), [[1, 2], [3]]);
  assert.deepEqual(runs([null, null], isKnown), []);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { isFirstHour, steps } from "./guide.ts";

const programme = { purposes: { offers: {} }, segments: { vip: "…" }, messages: { hello: {} }, journeys: { welcome: {} } };
const done = (counts: Parameters<typeof steps>[0], of: Parameters<typeof steps>[1]) => steps(counts, of).flatMap((step) => (step.done ? step.name : []));

test("each step ticks itself by what it leaves behind, and the guide goes with the last of them", () => {
  assert.deepEqual(done({ events: 0, sends: {} }, undefined), []);
  assert.deepEqual(done({ events: 1, sends: {} }, { purposes: {}, segments: {} }), ["event"]);
  assert.deepEqual(done({ events: 1, sends: { dropped: 3 } }, programme), ["event", "purpose", "segment", "message", "journey"]);
  assert.equal(isFirstHour({ events: 1, sends: { dropped: 3 } }, programme), true);
  assert.equal(isFirstHour({ events: 1, sends: { accepted: 1 } }, programme), false);
  // Before anything is known, nobody is taken for a beginner.
  assert.equal(isFirstHour(undefined, undefined), false);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { begins, bins, difference, reasons, type Course, type Decided } from "./pressure.ts";

let id = 100;
const send = (profile: number, decision: string, over: Partial<Decided> = {}): Decided => ({
  id: (id -= 1), profile, decision, status: decision === "send" ? "accepted" : "dropped", channel: "email", message: "hello", journey: "cart",
  wished_at: "2026-11-23T10:00:00Z", attempted_at: decision === "send" ? "2026-11-23T10:00:01Z" : null, ...over,
});

test("reasons have whose message it was most often, and those that wait", () => {
  const sends = [send(1, "drop", { reason: "no_consent" }), send(2, "drop", { reason: "no_consent", journey: "win-back" }), send(2, "drop", { reason: "no_consent", journey: "win-back" }), send(3, "defer", { reason: "quiet_hours" })];
  const all = reasons({ wanted: 4, sent: 0, deferred: 1, withheld: 3, reasons: { no_consent: 3 } }, sends);
  assert.deepEqual(all, [{ reason: "no_consent", deferred: 0, withheld: 3, often: "win-back" }, { reason: "quiet_hours", deferred: 1, withheld: 0, often: "cart" }]);
});

test("a histogram leaves no gap, and its last bar has the rest", () => {
  assert.deepEqual(bins({ 1: 5, 3: 2 }), [{ label: "1", value: 5 }, { label: "2", value: 0 }, { label: "3", value: 2 }]);
  assert.deepEqual(bins({ 1: 5, 3: 2, 9: 1 }, 3).at(-1), { label: "3+", value: 3 });
  assert.deepEqual(bins({}), []);
});

test("another rule is told by what it changes", () => {
  const course = (sent: number, held: number): Course => ({ messages: { a: { sent, waiting: 0, dropped: {} }, b: { sent: 1, waiting: 0, dropped: {} } }, held_back: { frequency_cap: held }, busiest_week: {} });
  assert.deepEqual(difference(course(10, 2), course(6, 6)), { sent: -4, withheld: 4, was: 11, would: 7 });
});

test("a dry run begins as early as it may", () => {
  assert.deepEqual(begins("2026-11-23T12:00:00Z", "2026-11-23T11:00:00Z").slice(-2), ["2026-11-22T12:00:00.000Z", "2026-11-23T11:00:01.000Z"]);
});

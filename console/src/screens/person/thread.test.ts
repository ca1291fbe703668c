import assert from "node:assert/strict";
import { test } from "node:test";
import { channelsOf, chosen, days, folded, isBurst, newer, reach, weave, weaveNamed, type EventView, type SendView, type TouchView } from "./thread.ts";

const at = (minute: number) => new Date(Date.UTC(2026, 10, 26, 10, minute)).toISOString();
const event = (seq: number, name: string, minute: number, properties = {}): EventView => ({ seq, name, occurred_at: at(minute), properties });
const send = (id: number, minute: number, more: Partial<SendView> = {}): SendView => ({ id, decision: "send", status: "accepted", channel: "email", decided_at: at(minute), wished_at: at(minute), settled_at: at(minute), ...more }) as SendView;
const touch = (seq: number, minute: number, more: Partial<TouchView> = {}): TouchView => ({ seq, at: at(minute), occasion: "visit", direction: "inbound", channel: "Organic Search", ...more }) as TouchView;

test("four sources become one thread, newest first, each thing once", () => {
  const events = [event(1, "Page Viewed", 1), event(5, "Message Sent", 5, { channel: "email" }), event(6, "Order Completed", 6), event(7, "Message Clicked", 7, { channel: "email" })];
  const sends = [send(40, 5), send(41, 8, { decision: "drop", status: "dropped", settled_at: null, channel: null })];
  const touches = [touch(1, 1, { first: true }), touch(5, 5, { occasion: "send", direction: "outbound" }), touch(3, 3, { occasion: "told", direction: "outbound" })];
  const all = weave({ events, sends, touches }, "Order Completed");
  assert.deepEqual(all.map((one) => one.key), ["s41", "e7-Message Clicked", "e6-Order Completed", "s40", "t3", "e1-Page Viewed"]);
  assert.deepEqual(all.map((one) => one.side), ["out", "in", "knot", "out", "out", "in"]);
  assert.deepEqual(all.map((one) => one.withheld), [true, false, false, false, false, false]);
  assert.equal(all.at(-1)?.touch?.first, true, "the visit carries its touch");
});

test("a call of ours stands at our side, one of theirs at theirs, and both are of the channel", () => {
  const all = weave({ events: [event(1, "Call Completed", 1, { outcome: "no_answer" }), event(2, "Call Received", 2)], sends: [], touches: [] }, "");
  assert.deepEqual(all.map((one) => [one.event?.name, one.side, one.channel]), [["Call Received", "in", "call"], ["Call Completed", "out", "call"]]);
});

test("what is deferred counts as not sent, and stands where it was decided", () => {
  const [one] = weave({ events: [], sends: [send(1, 2, { decision: "defer", status: "deferred", settled_at: at(50) })], touches: [] }, "");
  assert.deepEqual([one?.withheld, one?.at], [true, at(2)]);
});

test("a choice shows one side, what was not sent, or a channel; orders are the person's", () => {
  const all = weave({ events: [event(1, "Page Viewed", 1), event(2, "Order Completed", 2)], sends: [send(1, 3), send(2, 4, { decision: "drop", channel: "sms" })], touches: [] }, "Order Completed");
  const keys = (side: "" | "in" | "out" | "withheld", channel = "") => chosen(all, { side, channel }).map((one) => one.key);
  assert.deepEqual(keys(""), ["s2", "s1", "e2-Order Completed", "e1-Page Viewed"]);
  assert.deepEqual(keys("in"), ["e2-Order Completed", "e1-Page Viewed"]);
  assert.deepEqual(keys("out"), ["s2", "s1"]);
  assert.deepEqual(keys("withheld"), ["s2"]);
  assert.deepEqual(keys("", "email"), ["s1"]);
  assert.deepEqual(channelsOf(all), ["email", "sms"]);
});

test("pages in a row fold, until there is a pause, something else, or somebody opens them", () => {
  const pages = [1, 2, 3, 4].map((minute) => event(minute, "Page Viewed", minute));
  const all = weave({ events: [...pages, event(9, "Product Added", 5), event(10, "Page Viewed", 6), event(11, "Page Viewed", 40)], sends: [], touches: [] }, "");
  const items = folded(all);
  assert.deepEqual(items.map((item) => (isBurst(item) ? item.stitches.length : item.key)), ["e11-Page Viewed", "e10-Page Viewed", "e9-Product Added", 4]);
  const burst = items.at(-1);
  assert.ok(burst && isBurst(burst));
  assert.deepEqual([burst.at, burst.from], [at(4), at(1)]);
  assert.equal(folded(all, new Set([burst.key])).length, 7);
  const apart = weave({ events: [1, 2, 20, 21].map((minute) => event(minute, "Page Viewed", minute)), sends: [], touches: [] }, "");
  assert.equal(folded(apart).length, 4, "two and two with a pause between are no burst");
  const begun = weave({ events: pages, sends: [], touches: [touch(1, 1)] }, "");
  assert.equal(folded(begun).some(isBurst), false, "the page with which a visit begins stays to be seen");
});

test("days are those of the programme's zone", () => {
  const all = weave({ events: [event(1, "A", 0), { ...event(2, "B", 0), occurred_at: "2026-11-25T23:30:00Z" }, { ...event(3, "C", 0), occurred_at: "2026-11-25T22:30:00Z" }], sends: [], touches: [] }, "");
  assert.deepEqual(days(all, "Europe/Rome").map((day) => [day.day, day.items.length]), [["2026-11-26", 2], ["2026-11-25", 1]]);
  assert.deepEqual(days(all, "UTC").map((day) => [day.day, day.items.length]), [["2026-11-26", 1], ["2026-11-25", 2]]);
});

test("what came on top is counted", () => {
  const all = weave({ events: [1, 2, 3].map((seq) => event(seq, "A", seq)), sends: [], touches: [] }, "");
  assert.equal(newer(all, "e1-A"), 2);
  assert.equal(newer(all, "e3-A"), 0);
  assert.equal(newer(all, "gone"), 3);
});

test("nothing is told further back than both lists reach, and the one that ends first is asked on", () => {
  const events = { rows: [event(9, "A", 9), event(4, "A", 4)], more: true };
  const sends = { rows: [send(2, 8), send(1, 6)], more: true };
  assert.deepEqual(reach(events, sends), { since: Date.parse(at(6)), ends: "sends" });
  assert.deepEqual(reach(events, { ...sends, more: false }), { since: Date.parse(at(4)), ends: "events" });
  assert.equal(reach({ ...events, more: false }, { ...sends, more: false }).since, -Infinity);
  const all = weave({ events: events.rows, sends: sends.rows, touches: [touch(1, 1)] }, "", Date.parse(at(6)));
  assert.deepEqual(all.map((one) => one.key), ["e9-A", "s2", "s1"]);
});

test("events of one name are told by the log, also those that the ledger would tell", () => {
  const [sent] = weaveNamed([event(5, "Message Sent", 5, { channel: "email" })], [], "");
  assert.deepEqual([sent?.key, sent?.side, sent?.channel], ["e5-Message Sent", "out", "email"]);
});

test("what the log was trimmed of is still told to have been", () => {
  const lost = { ...event(1, "Order Completed", 1), properties: null, trimmed: true } as unknown as EventView;
  const [one] = weave({ events: [lost], sends: [], touches: [] }, "Order Completed");
  assert.deepEqual([one?.side, one?.channel], ["knot", undefined]);
});

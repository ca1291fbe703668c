import assert from "node:assert/strict";
import { test } from "node:test";
import { waiting, type Found } from "./attention.ts";

const NOW = Date.parse("2026-11-26T12:00:00Z");
const calm: Found = {
  sends: { accepted: 300, dropped: 70, bounced: 1, failed: 0, unknown: 0 },
  journeys: [{ name: "welcome", title: "Welcome", standing: "open", active: 15, sends: { wished: 34, send: 34 } }],
  spaces: [{ space: "journal", stage: "alive", last: "2026-11-20", every_days: 7, selling: 0, of: 4 }],
  offers: [{ name: "friends", given: 0, left_to_give: 200 }, { name: "first", given: 12 }],
  webhooks: [{ name: "crm", waiting: 0, off: null, failing_since: null }],
  now: NOW,
};
const ids = (found: Partial<Found>) => waiting({ ...calm, ...found }).map((one) => one.id);

test("where all is well, nothing waits, and neither does what was not asked yet", () => {
  assert.deepEqual(ids({}), []);
  assert.deepEqual(waiting({ now: NOW }), []);
});

test("each thing that waits is found, and nothing beside it", () => {
  const rows: [Partial<Found>, string[]][] = [
    [{ sends: { failed: 2 } }, ["failed"]],
    [{ sends: { unknown: 1 } }, ["unknown"]],
    [{ staleRegisters: ["rpo"] }, ["register rpo"]],
    [{ journeys: [{ name: "a", title: "A", standing: "paused", active: 3, sends: { wished: 0, send: 0 } }] }, ["journey a"]],
    [{ journeys: [{ name: "a", title: "A", standing: "paused", active: 0, sends: { wished: 0, send: 0 } }] }, []],
    [{ webhooks: [{ name: "crm", waiting: 9, off: { since: "x" } }] }, ["webhook crm"]],
    [{ webhooks: [{ name: "crm", waiting: 9, failing_since: "2026-11-26T11:00:00Z" }] }, ["webhook crm"]],
    [{ offers: [{ name: "friends", given: 191, left_to_give: 9 }] }, ["offer friends"]],
    [{ offers: [{ name: "friends", given: 1900, left_to_give: 100 }] }, ["offer friends"]],
    [{ offers: [{ name: "friends", given: 100, left_to_give: 100 }] }, []],
    [{ offers: [{ name: "friends", given: 5, codes_left: 0 }] }, ["offer friends"]],
    [{ spaces: [{ space: "journal", stage: "silent", last: "2026-11-07", every_days: 7, selling: 0, of: 2 }] }, ["space journal"]],
    [{ spaces: [{ space: "journal", stage: "new", last: null, every_days: 7, selling: 0, of: 0 }] }, []],
    [{ spaces: [{ space: "journal", stage: "alive", last: "2026-11-25", every_days: 7, selling: 2, of: 5 }] }, ["space journal"]],
    [{ spaces: [{ space: "journal", stage: "alive", last: "2026-11-25", every_days: 7, selling: 1, of: 2 }] }, []],
  ];
  for (const [found, expected] of rows) assert.deepEqual(ids(found), expected, JSON.stringify(found));
});

test("what is broken comes before what is due, and a silence says how long it is", () => {
  const found = waiting({ ...calm, sends: { failed: 1, unknown: 1 }, spaces: [{ space: "journal", stage: "silent", last: "2026-11-07", every_days: 7, selling: 0, of: 2 }] });
  assert.deepEqual(found.map((one) => one.id), ["failed", "unknown", "space journal"]);
  assert.deepEqual(found.map((one) => one.broken), [true, true, false]);
  assert.deepEqual(found[2]?.why, { key: "waiting.silent_why", values: { name: "journal", n: 19, every: 7 } });
});

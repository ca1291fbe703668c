import assert from "node:assert/strict";
import { test } from "node:test";
import { FILTERS, bySender, queryOf, senderOf, type Filter } from "./decisions.ts";

const nothing = Object.fromEntries(FILTERS.map((name) => [name, ""])) as Filter;
const now = Date.parse("2026-11-26T12:00:00Z");

test("a filter is asked as it stands, and days are an instant", () => {
  assert.equal(queryOf({ ...nothing, days: "7" }, now).from, "2026-11-19T12:00:00.000Z");
  assert.equal(queryOf({ ...nothing, days: "soon" }, now).from, "");
  const asked = queryOf({ ...nothing, reason: "fatigue", broadcast: "new-oil" }, now);
  assert.deepEqual([asked.reason, asked.broadcast, asked.from, "days" in asked], ["fatigue", "new-oil", "", false]);
});

test("a sender is a journey or a broadcast, and choosing one takes the other away", () => {
  assert.deepEqual(bySender(senderOf({ journey: "", broadcast: "new-oil" })), { journey: null, broadcast: "new-oil" });
  assert.deepEqual(bySender(senderOf({ journey: "cart", broadcast: "" })), { journey: "cart", broadcast: null });
  assert.deepEqual(bySender(senderOf({ journey: "", broadcast: "" })), { journey: null, broadcast: null });
});

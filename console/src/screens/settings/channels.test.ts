import assert from "node:assert/strict";
import { test } from "node:test";
import { fateOf } from "./channels.ts";

test("a channel has what became of its messages, and the newest refusal", () => {
  const statuses = { deferred: 1, queued: 2, accepted: 5, dismissed: 1, bounced: 2, failed: 1, unknown: 1, complained: 1 };
  assert.deepEqual(fateOf({ channel: "email", messages: 14, statuses, lost: { reply: "550 nobody here" } }), { channel: "email", handed: 14, accepted: 6, bounced: 2, failed: 2, waiting: 3, refusal: "550 nobody here" });
  assert.deepEqual(fateOf({ channel: "sms", messages: 1, statuses: { queued: 1 } }), { channel: "sms", handed: 1, accepted: 0, bounced: 0, failed: 0, waiting: 1, refusal: "" });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { fates } from "./channels.ts";

test("each channel has what became of its messages, and the newest refusal", () => {
  const sends = [
    { channel: "email", status: "accepted", reply: "ok" },
    { channel: "email", status: "bounced", reply: "550 nobody here" },
    { channel: "email", status: "bounced", reply: "older" },
    { channel: "email", status: "dismissed", reply: "" },
    { channel: "sms", status: "queued", reply: "" },
    { channel: "email", status: "dropped", reply: "" },
    { channel: null, status: "dropped", reply: "" },
  ];
  const [email, sms] = fates(sends);
  assert.deepEqual(email, { channel: "email", handed: 4, accepted: 2, bounced: 2, failed: 0, complained: 0, waiting: 0, refusal: "550 nobody here" });
  assert.deepEqual([sms?.channel, sms?.waiting], ["sms", 1]);
});

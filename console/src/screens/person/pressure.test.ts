import assert from "node:assert/strict";
import { test } from "node:test";
import { pressure, type Policy } from "./pressure.ts";
import type { SendView } from "./thread.ts";

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 26);
const send = (ago: number, more: Partial<SendView> = {}) => ({ decision: "send", status: "accepted", purpose: "offers", channel: "email", settled_at: new Date(NOW - ago).toISOString(), ...more }) as SendView;
const policy = (caps: object[]): Policy => ({ contact_policy: { caps: caps as never }, purposes: { offers: { opt_in: "single" }, orders: { opt_in: "none" } } });

test("what was sent in the window counts, what was withheld, failed, or is under no policy does not", () => {
  const sends = [send(1), send(DAY - 1), send(DAY), send(2, { purpose: "orders" }), send(3, { decision: "drop" }), send(4, { status: "bounced" })];
  const [one] = pressure(sends, policy([{ at_most: 3, within: DAY }]), NOW);
  assert.equal(one?.used, 2);
  assert.equal(one?.free, undefined);
});

test("a full cap says when the place that counts is free again", () => {
  const [full, over] = pressure([send(1000), send(5000), send(9000)], policy([{ at_most: 3, within: DAY }, { at_most: 2, within: DAY }]), NOW);
  assert.equal(full?.free, new Date(NOW - 9000 + DAY).toISOString());
  // Of three where two are allowed, the second newest has to leave the window.
  assert.equal(over?.free, new Date(NOW - 5000 + DAY).toISOString());
});

test("a cap of a channel counts that channel alone", () => {
  const [one] = pressure([send(1), send(2, { channel: "sms" })], policy([{ at_most: 1, within: DAY, channel: "sms" }]), NOW);
  assert.equal(one?.used, 1);
});

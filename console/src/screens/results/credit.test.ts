import assert from "node:assert/strict";
import { test } from "node:test";
import { directionOf, dispute, inboundShare, knots, rows, spent, type Told } from "./credit.ts";

const told: Told = {
  conversions: 10,
  value: 1000,
  channels: [
    { channel: "Email", range: 0.4, by_model: { first: { conversions: 2, value: 100 }, last: { conversions: 6, value: 700 } } },
    { channel: "Paid Search", range: 0.4, by_model: { first: { conversions: 8, value: 900 }, last: { conversions: 4, value: 300 } } },
  ],
};

test("rows are ordered by the chosen model, with cost and return of what was spent", () => {
  const all = rows(told, "last", "conversions", new Map([["paid-search", 200], ["radio", 50]]));
  assert.deepEqual(all.map((row) => row.channel), ["Email", "Paid Search", "radio"]);
  assert.deepEqual([all[1]?.cost, all[1]?.roas, all[1]?.shares.first], [50, 1.5, 0.8]);
  assert.deepEqual([all[0]?.spend, all[0]?.cost], [null, null], "what nothing was spent on costs nothing, and is not free");
  assert.deepEqual([all[2]?.conversions, all[2]?.spend, all[2]?.cost], [0, 50, null], "what was paid for and touched nobody is shown");
});

test("shares of value are of value", () => {
  assert.equal(rows(told, "first", "value", new Map())[0]?.shares.first, 0.9);
});

test("a rule of the programme comes before a campaign, and both before the usual", () => {
  const programme = { channels: { rules: [{ channel: "Newsletter", direction: "inbound" as const }] }, campaigns: { oil: { from: "", until: "", channels: { blog: { direction: "inbound" as const }, "paid-search": { direction: "outbound" as const } } } } };
  assert.equal(directionOf("Newsletter", programme), "inbound");
  assert.equal(directionOf("Paid Search", programme), "outbound");
  assert.equal(directionOf("Email", programme), "outbound");
  assert.equal(directionOf("Organic Search"), "inbound");
});

test("the dispute is where models are furthest apart; agreement is no dispute", () => {
  const all = rows(told, "last", "conversions", new Map());
  const agreed = { ...all[0]!, channel: "Radio", shares: { first: 0.5, last: 0.4 } };
  assert.equal(dispute([agreed, ...all.slice(0, 1)])?.channel, "Email");
  assert.deepEqual(dispute(all.slice(0, 1))?.low, ["first", 0.2]);
  assert.equal(dispute([{ ...all[0]!, shares: { first: 0.5, last: 0.5 } }]), null);
});

test("what came by itself has its share", () => {
  assert.ok(Math.abs((inboundShare(rows(told, "first", "conversions", new Map()), "first") ?? 0) - 0.8) < 1e-9);
  assert.equal(inboundShare([], "first"), null);
});

test("spend is by channel, and nothing is no line", () => {
  const answer = [{ group: "Paid Search", kpis: [{ name: "spend", value: 12 }] }, { group: "blog", kpis: [{ name: "spend", value: 0 }] }];
  assert.deepEqual([...spent(answer)], [["paid-search", 12]]);
});

test("a path is its touches in order, and a repeated one is one knot", () => {
  assert.deepEqual(knots("Email > Email > QR"), [{ channel: "Email", times: 2 }, { channel: "QR", times: 1 }]);
  assert.deepEqual(knots(""), []);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { dayIn, entries, later, monday, weeks } from "./calendar.ts";

const programme = {
  campaigns: { oil: { from: "2026-11-02", until: "2026-11-15", channels: { blog: { direction: "inbound" as const }, flyer: { direction: "outbound" as const } } } },
  editorial: { pieces: { a: { title: "Red earth", space: "journal", by: "giulia", on: "2026-11-10" } } },
  broadcasts: { letter: { at: "2026-11-14 09:30" }, whenever: { at: null } },
};

test("a week begins on Monday, also on a Sunday and over the turn of a year", () => {
  assert.equal(monday("2026-11-22"), "2026-11-16");
  assert.equal(monday("2026-11-16"), "2026-11-16");
  assert.equal(monday("2027-01-01"), "2026-12-28");
  assert.equal(later("2026-12-28", 1), "2027-01-04");
});

test("what comes stands above, what goes below, and a campaign is in each of its weeks", () => {
  const all = entries(programme, [{ medium: "radio", place: "Firenze", from: "2026-11-10T08:00:00Z", until: "2026-11-10T08:30:00Z" }]);
  const [first, second, third] = weeks("2026-11-02", 3, all, [{ date: "2026-11-08", amount: "10.50", currency: "EUR" }, { date: null, from: "2026-11-03", amount: "2", currency: "EUR" }, { date: "2026-11-09", amount: "1", currency: "USD" }], "EUR");
  assert.deepEqual([first?.inbound.map((one) => one.label), first?.outbound.map((one) => one.label), first?.cost], [["oil"], ["oil"], 12.5]);
  assert.deepEqual(second?.inbound.map((one) => one.label), ["oil", "Red earth"]);
  assert.deepEqual(second?.outbound.map((one) => one.label), ["oil", "Firenze", "letter"]);
  assert.equal(second?.cost, 0, "money of another currency is never added");
  assert.deepEqual([third?.inbound, third?.outbound], [[], []]);
});

test("a day that ends at midnight is one day", () => {
  const [only] = entries({}, [{ medium: "fair", place: "Prato", from: "2026-11-14", until: "2026-11-15T00:00:00Z" }]);
  assert.deepEqual([only?.from, only?.until], ["2026-11-14", "2026-11-14"]);
});

test("an instant is on the day that it is where the programme is", () => {
  assert.equal(dayIn("2026-11-13T23:00:00.000Z", "Europe/Rome"), "2026-11-14");
  assert.equal(dayIn("2026-11-13"), "2026-11-13");
  const broadcasts = { at: { at: "2026-11-13T23:30:00Z" }, from: { at: "2026-11-14T00:30:00+02:00" }, there: { at: "2026-11-13 23:30" } };
  assert.deepEqual(entries({ timezone: "Europe/Rome", broadcasts }, []).map((one) => one.from), ["2026-11-14", "2026-11-13", "2026-11-13"]);
  const [only] = entries({ timezone: "Europe/Rome" }, [{ medium: "flyer", from: "2026-11-13T23:00:00Z", until: "2026-11-15T23:00:00Z" }]);
  assert.deepEqual([only?.from, only?.until], ["2026-11-14", "2026-11-15"]);
});

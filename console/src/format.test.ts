import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { ago, bytes, change, count, date, dayNow, dayOf, interval, money, moneyExact, percent, points, setProgramme, short, span, time, titled, write } from "./format.ts";
import type { Language } from "./theme.ts";

setProgramme({ zone: "Europe/Rome" });
afterEach(() => write("en"));

function told(language: Language, how: () => string): string {
  write(language);
  return how();
}

test("numbers are written as each language writes them", () => {
  const rows: [() => string, string, string, string][] = [
    [() => count(1042), "1,042", "1.042", "1\u00a0042"],
    [() => count(-3), "\u22123", "\u22123", "\u22123"],
    [() => count(undefined), "…", "…", "…"],
    [() => count(0), "0", "0", "0"],
    [() => percent(0.274), "27%", "27%", "27\u00a0%"],
    [() => percent(0.274, 1), "27.4%", "27,4%", "27,4\u00a0%"],
    [() => percent(0.038), "3.8%", "3,8%", "3,8\u00a0%"],
    [() => money(18420), "€18,420", "18.420\u00a0€", "18\u00a0420\u00a0€"],
    [() => money(21.4), "€21.40", "21,40\u00a0€", "21,40\u00a0€"],
    [() => moneyExact(18420.5), "€18,420.50", "18.420,50\u00a0€", "18\u00a0420,50\u00a0€"],
    [() => points(0.021), "+2.1", "+2,1", "+2,1"],
    [() => change(-0.14), "\u221214%", "\u221214%", "\u221214\u00a0%"],
    [() => interval(0.9, 3.3), "0.9 to 3.3", "da 0,9 a 3,3", "de 0,9 à 3,3"],
    [() => bytes(1_250_000), "1.3 MB", "1,3 MB", "1,3\u00a0Mo"],
  ];
  for (const [how, en, it, fr] of rows) {
    assert.equal(told("en", how), en);
    assert.equal(told("it", how), it);
    assert.equal(told("fr", how), fr);
  }
});

test("no text has a character that the fonts lack", () => {
  for (const language of ["en", "it", "fr"] as const) {
    for (const how of [() => count(1234567), () => percent(-0.5), () => money(-1234567), () => short(1234567), () => ago(Date.now() - 5000), () => span(7200)]) {
      assert.doesNotMatch(told(language, how), /[\u202f\u2009←→≤≥]/);
    }
  }
});

test("moments are told in the zone of the programme, and by their age within a day", () => {
  assert.equal(time("2026-11-23T16:48:00Z"), "17:48");
  const now = Date.parse("2026-11-23T16:48:00Z");
  assert.equal(ago("2026-11-23T16:45:00Z", now), "3 minutes ago");
  assert.equal(ago("2026-11-23T16:48:00Z", now), "now");
  assert.equal(told("it", () => ago("2026-11-23T14:48:00Z", now)), "2 ore fa");
  write("en");
  assert.equal(ago("2024-11-20T14:48:00Z", now), date("2024-11-20T14:48:00Z"));
  assert.match(date("2024-11-20T14:48:00Z"), /20 Nov 2024/);
  assert.equal(span(7200), "2 hours");
  assert.equal(span(0.038), "38 ms");
});

test("a day begins where the programme is", (t) => {
  assert.equal(dayOf("2026-11-27T22:59:59Z"), "2026-11-27");
  assert.equal(dayOf("2026-11-27T23:00:00Z"), "2026-11-28");
  t.after(() => setProgramme({ zone: "Europe/Rome" }));
  setProgramme({ zone: "America/Los_Angeles" });
  assert.equal(dayOf("2026-11-28T07:59:59Z"), "2026-11-27");
  t.mock.timers.enable({ apis: ["Date"], now: Date.parse("2026-11-28T07:59:59Z") });
  assert.equal(dayNow(), "2026-11-27");
  assert.match(date("2026-11-27"), /^27 Nov/);
  assert.match(date("2026-11-27T07:00:00Z"), /^26 Nov/);
});

test("a name of the files is a title", () => {
  assert.equal(titled("cart-reminder"), "Cart reminder");
});

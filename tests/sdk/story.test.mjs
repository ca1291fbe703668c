// A whole story, with a real browser and real SMTP: a radio spot and a flyer with a QR code bring visitors; one reads the blog,
// scans the flyer, downloads a guide, opts in twice, gets the journey's letter, and buys after a call. Every touch stands on one
// timeline, the sale is credited by each model, and cost per lead, cost per order and return on spend are what the tables say.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { startBrowser } from "./browser.mjs";
import { links as linksIn, startMailbox } from "./mailbox.mjs";
import { eventually, startServer, withProgramme } from "./server.mjs";

const PERSON =
  "Mozilla/5.0 (Linux; Android 15; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Mobile Safari/537.36";
// Sooner after a form was shown, or a letter delivered, no person has done anything with it.
const HASTE_MS = 2_100;
const GIULIA = "email:giulia@example.com";

const links = (mail) => linksIn(mail).map((link) => link.replace(/[).,]$/, ""));

const PROGRAMME = (site, today) => ({
  "programme.yaml": `programme: bottega
timezone: UTC
languages: [en]
currency: EUR
tracking: { opens: off, clicks: true }
purposes:
  letter: { title: { en: Letter }, channels: [email], opt_in: double, confirm: confirm }
reports:
  weekly: { from: "Bottega <ciao@bottega.example>", to: [lina@bottega.example], when: every monday at 08:00, language: it }
`,
  "segments.yaml": `segments:
  by-search: trait.acquisition.channel = "organic-search"
`,
  // What it costs, and where it runs.
  "campaigns/oil.yaml": `campaign: oil
objective: first orders of people who never bought from us
from: ${today}
until: ${today}
channels:
  radio: { direction: outbound, paid: true }
  flyer: { direction: outbound, paid: true }
  organic-search: { direction: inbound, paid: false }
  call: { direction: outbound, paid: false }
messages: [tips]
codes: []
costs:
  - { channel: organic-search, for: content, total: 60 }
  - { channel: call, for: people, hours: 1, rate: 30 }
`,
  "links.yaml": `links:
  flyer: { url: /p/market, campaign: { name: oil, source: flyer, medium: print }, channel: flyer, place: market-hall }
  radio-arno: { url: /p/market, campaign: { name: oil, source: radio-arno, medium: radio }, channel: radio, vanity: arno }
  shop: { url: "${site}/shop" }
`,
  "pages/market.yaml": `page: market
title: { en: The new oil is here }
blocks:
  - form: guide
`,
  "forms/guide.yaml": `form: guide
title: { en: The guide }
button: { en: Send it to me }
fields:
  - { field: email, required: true }
purposes: [letter.email]
guide: { title: { en: The guide to good oil }, url: "${site}/guide.pdf" }
thanks: { title: { en: Thank you } }
`,
  "journeys/tips.yaml": `journey: tips
purpose: letter
enter: did "Form Submitted" (form = "guide")
steps:
  - wait: { until: 'consented to "letter" by email', at most: 7 days }
  - send: tips
`,
  "messages/confirm/message.yaml": `message: confirm
email: { from: "Bottega <ciao@bottega.example>", subject: { en: One click } }
`,
  "messages/confirm/email.en.txt": `Confirm here: {{ confirm_url }}\n`,
  "messages/tips/message.yaml": `message: tips
email: { from: "Bottega <ciao@bottega.example>", subject: { en: Tips for good oil } }
`,
  "messages/tips/email.en.html": `<html><body><p>Taste it first.</p><a href="TRAMA/l/shop">To the shop</a>
<a href="{{ unsubscribe_url }}">No more of this</a></body></html>
`,
});

let browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser?.close());

/** The company's own site, with the web SDK in it once it is known where that comes from. */
async function startSite(t) {
  const site = { script: "" };
  const listening = createServer((request, response) => {
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end(`<!doctype html><html lang="en"><title>Bottega</title><body><h1>${request.url.split("?")[0]}</h1>${site.script}`);
  }).listen(0, "127.0.0.1");
  await once(listening, "listening");
  t.after(() => {
    listening.closeAllConnections();
    listening.close();
  });
  site.url = `http://127.0.0.1:${listening.address().port}`;
  return site;
}

/** Somebody with a phone of their own. */
async function somebody(t) {
  const context = await browser.newContext({
    userAgent: PERSON,
    locale: "en-GB",
    viewport: { width: 360, height: 740 },
    isMobile: true,
    hasTouch: true,
  });
  t.after(() => context.close());
  return context.newPage();
}

async function ask(server, method, path, body) {
  const response = await fetch(`${server.url}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${server.adminToken}`, "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  assert.equal(response.status, 200, `${method} ${path}: ${response.status} ${text}`);
  return JSON.parse(text);
}

/** What a server of the company's tells. */
async function told(server, ...batch) {
  const response = await fetch(`${server.url}/v1/batch`, {
    method: "POST",
    headers: { authorization: `Basic ${Buffer.from(`${server.writeKey}:`).toString("base64")}`, "content-type": "application/json" },
    body: JSON.stringify({ batch }),
  });
  assert.equal(response.status, 200, await response.text());
}

const names = async (server, who) => (await server.timeline(who) ?? []).map((event) => event.name);

/** Waits until somebody has done this. */
const did = (server, who, name) =>
  eventually(async () => assert.ok((await names(server, who)).includes(name), `${name} of ${who}`));

test("a spot and a flyer bring visitors, one of whom buys in the end, and every euro is accounted for", async (t) => {
  const today = new Date().toISOString().slice(0, 10);
  const [site, mailbox] = [await startSite(t), await startMailbox(t)];
  // Links in a message have the server's own address, which it is not known by before it runs.
  const files = PROGRAMME(site.url, today);
  const server = await startServer(t, withProgramme(files, `smtp_url = "${mailbox.url}"`));
  const live = await server.get("/programme");
  const definition = JSON.parse(JSON.stringify(live.programme ?? live).replaceAll("TRAMA/l/shop", `${server.url}/l/shop`));
  await ask(server, "PUT", "/programme", definition);
  site.script = `<script async src="${server.url}/t.js" data-write-key="${server.writeKey}"></script>`;

  await t.test("the money goes out: a spot on the radio, and a round of flyers", async () => {
    const now = new Date(Date.now() - 600_000).toISOString();
    const taken = await ask(server, "POST", "/flights", {
      flights: [
        { medium: "radio", place: "Radio Arno", campaign: "oil", from: now, amount: 300, currency: "EUR", contacts: 40_000, codes: ["ARNO"] },
        { medium: "flyer", place: "market hall", campaign: "oil", from: now, amount: 120, currency: "EUR", pieces: 1_000 },
      ],
    });
    assert.equal(taken.taken, 2);
  });

  const giulia = await somebody(t);
  await t.test("Giulia reads the blog, which a search engine led her to", async () => {
    await giulia.goto(`${site.url}/blog/olio`, { referer: "https://www.google.it/" });
    await giulia.waitForFunction(() => window.trama?.loaded);
    const id = await giulia.evaluate(() => window.trama.anonymousId());
    await did(server, `anonymous_id:${id}`, "Page Viewed");
  });

  await t.test("the spot brings Ada and Bruno, the flyer Dino and Giulia; Ada leaves her address", async () => {
    const [ada, bruno, dino] = [await somebody(t), await somebody(t), await somebody(t)];
    await ada.goto(`${server.url}/l/arno`);
    await bruno.goto(`${server.url}/l/ARNO`);
    await dino.goto(`${server.url}/q/flyer`);
    await giulia.goto(`${server.url}/q/flyer`);
    await giulia.waitForTimeout(HASTE_MS);
    await ada.getByLabel("Email").fill("ada@example.com");
    await ada.getByRole("button", { name: "Send it to me" }).click();
    await ada.getByText("Thank you").first().waitFor();
  });

  await t.test("Giulia asks for the guide, opts in, and again from her mailbox; the journey's letter comes", async () => {
    await giulia.getByLabel("Email").fill("giulia@example.com");
    await giulia.getByRole("checkbox").check();
    await giulia.getByRole("button", { name: "Send it to me" }).click();
    await giulia.getByRole("link", { name: "The guide to good oil" }).click();
    await did(server, GIULIA, "Guide Downloaded");
    await eventually(() => assert.equal(mailbox.mails.length, 1, "the letter waits for the second yes"));
    const confirm = links(mailbox.mails[0]).find((link) => link.includes("/confirm/"));
    await giulia.goto(confirm);
    await giulia.getByRole("button").first().click();
    await eventually(() => assert.equal(mailbox.mails.length, 2));
    assert.match(mailbox.mails[1], /Subject: Tips for good oil/);
  });

  await t.test("she follows it to the shop, where her browser is known again", async () => {
    await giulia.waitForTimeout(HASTE_MS);
    const click = links(mailbox.mails[1]).find((link) => link.includes("/c/"));
    assert.ok(click, mailbox.mails[1]);
    await giulia.goto(click);
    await giulia.waitForFunction(() => window.trama?.loaded && !location.search.includes("trama_visit"));
    assert.equal(new URL(giulia.url()).pathname, "/shop");
    await did(server, GIULIA, "Message Clicked");
    await eventually(async () => {
      const paths = (await server.timeline(GIULIA)).map((event) => event.properties?.path);
      assert.ok(paths.includes("/blog/olio"), "what she read before anybody knew her is hers");
    });
  });

  await t.test("a call, an order on the site, and a bottle that comes back; somebody at the till names the code of the spot", async () => {
    const hers = { externalIds: [{ type: "email", id: "giulia@example.com", collection: "users" }] };
    await told(server, { type: "track", event: "Call Completed", properties: { outcome: "interested" }, context: hers });
    await did(server, GIULIA, "Call Completed");
    await giulia.evaluate(() => window.trama.push(["track", "Order Completed", { order_id: "1", total: 84, currency: "EUR" }]));
    await did(server, GIULIA, "Order Completed");
    await told(
      server,
      { type: "track", event: "Order Refunded", properties: { order_id: "1", total: 14, currency: "EUR" }, context: hers },
      { type: "track", anonymousId: "till-7", event: "Order Completed", properties: { order_id: "2", total: 56, currency: "EUR", coupon: "arno" } },
    );
    await did(server, GIULIA, "Order Refunded");
  });

  await t.test("every touch stands on one timeline, from the search before anybody knew her to the call", async () => {
    const { touchpoints } = await server.get(`/profiles/${encodeURIComponent(GIULIA)}/touchpoints`);
    const line = ({ occasion, channel, campaign, direction }) => `${occasion} ${channel}${campaign && ` (${campaign})`} ${direction}`;
    const sends = touchpoints.filter((one) => one.occasion === "send").map(line);
    assert.deepEqual(sends, ["send Email (confirm) outbound", "send Email (tips) outbound"]);
    assert.deepEqual(touchpoints.filter((one) => one.occasion !== "send").map(line), [
      "visit Organic Search inbound",
      "click Flyer (oil) inbound",
      "told Guide inbound",
      "click Email (tips) outbound",
      "told Call outbound",
    ]);
    assert.ok(touchpoints[0].first, "and the first is kept");
  });

  await t.test("the sale is credited by each model: 84 less the 14 that came back is 70", async () => {
    const credit = await server.get("/measure/attribution");
    assert.equal(credit.value, 70);
    assert.equal(credit.without_touch, 1, "the till's, whom nothing is known of");
    const by = (model) =>
      Object.fromEntries(
        credit.channels.map((one) => [one.channel, Number(one.by_model[model].value.toFixed(6))]).filter(([, value]) => value > 0),
      );
    // Five touches: search, flyer, guide, email, call.
    assert.deepEqual(by("first"), { "Organic Search": 70 });
    assert.deepEqual(by("last"), { Call: 70 });
    // 70 / 5
    assert.deepEqual(by("linear"), { "Organic Search": 14, Flyer: 14, Guide: 14, Email: 14, Call: 14 });
    // All of it lies within minutes, and half a touch's weight is lost in a week.
    for (const [channel, value] of Object.entries(by("time-decay"))) assert.ok(Math.abs(value - 14) < 0.01, `${channel}: ${value}`);
    // 40 % at both ends, 20 % / 3 between: 70 × 0.2 / 3
    assert.deepEqual(by("position"), { "Organic Search": 28, Flyer: 4.666667, Guide: 4.666667, Email: 4.666667, Call: 28 });
    // One path of five: none of the others brings anything without all of them.
    assert.deepEqual(by("shapley"), { "Organic Search": 14, Flyer: 14, Guide: 14, Email: 14, Call: 14 });
    // Of four people one began with the search, one with the flyer (Dino, whom it led nowhere), two with the spot. From the flyer
    // one of two goes on, so a quarter of a half and a quarter of a half convert: a quarter. Without the search an eighth is
    // left, half of it lost; without any of the others nothing is. 70 × 0.5 / 4.5, and 70 × 1 / 4.5.
    assert.deepEqual(by("markov"), { "Organic Search": 7.777778, Flyer: 15.555556, Guide: 15.555556, Email: 15.555556, Call: 15.555556 });
  });

  await t.test("cost per lead, cost per order and return on spend are those worked out by hand", async () => {
    // Media: 300 (spot) + 120 (flyers). All: + 60 (writing) + 30 (an hour on the telephone).
    // Leads: Ada by the spot, Giulia by the flyer. Orders: Giulia's 70 by the letter, the till's 56 by the spot's code.
    const whole = {
      //                    what                value    sum
      spend: 510, //        300 + 120 + 60 + 30
      visits: 6, //         Giulia 3 (search, flyer, letter); Ada, Bruno and Dino 1 each
      leads: 2,
      cpl: 210, //          420 / 2
      orders: 2,
      revenue: 126, //      70 + 56
      cpa: 210, //          420 / 2
      new_customers: 2,
      cac: 255, //          510 / 2
      roas: 0.3, //         126 / 420
      order_value: 63, //   126 / 2
      lead_conversion: 0.5, // Giulia of Ada and Giulia
      landing_conversion: 0.25, // Giulia of four visitors
      response_rate: 1, //  whom the letters reached: Giulia, who clicked
    };
    const byChannel = {
      //                  spend   leads   cpl          orders  revenue  cpa          roas
      radio: [300, 1, 300 / 1, 1, 56, 300 / 1, 56 / 300],
      flyer: [120, 1, 120 / 1, 0, 0, null, 0 / 120],
      email: [0, 0, null, 1, 70, 0 / 1, null],
      "organic-search": [60, 0, null, 0, 0, null, null],
      call: [30, 0, null, 0, 0, null, null],
    };
    const near = (found, expected, what) =>
      expected === null
        ? assert.equal(found, null, what)
        : assert.ok(found !== null && Math.abs(found - expected) < 1e-9, `${what}: ${found} and not ${expected}`);
    const value = (row, name) => row.kpis.find((kpi) => kpi.name === name).value;
    const all = await server.get("/measure/kpis");
    for (const [name, expected] of Object.entries(whole)) near(value(all.rows[0], name), expected, name);
    const { rows } = await server.get("/measure/kpis?by=channel");
    for (const [channel, expected] of Object.entries(byChannel)) {
      const row = rows.find((row) => row.group === channel);
      assert.ok(row, `${channel} in ${rows.map((row) => row.group)}`);
      const figures = ["spend", "leads", "cpl", "orders", "revenue", "cpa", "roas"];
      figures.forEach((name, place) => near(value(row, name), expected[place], `${channel} ${name}`));
    }
    const { rows: campaigns } = await server.get("/measure/kpis?by=campaign");
    const oil = campaigns.find((row) => row.group === "oil");
    // The letter is the campaign's, so both orders are.
    near(value(oil, "revenue"), 126, "the campaign's revenue");
    near(value(oil, "roas"), 0.3, "the campaign's return");
  });

  await t.test("by what she first came is a trait that a segment asks for", async () => {
    await ask(server, "POST", "/measure/acquisition/traits");
    const profile = await server.profile(GIULIA);
    assert.deepEqual(profile.traits.acquisition, { channel: "organic-search" });
    await eventually(async () => assert.equal((await server.get("/segments/by-search")).count, 1));
  });

  await t.test("and the report for the company's people says the same, by mail", async () => {
    const { taken } = await ask(server, "POST", "/reports/weekly/send", {});
    assert.equal(taken, 1);
    await eventually(() => assert.equal(mailbox.mails.length, 3));
    assert.match(mailbox.mails[2], /^To: .*lina@bottega\.example/m);
    assert.doesNotMatch(mailbox.mails[2], /List-Unsubscribe/);
  });
});

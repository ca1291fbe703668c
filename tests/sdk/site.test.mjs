// What a page shows whom, in a real browser, on a page with a strict policy.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { once } from "node:events";
import { after, before, test } from "node:test";

import { startBrowser } from "./browser.mjs";
import { links, startMailbox } from "./mailbox.mjs";
import { eventually, startServer, withProgramme } from "./server.mjs";
import { startShop } from "./shop.mjs";

const PROGRAMME = {
  "programme.yaml": `programme: bottega
timezone: Europe/Rome
languages: [en]
purposes:
  offers: { title: { en: Offers }, channels: [onsite, email] }
`,
  "segments.yaml": `segments:\n  buyers: 'did "Order Completed"'\n`,
  "messages/hello/message.yaml": `message: hello
onsite:
  { format: inline, slot: top, height: 120, title: Welcome to the shop, button: { text: Look around, url: /spring } }
`,
  "messages/vip/message.yaml": `message: vip
priority: 5
onsite:
  format: inline
  slot: top
  purpose: offers
  for: in segment "buyers"
  at most: { times: 100, within: 1 day }
  title: 'Hi {{ profile.first_name | default: "you" }}'
  html: '<p>For <b>{{ profile.first_name }}</b></p><script>parent.document.title = "broken"</script>'
`,
  "messages/stop/message.yaml": `message: stop
onsite:
  format: popup
  slot: popup
  purpose: offers
  trigger: { after: 100 ms }
  at most: { times: 1, within: 7 days }
  title: Ten percent, today
  text: On everything that is green.
  button: { text: Show me, url: /green }
  close: Close this
`,
  "messages/ship/message.yaml": `message: ship
onsite: { format: bar, slot: site, title: Shipping is free this week, close: Close this, trigger: { scroll: 20% }, silent: 2 days }
`,
  "messages/thanks/message.yaml": `message: thanks
email: { from: "Bottega <ciao@bottega.example>", subject: Thanks }
`,
  "messages/thanks/email.en.txt": "Leave: {{ unsubscribe_url }}\nChoose: {{ preferences_url }}\n",
  "journeys/thanks.yaml": `journey: thanks
purpose: offers
enter: did "Order Completed"
reenter: always
steps: [{ send: thanks, channels: [email] }]
`,
};

let browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser?.close());

const shown = (page, text) => page.locator("trama-message").getByText(text, { exact: true });

/** Says yes to offers, and buys. The page asks again what to show when that is on record. */
async function buys(page, server) {
  const id = await page.evaluate(() => window.trama.anonymousId());
  await page.evaluate(() => {
    window.trama.push(["consent", { offers: true }], ["track", "Order Completed", { total: 30 }], ["identify", { first_name: "Ada", email: "ada@example.com" }], ["flush"]);
  });
  await eventually(async () => {
    const names = (await server.timeline(`anonymous_id:${id}`)).map((event) => event.name);
    assert.ok(names.includes("Order Completed") && names.includes("Consent Given"), names);
  });
  return id;
}

async function seen(server, id, name, message) {
  await eventually(async () => {
    const events = await server.timeline(`anonymous_id:${id}`);
    assert.ok(events.some((event) => event.name === name && event.properties.message === message), JSON.stringify(events));
  });
}

test("the right message to the right person, on a page that allows nothing, and nothing jumps", async (t) => {
  const server = await startServer(t, withProgramme(PROGRAMME));
  const shop = await startShop(t, browser, server);
  const { page, errors, told } = await shop.visitor();
  await page.goto(shop.url);
  await shown(page, "Welcome to the shop").waitFor();
  assert.equal(await page.locator("[role=dialog]").count(), 0, "nothing covers the page of somebody who agreed to nothing");
  const id = await buys(page, server);
  await page.evaluate(() => window.trama.push(["decide"]));
  // An address of hers is known, and this browser only says that it is hers.
  await shown(page, "Hi you").waitFor();
  const hash = createHmac("sha256", server.identitySecret).update("ada").digest("hex");
  await page.evaluate((hash) => window.trama.push(["identify", "ada", {}, hash]), hash);
  await eventually(async () => assert.notEqual(await server.profile("user_id:ada"), undefined));
  await page.evaluate(() => window.trama.push(["decide"]));
  await shown(page, "Hi Ada").waitFor();
  await seen(server, id, "Message Shown", "vip");
  const frame = page.locator("trama-message iframe");
  assert.doesNotMatch(await frame.getAttribute("sandbox"), /same-origin|scripts/);
  assert.match(await frame.getAttribute("srcdoc"), /For <b>Ada<\/b>/);
  assert.equal(await page.title(), "Bottega", "the author's HTML reaches nothing of the page");
  const { shift, violations } = await told();
  assert.equal(shift, 0);
  assert.deepEqual(violations.filter((one) => !one.startsWith("script-src")), [], "and only the script of the frame is forbidden");
  assert.deepEqual(errors, []);
  await page.evaluate(() => window.trama.push(["reset"]));
  await page.reload();
  await shown(page, "Welcome to the shop").waitFor();
});

test("a pop-up is a dialogue, can be closed, and comes no more often than it may", async (t) => {
  const server = await startServer(t, withProgramme(PROGRAMME));
  const shop = await startShop(t, browser, server);
  const { page, told } = await shop.visitor();
  await page.goto(shop.url, { referer: "https://www.google.com/" });
  await shown(page, "Welcome to the shop").waitFor();
  const id = await buys(page, server);
  const dialog = page.getByRole("dialog", { name: "Ten percent, today" });
  await page.goto(`${shop.url}?page=2`);
  await dialog.waitFor();
  const inside = () => page.evaluate(() => document.activeElement?.shadowRoot?.activeElement?.textContent ?? document.activeElement?.tagName);
  assert.equal(await dialog.getAttribute("aria-modal"), "true");
  await page.keyboard.press("Tab");
  assert.equal(await inside(), "Show me");
  await page.keyboard.press("Tab");
  assert.equal(await inside(), "×");
  await page.keyboard.press("Tab");
  assert.equal(await inside(), "Show me", "the keyboard stays inside");
  await page.keyboard.press("Shift+Tab");
  assert.equal(await inside(), "×");
  const close = await dialog.getByRole("button", { name: "Close this" }).boundingBox();
  assert.ok(close.width >= 24 && close.height >= 24, JSON.stringify(close));
  await accessible(page);
  await seen(server, id, "Message Shown", "stop");

  // Another page view: the cap of one in seven days is reached, closed or not.
  await page.goto(`${shop.url}?page=3`);
  await shown(page, "Hi you").waitFor();
  await page.waitForFunction(() => performance.now() > 600);
  assert.equal(await dialog.count(), 0);
  assert.equal((await told()).shift, 0);
});

test("Escape closes a pop-up and gives the focus back", async (t) => {
  const server = await startServer(t, withProgramme(PROGRAMME));
  const shop = await startShop(t, browser, server);
  const { page } = await shop.visitor();
  await page.goto(shop.url);
  await shown(page, "Welcome to the shop").waitFor();
  // Before anything can be shown: to say who one is asks again what to show.
  await page.focus("#first");
  const id = await buys(page, server);
  await page.evaluate(() => window.trama.push(["decide"]));
  const dialog = page.getByRole("dialog");
  await dialog.waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  assert.equal(await page.evaluate(() => document.activeElement.id), "first");
  await seen(server, id, "Message Dismissed", "stop");
});

test("whoever comes from a search sees no pop-up on the first page", async (t) => {
  const server = await startServer(t, withProgramme(PROGRAMME));
  const asked = [];
  const shop = await startShop(t, browser, server);
  const { page } = await shop.visitor();
  page.on("request", (request) => request.url().endsWith("/decide") && asked.push(JSON.parse(request.postData())));
  await page.goto(shop.url, { referer: "https://www.google.com/" });
  await shown(page, "Welcome to the shop").waitFor();
  await page.goto(`${shop.url}?page=2`);
  await shown(page, "Welcome to the shop").waitFor();
  assert.deepEqual(asked.map((one) => one.context.from_search), [true, false]);
});

test("a bar comes with scrolling, is a region, and stays away once it was closed", async (t) => {
  const server = await startServer(t, withProgramme(PROGRAMME));
  const shop = await startShop(t, browser, server);
  const { page, told } = await shop.visitor();
  await page.goto(shop.url);
  await shown(page, "Welcome to the shop").waitFor();
  const bar = page.getByRole("region", { name: "Shipping is free this week" });
  assert.equal(await bar.count(), 0);
  await page.evaluate(() => scrollTo(0, 1500));
  await bar.waitFor();
  const { y, height } = await bar.boundingBox();
  assert.ok(y > 350 && y + height <= 700, `it lies over the lower edge of the window, and not at ${y}`);
  await accessible(page);
  await bar.getByRole("button", { name: "Close this" }).click();
  await bar.waitFor({ state: "detached" });
  const id = await page.evaluate(() => window.trama.anonymousId());
  await seen(server, id, "Message Dismissed", "ship");
  await page.goto(`${shop.url}?page=2`);
  await shown(page, "Welcome to the shop").waitFor();
  await page.evaluate(() => scrollTo(0, 1500));
  await page.waitForFunction(() => scrollY > 1000);
  assert.equal(await bar.count(), 0);
  assert.equal((await told()).shift, 0);
});

test("where no answer comes in time, the page keeps its own words", async (t) => {
  const server = await startServer(t, withProgramme(PROGRAMME));
  // Takes every call and answers none.
  const silent = createServer((socket) => socket.on("error", () => {})).listen(0, "127.0.0.1");
  await once(silent, "listening");
  t.after(() => silent.close());
  const shop = await startShop(t, browser, server, { endpoint: `http://127.0.0.1:${silent.address().port}`, wait: 400 });
  const { page, errors } = await shop.visitor();
  const given = page.waitForEvent("requestfailed", (request) => request.url().endsWith("/decide"));
  await page.goto(shop.url);
  await given;
  assert.equal(await page.locator(".top").textContent(), "Our own words");
  assert.deepEqual(errors, []);
});

test("an offer that was met in an email is on the page, with the same code, until it is redeemed", async (t) => {
  const mailbox = await startMailbox(t);
  const files = {
    ...PROGRAMME,
    "offers/gift.yaml": "offer: gift\ncontent: { en: { title: A jar of honey } }\ncodes: one a person\n",
    "messages/thanks/message.yaml": `message: thanks
offer: gift
email: { from: "Bottega <ciao@bottega.example>", subject: "{{ offer.title }}" }
`,
    "messages/thanks/email.en.txt": "Your code: {{ offer.code }}.\nLeave: {{ unsubscribe_url }}\n",
    "messages/honey/message.yaml": `message: honey
priority: 9
offer: gift
onsite:
  format: inline
  slot: top
  purpose: offers
  for: offer "gift" open
  at most: { times: 100, within: 1 day }
  title: "{{ offer.title }}"
  text: "Your code: {{ offer.code }}."
`,
  };
  const server = await startServer(t, withProgramme(files, `smtp_url = "${mailbox.url}"`));
  const shop = await startShop(t, browser, server);
  const { page } = await shop.visitor();
  await page.goto(shop.url);
  await shown(page, "Welcome to the shop").waitFor();
  const id = await page.evaluate(() => {
    window.trama.push(["consent", { offers: true }], ["identify", { first_name: "Ada", email: "ada@example.com" }], ["track", "Order Completed", { total: 30 }], ["flush"]);
    return window.trama.anonymousId();
  });
  const mail = await eventually(async () => (assert.equal(mailbox.mails.length, 1), mailbox.mails[0]));
  const [line, code] = mail.match(/Your code: ([A-Z0-9-]+)\./);
  const hash = createHmac("sha256", server.identitySecret).update("ada").digest("hex");
  await page.evaluate((hash) => window.trama.push(["identify", "ada", {}, hash]), hash);
  await eventually(async () => assert.notEqual(await server.profile("user_id:ada"), undefined));
  await page.evaluate(() => window.trama.push(["decide"]));
  await shown(page, "A jar of honey").waitFor();
  await shown(page, line).waitFor();
  await seen(server, id, "Message Shown", "honey");
  await page.evaluate((coupon) => window.trama.push(["track", "Order Completed", { coupon }], ["flush"]), code);
  await eventually(async () => {
    const { offers } = await server.offers("user_id:ada");
    assert.equal(offers[0].state, "redeemed");
  });
  await page.evaluate(() => window.trama.push(["decide"]));
  await shown(page, "Hi Ada").waitFor();
  assert.equal(await shown(page, "A jar of honey").count(), 0);
});

test("one click unsubscribes, and the preference page works, without scripts", async (t) => {
  const mailbox = await startMailbox(t);
  const server = await startServer(t, withProgramme(PROGRAMME, `smtp_url = "${mailbox.url}"`));
  const authorization = `Basic ${Buffer.from(`${server.writeKey}:`).toString("base64")}`;
  const batch = [
    { type: "identify", userId: "ada", traits: { email: "ada@example.com" }, context: { consent: { categoryPreferences: { offers: true } } } },
    { type: "track", userId: "ada", event: "Order Completed" },
  ];
  const call = (batch) => fetch(`${server.url}/v1/batch`, { method: "POST", headers: { authorization }, body: JSON.stringify({ batch }) });
  assert.equal((await call(batch)).status, 200);
  const mail = await eventually(async () => (assert.equal(mailbox.mails.length, 1), mailbox.mails[0]));
  const find = (kind) => links(mail).find((link) => link.includes(`/${kind}/`));
  const consent = async () => {
    const { consents } = await server.profile("user_id:ada");
    return consents.filter((one) => one.purpose === "offers").at(-1).state;
  };
  const context = await browser.newContext({ javaScriptEnabled: false });
  t.after(() => context.close());
  const page = await context.newPage();
  await page.goto(find("unsubscribe"));
  assert.equal(await consent(), "granted", "to look changes nothing");
  await page.locator("form button, form input[type=submit]").first().click();
  await page.waitForLoadState();
  assert.equal(await consent(), "withdrawn");
  await page.goto(find("preferences"));
  const choice = page.locator('input[type=checkbox][value="offers.email"]');
  assert.equal(await choice.isChecked(), false);
  await choice.check();
  await page.getByRole("button", { name: "Save" }).click();
  assert.equal(await consent(), "granted");
  await page.goto(find("preferences"));
  await page.getByRole("button", { name: "Pause for a month" }).click();
  await page.goto(find("preferences"));
  await page.getByText("Paused until").waitFor();
  await page.getByRole("button", { name: "End the pause" }).click();
  await page.goto(find("preferences"));
  assert.equal(await page.getByText("Paused until").count(), 0);
  await page.getByText("See and download my data").click();
  await page.getByText("ada@example.com").first().waitFor();
  await page.goto(find("preferences"));
  const click = await fetch(find("unsubscribe"), { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" }, body: "List-Unsubscribe=One-Click" });
  assert.equal(click.status, 200);
  assert.equal(await consent(), "withdrawn");
  await page.goto(find("preferences"));
  await page.getByText("Erase me…").click();
  await page.getByRole("button").click();
  await eventually(async () => assert.equal(await server.profile("user_id:ada"), undefined));
  assert.equal((await page.goto(find("preferences"))).status(), 410);
});

/** What we draw has none of the faults that axe knows. */
async function accessible(page) {
  const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run({ include: ["trama-message"] }));
  assert.deepEqual(violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html)}`), []);
}

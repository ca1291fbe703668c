// The console's own ways: the door, the menu, the palette, the keys, the address, what is kept and what is said when the server is
// gone.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ADDRESSES } from "./addresses.mjs";
import { ask, eventually, look, openEmpty, openShop, openWindow, stand } from "./shop.mjs";
import { speaker } from "./talk.mjs";

const say = speaker("en");

const on = stand(() => openShop({ events: 150 }));

test("Today shows what the API says: the same figures, and the people behind them", async (t) => {
  const { page, wrong } = await on.window(t);
  await look(page, on.shop, "/");
  await eventually(async () => {
    const { counts } = await ask(on.shop, "status");
    const shown = await page.textContent('.side a[href="/people"] span');
    assert.equal(shown.replace(/\D/g, ""), String(counts.profiles));
  });
  // What came in, by the picture's own table, is what the API told.
  await page.getByRole("button", { name: "Show the numbers" }).first().click();
  const rows = await page.$$eval(".numbers tbody tr", (all) => all.map((row) => Number(row.children[1].textContent.replace(/\D/g, ""))));
  assert.ok(rows.reduce((sum, value) => sum + value, 0) > 0, "something came in");
  await page.waitForSelector(".letters li a, main a[href^='/mailbox/']");
  assert.deepEqual(wrong, []);
});

test("a target that is set in Settings stands beside its figure on Today and in Results, and can be taken back", async (t) => {
  const { page, wrong } = await on.window(t);
  const orders = say("kpi.orders");
  const change = page.getByRole("button", { name: new RegExp(`^${orders}`) });
  const kept = async () => (await ask(on.shop, "programme")).programme.targets.orders;
  const before = await kept();
  await look(page, on.shop, "/settings/programme");
  await change.click();
  await page.getByLabel(say("programme.target_value"), { exact: true }).fill("1000000");
  await page.getByLabel(say("programme.target_per"), { exact: true }).selectOption("week");
  await page.getByRole("button", { name: say("programme.target_keep"), exact: true }).click();
  await change.getByText("at least 1,000,000 a week").waitFor();
  assert.deepEqual(await kept(), { millionths: 1_000_000_000_000, per: "week" });

  const far = "Behind: 100% under the target so far";
  await page.click('.side a[href="/"]');
  await page.locator("main a", { hasText: orders }).filter({ hasText: far }).waitFor();
  await page.click('.side a[href="/results"]');
  await change.filter({ hasText: far }).waitFor();
  await page.keyboard.press("Control+z");
  await eventually(async () => assert.deepEqual(await kept(), before));
  assert.deepEqual(wrong, []);
});

test("the menu leads to each screen, Back leads home, and whoever hears the page is told", async (t) => {
  const { page, wrong } = await on.window(t);
  await look(page, on.shop, "/");
  for (const path of ["/people", "/segments", "/journeys", "/messages", "/offers", "/campaigns", "/results", "/governor", "/settings"]) {
    await page.click(`.side a[href="${path}"]`);
    await page.waitForFunction((to) => location.pathname === to && document.activeElement?.tagName === "H1", path);
    assert.equal(await page.getAttribute(`.side a[href="${path}"]`, "aria-current"), "page");
  }
  for (let step = 0; step < 9; step += 1) await page.goBack();
  await page.waitForFunction(() => location.pathname === "/");
  await page.waitForSelector("text=To do");
  assert.deepEqual(wrong, []);
});

test("a screen that opens asks nothing that it gives up to ask it once more", async (t) => {
  const { page, wrong } = await on.window(t);
  const givenUp = [];
  page.on("requestfailed", (request) => {
    if (request.url().includes("/api/") && !request.url().includes("/stream")) givenUp.push(`${page.url()} ${request.url()}`);
  });
  for (const path of [ADDRESSES.health, ADDRESSES.person, ADDRESSES.journey_people, ADDRESSES.today]) {
    await look(page, on.shop, path);
    assert.deepEqual(givenUp, []);
    // What is followed goes on after the screen is left.
    await page.goto("about:blank");
    givenUp.length = 0;
  }
  assert.deepEqual(wrong, []);
});

test("the palette finds a screen by some of its letters and a person by an address", async (t) => {
  const { page } = await on.window(t);
  await look(page, on.shop, "/");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("govern");
  await page.waitForSelector('[role="option"][aria-selected="true"]:has-text("Governor")');
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => location.pathname === "/governor");

  const { profiles } = await ask(on.shop, "profiles?limit=50");
  const known = profiles.flatMap((profile) => profile.identifiers).find((one) => one.type === "email");
  await page.keyboard.press("Control+k");
  await page.keyboard.type(known.value);
  await page.waitForSelector('[role="option"]:has-text("person")');
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => location.pathname.startsWith("/people/"));
});

test("single keys go places, are listed, and can be switched off", async (t) => {
  const { page } = await on.window(t);
  await look(page, on.shop, "/");
  // The two keys count where they follow each other closely, which a busy machine may not manage at first.
  for (let tries = 0; tries < 5 && new URL(page.url()).pathname !== "/journeys"; tries += 1) {
    await page.keyboard.press("g");
    await page.keyboard.press("j");
    await page.waitForURL("**/journeys", { timeout: 2_000, waitUntil: "commit" }).catch(() => undefined);
  }
  assert.equal(new URL(page.url()).pathname, "/journeys");
  await page.keyboard.press("?");
  await page.waitForSelector("dialog[open] >> text=Keys");
  await page.getByRole("switch").click();
  await page.keyboard.press("Escape");
  await page.keyboard.press("g");
  await page.keyboard.press("t");
  await page.keyboard.press("Control+k");
  await page.waitForSelector("dialog[open] [role=combobox]");
  assert.equal(await page.evaluate(() => location.pathname), "/journeys", "what has a modifier still works");
});

test("theme and language are right from the first paint on, and stay", async (t) => {
  const { page } = await on.window(t);
  await look(page, on.shop, "/settings/console");
  await page.getByText("Dark", { exact: true }).click();
  await page.getByText("Italiano").click();
  await page.waitForSelector("text=Oggi");
  const first = await page.request.get(`${on.shop.url}/people`);
  assert.match(await first.text(), /<html lang="it" class="dark"/);
});

test("a period is in the address, and an address can be sent to a colleague", async (t) => {
  const { page } = await on.window(t);
  await look(page, on.shop, "/");
  await page.getByRole("button", { name: "Last 7 days" }).click();
  await page.getByRole("button", { name: "Last 28 days" }).click();
  await page.waitForFunction(() => new URLSearchParams(location.search).get("period") === "28d");
  await page.reload();
  await page.waitForSelector('button:has-text("Last 28 days")');
});

test("when the server does not answer, what is shown stays, and it says since when", async (t) => {
  const { page, context } = await on.window(t);
  await look(page, on.shop, "/");
  await page.waitForSelector(".side .live:not(.stale) b");
  await context.setOffline(true);
  await page.waitForSelector(".side .live.stale >> text=No answer");
  assert.ok(await page.isVisible("text=Journeys under way"));
  await context.setOffline(false);
  await page.waitForSelector(".side .live:not(.stale) b");
});

test("a key in the address opens an empty server, does not stay there, and what comes in with the other is seen at once", async (t) => {
  const empty = await openEmpty();
  const opened = await openWindow(on.browser, empty);
  t.after(async () => {
    await opened.context.close();
    await empty.close();
  });
  const { page, wrong } = opened;
  await page.goto(`${empty.url}/`);
  await page.waitForSelector("main h1");
  const keys = JSON.parse(await empty.keys());
  await page.goto(`${empty.url}/#token=${keys.admin_token}`);
  await page.reload();
  await page.waitForSelector("text=The first hour");
  assert.equal(await page.evaluate(() => location.hash), "", "a key does not stay in the address");
  const answer = await page.request.post(`${empty.url}/v1/track`, {
    headers: { authorization: `Basic ${Buffer.from(`${keys.write_key}:`).toString("base64")}` },
    data: { event: "Page Viewed", anonymousId: "me" },
  });
  assert.equal(answer.status(), 200);
  await page.waitForSelector("li.done >> text=See the first event");
  assert.deepEqual(wrong, []);
});

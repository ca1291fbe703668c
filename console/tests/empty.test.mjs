// A server in which nothing happened and nobody said anything: every screen says so and what to do, and the guide leads from
// the link of the first owner to a first event, a first segment and a first message. Only what somebody before the screen can do.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ADDRESSES } from "./addresses.mjs";
import { eventually, look, openEmpty, openWindow, settled, stand } from "./shop.mjs";
import { speaker } from "./talk.mjs";

const OWNER = { name: "ada", password: "a long enough password" };
/** Addresses with a name that only the sample shop has. */
const OF_THE_SHOP = /vip|cart-reminder|hamper|friends|new-oil|\/mailbox\/1/;
const say = speaker("en");
const SHOTS = process.env.HOUR_SHOTS;

const on = stand(() => openEmpty());
/** One window for all of them: what somebody did in one test is where the next begins. */
let opened;

test("the link that the start prints makes the first owner", async () => {
  opened = await openWindow(on.browser, on.shop);
  const { page } = opened;
  const link = await eventually(() => {
    const found = /\/sign-in#first=\S+/.exec(Buffer.concat(on.shop.said).toString())?.[0];
    assert.ok(found, "no link yet");
    return found;
  });
  await page.goto(`${on.shop.url}${link}`);
  await page.getByLabel(say("sign_in.name"), { exact: true }).fill(OWNER.name);
  await page.getByLabel(say("sign_in.password"), { exact: true }).fill(OWNER.password);
  await page.getByRole("button", { name: say("sign_in.first_act"), exact: true }).click();
  await page.getByText(say("guide.title"), { exact: true }).waitFor();
  await picture("owner");
});

test("every screen says what is missing, and none shows an error", async () => {
  const { page, wrong } = opened;
  for (const [name, path] of Object.entries(ADDRESSES).filter(([, path]) => !OF_THE_SHOP.test(path))) {
    await look(page, on.shop, path);
    await picture(`screen-${name}`);
    const failures = await page.locator("main .failure p").allTextContents();
    assert.deepEqual(failures, [], name);
    // Something to read and somewhere to go, besides the menu.
    const ways = await page.locator("main").locator("a:visible, button:visible, input:visible, select:visible").count();
    assert.ok(ways > 1, `${name} leads nowhere`);
  }
  assert.deepEqual(wrong, []);
});

test("the guide leads to a first event, a first segment and a first message", async () => {
  const { page, wrong } = opened;
  const button = (key, within = page) => within.getByRole("button", { name: say(key), exact: true });
  const act = (key) => page.locator("main").getByRole("link", { name: say(key), exact: true });
  const field = (key, within = page) => within.getByLabel(say(key), { exact: true });
  const done = (key) => page.locator("li.done", { hasText: say(key) }).waitFor();
  const home = () => page.locator(".side li").getByRole("link", { name: say("menu.today") }).click();
  const dialog = page.locator("dialog[open]");
  const named = async (text, verb) => {
    await field("journey.name", dialog).fill(text);
    await button(verb, dialog).click();
  };

  await look(page, on.shop, "/");
  await picture("guide");
  // The lines have the key that was just made, and it is one that works.
  await button("key.make").click();
  await page.locator("main pre", { hasText: "data-write-key" }).waitFor();
  assert.match(await page.textContent("main pre"), new RegExp(`src="${on.shop.url}/t.js" data-write-key="[\\w-]+"`));
  await picture("key");
  await button("guide.send").click();
  await done("guide.event");

  await field("purpose.company").fill("The old mill");
  await field("purpose.name").fill("News and offers");
  await picture("purpose");
  await button("purpose.keep").click();
  await done("guide.purpose");

  await act("guide.segment_act").click();
  await page.getByRole("button", { name: say("recipe.newcomers") }).click();
  await button("segment.save").click();
  await named("New this week", "segment.save");
  await page.getByRole("heading", { level: 1, name: "New this week" }).waitFor();
  await picture("segment");
  await home();
  await done("guide.segment");

  await act("guide.message_act").click();
  await named("Welcome", "message.write");
  await page.getByRole("button", { name: say("message.begin") }).click();
  await field("message.subject").fill("Welcome to the mill");
  await button("message.blank").click();
  await page.locator("[data-block]").first().waitFor();
  await picture("message");
  await button("offer.save").click();
  await page.getByText(say("message.saved"), { exact: true }).waitFor();
  await home();
  await done("guide.message");

  await act("guide.journey_act").click();
  await named("Hello", "journey.draw");
  await page.locator('[data-slot="0"] button').first().click();
  await page.getByRole("menuitem", { name: say("step.kind_send"), exact: true }).click();
  await picture("journey");
  await button("journey.start").click();
  await button("journey.make_live", dialog).click();
  await page.getByText(say("journey.is_live"), { exact: true }).waitFor();
  await home();
  await done("guide.journey");
  await picture("guide-done");
  await act("guide.channel_act").click();
  await page.getByText(say("channels.none")).waitFor();
  assert.deepEqual(wrong, []);
});

async function picture(name) {
  if (!SHOTS) return;
  await settled(opened.page);
  await opened.page.screenshot({ path: `${SHOTS}/empty-${name}.png` });
}

// Two people at one definition: where they changed different parts both are kept, and where they changed the same, the second
// chooses. What is open and not changed follows what others save.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, look, openShop, stand } from "./shop.mjs";
import { speaker } from "./talk.mjs";

const say = speaker("en");

const on = stand(() => openShop({ events: 150 }));

/** Two windows on one address. */
async function two(t, path) {
  const windows = await Promise.all([on.window(t), on.window(t)]);
  await Promise.all(windows.map(({ page }) => look(page, on.shop, path)));
  return windows.map(({ page }) => page);
}
const press = (page, key) => page.getByRole("button", { name: say(key), exact: true }).click();
async function addRule(page, key) {
  const rules = await page.locator("[data-sentence]").count();
  await press(page, "rule.add");
  await page.getByRole("menuitem", { name: say(key), exact: true }).click();
  await page.waitForFunction((many) => document.querySelectorAll("[data-sentence]").length > many, rules);
}

test("two rules that two people add to one segment are both kept", async (t) => {
  const [ada, eve] = await two(t, "/segments/vip");
  await addRule(ada, "rule.add_consented_to");
  await addRule(eve, "rule.add_first_seen");
  await press(ada, "segment.save");
  await ada.getByText(say("segment.saved")).waitFor();
  await press(eve, "segment.save");
  await eve.getByText(say("meanwhile.apart"), { exact: true }).waitFor();
  await press(eve, "meanwhile.keep_both");
  await eve.getByText(say("segment.saved")).waitFor();
  const { expression } = await ask(on.shop, "segments/vip");
  assert.match(expression, /consented to/);
  assert.match(expression, /first seen/);
  // Ada changed nothing since, and sees it.
  await ada.waitForFunction(() => document.querySelectorAll("[data-sentence]").length === 3);
});

test("of one wait that two people changed, the second chooses what it shall say", async (t) => {
  const [ada, eve] = await two(t, "/journeys/cart-reminder?step=1");
  const wait = (page) => page.getByLabel(say("step.how_long"), { exact: true });
  await wait(ada).fill("50");
  await wait(eve).fill("70");
  await press(ada, "journey.start_change");
  await press(ada, "journey.make_live");
  await ada.getByText(say("journey.is_live"), { exact: true }).waitFor();
  await press(eve, "journey.start_change");
  const dialog = eve.locator("dialog[open]");
  await dialog.getByText(say("meanwhile.clashes")).waitFor();
  await dialog.getByText("50 seconds").first().click();
  await press(eve, "meanwhile.keep_chosen");
  // What is left is what is live already.
  await dialog.getByText(say("journey.no_change"), { exact: true }).waitFor();
  assert.equal(await wait(eve).inputValue(), "50");
});

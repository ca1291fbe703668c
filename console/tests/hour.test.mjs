// A marketer's first hour at the sample shop, from the door to the first result: only what somebody before the screen can
// do, in each language by its own words. With HOUR_SHOTS=FOLDER there is a picture of each step.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { describe, test } from "node:test";
import { look, openShop, settled, stand } from "./shop.mjs";
import { speaker } from "./talk.mjs";

/** What a marketer writes; all else is the console's. Whoever comes to one of these events has said who they are. */
const HOURS = [
  { language: "en", theme: "light", segment: "Lookers", message: "A word on your basket", subject: "Your basket is kept for you", journey: "Basket word", purpose: "offers" },
  { language: "it", theme: "dark", segment: "Chi guarda", message: "Due righe sul cesto", subject: "Il tuo cesto ti aspetta qui", journey: "Parola sul cesto", purpose: "orders", enter: 'did "Checkout Started"' },
  { language: "fr", theme: "light", segment: "Qui regarde", message: "Un mot de merci", subject: "Merci de votre commande", journey: "Mot de merci", purpose: "orders", enter: 'did "Order Completed"' },
];
/** Those of the sample shop's programme. */
const SPOKEN = ["it", "en"];
/** The cap of the shop may hold a letter back for one of its days, which is a minute and twelve seconds. */
const LETTER_MS = 150_000;
const SHOTS = process.env.HOUR_SHOTS;

const on = stand(() => openShop({ events: 300 }));

describe("the first hour", { concurrency: true }, () => {
  for (const hour of HOURS) {
    test(`in ${hour.language}`, async (t) => {
      const { page, wrong } = await on.window(t, hour);
      const marketer = sitting(page, speaker(hour.language), hour);
      try {
        for (const step of Object.values(marketer)) await step();
      } catch (error) {
        await page.screenshot({ path: `${SHOTS ?? tmpdir()}/hour-${hour.language}-failed.png` });
        throw error;
      }
      assert.deepEqual(wrong, []);
    });
  }
});

/** Somebody before the screen: what they do, in this order. */
function sitting(page, say, { language, theme, segment, message, subject, journey, purpose, enter }) {
  const button = (key) => page.getByRole("button", { name: say(key), exact: true });
  const menu = (key) => page.locator(".side").getByRole("link", { name: say(key) });
  const field = (key, within = page) => within.getByLabel(say(key), { exact: true });
  const heading = (name) => page.getByRole("heading", { level: 1, name });
  const dialog = page.locator("dialog[open]");
  let taken = 0;

  async function picture(name) {
    if (!SHOTS) return;
    await mkdir(SHOTS, { recursive: true });
    await settled(page);
    await page.screenshot({ path: `${SHOTS}/${language}-${theme}-${String((taken += 1)).padStart(2, "0")}-${name}.png` });
  }
  async function palette(text) {
    await page.keyboard.press("Control+k");
    await dialog.getByRole("combobox").fill(text);
    await dialog.locator('[role="option"][aria-selected="true"]', { hasText: text }).waitFor();
    await page.keyboard.press("Enter");
  }
  /** What was changed is to be seen among the steps of the drawing, in their order. */
  const steps = () => page.locator("[data-step] b").allTextContents();
  async function addStep(slot, key) {
    await page.locator(`[data-slot="${slot}"] button`).first().click();
    await page.getByRole("menuitem", { name: say(key), exact: true }).click();
  }

  return {
    async signsOutAndIn() {
      await look(page, on.shop, "/");
      await picture("today");
      await palette(say("palette.sign_out"));
      await heading(say("sign_in.title")).waitFor();
      await picture("door");
      await button("sign_in.demo_act").click();
      await page.getByText(say("today.todo"), { exact: true }).waitFor();
    },

    async findsAPerson() {
      await menu("menu.people").click();
      const known = page.locator("main tbody tr", { hasText: "@" }).first();
      await known.waitFor();
      await picture("people");
      const name = (await known.locator("a").first().textContent()).trim();
      await palette(name);
      await heading(name).waitFor();
      await page.locator("main ol li time").first().waitFor();
      await picture("person");
    },

    async buildsASegment() {
      await menu("menu.segments").click();
      await page.getByRole("link", { name: say("segment.new"), exact: true }).click();
      await page.getByRole("button", { name: say("recipe.reads") }).click();
      await page.locator("[data-sentence]").first().waitFor();
      const rules = await page.locator("[data-sentence]").count();
      await button("rule.add").click();
      await page.getByRole("menuitem", { name: say("rule.add_consented_to"), exact: true }).click();
      await page.waitForFunction((many) => document.querySelectorAll("[data-sentence]").length > many, rules);
      await page.locator(".hero").filter({ hasText: /\d|0/ }).or(page.getByText(say("segment.people"))).first().waitFor();
      await picture("segment");
      await button("segment.save").click();
      await field("journey.name", dialog).fill(segment);
      await dialog.getByRole("button", { name: say("segment.save"), exact: true }).click();
      await heading(segment).waitFor();
      await page.getByText(say("segment.saved")).waitFor();
      await picture("segment-saved");
    },

    async writesAMessage() {
      await menu("menu.messages").click();
      await button("message.new").click();
      await field("journey.name", dialog).fill(message);
      await dialog.getByRole("button", { name: say("message.write"), exact: true }).click();
      await page.getByRole("button", { name: say("message.begin") }).click();
      for (const spoken of SPOKEN) {
        await page.locator(".option", { has: page.locator(`input[value="${spoken}"]`) }).click();
        await page.getByText(`email.${spoken}.mjml`, { exact: true }).waitFor();
        await field("message.subject").fill(subject);
        await button("message.blank").click();
        await page.locator("[data-block]").first().waitFor();
      }
      await picture("message");
      await button("offer.save").click();
      await page.getByText(say("message.saved"), { exact: true }).waitFor();
      await page.locator("iframe").waitFor();
      await picture("message-saved");
    },

    async drawsAJourney() {
      await menu("menu.journeys").click();
      await button("journey.new").click();
      await field("journey.name", dialog).fill(journey);
      await dialog.getByRole("button", { name: say("journey.draw"), exact: true }).click();
      await heading(journey).waitFor();
      await field("journey.purpose").selectOption(purpose);
      if (enter) await field("journey.enter").fill(enter);
      await picture("journey-new");
      await addStep("0", "step.kind_wait");
      await addStep("1", "step.kind_send");
      await field("step.message").selectOption({ label: message });
      const [wait, send] = await steps();
      // The wait is dragged behind the message.
      const from = page.locator("[data-step]").first();
      await from.dragTo(page.locator('[data-slot="2"]'));
      await page.waitForFunction((first) => document.querySelector("[data-step] b")?.textContent === first, send);
      assert.deepEqual(await steps(), [send, wait]);
      // By keys it goes back, and is undone.
      await page.locator("[data-step]").nth(1).focus();
      await page.keyboard.press("Alt+ArrowUp");
      await page.waitForFunction((first) => document.querySelector("[data-step] b")?.textContent === first, wait);
      await page.keyboard.press("Control+z");
      await page.waitForFunction((first) => document.querySelector("[data-step] b")?.textContent === first, send);
      await page.getByRole("button", { name: say("journey.no_goal") }).click();
      await button("journey.goal_add").click();
      await picture("journey-drawn");
    },

    async runsItDry() {
      await button("dry.title").click();
      await page.getByRole("complementary").getByRole("button", { name: say("dry.run"), exact: true }).click();
      await page.getByText(say("dry.entered")).first().waitFor();
      await picture("dry-run");
    },

    async startsIt() {
      await button("journey.start").click();
      await dialog.getByText(say("journey.is_new"), { exact: true }).waitFor();
      await picture("start");
      await dialog.getByRole("button", { name: say("journey.make_live"), exact: true }).click();
      await page.getByText(say("journey.is_live"), { exact: true }).waitFor();
      await page.locator("main").getByText(say("journey.open"), { exact: true }).first().waitFor();
      await picture("live");
    },

    async readsTheLetter() {
      await menu("menu.messages").click();
      await page.getByRole("link", { name: say("menu.mailbox"), exact: true }).first().click();
      const letter = page.locator("main li a", { hasText: subject }).first();
      await letter.waitFor({ timeout: LETTER_MS });
      await letter.click();
      await heading(subject).waitFor();
      await page.frameLocator("main iframe").getByText(subject).first().waitFor();
      await picture("letter");
    },

    async readsTheResult() {
      await palette(journey);
      await heading(journey).waitFor();
      await page.locator("[data-step]").first().getByText(say("step.sent")).waitFor();
      await picture("result-canvas");
      await page.getByRole("tab", { name: say("journey.tab_runs") }).or(page.getByRole("link", { name: say("journey.tab_runs"), exact: true })).first().click();
      await page.waitForFunction(() => Number(document.querySelector("main dl dd, main .value")?.textContent?.replace(/\D/g, "")) > 0);
      await picture("result");
      await menu("menu.results").click();
      await heading(say("results.kpi_title")).waitFor();
      await picture("figures");
    },
  };
}

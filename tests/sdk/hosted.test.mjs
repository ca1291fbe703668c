// A flyer's QR code on a phone: the page, the form without JavaScript, the confirmation from the mailbox, and the guide. The
// programme is that of examples/bottega.

import assert from "node:assert/strict";
import { cp, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { startBrowser } from "./browser.mjs";
import { links as linksIn, startMailbox } from "./mailbox.mjs";
import { eventually, startServer } from "./server.mjs";

const BOTTEGA = fileURLToPath(new URL("../../examples/bottega", import.meta.url));
const PERSON =
  "Mozilla/5.0 (Linux; Android 15; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Mobile Safari/537.36";
// Sooner after a form was shown no person has filled it in.
const HASTE_MS = 2_100;

// Text has addresses in brackets.
const links = (mail) => linksIn(mail).map((link) => link.replace(/\)$/, ""));

let browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser?.close());

/** A server with the programme of the sample shop, whose addresses of the shop's lead to a page of our own. */
async function startBottega(t, site) {
  const mailbox = await startMailbox(t);
  const server = await startServer(t, async (data) => {
    await cp(BOTTEGA, join(data, "programme"), { recursive: true });
    const file = join(data, "programme", "links.yaml");
    const text = await readFile(file, "utf8");
    await writeFile(file, text.replaceAll("https://bottega.example", site));
    const form = join(data, "programme", "forms", "oil-guide.yaml");
    await writeFile(form, (await readFile(form, "utf8")).replaceAll("https://bottega.example", site));
    const programme = join(data, "programme");
    await writeFile(join(data, "trama.toml"), `programme = ${JSON.stringify(programme)}\nsmtp_url = "${mailbox.url}"\n`);
  });
  return { server, mailbox };
}

/** A page of the company's own, with the web SDK in it, once it is known where that comes from. */
async function startSite(t) {
  const site = { script: "" };
  const listening = createServer((request, response) => {
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end(`<!doctype html><html lang="en"><title>Bottega</title><body><h1>Bottega ${request.url.split("?")[0]}</h1>${site.script}`);
  }).listen(0, "127.0.0.1");
  await once(listening, "listening");
  t.after(() => {
    listening.closeAllConnections();
    listening.close();
  });
  site.url = `http://127.0.0.1:${listening.address().port}`;
  return site;
}

async function phone(t, options = {}) {
  const context = await browser.newContext({
    userAgent: PERSON,
    locale: "it-IT",
    viewport: { width: 360, height: 740 },
    isMobile: true,
    hasTouch: true,
    ...options,
  });
  t.after(() => context.close());
  return context.newPage();
}

async function faultless(page) {
  const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run());
  assert.deepEqual(violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html)}`), []);
}

test("a flyer leads to a page, a form, a confirmation and a guide, without JavaScript on a phone", async (t) => {
  const site = await startSite(t);
  const { server, mailbox } = await startBottega(t, site.url);
  const page = await phone(t, { javaScriptEnabled: false });
  await page.goto(`${server.url}/q/market-flyer`);
  assert.equal(new URL(page.url()).pathname, "/p/market");
  assert.ok(await page.getByRole("heading", { name: "L’olio nuovo è qui" }).isVisible());
  const box = await page.locator("main").boundingBox();
  assert.ok(box.width <= 360, "nothing is wider than the phone");
  await page.getByLabel("Email").fill("giulia@example");
  await page.getByRole("checkbox").check();
  await page.waitForTimeout(HASTE_MS);
  await page.getByLabel("Email").fill("nobody");
  await page.getByRole("button", { name: "Mandatemela" }).click();
  assert.ok(await page.getByText("Questo non è un indirizzo email").isVisible());
  assert.ok(await page.getByRole("checkbox").isChecked(), "what was chosen is not lost");
  await page.waitForTimeout(HASTE_MS);
  await page.getByLabel("Email").fill("giulia@example.com");
  await page.getByRole("button", { name: "Mandatemela" }).click();
  assert.equal(new URL(page.url()).pathname, "/f/oil-guide/thanks");
  assert.ok(await page.getByText("apri il messaggio e conferma").isVisible());

  await eventually(() => assert.equal(mailbox.mails.length, 1));
  const confirm = links(mailbox.mails[0]).find((link) => link.includes("/confirm/"));
  assert.ok(confirm, mailbox.mails[0]);
  await page.goto(confirm);
  await page.getByRole("button", { name: "Confermo" }).click();
  await eventually(() => assert.ok(mailbox.mails.some((mail) => links(mail).some((link) => link.includes("/g/")))));
  const guide = mailbox.mails.flatMap(links).find((link) => link.includes("/g/"));
  await page.goto(guide);
  assert.ok(page.url().startsWith(`${site.url}/guide/olio-buono`), page.url());

  await eventually(async () => {
    const names = (await server.timeline("email:giulia@example.com")).map((event) => event.name);
    for (const name of ["QR Scanned", "Page Viewed", "Form Submitted", "Guide Downloaded"]) {
      assert.ok(names.includes(name), `${name} in ${names}`);
    }
  });
  const submitted = (await server.timeline("email:giulia@example.com")).find((event) => event.name === "Form Submitted");
  assert.equal(submitted.properties.place, "sant-ambrogio");
});

test("page and form have no fault that axe knows, and the address can be passed on without the visit", async (t) => {
  const site = await startSite(t);
  const { server } = await startBottega(t, site.url);
  const page = await phone(t, { locale: "en-GB" });
  await page.goto(`${server.url}/l/market-flyer`);
  await page.waitForFunction(() => !location.search.includes("trama_visit"));
  await faultless(page);
  await page.goto(`${server.url}/f/tasting`);
  await faultless(page);
  await page.goto(`${server.url}/p/market`);
  const sharing = page.waitForResponse((response) => new URL(response.url()).pathname.startsWith("/s/"));
  await page.evaluate(() => {
    navigator.share = async (what) => (window.shared = what);
  });
  await page.getByRole("link", { name: "Copy the address" }).click();
  await sharing;
  const shared = await page.waitForFunction(() => window.shared).then((handle) => handle.jsonValue());
  assert.match(shared.url, /\/p\/market\?by=/);
  const friend = await phone(t);
  await friend.goto(shared.url);
  await eventually(async () => {
    const names = (await server.events()).map((event) => event.name);
    assert.ok(names.includes("Page Shared") && names.includes("Share Visited"), names);
  });
});

test("the web SDK on the site joins the visit by a link, and a form stands in its page", async (t) => {
  const site = await startSite(t);
  const { server } = await startBottega(t, site.url);
  site.script = `<script async src="${server.url}/t.js" data-write-key="${server.writeKey}"></script>
<script async src="${server.url}/f/oil-guide.js" data-title="The guide" data-language="en"></script>`;
  const page = await phone(t);
  await page.goto(`${server.url}/l/oil`);
  await page.waitForFunction(() => window.trama?.loaded && !location.search.includes("trama_visit"));
  assert.match(page.url(), /utm_campaign=new-oil/);
  const id = await page.evaluate(() => window.trama.anonymousId());
  await eventually(async () => {
    const names = (await server.timeline(`anonymous_id:${id}`)).map((event) => event.name);
    assert.ok(names.includes("Link Visited") && names.includes("Page Viewed"), names);
  });
  const frame = page.frameLocator("iframe[title='The guide']");
  await frame.getByRole("button", { name: "Send it to me" }).waitFor();
  await page.waitForFunction(() => document.querySelector("iframe").style.height !== "30rem");
});

// The mailbox: every letter as it came out of the mail server, and why the others never got there.

import { keep, make, moment, say, table } from "./dom.js";
import { ask, live, unsent, unsentCount } from "./server.js";
import { count, reason, sentence, some, title, why } from "./words.js";
import { address, letter, name, tally } from "./today.js";

/** The shelf of letters and, with a number, one of them. */
export function mailbox(number) {
  const [heading, shelf] = [make("h1"), make("ul", { class: "entries" })];
  const desk = make("div", {}, make("p", { class: "card empty" }, "Choose a letter to read it as its receiver does."));
  const node = make(
    "div",
    {},
    heading,
    make("p", { class: "lead" }, "Delivered over SMTP into the mailbox that is built in. Nothing leaves this machine."),
    make("div", { class: number ? "mail open" : "mail" }, make("div", { class: "card shelf" }, shelf), desk),
  );
  let opened = null;
  async function update() {
    const { received, messages } = await ask.mailbox(100);
    say(heading, received ? some(received, "letter", "letters") : "No letters yet");
    keep(shelf, messages, (mail) => mail.number, letter, "The first letter appears here the moment it is delivered.");
    for (const link of shelf.querySelectorAll("a")) {
      if (link.hash === `#/mailbox/${number}`) link.setAttribute("aria-current", "true");
    }
    if (number && !opened) {
      opened = await ask.mail(number);
      desk.replaceChildren(opened ? sheet(opened) : make("p", { class: "card empty" }, "This letter is not kept any more."));
    }
  }
  return { title: "Mailbox", node, update };
}

function sheet(mail) {
  const parts = [mail.html && ["As it looks", () => frame(mail.html)], mail.text && ["As text", () => make("pre", {}, mail.text)], ["Headers", () => headers(mail.headers)]].filter(Boolean);
  const panel = make("div", { role: "tabpanel" });
  const tabs = parts.map(([label, draw], index) => make("button", { role: "tab", type: "button", onclick: () => choose(index) }, label));
  function choose(chosen) {
    tabs.forEach((tab, index) => tab.setAttribute("aria-selected", String(index === chosen)));
    panel.replaceChildren(parts[chosen][1]());
  }
  choose(0);
  return make(
    "section",
    { class: "card" },
    make("p", { class: "crumb" }, make("a", { href: "#/mailbox" }, "All letters")),
    make("h2", { style: "font: 430 21px/27px var(--serif)" }, mail.subject || "No subject"),
    make("p", { class: "aside" }, `${mail.from} to ${mail.to}, `, moment(mail.received_at, true)),
    make("div", { class: "tabs", role: "tablist" }, tabs),
    panel,
  );
}

/** The letter in a frame of its own: no script, no request, no way back to this page. Its links open beside it. */
function frame(html) {
  return make("iframe", { title: "The letter as it looks", sandbox: "allow-popups allow-popups-to-escape-sandbox", srcdoc: `<base target="_blank">${html}` });
}

function headers(list) {
  return make("dl", { class: "headers" }, list.map(([field, value]) => make("div", {}, make("dt", {}, field), make("dd", {}, value))));
}

/** Every message that did not arrive, with the reason as a sentence. */
export function withheld() {
  const [heading, chips, body] = [make("h1"), make("div", { class: "chips", role: "group", "aria-label": "Reasons" }), make("tbody")];
  const older = make("span");
  let chosen = "";
  const columns = ["Message", "To", "Why", ["Journey", "phone-off"], ["When", "n"]];
  const node = make(
    "div",
    {},
    heading,
    make("p", { class: "lead" }, "Not sent is a result like any other. Each message that stayed here, or came back, says why. ", older),
    chips,
    make("div", { class: "card", style: "margin-top: 14px" }, table("Messages not sent", columns, body)),
  );
  async function update() {
    const all = unsent();
    const total = unsentCount();
    say(heading, total ? `${some(total, "message", "messages")} not sent, each for a reason` : "Nothing has been held back");
    say(older, total > all.length ? `Below are those among the newest ${count(live.sends.size)} sends.` : "");
    const kinds = [["", all.length], ...tally(all)].map(([key, value]) => [key, value, key === chosen]);
    keep(chips, all.length ? kinds : [], ([key]) => key, chip, "");
    const shown = all.filter((send) => !chosen || (send.status === "dropped" ? send.reason : send.status) === chosen);
    keep(body, shown.slice(0, 300), (send) => send.id, row, "Everything that was decided has been sent.");
  }
  function chip([key, value, pressed]) {
    const choose = () => {
      chosen = key;
      update();
    };
    return make("button", { type: "button", "aria-pressed": String(pressed), onclick: choose }, `${key ? reason(key) : "All"} ${count(value)}`);
  }
  return { title: "Not sent", node, update };
}

function row(send) {
  return make(
    "tr",
    {},
    make("td", {}, title(send.message)),
    make("td", {}, make("a", { href: `#/people/${encodeURIComponent(address(send))}` }, name(send))),
    make("td", {}, why(send)),
    make("td", { class: "phone-off" }, send.journey ? title(send.journey) : "Confirmation"),
    make("td", { class: "n" }, moment(send.decided_at)),
  );
}

/** Events that were refused at the door. */
export function refused() {
  const [heading, body] = [make("h1"), make("tbody")];
  const node = make(
    "div",
    {},
    heading,
    make("p", { class: "lead" }, "An event that cannot be used is kept here with the reason, so that its sender can be mended. Its neighbours live."),
    make("div", { class: "card", style: "margin-top: 18px" }, table("Refused events", ["Why", ["Field", "phone-off"], ["From", "phone-off"], "What was sent", ["When", "n"]], body)),
  );
  async function update() {
    const { rejects } = await ask.rejects();
    say(heading, live.status.counts.rejects ? `${some(live.status.counts.rejects, "event", "events")} refused at the door` : "Every event could be used");
    keep(body, rejects, (reject) => reject.seq, reject, "Nothing was refused.");
  }
  return { title: "Refused", node, update };
}

function reject(one) {
  return make(
    "tr",
    {},
    make("td", {}, sentence(one.message)),
    make("td", { class: "phone-off" }, make("code", {}, one.field || "the whole event")),
    make("td", { class: "phone-off" }, one.source),
    make("td", {}, make("code", { style: "overflow-wrap: anywhere" }, one.payload.slice(0, 160))),
    make("td", { class: "n" }, moment(one.received_at)),
  );
}

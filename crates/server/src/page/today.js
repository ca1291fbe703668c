// The first screen: what is happening now.

import { card, keep, make, moment, say, table } from "./dom.js";
import { ask, live, greeting, unsent, unsentCount } from "./server.js";
import { activity, count, reason, some, stale, title, who, why } from "./words.js";
import { weave } from "./weave.js";

const FEED = 14;

export function today() {
  const finding = make("h1", {}, "Opening the shop");
  const figures = FIGURES.map(([name]) => [make("dd", { class: "figure" }), make("dd", { class: "of" }), name]);
  const strip = make("dl", { class: "card figures" }, figures.map(([figure, of, name]) => make("div", {}, make("dt", {}, name), figure, of)));
  const thread = weave();
  const [feed, letters, journeys] = [make("ol", { class: "feed" }), make("ul", { class: "entries" }), make("tbody")];
  const [reasons, withheld, segments] = [make("ul", { class: "bars" }), make("ul", { class: "entries" }), make("ul", { class: "bars" })];
  const columns = ["Journey", ["Entered", "n"], ["On their way", "n"], ["Finished", "n phone-off"], ["Held out", "n phone-off"], ["Reached the goal", "n"]];
  const left = make(
    "div",
    {},
    card("The thread", thread.legend, thread.node),
    card("What people do", make("span", { class: "aside" }, "newest first"), feed),
    card("Journeys", null, table("Journeys", columns, journeys, false)),
  );
  const right = make(
    "div",
    {},
    greeting.demo && card("Newest letters", make("a", { href: "#/mailbox" }, "Mailbox"), letters),
    card("Not sent", make("a", { href: "#/unsent" }, "All, with their reasons"), reasons, withheld),
    card("Segments", "people in each, now", segments),
  );
  const notice = make("p", { class: "notice", role: "status", hidden: true });
  const node = make("div", {}, finding, make("p", { class: "lead" }, lead()), notice, strip, make("div", { class: "columns" }, left, right));

  async function update() {
    const [parts, ways, mailbox] = await Promise.all([ask.segments(), ask.journeys(), greeting.demo ? ask.mailbox(6) : null]);
    say(finding, told(ways));
    say(notice, stale(live.status.stale_registers));
    notice.hidden = notice.textContent === "";
    figures.forEach(([figure, of], index) => {
      const [, value, text] = FIGURES[index];
      say(figure, count(value(live.status.counts)));
      say(of, text(live.status.counts));
    });
    thread.update();
    keep(feed, live.activity.slice(0, FEED), (record) => record.seq, doing, "Nobody has come in yet. The first visit appears here within a second.");
    keep(letters, mailbox?.messages ?? [], (mail) => mail.number, letter, "No letter yet. The first one appears here the moment it is delivered.");
    keep(journeys, ways.journeys, (journey) => journey.name, journeyRow, "The programme has no journeys.");
    const gone = unsent();
    keep(reasons, tally(gone), ([name]) => name, (row) => bar(row, "held"), "Everything that was decided has been sent.");
    keep(withheld, gone.slice(0, 3), (send) => send.id, sentence, "");
    withheld.hidden = gone.length === 0;
    const most = Math.max(1, ...parts.segments.map((segment) => segment.count));
    const sized = parts.segments.map((segment) => [segment.name, segment.count, most, segment.expression]);
    keep(segments, sized, ([name]) => name, (row) => bar(row, ""), "The programme has no segments.");
  }
  return { title: "Today", node, update };
}

const FIGURES = [
  ["Events", (c) => c.events, (c) => some(c.rejects, "refused at the door", "refused at the door")],
  ["People", (c) => c.profiles, (c) => (c.merges ? some(c.merges, "profile joined", "profiles joined") : "each counted once")],
  ["Known by name", (c) => c.identified, (c) => `${c.profiles ? Math.round((100 * c.identified) / c.profiles) : 0}% of them`],
  ["Delivered", (c) => c.sends.accepted, (c) => waiting(c.sends)],
  ["Not sent", () => unsentCount(), (c) => `each with a reason${came(c.sends)}`],
];

function waiting(sends) {
  const now = (sends.queued ?? 0) + (sends.attempted ?? 0);
  return now ? `${count(now)} on their way` : "none waiting";
}

function came(sends) {
  return sends.bounced ? `; ${count(sends.bounced)} came back` : "";
}

function lead() {
  const { demo } = greeting;
  if (!demo) return "What comes in, what goes out, and why the rest stayed here.";
  return `A day in a small Italian shop, played fast: one hour passes in ${demo.hour_seconds} seconds. The visitors are invented; everything they meet is real.`;
}

function told(ways) {
  const active = ways.journeys.reduce((sum, journey) => sum + journey.active, 0);
  const recent = live.activity.filter((record) => Date.now() - new Date(record.at).getTime() < 60_000 && record.person);
  const people = new Set(recent.map((record) => record.person.id)).size;
  if (!live.activity.length) return "The shop is open; nobody has come in yet.";
  return `${some(people, "person", "people")} in the last minute, ${count(active)} on a journey.`;
}

function doing(record) {
  const { at, what, from, kind } = activity(record);
  const name = record.person
    ? make("a", { class: "who", href: `#/people/${encodeURIComponent(record.person.address)}` }, who(record.person))
    : make("span", { class: "who nobody" }, kind === "bot" ? "A bot" : "Nobody");
  return make("li", { class: kind }, moment(at), name, make("span", { class: "what" }, what), make("span", { class: "from" }, from));
}

export function letter(mail) {
  const line = make("div", { class: "line" }, make("span", {}, mail.subject || "No subject"), moment(mail.received_at));
  return make("li", {}, make("a", { href: `#/mailbox/${mail.number}` }, line, make("p", { class: "sub" }, mail.to)));
}

export function sentence(send) {
  const person = make("a", { href: `#/people/${encodeURIComponent(address(send))}` }, name(send));
  return make("li", {}, make("div", { class: "line" }, make("span", {}, `${title(send.message)}, to `, person), moment(send.decided_at)), make("p", { class: "sub" }, why(send)));
}

export function address(send) {
  const first = send.identifiers[0];
  return first ? `${first.type}:${first.value}` : "";
}

export function name(send) {
  return who({ name: send.name, address: address(send) });
}

/** How many for each reason, most frequent first: `[name, count, of the largest]`. */
export function tally(sends) {
  const counts = new Map();
  for (const send of sends) {
    const key = send.status === "dropped" ? send.reason : send.status;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const rows = [...counts].sort((a, b) => b[1] - a[1]);
  return rows.map(([key, value]) => [key, value, rows[0][1]]);
}

function bar([key, value, most, expression], kind) {
  const label = kind === "held" ? reason(key) : title(key);
  const width = make("div", {}, make("div", { class: `bar ${kind}`, style: `width: ${value ? Math.max(3, (100 * value) / most) : 0}%` }));
  return make("li", { title: expression ?? null }, make("span", { class: "label" }, label), width, make("span", { class: "figure" }, count(value)));
}

function journeyRow(journey) {
  const figures = [journey.entered, journey.active, journey.finished, journey.held_out, journey.converted];
  const cells = figures.map((value, index) => make("td", { class: index === 2 || index === 3 ? "n phone-off" : "n" }, count(value)));
  return make("tr", {}, make("td", {}, title(journey.name), " ", make("span", { class: "aside" }, `v${journey.version}`)), cells);
}

// Who is known, and everything about one of them.

import { card, keep, make, moment, say, table } from "./dom.js";
import { ask, live } from "./server.js";
import { address, consentWay, count, deed, identifier, language, some, status, title, who, why } from "./words.js";

export function people() {
  const [heading, body] = [make("h1"), make("tbody")];
  const columns = ["Who", "Known as", "Segments", ["First seen", "n phone-off"], ["Last seen", "n"]];
  const node = make("div", {}, heading, make("p", { class: "lead" }, "The newest first. Choose one to see the whole thread, consents with their evidence, and every message with its reason."), make("div", { class: "card", style: "margin-top: 18px" }, table("People", columns, body)));
  async function update() {
    const { profiles } = await ask.profiles();
    const { counts } = live.status;
    say(heading, counts.profiles ? `${some(counts.profiles, "person", "people")}, ${count(counts.identified)} of them known by name` : "Nobody yet");
    keep(body, profiles, (profile) => profile.id, row, "Nobody yet. The first visitor appears here within a second.");
  }
  return { title: "People", node, update };
}

function row(profile) {
  const own = address(profile.identifiers);
  const others = profile.identifiers.filter((one) => one.type !== "anonymous_id" || profile.identifiers.length === 1);
  return make(
    "tr",
    {},
    make("td", {}, make("a", { href: `#/people/${encodeURIComponent(own)}` }, who({ name: profile.name, address: own }))),
    make("td", {}, others.slice(0, 2).map((one) => one.value).join(", ")),
    make("td", {}, profile.segments.map((name) => make("span", { class: "tag" }, title(name)))),
    make("td", { class: "n phone-off" }, moment(profile.first_seen)),
    make("td", { class: "n" }, moment(profile.last_seen)),
  );
}

export function person(key) {
  const [heading, lead, thread] = [make("h1"), make("p", { class: "lead" }), make("ol", { class: "thread" })];
  const [facts, traits] = [make("ul", { class: "entries" }), make("ul", { class: "entries" })];
  const [consents, segments, runs] = [make("ul", { class: "entries" }), make("ul"), make("ul", { class: "entries" })];
  const sides = make("div", { class: "sides" }, make("span", {}, "From them"), make("span", {}, "To them"));
  const node = make(
    "div",
    {},
    make("p", { class: "crumb" }, make("a", { href: "#/people" }, "People")),
    heading,
    lead,
    make(
      "div",
      { class: "person" },
      make("div", {}, card("Who this is", null, facts), card("Traits", null, traits)),
      make("div", {}, card("The thread", "newest first", sides, thread)),
      make("div", {}, card("Consents", "newest first", consents), card("Journeys", null, runs), card("Segments", "now", segments)),
    ),
  );
  async function update() {
    const [profile, timeline, ledger] = await Promise.all([ask.profile(key), ask.timeline(key), ask.ledgerOf(key)]);
    if (!profile) return say(heading, "Nobody is known by this name");
    const name = who({ name: profile.name, address: key });
    say(heading, name);
    say(lead, summary(profile, timeline.events, ledger.sends));
    keep(facts, profile.identifiers, (one) => one.type + one.value, (one) => fact(identifier(one), one.value), "No identifier.");
    keep(traits, Object.entries(profile.traits), ([trait]) => trait, ([trait, value]) => fact(title(trait), show(value)), "They have not said anything about themselves.");
    keep(consents, [...profile.consents].reverse(), (one) => `${one.seq}${one.purpose}${one.channel}`, consent, "Never asked, so nothing may be sent that needs a consent.");
    keep(runs, [...profile.runs].reverse(), (run) => run.journey + run.entered_at, passage, "On no journey.");
    keep(segments, profile.segments, (one) => one, (one) => make("li", {}, make("span", { class: "tag" }, title(one))), "In none.");
    keep(thread, knots(timeline.events, ledger.sends), (knot) => knot.key, draw, "Nothing yet.");
  }
  return { title: "Person", node, update };
}

function fact(name, value) {
  return make("li", {}, make("div", { class: "line" }, make("span", { class: "aside" }, name), make("span", { style: "overflow-wrap: anywhere; text-align: right" }, value)));
}

function show(value) {
  return value !== null && typeof value === "object" ? JSON.stringify(value) : String(value);
}

function summary(profile, events, sends) {
  const orders = events.filter((event) => event.name === "Order Completed").length;
  const delivered = sends.filter((send) => send.status === "accepted").length;
  const held = sends.filter((send) => send.status === "dropped").length;
  const parts = [profile.language && `Speaks ${language(profile.language)}`, orders ? some(orders, "order", "orders") : "no order yet", `${some(delivered, "message", "messages")} delivered`, held ? `${count(held)} not sent` : ""];
  return `${parts.filter(Boolean).join(", ")}.`;
}

const CONSENTS = { granted: ["given", "good"], withdrawn: ["withdrawn", "bad"], pending: ["not confirmed yet", "warn"] };

function consent(one) {
  const [word, kind] = CONSENTS[one.state] ?? [one.state, ""];
  const evidence = [consentWay(one.source), one.wording && `wording ${one.wording}`, one.proof].filter(Boolean).join(" · ");
  return make(
    "li",
    {},
    make("div", { class: "line" }, make("span", {}, `${title(one.purpose)}, ${one.channel ?? "every channel"}`), make("span", { class: `tag ${kind}` }, word)),
    make("p", { class: "sub" }, moment(one.stated_at, true), ` · ${evidence} · record ${one.seq}`),
  );
}

function passage(run) {
  const words = { active: "on the way", completed: "finished", exited: "left early", merged: "joined with another" };
  const state = run.held_out ? "held out" : (words[run.state] ?? run.state);
  const goal = run.reached_goal ? " · reached the goal" : "";
  const next = run.due && run.state === "active" ? [" · moves on at ", moment(run.due)] : [];
  return make(
    "li",
    {},
    make("div", { class: "line" }, make("span", {}, title(run.journey), make("span", { class: "aside" }, ` v${run.version}`)), make("span", { class: "tag" }, state)),
    make("p", { class: "sub" }, "entered ", moment(run.entered_at), goal, next),
  );
}

/** Both sides of the thread in one order, newest first. */
function knots(events, sends) {
  // What the ledger tells on the other side is not told twice.
  const theirs = events.filter((event) => !["Message Sent", "Message Bounced", "Message Failed"].includes(event.name));
  const inbound = theirs.map((event) => {
    const { words, details } = deed(event.name, event.properties);
    return { key: `e${event.seq}-${event.name}`, at: event.occurred_at, side: "in", kind: event.name === "Order Completed" ? "order" : "", words, details };
  });
  const outbound = sends.map((send) => {
    const held = send.status === "dropped";
    const details = held || send.status === "bounced" || send.status === "failed" || send.status === "unknown" ? why(send) : `${status(send)[0]}, in ${language(send.language)}`;
    return { key: `s${send.id}`, at: send.settled_at ?? send.decided_at, side: held ? "held" : "out", kind: "", words: `${title(send.message)}${held ? ", not sent" : ""}`, details };
  });
  return [...inbound, ...outbound].sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0));
}

function draw(knot) {
  return make("li", { class: knot.kind || null }, make("div", { class: `knot ${knot.side}` }, make("b", {}, knot.words), knot.details && make("span", {}, knot.details)), moment(knot.at));
}

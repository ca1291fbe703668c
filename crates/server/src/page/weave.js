// The thread of the last minutes: up what came from people, down what went to them, hatched what was withheld.

import { make, say } from "./dom.js";
import { live } from "./server.js";
import { some } from "./words.js";

const BEAT_MS = 5_000;
const BEATS = 36;

export function weave() {
  const beats = Array.from({ length: BEATS }, () => {
    const [inbound, sent, held] = ["", "sent", "held"].map((kind) => make("i", { class: kind }));
    const beat = make("div", { class: "beat" }, make("div", { class: "up" }, inbound), make("div", { class: "down" }, sent, held));
    return { beat, inbound, sent, held };
  });
  const picture = make("div", { class: "weave", role: "img" }, beats.map((one) => one.beat));
  const totals = ["in", "out", "held"].map(() => make("b"));
  const legend = make(
    "div",
    { class: "legend" },
    ["in", "out", "held"].map((kind, index) => make("span", {}, make("i", { class: `mark ${kind}` }), ["From people", "Delivered", "Not sent"][index], " ", totals[index])),
  );
  const axis = make("div", { class: "axis", "aria-hidden": "true" }, make("span", {}, `${(BEATS * BEAT_MS) / 60_000} minutes ago`), make("span", {}, "now"));
  return { node: make("div", {}, picture, axis), legend, update: () => draw(beats, picture, totals) };
}

function draw(beats, picture, totals) {
  const last = Math.floor(Date.now() / BEAT_MS);
  const sums = beats.map(() => ({ in: 0, out: 0, held: 0 }));
  const count = (text, kind) => {
    const place = BEATS - 1 - (last - Math.floor(new Date(text).getTime() / BEAT_MS));
    if (place >= 0 && place < BEATS) sums[place][kind] += 1;
  };
  for (const record of live.activity) if (record.kind === "event" || record.kind === "engaged") count(record.at, "in");
  for (const send of live.sends.values()) {
    if (send.status === "accepted") count(send.settled_at, "out");
    else if (!["deferred", "queued", "attempted"].includes(send.status)) count(send.decided_at, "held");
  }
  // One scale for both directions would hide the mail under the visits, so each has its own; the figures say how many.
  const up = Math.max(4, ...sums.map((sum) => sum.in));
  const down = Math.max(4, ...sums.map((sum) => sum.out + sum.held));
  beats.forEach(({ inbound, sent, held }, index) => {
    const sum = sums[index];
    inbound.style.height = `${(100 * sum.in) / up}%`;
    sent.style.height = `${(100 * sum.out) / down}%`;
    held.style.height = `${(100 * sum.held) / down}%`;
    held.hidden = sum.held === 0;
  });
  const all = (kind) => sums.reduce((total, sum) => total + sum[kind], 0);
  const figures = [all("in"), all("out"), all("held")];
  totals.forEach((total, index) => say(total, String(figures[index])));
  const told = `In the last three minutes: ${some(figures[0], "thing", "things")} from people, ${some(figures[1], "message", "messages")} delivered, ${figures[2]} not sent.`;
  if (picture.getAttribute("aria-label") !== told) picture.setAttribute("aria-label", told);
}

// Which page is shown, and the heartbeat that keeps it true.

import { make, say } from "./dom.js";
import { NeedsKey, catchUp, live, open, greeting, unsentCount, useKey } from "./server.js";
import { count } from "./words.js";
import { today } from "./today.js";
import { people, person } from "./people.js";
import { mailbox, refused, withheld } from "./letters.js";

const BEAT_MS = 1000;
const PAGES = { "": today, people, mailbox, unsent: withheld, refused };

const view = document.getElementById("view");
let page = null;
let beating = null;

function route() {
  const [, name = "", rest] = location.hash.match(/^#\/([a-z]*)(?:\/(.+))?$/) ?? [];
  const argument = rest === undefined ? undefined : decodeURIComponent(rest);
  page = name === "people" && argument ? person(argument) : (PAGES[name] ?? today)(argument);
  view.replaceChildren(page.node);
  for (const link of document.querySelectorAll("nav a")) {
    if (link.dataset.page === (name || "today")) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  scrollTo(0, 0);
  beat();
}

/** One round: what is new, then the page. Rounds never overlap, and none is made while nobody looks. */
async function beat() {
  clearTimeout(beating);
  const shown = page;
  let pause = BEAT_MS;
  try {
    if (!document.hidden) {
      await catchUp();
      if (shown !== page) return;
      await shown.update();
      frame(shown);
    }
  } catch (error) {
    if (error instanceof NeedsKey) return askForKey(error.message);
    lost(error);
    pause = 3 * BEAT_MS;
  }
  if (shown === page) {
    clearTimeout(beating);
    beating = setTimeout(beat, pause);
  }
}

/** What stands around every page. */
function frame(shown) {
  const { counts, programme, applied_seq } = live.status;
  document.title = `${shown.title} · Trama`;
  say(document.getElementById("programme"), programme.name);
  say(document.getElementById("count-people"), count(counts.profiles));
  say(document.getElementById("count-unsent"), count(unsentCount()));
  say(document.getElementById("count-refused"), counts.rejects ? count(counts.rejects) : "");
  const pulse = document.getElementById("pulse");
  pulse.className = "";
  say(pulse, `Live · ${count(applied_seq)} records`);
}

function lost(error) {
  const pulse = document.getElementById("pulse");
  pulse.className = "stale";
  const unreachable = error instanceof TypeError;
  say(pulse, unreachable ? "The server does not answer; what you see is the last that is known" : error.message);
}

/** Asks for the key. It stays in this window, and goes nowhere but to this server. */
function askForKey(message) {
  page = null;
  clearTimeout(beating);
  const input = make("input", { id: "key", name: "key", type: "password", autocomplete: "off", spellcheck: "false", required: true });
  const enter = (event) => {
    event.preventDefault();
    useKey(input.value.trim());
    route();
  };
  view.replaceChildren(
    make("h1", {}, "Which key opens this server?"),
    make("p", { class: "lead" }, "The command ", make("code", {}, "trama keys --data DIR"), " shows the admin token. A key with the scope ", make("code", {}, "read"), " is enough. It is kept in this window only."),
    make("form", { class: "key", onsubmit: enter }, make("label", { for: "key" }, "Token", input), make("button", { type: "submit" }, "Open"), message && make("p", { class: "error", role: "alert" }, message)),
  );
  input.focus();
}

function foot() {
  const text = greeting.demo
    ? `The demonstration: every span of the programme is divided by ${count(greeting.demo.pace)}, so one hour passes in ${greeting.demo.hour_seconds} seconds. Retries of the mail server keep their real time.`
    : "Figures are exact and as of now.";
  say(document.getElementById("foot"), text);
  document.getElementById("to-mailbox").hidden = !greeting.demo;
}

addEventListener("hashchange", route);
document.addEventListener("visibilitychange", () => !document.hidden && page && beat());
await open().catch(lost);
foot();
route();

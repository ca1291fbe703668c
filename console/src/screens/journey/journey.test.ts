import assert from "node:assert/strict";
import { test } from "node:test";
import { fromCanonical, spanMs, spanText, toCanonical } from "./canonical.ts";
import { dryRun, usersOf, type Report } from "./dry.ts";
import { drawnNumbers, numbersOf, type Told } from "./figures.ts";
import type { JourneyForm, Step } from "./form.ts";
import { begin, change, redo, undo } from "./history.ts";
import { layout, thickness } from "./layout.ts";
import { flow, write } from "./yaml.ts";

const form: JourneyForm = {
  journey: "cart-reminder",
  purpose: "offers",
  enter: 'did "Product Added"',
  reenter: "after 7 days",
  exit: 'did "Order Completed"',
  goal: { did: 'did "Order Completed"', within: "3 days" },
  holdout: "10%",
  steps: [
    { wait: "1 hour" },
    { send: "cart-reminder", channels: ["push", "email"] },
    { wait: { until: 'did "Message Clicked"', "at most": "1 day" } },
    { wait: { until: "trait.renewal_date - 7 days" } },
    { wait: { weekday: ["monday", "friday"], until: "09:00" } },
    { branch: [{ if: 'in segment "vip"', then: [{ send: "vip", channels: { best: ["push", "email"] }, variant: "best", at: "best" }] }, { else: [] }] },
    { split: [{ share: "50%", then: ["exit"] }, { share: "50%", then: [{ offer: "friends" }] }], draw: "each run", name: "half" },
    { webhook: "loyalty", body: { id: "{{ profile.code }}" }, as: "points", "at most": "1 hour", else: ["exit"] },
    { update: { stage: "customer", score: 3, coupon: null } },
    { start: "welcome" },
  ],
};

test("what the engine has and what the file says are the same journey", () => {
  const canonical = toCanonical(form);
  assert.deepEqual(fromCanonical("cart-reminder", JSON.parse(JSON.stringify(canonical))), form);
  const steps = canonical.steps as unknown[];
  assert.deepEqual(steps[0], { wait: 3_600_000 });
  assert.deepEqual(steps[3], { wait_date: "trait.renewal_date - 7 days" });
  assert.deepEqual(steps[4], { wait_local: { time: "09:00", weekdays: ["monday", "friday"] } });
  assert.equal(canonical.holdout_permille, 100);
});

test("lengths of time are read and written as files do", () => {
  assert.equal(spanMs("90 minutes"), 5_400_000);
  assert.equal(spanMs("soon"), undefined);
  assert.equal(spanText(5_400_000), "90 minutes");
  assert.equal(spanText(604_800_000), "7 days");
  assert.equal(spanText(15_000), "15 seconds");
});

test("the text of the file quotes what YAML would read otherwise, and knows the lines of each step", () => {
  const { text, lines } = write(form);
  assert.match(text, /^journey: cart-reminder\npurpose: offers\nenter: did "Product Added"\n/);
  assert.match(text, /\n {2}- wait: \{ until: did "Message Clicked", at most: 1 day \}\n/);
  assert.match(text, /\n {2}- send: cart-reminder\n {4}channels: \[push, email\]\n/);
  assert.match(text, /\n {6}- if: in segment "vip"\n {8}then:\n {10}- send: vip\n/);
  assert.equal(flow("09:00"), "'09:00'");
  assert.equal(flow("3"), "'3'");
  assert.equal(flow({ a: "it's, so" }), "{ a: 'it''s, so' }");
  const first = lines.get("1");
  assert.equal(text.split("\n")[first?.from ?? 0], "  - wait: 1 hour");
  assert.equal(lines.has("6a.1"), true);
});

test("the same steps give the same picture, ways stand beside each other and nothing overlaps", () => {
  const drawn = layout(form.steps, () => 60);
  assert.deepEqual(drawn, layout(structuredClone(form.steps), () => 60));
  for (const [index, a] of drawn.boxes.entries()) {
    assert.ok(a.x >= 0 && a.x + a.width <= drawn.width, "inside");
    for (const b of drawn.boxes.slice(index + 1)) {
      const apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
      assert.ok(apart, `${a.path} over ${b.path}`);
    }
  }
  const exit = drawn.threads.filter((thread) => thread.to.join(".") === "6.0.1");
  assert.deepEqual(exit, [], "nobody goes on from an exit");
  assert.equal(drawn.threads.find((thread) => thread.to.join(".") === "1")?.sent, false);
  assert.equal(drawn.threads.find((thread) => thread.to.join(".") === "2")?.sent, true);
  assert.ok(thickness(10, 100) < thickness(100, 100));
  assert.equal(thickness(undefined, 100), 2);
});

test("undo and redo, and typing is one change", () => {
  let history = change(begin(1), 2);
  history = change(change(history, 3, "text"), 4, "text");
  assert.deepEqual([history.now, history.past], [4, [1, 2]]);
  history = undo(history);
  assert.deepEqual([history.now, redo(history).now], [2, 4]);
  assert.deepEqual(change(history, 9).future, []);
});

const told: Told = {
  version: 1, entered: 10, active: 3, finished: 7, held_out: 1, converted: 2,
  sends: { wished: 4, send: 3, defer: 0, drop: 1, reasons: { no_consent: 1 } },
  versions: [{ version: 1, live: true, active: 3, positions: [{ step: "1", people: 3 }] }],
};

test("numbers of steps are those that the server tells, and absent where it does not", () => {
  const one = numbersOf([{ wait: "1 day" }, { send: "a" }], told);
  assert.deepEqual(one.get("1"), { here: 3 });
  assert.equal(one.get("2")?.sent, 3);
  const two = numbersOf([{ send: "a" }, { send: "b" }], told);
  assert.equal(two.get("1")?.sent, undefined, "which of the two sent them is not known");
  const steps = [{ step: "2", message: "b", sends: { ...told.sends, send: 2 } }];
  assert.equal(numbersOf([{ send: "a" }, { send: "b" }], { ...told, steps }).get("2")?.sent, 2);
  assert.equal(numbersOf([{ send: "a" }], undefined).size, 0);
});

test("a draft's step has the numbers of the live step that it is, and a new one none", () => {
  const live: Step[] = [{ wait: "1 hour" }, { send: "a" }, { branch: [{ if: "x", then: [{ send: "b" }] }] }, { wait: "1 hour" }];
  const all = new Map(["1", "2", "3", "3a.1", "4"].map((place, here) => [place, { here }]));
  assert.deepEqual(drawnNumbers(live, live, all), all);
  const draft: Step[] = [{ send: "a" }, { wait: "9 days" }, { branch: [{ if: "x", then: [] }] }, { wait: "1 hour" }, { send: "b" }];
  const drawn = drawnNumbers(draft, live, all);
  assert.deepEqual([drawn.get("1")?.here, drawn.get("3")?.here, drawn.get("4")?.here, drawn.get("5")?.here], [1, 2, 4, 3]);
  assert.equal(drawn.get("2"), undefined, "nobody waits at a step that is not live");
  assert.equal(drawnNumbers([{ wait: "2 hours" }], live, all).get("1")?.here, 0, "written otherwise in its place");
});

test("a dry run is told of one journey's messages, and who else sends them", () => {
  const sends = { wished: 5, sent: 4, waiting: 0, dropped: { no_consent: 1 }, deferred: {} };
  const passages = { entered: 6, finished: 5, exited: 0, inside: 1, held_out: 0, reached_goal: 2 };
  const side = { journeys: { a: passages }, broadcasts: {}, messages: { x: sends, y: sends, z: { ...sends, sent: 100 } }, held_back: {} };
  const report: Report = { from: "", to: "", records: 9, was: { ...side, journeys: {} }, would: side, changes: [], limits: [] };
  const users = usersOf({ journeys: { a: { steps: [{ send: { message: "x" } }, { branch: [{ then: [{ send: { message: "y" } }] }] }] } }, broadcasts: { b: { message: "y" } } });
  const run = dryRun(report, "a", [{ send: "x" }, { branch: [{ if: "q", then: [{ send: "y" }] }] }], users);
  assert.deepEqual([run.entered, run.enteredWas, run.sent], [6, 0, 8]);
  assert.deepEqual(run.reasons, [["no_consent", 2]]);
  assert.deepEqual(run.shared, ["y"]);
  assert.deepEqual(run.messages.get("x"), { sent: 4, held: 1, shared: false });
});

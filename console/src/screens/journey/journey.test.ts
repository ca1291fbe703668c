import assert from "node:assert/strict";
import { test } from "node:test";
import { fromCanonical, spanMs, spanText } from "./canonical.ts";
import { dryRun, type Moment, type Report, type Sends } from "./dry.ts";
import { arrivedAt, drawnNumbers, linesOf, numbersOf, type StepFlow, type Told } from "./figures.ts";
import { stopsOf } from "./flow.ts";
import type { JourneyForm, Step } from "./form.ts";
import { begin, change, redo, undo } from "./history.ts";
import { layout, thickness } from "./layout.ts";
import { placeOfMoment, trailOf } from "./trail.ts";
import { usersOf } from "./users.ts";
import { flow, stepLines, write } from "./yaml.ts";

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

test("what the engine has is told as the file says it", () => {
  const canonical = {
    purpose: "offers",
    enter: "did \"Product Added\"",
    reenter: {"after":604800000},
    exit: "did \"Order Completed\"",
    goal: {"did":"did \"Order Completed\"","within":259200000},
    holdout_permille: 100,
    steps: [
      { wait: 3600000 },
      { send: { message: "cart-reminder", channels: ["push", "email"] } },
      { wait_until: { until: "did \"Message Clicked\"", at_most: 86400000 } },
      { wait_date: "trait.renewal_date - 7 days" },
      { wait_local: { time: "09:00", weekdays: ["monday", "friday"] } },
      { branch: [{ when: "in segment \"vip\"", then: [{ send: { message: "vip", channels: ["push", "email"], choices: { channel: true, variant: "best", hour_within: 86400000 } } }] }, { when: null, then: [] }] },
      { named: { name: "half", step: { split: { draw: "run", ways: [{ share_permille: 500, then: ["exit"] }, { share_permille: 500, then: [{ offer: "friends" }] }] } } } },
      { webhook: { webhook: "loyalty", body: { id: "{{ profile.code }}" }, name: "points", at_most: 3600000, otherwise: ["exit"] } },
      { update: { stage: "customer", score: 3, coupon: null } },
      { start: "welcome" },
    ],
  };
  assert.deepEqual(fromCanonical("cart-reminder", canonical), form);
});

test("lengths of time are read and written as files do", () => {
  assert.equal(spanMs("90 minutes"), 5_400_000);
  assert.equal(spanMs("soon"), undefined);
  assert.equal(spanText(5_400_000), "90 minutes");
  assert.equal(spanText(604_800_000), "7 days");
  assert.equal(spanText(15_000), "15 seconds");
});

test("the lines of each step are found in a file as it is written by others", () => {
  const { text, lines } = write(form);
  assert.deepEqual(stepLines(text, form.steps), lines);
  const steps: Step[] = [{ wait: "1 hour" }, { branch: [{ if: "a", then: [{ send: "one" }, { wait: { until: "b", "at most": "1 day" } }] }, { else: [] }] }, "exit"];
  const file = `# ours
journey: cart
goal:
  did: did "A"
  within: 3 days
steps:
- wait: 1 hour   # a while

- branch:
  - if: a
    then:
    - send: one
    - wait:
        until: b
        at most: 1 day
  - else: []
- exit
`;
  assert.deepEqual([...stepLines(file, steps)].map(([place, { from, to }]) => [place, from, to]), [["1", 6, 7], ["2", 8, 16], ["2a.1", 11, 12], ["2a.2", 12, 15], ["3", 16, 17]]);
  assert.equal(stepLines("steps: [{ wait: 1 hour }]\n", steps).size, 0);
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

const tally = (came_in: number, went_on: Record<string, number> = {}, left: Record<string, number> = {}, inside = 0): StepFlow & { inside: number } => ({ came_in, went_on, left, reached_goal: 0, inside });

test("a flow adds up at each step, and a branch tells which way people went", () => {
  const steps: Step[] = [{ branch: [{ if: "q", then: [{ send: "y" }] }, { else: [] }] }, { wait: "1 day" }, { branch: [{ if: "r", then: [] }, { else: [] }] }];
  const flows = new Map<string, StepFlow>([["1", tally(10, { "1a.1": 6, 2: 4 })], ["1a.1", tally(6, { 2: 5 }, { exit_rule: 1 })], ["2", tally(9, { 3: 5 }, { merged: 1 })], ["3", tally(5, { end: 5 })]]);
  const all = numbersOf(steps, told, flows);
  assert.deepEqual(all.get("1")?.on, [6, 4]);
  assert.deepEqual([all.get("2")?.came, all.get("2")?.passed, all.get("2")?.left], [9, 5, { merged: 1 }]);
  assert.deepEqual(all.get("3")?.on, [undefined, undefined], "two empty ways lead to one place");
  assert.deepEqual([arrivedAt(steps, [0], all, 10), arrivedAt(steps, [0, 0, 0], all, 10), arrivedAt(steps, [0, 1, 0], all, 10)], [10, 6, 4]);
  assert.deepEqual(linesOf("send", { ...all.get("1a.1"), sent: 5, dropped: 1 }), { lines: ["flow", "gone", "sent"], bar: true });
  assert.deepEqual(linesOf("wait", { here: 3 }).lines, ["here"]);
});

test("why people stop is told by step and cause, the most first", () => {
  const step = (name: string, left: Record<string, number>) => ({ ...tally(10, {}, left), step: name, here_now: 0 });
  const version = { version: 1, live: true, entered: 10, held_out: 0, reached_goal: 0, steps: [step("1", { exit_rule: 2, merged: 0 }), step("end", { end: 8 })] };
  assert.deepEqual(stopsOf(version).map((one) => [one.step, one.why, one.people]), [["end", "end", 8], ["1", "exit_rule", 2]]);
});

test("a dry run is told by step and by day, of one journey alone", () => {
  const sends = (day: string): Sends => ({ wished: 5, sent: 4, waiting: 0, dropped: { no_consent: 1 }, deferred: { quiet_hours: 2 }, sent_by_day: { email: { [day]: 4 } }, dropped_by_day: { no_consent: { [day]: 1 } }, deferred_by_day: { quiet_hours: { [day]: 2 } } });
  const passages = { entered: 6, inside: 1, held_out: 0, reached_goal: 2, entered_by_day: { "2026-01-02": 6 }, people: ["email:a@b.c", "email:a@b.c"], steps: { 1: { ...tally(6, { 2: 6 }), sends: sends("2026-01-02") }, 2: tally(6, { "2a.1": 3, end: 3 }), "2a.1": { ...tally(3, { end: 2 }, {}, 1), sends: sends("2026-01-03") } } };
  const side = { journeys: { a: passages, other: { ...passages, entered: 99 } } };
  const report: Report = { from: "", to: "", records: 9, was: { journeys: {} }, would: side, changes: [], limits: [] };
  const run = dryRun(report, "a", [{ send: "x" }, { branch: [{ if: "q", then: [{ send: "y" }] }] }]);
  assert.deepEqual([run.ends.entered, run.enteredWas, run.sent, run.sentWas], [6, 0, 8, 0]);
  assert.deepEqual(run.people, ["email:a@b.c"], "whoever entered again is still one");
  assert.deepEqual(run.reasons, [["no_consent", 2]]);
  assert.deepEqual(run.days, [
    { day: "2026-01-02", entered: 6, sent: 4, stopped: [["no_consent", 1]], waited: [["quiet_hours", 2]] },
    { day: "2026-01-03", entered: 0, sent: 4, stopped: [["no_consent", 1]], waited: [["quiet_hours", 2]] },
  ]);
  assert.deepEqual([run.numbers.get("1")?.sent, run.numbers.get("2")?.on, run.numbers.get("2a.1")?.here], [4, [3, 3], 1]);
});

test("who is followed leaves a trail of the steps that they came to", () => {
  const moment = (what: Moment["what"], more: Partial<Moment>): Moment => ({ at: "2026-01-01T00:00:00Z", journey: "a", what, ...more });
  const moments = [moment("entered", { to: "1" }), moment("wished", { step: "2" }), moment("went_on", { step: "1", to: "2", at: "2026-01-02T00:00:00Z" }), moment("left", { step: "2" })];
  assert.deepEqual([...trailOf(moments)], [["1", { number: 1, when: "2026-01-01T00:00:00Z" }], ["2", { number: 2, when: "2026-01-02T00:00:00Z" }]]);
  assert.deepEqual(moments.map(placeOfMoment), ["1", "2", "2", "2"]);
});

test("who sends a message is found wherever it is sent", () => {
  const users = usersOf({ journeys: { a: { steps: [{ send: { message: "x" } }, { branch: [{ then: [{ send: { message: "y" } }] }] }] } }, broadcasts: { b: { message: "y" } } });
  assert.deepEqual(["x", "y", "z"].map(users), [1, 2, 0]);
});

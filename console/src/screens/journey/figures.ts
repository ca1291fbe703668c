// The live numbers of a journey, by the place of a step. What the server does not tell is absent, which is not zero.

import { kindOf, lanes, ways, type Kind, type Step } from "./form.ts";
import { pathOf, placeOf, walk, type Path } from "./tree.ts";

export interface Numbers {
  /** People who wait there. */
  here?: number;
  /** People who went on from there. */
  passed?: number;
  sent?: number;
  deferred?: number;
  dropped?: number;
  reasons?: Record<string, number>;
  /** Who came there, of whom the rest tells where they are now. */
  came?: number;
  heldOut?: number;
  /** By why their runs ended there. */
  left?: Record<string, number>;
  /** Who reached the goal while they were there. */
  goal?: number;
  /** Who went on, by the ways as they are drawn; undefined where two empty ways cannot be told apart. */
  on?: (number | undefined)[];
}

/** How people went through a step, as the server counts it in some days or in a dry run. */
export interface StepFlow {
  came_in: number;
  held_out?: number;
  went_on: Record<string, number>;
  left: Record<string, number>;
  reached_goal: number;
}

/** The figures at both ends of a journey. */
export interface Ends {
  entered: number;
  reached: number;
  heldOut: number;
}

export const total = (of: Record<string, number> | undefined): number => Object.values(of ?? {}).reduce((sum, one) => sum + one, 0);

/** What a flow says of the step at a path. */
export function flowed(steps: readonly Step[], path: Path, flow: StepFlow, here: number): Numbers {
  return { came: flow.came_in, heldOut: flow.held_out, here, passed: total(flow.went_on), left: flow.left, goal: flow.reached_goal, on: onWays(steps, path, flow.went_on) };
}

/** Those who went on, by the way that they took: whoever came to a step on it, and on the only empty way the others. */
function onWays(steps: readonly Step[], path: Path, went: Record<string, number>): (number | undefined)[] {
  const all = lanes(at(steps, path));
  const counts = all.map((lane, way) => (lane.steps.length ? walk(lane.steps, [...path, way]).reduce((sum, inner) => sum + (went[placeOf(steps, inner)] ?? 0), 0) : undefined));
  const empty = counts.filter((one) => one === undefined).length;
  const others = total(went) - counts.reduce<number>((sum, one) => sum + (one ?? 0), 0);
  return counts.map((one) => one ?? (empty === 1 || others === 0 ? others : undefined));
}

/** The lines of figures that a step's box has, each with one number at both ends. */
export function linesOf(kind: Kind, of: Numbers | undefined): { lines: ("flow" | "gone" | "sent" | "here" | "new")[]; bar: boolean } {
  const sent = kind === "send" && of?.sent !== undefined;
  const bar = sent && (of.sent ?? 0) + (of.dropped ?? 0) + (of.deferred ?? 0) > 0;
  if (of?.came === undefined) return { lines: [sent ? "sent" : of?.here !== undefined ? "here" : "new"], bar };
  const gone = kind !== "send" || total(of.left) + (of.goal ?? 0) > 0;
  return { lines: ["flow", ...(gone ? (["gone"] as const) : []), ...(sent ? (["sent"] as const) : [])], bar };
}

export interface Told {
  version: number;
  entered: number;
  active: number;
  finished: number;
  held_out: number;
  converted: number;
  sends: { wished: number; send: number; defer: number; drop: number; reasons: Record<string, number> };
  versions: { version: number; live: boolean; active: number; positions: { step: string; people: number }[] }[];
  /** Steps of the live version that send, with what became of their newest sends. */
  steps?: { step: string; message: string; sends: Told["sends"] }[];
  /** Since when sends were counted for the steps, where not all of them were. */
  steps_since?: string;
}

/** Of the live version; with a flow, of the days that it was counted in. */
export function numbersOf(steps: readonly Step[], told: Told | undefined, flows?: Map<string, StepFlow>): Map<string, Numbers> {
  const all = new Map<string, Numbers>();
  if (!told) return all;
  const live = told.versions.find((version) => version.live);
  const paths = walk(steps);
  for (const path of paths) all.set(placeOf(steps, path), {});
  for (const [place, numbers] of all) numbers.here = live ? (live.positions.find((position) => position.step === place)?.people ?? 0) : undefined;
  for (const path of flows ? paths : []) {
    const place = placeOf(steps, path);
    const flow = flows?.get(place);
    if (flow) all.set(place, { ...all.get(place), ...flowed(steps, path, flow, all.get(place)?.here ?? 0) });
  }
  for (const { step, sends } of told.steps ?? []) {
    if (all.has(step)) all.set(step, { ...all.get(step), sent: sends.send, deferred: sends.defer, dropped: sends.drop, reasons: sends.reasons });
  }
  // With one send and one version, what the whole journey sent is what that step sent.
  const sends = paths.filter((path) => kindOf(at(steps, path)) === "send");
  const [only] = sends;
  if (!told.steps && only && sends.length === 1 && told.versions.length === 1) {
    const place = placeOf(steps, only);
    all.set(place, { ...all.get(place), sent: told.sends.send, deferred: told.sends.defer, dropped: told.sends.drop, reasons: told.sends.reasons });
  }
  return all;
}

/** The numbers of what is drawn: a step of the draft has those of the live step that it is, wherever it was moved, and a
 *  new one has none. */
export function drawnNumbers(draft: readonly Step[], live: readonly Step[], all: Map<string, Numbers>): Map<string, Numbers> {
  const free = new Set(walk(live).map((path) => placeOf(live, path)));
  const signatures = new Map(walk(live).map((path) => [placeOf(live, path), signature(at(live, path))]));
  const found = new Map<string, string>();
  const take = (fits: (place: string, step: Step) => string | undefined) => {
    for (const path of walk(draft)) {
      const place = placeOf(draft, path);
      const from = found.has(place) ? undefined : fits(place, at(draft, path));
      if (from !== undefined && free.delete(from)) found.set(place, from);
    }
  };
  // What stayed in its place, then what says the same elsewhere, then what was only written otherwise.
  take((place, step) => (signatures.get(place) === signature(step) ? place : undefined));
  take((_, step) => [...free].find((place) => signatures.get(place) === signature(step)));
  take((place, step) => (free.has(place) && kindOf(step) === kindOf(at(live, pathOf(live, place) ?? [0])) ? place : undefined));
  return new Map([...found].map(([place, from]) => [place, all.get(from) ?? {}]));
}

/** What a step says without what lies on its ways. */
function signature(step: Step): string {
  if (typeof step === "string") return step;
  const { branch, split, else: otherwise, ...rest } = step;
  return JSON.stringify([rest, branch?.map((arm) => arm.if ?? null), split?.map((way) => way.share), otherwise !== undefined]);
}

/** How many people came to the place that a thread leads to, where that is known: those who entered, at the first step. */
export function arrivedAt(steps: readonly Step[], to: Path, all: Map<string, Numbers>, entered: number | undefined): number | undefined {
  if (to.length === 1 && to[0] === 0) return entered;
  const came = all.get(placeOf(steps, to))?.came;
  if (came !== undefined) return came;
  const index = to.at(-1) ?? 0;
  if (index > 0) return all.get(placeOf(steps, [...to.slice(0, -1), index - 1]))?.passed;
  return to.length > 1 ? all.get(placeOf(steps, to.slice(0, -2)))?.on?.[to.at(-2) ?? 0] : undefined;
}

function at(steps: readonly Step[], path: Path): Step {
  const [index = 0, way, ...rest] = path;
  const step = steps[index] ?? "exit";
  return way === undefined ? step : at(ways(step)[way] ?? [], rest);
}

/** Reasons by how often, the most frequent first. */
export function byCount(reasons: Record<string, number> | undefined): [string, number][] {
  return Object.entries(reasons ?? {}).sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]));
}

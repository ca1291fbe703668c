// The live numbers of a journey, by the place of a step. What the server does not tell is absent, which is not zero.

import { kindOf, ways, type Step } from "./form.ts";
import { placeOf, walk, type Path } from "./tree.ts";

export interface Numbers {
  /** People who wait there. */
  here?: number;
  /** People who went on from there. */
  passed?: number;
  sent?: number;
  deferred?: number;
  dropped?: number;
  reasons?: Record<string, number>;
  /** Who left there by the exit rule. */
  exited?: number;
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
  steps?: ({ step: string } & Numbers)[];
}

export function numbersOf(steps: readonly Step[], told: Told | undefined): Map<string, Numbers> {
  const all = new Map<string, Numbers>();
  if (!told) return all;
  const live = told.versions.find((version) => version.live);
  const paths = walk(steps);
  for (const path of paths) all.set(placeOf(steps, path), {});
  for (const [place, numbers] of all) numbers.here = live ? (live.positions.find((position) => position.step === place)?.people ?? 0) : undefined;
  for (const { step, ...numbers } of told.steps ?? []) if (all.has(step)) all.set(step, { ...all.get(step), ...numbers });
  // With one send and one version, what the whole journey sent is what that step sent.
  const sends = paths.filter((path) => kindOf(at(steps, path)) === "send");
  const [only] = sends;
  if (!told.steps && only && sends.length === 1 && told.versions.length === 1) {
    const place = placeOf(steps, only);
    all.set(place, { ...all.get(place), sent: told.sends.send, deferred: told.sends.defer, dropped: told.sends.drop, reasons: told.sends.reasons });
  }
  return all;
}

/** How many people came to the place that a thread leads to, where that is known: those who entered, at the first step. */
export function arrivedAt(steps: readonly Step[], to: Path, all: Map<string, Numbers>, told: Told | undefined): number | undefined {
  if (to.length === 1 && to[0] === 0) return told?.entered;
  const index = to.at(-1) ?? 0;
  if (index > 0) return all.get(placeOf(steps, [...to.slice(0, -1), index - 1]))?.passed;
  return all.get(placeOf(steps, to))?.passed;
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

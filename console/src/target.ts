// A key figure beside its target, in words.

import { percent } from "./format.ts";
import { say } from "./words.ts";

/** As the API tells it of a figure. */
export interface Target {
  value: number;
  currency?: string | null;
  bound: string;
  per?: string | null;
  so_far: boolean;
  whole?: number | null;
  due?: number | null;
  distance?: number | null;
  course?: string | null;
}

/** What the programme says: "at least €9,000 a month". */
export function aimOf(target: Pick<Target, "value" | "bound" | "per">, how: (value: number) => string): string {
  const bound = say(`target.${target.bound}`, { value: how(target.value) });
  return target.per ? say(`target.${target.per}`, { bound }) : bound;
}

/** How far it is: "Behind: 12% under the target so far". */
export function courseOf(target: Target): string {
  if (!target.course) return say("target.undefined");
  const course = say(`target.${target.course}`);
  if (target.distance === null || target.distance === undefined) return course;
  const side = `${target.distance < 0 ? "under" : "over"}${target.so_far ? "_so_far" : ""}`;
  return say("target.told", { course, distance: say(`target.${side}`, { share: percent(Math.abs(target.distance), 0) }) });
}

export function stateOf(target: Target): "good" | "warn" | undefined {
  if (target.course === "behind") return "warn";
  return target.course === "met" ? "good" : undefined;
}

/** How much of what is due there is: 1 is all of it. */
export function reachedOf(target: Target): number | undefined {
  return target.distance === null || target.distance === undefined ? undefined : 1 + target.distance;
}

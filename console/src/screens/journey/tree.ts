// Changes of a journey's steps. A path leads to a step: its number, then the way and the number inside it, as often as it
// lies deeper; [2, 1, 0] is the first step on the second way of the third. Nothing is changed in place.

import { nameOf, ways, withWay, type Step } from "./form.ts";

export type Path = readonly number[];

export const same = (a: Path, b: Path) => a.length === b.length && a.every((part, index) => part === b[index]);
const isInside = (path: Path, outer: Path) => path.length > outer.length && outer.every((part, index) => part === path[index]);

/** The steps among which a path's last number counts. */
export function listAt(steps: readonly Step[], path: Path): readonly Step[] {
  const [at = 0, way, ...rest] = path;
  if (way === undefined) return steps;
  const step = steps[at];
  return step === undefined ? [] : listAt(ways(step)[way] ?? [], rest);
}

export function stepAt(steps: readonly Step[], path: Path): Step | undefined {
  return listAt(steps, path)[path.at(-1) ?? 0];
}

/** The steps with the list at a path made another one. */
function withList(steps: readonly Step[], path: Path, change: (list: Step[]) => Step[]): Step[] {
  const [at = 0, way, ...rest] = path;
  if (way === undefined) return change([...steps]);
  return steps.map((step, index) => (index === at ? withWay(step, way, withList(ways(step)[way] ?? [], rest, change)) : step));
}

/** Puts a step in front of what is at the path now. */
export function insert(steps: readonly Step[], path: Path, step: Step): Step[] {
  return withList(steps, path, (list) => list.toSpliced(path.at(-1) ?? 0, 0, step));
}

export function remove(steps: readonly Step[], path: Path): Step[] {
  return withList(steps, path, (list) => list.toSpliced(path.at(-1) ?? 0, 1));
}

export function replace(steps: readonly Step[], path: Path, step: Step): Step[] {
  return withList(steps, path, (list) => list.with(path.at(-1) ?? 0, step));
}

/** Where a path leads once the step at `gone` is not there any more. */
function without(path: Path, gone: Path): Path {
  const depth = gone.length - 1;
  const before = gone.slice(0, depth).every((part, index) => part === path[index]);
  const own = path[depth];
  if (!before || own === undefined || own <= (gone[depth] ?? 0)) return path;
  return path.with(depth, own - 1);
}

/** Moves a step to a slot; where it lies then, or null where it would lie inside itself or does not move. */
export function move(steps: readonly Step[], from: Path, slot: Path): { steps: Step[]; path: Path } | null {
  const step = stepAt(steps, from);
  if (step === undefined || isInside(slot, from)) return null;
  const path = without(slot, from);
  if (same(path, from)) return null;
  return { steps: insert(remove(steps, from), path, step), path };
}

/** One place up or down; at the end of a way it leaves it. */
export function moveBy(steps: readonly Step[], path: Path, by: -1 | 1): { steps: Step[]; path: Path } | null {
  const at = path.at(-1) ?? 0;
  const outer = path.slice(0, -2);
  const inside = at + by >= 0 && at + by < listAt(steps, path).length;
  if (inside) return move(steps, path, path.with(-1, by < 0 ? at - 1 : at + 2));
  if (outer.length === 0) return null;
  return move(steps, path, by < 0 ? outer : outer.with(-1, (outer.at(-1) ?? 0) + 1));
}

/** Every step's path in the order in which one reads. */
export function walk(steps: readonly Step[], outer: Path = []): Path[] {
  return steps.flatMap((step, index) => {
    const path = [...outer, index];
    return [path, ...ways(step).flatMap((way, number) => walk(way, [...path, number]))];
  });
}

/** What the server calls a step's place: its name, or its number behind the way that it lies on, as `2b.1`. */
export function placeOf(steps: readonly Step[], path: Path): string {
  let list = steps;
  let outer = "";
  for (let depth = 0; depth < path.length; depth += 2) {
    const at = path[depth] ?? 0;
    const step = list[at];
    const number = outer ? `${outer}.${at + 1}` : String(at + 1);
    const place = (step !== undefined && nameOf(step)) || number;
    const way = path[depth + 1];
    if (way === undefined || step === undefined) return place;
    outer = place + String.fromCharCode(97 + (way % 26)).repeat(Math.floor(way / 26) + 1);
    list = ways(step)[way] ?? [];
  }
  return outer;
}

export function pathOf(steps: readonly Step[], place: string): Path | undefined {
  return walk(steps).find((path) => placeOf(steps, path) === place);
}

/** The next step for an arrow: along the order of reading, or to the same place on the way beside. */
export function neighbour(steps: readonly Step[], path: Path, key: "up" | "down" | "left" | "right"): Path | undefined {
  const all = walk(steps);
  const at = all.findIndex((one) => same(one, path));
  if (key === "up") return all[at - 1];
  if (key === "down") return all[at + 1];
  if (path.length < 3) return undefined;
  const outer = path.slice(0, -2);
  const step = stepAt(steps, outer);
  const number = path.at(-2) ?? 0;
  const by = key === "left" ? -1 : 1;
  const all_ways = step === undefined ? [] : ways(step);
  for (let way = number + by; way >= 0 && way < all_ways.length; way += by) {
    const length = all_ways[way]?.length ?? 0;
    if (length) return [...outer, way, Math.min(path.at(-1) ?? 0, length - 1)];
  }
  return undefined;
}

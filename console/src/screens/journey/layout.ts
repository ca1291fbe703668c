// Where the boxes of a journey stand. Nothing of it is stored: the same steps always give the same picture. A way is a
// column, ways stand beside each other, and come together below the longest.

import { kindOf, lanes, type Step } from "./form.ts";
import type { Path } from "./tree.ts";

export const WIDTH = 284;
const GAP_X = 40;
/** Between two boxes: room for the thread and the plus on it. */
const GAP_Y = 44;
/** From a branch to its ways, and from the ways to where they meet. */
const FORK_Y = 60;
const MEET_Y = 44;
const EMPTY_WIDTH = 150;
const EMPTY_HEIGHT = 52;

export interface Box {
  path: Path;
  x: number;
  y: number;
  width: number;
  height: number;
}
export interface Slot {
  path: Path;
  x: number;
  y: number;
}
export interface Thread {
  /** The points of a line with right angles. */
  points: [number, number][];
  /** Whoever passes it goes to this place: a step, or the end of a way. */
  to: Path;
  /** Whether something was sent before. */
  sent: boolean;
}
export interface Label {
  /** Of the step, and which of its ways. */
  path: Path;
  way: number;
  x: number;
  y: number;
  empty: boolean;
}
export interface Layout {
  width: number;
  height: number;
  /** The middle of the whole. */
  x: number;
  boxes: Box[];
  slots: Slot[];
  threads: Thread[];
  labels: Label[];
  /** Where the last thread arrives. */
  end: number;
}

interface Size {
  width: number;
  height: number;
}

const hasEnd = (list: readonly Step[]) => list.some((step) => kindOf(step) === "exit");

export function layout(steps: readonly Step[], heightOf: (step: Step, path: Path) => number): Layout {
  const boxes: Box[] = [];
  const slots: Slot[] = [];
  const threads: Thread[] = [];
  const labels: Label[] = [];
  const sizes = new Map<string, Size>();

  function measure(list: readonly Step[], outer: Path): Size {
    let width = list.length ? WIDTH : EMPTY_WIDTH;
    let height = 0;
    for (const [index, step] of list.entries()) {
      const path = [...outer, index];
      const own = heightOf(step, path);
      const inner = lanes(step).map((lane, number) => measure(lane.steps, [...path, number]));
      if (inner.length) width = Math.max(width, sum(inner.map((one) => one.width)) + GAP_X * (inner.length - 1));
      const below = inner.length ? FORK_Y + Math.max(...inner.map((one) => Math.max(one.height, EMPTY_HEIGHT))) + MEET_Y : 0;
      height += own + below + (index < list.length - 1 ? GAP_Y : 0);
    }
    const size = { width, height };
    sizes.set(outer.join("."), size);
    return size;
  }

  /** Puts a list below a point; where its last thread leaves, and whether anybody goes on and was sent something. */
  function put(list: readonly Step[], outer: Path, x: number, top: number, sentBefore: boolean): { bottom: number; sent: boolean } {
    let y = top;
    let sent = sentBefore;
    for (const [index, step] of list.entries()) {
      const path = [...outer, index];
      const height = heightOf(step, path);
      if (index) {
        threads.push({ points: [[x, y], [x, y + GAP_Y]], to: path, sent });
        slots.push({ path, x, y: y + GAP_Y / 2 });
        y += GAP_Y;
      }
      boxes.push({ path, x: x - WIDTH / 2, y, width: WIDTH, height });
      y += height;
      if (kindOf(step) === "send") sent = true;
      const inner = lanes(step);
      if (inner.length) ({ bottom: y, sent } = fork(inner, path, x, y, sent));
    }
    return { bottom: y, sent };
  }

  function fork(inner: { steps: Step[]; open: boolean }[], path: Path, x: number, y: number, sentBefore: boolean): { bottom: number; sent: boolean } {
    const all = inner.map((_, number) => sizes.get([...path, number].join(".")) ?? { width: WIDTH, height: 0 });
    const total = sum(all.map((one) => one.width)) + GAP_X * (all.length - 1);
    const deepest = Math.max(...all.map((one) => Math.max(one.height, EMPTY_HEIGHT)));
    const meet = y + FORK_Y + deepest + MEET_Y;
    let left = x - total / 2;
    let sent = sentBefore;
    for (const [number, { steps: way, open }] of inner.entries()) {
      const size = all[number] ?? { width: WIDTH, height: 0 };
      const middle = left + size.width / 2;
      const first = [...path, number, 0];
      const top = y + FORK_Y;
      threads.push({ points: [[x, y], [x, y + FORK_Y / 2 - 8], [middle, y + FORK_Y / 2 - 8], [middle, top]], to: first, sent: sentBefore });
      labels.push({ path, way: number, x: middle, y: y + FORK_Y / 2 - 8, empty: way.length === 0 });
      if (open) slots.push({ path: first, x: middle, y: top - 14 });
      const below = put(way, [...path, number], middle, top, sentBefore);
      if (!hasEnd(way)) {
        const last = [...path, number, way.length];
        threads.push({ points: [[middle, below.bottom], [middle, meet - MEET_Y / 2], [x, meet - MEET_Y / 2], [x, meet]], to: last, sent: below.sent });
        if (way.length) slots.push({ path: last, x: middle, y: below.bottom + 14 });
        sent ||= below.sent;
      }
      left += size.width + GAP_X;
    }
    return { bottom: meet, sent };
  }

  const size = measure(steps, []);
  const x = size.width / 2;
  threads.push({ points: [[x, 0], [x, GAP_Y]], to: [0], sent: false });
  slots.push({ path: [0], x, y: GAP_Y / 2 });
  const { bottom, sent } = put(steps, [], x, GAP_Y, false);
  const end = steps.length ? bottom + GAP_Y : GAP_Y;
  if (steps.length) {
    threads.push({ points: [[x, bottom], [x, end]], to: [steps.length], sent });
    slots.push({ path: [steps.length], x, y: bottom + GAP_Y / 2 });
  }
  return { width: size.width, height: end, x, boxes, slots, threads, labels, end };
}

/** A line through points, its corners rounded. */
export function line(points: readonly [number, number][], radius = 10): string {
  const [first, ...rest] = points;
  if (!first) return "";
  let text = `M${first[0]} ${first[1]}`;
  for (const [index, [x, y]] of rest.entries()) {
    const next = rest[index + 1];
    const [px, py] = points[index] ?? first;
    if (!next) {
      text += `L${x} ${y}`;
      continue;
    }
    const near = (ax: number, ay: number) => {
      const length = Math.hypot(ax - x, ay - y) || 1;
      const reach = Math.min(radius, length / 2);
      return `${x + ((ax - x) / length) * reach} ${y + ((ay - y) / length) * reach}`;
    };
    text += `L${near(px, py)}Q${x} ${y} ${near(next[0], next[1])}`;
  }
  return text;
}

/** How thick a thread is: by the share of people who passed it. Unknown is a thin line, and so is nobody. */
export function thickness(people: number | undefined, most: number): number {
  if (people === undefined || most <= 0) return 2;
  return people === 0 ? 1 : Math.max(1.5, 10 * Math.sqrt(people / most));
}

const sum = (numbers: number[]) => numbers.reduce((total, one) => total + one, 0);

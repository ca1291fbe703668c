// Scales and ticks: how numbers become places, and which of them are written beside the picture.

import { scaleLinear, scaleUtc, type ScaleLinear, type ScaleTime } from "d3-scale";

/** At most so many lines across a picture. */
export const GRID_MAX = 3;
/** A series has at most so many points; more would lie on one pixel. */
export const POINTS_MAX = 400;

/** From zero up, since the length of a bar is its number; to a round number above the largest. */
export function upward(values: readonly number[], from: number, to: number): ScaleLinear<number, number> {
  const most = Math.max(0, ...values.filter(Number.isFinite));
  return scaleLinear([0, most || 1], [from, to]).nice(GRID_MAX);
}

/** From a round number below the smallest to one above the largest; for lines, which are read by their slope. */
export function between(values: readonly number[], from: number, to: number, zero = false): ScaleLinear<number, number> {
  const known = values.filter(Number.isFinite);
  const [low, high] = [Math.min(...known, ...(zero || known.length === 0 ? [0] : [])), Math.max(...known, ...(known.length === 0 ? [1] : []))];
  return scaleLinear(low === high ? [Math.min(0, low), high || 1] : [low, high], [from, to]).nice(GRID_MAX);
}

export function overTime(instants: readonly number[], from: number, to: number): ScaleTime<number, number> {
  return scaleUtc([Math.min(...instants), Math.max(...instants)], [from, to]);
}

/** The round numbers that have a line across the picture; zero has the axis. */
export function grid(scale: ScaleLinear<number, number>): number[] {
  return scale.ticks(GRID_MAX).filter((tick) => tick !== 0);
}

/** As many places of a row of columns as have room for a text, evenly apart. */
export function spread(count: number, width: number, room = 72): number[] {
  if (count < 2) return count ? [0] : [];
  const most = Math.max(2, Math.min(count, Math.floor(width / room)));
  const step = Math.ceil((count - 1) / (most - 1));
  return Array.from({ length: count }, (_, index) => index).filter((index) => index % step === 0);
}

/** A series with at most so many points; of those that share a pixel the lowest and the highest stay. */
export function thinned<T>(points: readonly T[], by: (point: T) => number, most = POINTS_MAX): T[] {
  if (points.length <= most) return [...points];
  const size = Math.ceil(points.length / (most / 2));
  const kept: T[] = [];
  for (let start = 0; start < points.length; start += size) {
    const part = points.slice(start, start + size);
    const order = part.map((point, index) => ({ index, value: by(point) })).sort((a, b) => a.value - b.value);
    const ends = new Set([order[0]?.index ?? 0, order.at(-1)?.index ?? 0]);
    kept.push(...part.filter((_, index) => ends.has(index)));
  }
  return kept;
}

/** A series cut where nothing is known: a line does not go over what it does not know. */
export function runs<T>(points: readonly T[], isKnown: (point: T) => boolean): T[][] {
  const all: T[][] = [];
  let goesOn = false;
  for (const point of points) {
    if (!isKnown(point)) goesOn = false;
    else if (goesOn) all.at(-1)?.push(point);
    else goesOn = all.push([point]) > 0;
  }
  return all;
}

/** Keeps labels at the ends of lines from lying on each other: their places from above, moved as little as is needed. */
export function apart(places: readonly number[], gap: number): number[] {
  const order = places.map((place, index) => ({ place, index })).sort((a, b) => a.place - b.place);
  const moved = [...places];
  let last = -Infinity;
  for (const { place, index } of order) {
    last = Math.max(place, last + gap);
    moved[index] = last;
  }
  return moved;
}

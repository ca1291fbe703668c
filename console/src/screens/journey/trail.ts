// One person through a journey: where each thing happened that a dry run tells of them, and why, in words.

import { time, date } from "../../format.ts";
import { say, says } from "../../words.ts";
import type { Moment, Why } from "./dry.ts";

/** That somebody was at a step: as the how manieth, and when. */
export interface Visit {
  number: number;
  when: string;
}

/** The step at which a moment is: where somebody came to, or was. */
export function placeOfMoment(moment: Moment): string | undefined {
  return moment.to ?? moment.step;
}

/** The steps that somebody came to, in their order; a step that they came to again has the last time. */
export function trailOf(moments: readonly Moment[]): Map<string, Visit> {
  const all = new Map<string, Visit>();
  let number = 0;
  for (const moment of moments) {
    if (moment.to !== undefined) all.set(moment.to, { number: (number += 1), when: moment.at });
  }
  return all;
}

export const instant = (at: string): string => `${date(at)}, ${time(at)}`;

/** Why something happened, in words: a decision has those of its reason. A rule of the programme stays as it is written. */
export function whyText(why: Why | undefined): string {
  if (!why) return "";
  if (why.code === "rule") return why.rule ?? "";
  const key = [`dry.why_${why.code}`, `reason.${why.code}`].find((one) => says(one));
  return key ? say(key, { rule: why.rule ?? "" }) : why.code;
}

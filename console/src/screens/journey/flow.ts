// The answer about how people went through the steps of a journey.

import type { StepFlow } from "./figures.ts";

export interface StepFigures extends StepFlow {
  step: string;
  message?: string;
  here_now: number;
}
export interface VersionFlow {
  version: number;
  live: boolean;
  entered: number;
  held_out: number;
  reached_goal: number;
  steps: StepFigures[];
}
export interface Flow {
  as_of: string;
  gaps?: { from: string; to: string }[];
  versions: VersionFlow[];
}

/** Runs that ended, by step and why, the most first. */
export interface Stop {
  step: string;
  message?: string;
  why: string;
  people: number;
  came: number;
}
export function stopsOf(version: VersionFlow): Stop[] {
  const all = version.steps.flatMap(({ step, message, came_in, left }) => Object.entries(left).map(([why, people]) => ({ step, message, why, people, came: came_in })));
  return all.filter((one) => one.people > 0).sort((a, b) => b.people - a.people || a.step.localeCompare(b.step));
}

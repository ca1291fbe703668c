// How far a broadcast is: everybody of its audience is in one part, and the parts come to the whole.

export interface Counts {
  audience: number;
  waiting: number;
  cancelled: number;
  skipped: number;
  begun: number;
  held_out: number;
}
export type Part = "begun" | "skipped" | "waiting" | "cancelled";

export function parts(of: Counts): { part: Part; people: number; share: number }[] {
  const all: Part[] = ["begun", "skipped", "cancelled", "waiting"];
  return all.map((part) => ({ part, people: of[part], share: of.audience ? of[part] / of.audience : 0 })).filter(({ people }) => people > 0);
}

export function kindOfState(state: string): "good" | "warn" | "bad" | "plain" {
  if (state === "sending") return "good";
  if (state === "paused") return "warn";
  return state === "missed" || state === "cancelled" ? "bad" : "plain";
}

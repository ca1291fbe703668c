// The governor's figures with the newest of its decisions.

import { Problem, get, send } from "../../client.ts";
import { counted, type Decided, type Pressure } from "./pressure.ts";

/** As many as one answer has; the counts of a server that counts itself go further back. */
const NEWEST_MAX = 1000;

/** An older server does not count; it is asked once. */
let tells = true;

export async function ask(days: number, signal: AbortSignal): Promise<{ pressure: Pressure; sends: Decided[] }> {
  const told = !tells ? null : send("get", "/api/v1/governor", { query: { days }, signal }).catch((problem: unknown) => {
    if (problem instanceof Problem && problem.status === 404) return (tells = false), null;
    throw problem;
  }) as Promise<Pressure | null>;
  const [pressure, newest] = await Promise.all([told, get("/api/v1/sends", { query: { limit: NEWEST_MAX }, signal })]);
  const sends = newest.sends as Decided[];
  return { pressure: pressure ?? counted(sends, days, new Date().toISOString()), sends };
}

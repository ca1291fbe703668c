// The lake as the server tells it: what it holds, questions in SQL, and whether it says what the log says.

import type { components } from "./api.gen.ts";
import { get, onceRead, post, type Problem } from "./client.ts";

type Schemas = components["schemas"];

export type LakeTable = Schemas["TableView"];
export type Check = Schemas["CheckView"];
export type Verified = Schemas["Verified"];

/** The server names its states in words alone. */
export type LakeView = Schemas["LakeView"] & { state: "following" | "making" | "failing" | "off" };

export type Cell = string | number | boolean | null;

/** What a question found; the description says nothing of what a cell is. */
export type SqlAnswer = Omit<Schemas["SqlAnswer"], "rows"> & { rows: Cell[][] };

export const lake = (signal?: AbortSignal) => get("/api/v1/lake", { signal }) as Promise<LakeView>;

/** While the lake is being made of the log, the question waits, and `waits` hears of it. */
export function asksLake(sql: string, signal: AbortSignal, waits: (problem: Problem) => void): Promise<SqlAnswer> {
  return onceRead(() => post("/api/v1/sql", { body: { sql }, signal }) as Promise<SqlAnswer>, signal, waits);
}

/** Reads the whole log, which takes its time. */
export function verifyLake(signal: AbortSignal, waits: (problem: Problem) => void): Promise<Verified> {
  return onceRead(() => get("/api/v1/lake/verify", { signal }), signal, waits);
}

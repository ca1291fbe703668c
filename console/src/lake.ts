// The lake as the server tells it: what it holds, questions in SQL, and whether it says what the log says.

import { onceRead, send, type Problem } from "./client.ts";

export type Cell = string | number | boolean | null;

export interface SqlAnswer {
  columns: { name: string; type: string }[];
  rows: Cell[][];
  truncated: boolean;
  seq: number;
  as_of: string;
  took_ms: number;
}

export interface LakeTable {
  name: string;
  version: number;
  means: string;
  columns: { name: string; optional: boolean; means: string }[];
}

export interface LakeView {
  state: "following" | "making" | "failing" | "off";
  place: string | null;
  seq: number;
  as_of: string | null;
  lag: number;
  rows: number;
  bytes: number;
  files: number;
  failure?: string;
  tables: LakeTable[];
}

export interface Check {
  table: string;
  what: string;
  lake: string;
  log: string;
  equal: boolean;
}

export interface Verified {
  equal: boolean;
  checks: Check[];
}

export const lake = (signal?: AbortSignal) => send("get", "/api/v1/lake", { signal }) as Promise<LakeView>;

/** While the lake is being made of the log, the question waits, and `waits` hears of it. */
export function asksLake(sql: string, signal: AbortSignal, waits: (problem: Problem) => void): Promise<SqlAnswer> {
  return onceRead(() => send("post", "/api/v1/sql", { body: { sql }, signal }) as Promise<SqlAnswer>, signal, waits);
}

/** Reads the whole log, which takes its time. */
export function verifyLake(signal: AbortSignal, waits: (problem: Problem) => void): Promise<Verified> {
  return onceRead(() => send("get", "/api/v1/lake/verify", { signal }) as Promise<Verified>, signal, waits);
}

// The way to the server: typed by the description of its API, and a problem that says what to do instead of a status.

import type { paths } from "./api.gen.ts";

type Method = "get" | "post" | "put" | "patch" | "delete";
type Operation<P extends keyof paths, M extends Method> = paths[P][M];
type Having<M extends Method> = { [P in keyof paths]: paths[P][M] extends undefined ? never : P }[keyof paths];

type Body<O> = O extends { responses: { 200: { content: { "application/json": infer B } } } }
  ? B
  : O extends { responses: { 201: { content: { "application/json": infer B } } } }
    ? B
    : unknown;

/** The answer of a path, as `Answer<"/api/v1/status">`. */
export type Answer<P extends keyof paths, M extends Method = "get"> = Body<Operation<P, M>>;

export interface Asking {
  /** What stands in the path for its names. */
  path?: Record<string, string | number>;
  query?: Record<string, string | number | boolean | null | undefined>;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

interface Mistake {
  place: string;
  message: string;
  offset?: number | null;
  suggestion?: string | null;
}

/** What the server said instead of an answer. `code` is stable; the message is for people. */
export class Problem extends Error {
  status: number;
  code: string;
  field?: string;
  offset?: number;
  suggestion?: string;
  /** After how many seconds it is worth asking again, where the server says so. */
  afterSeconds?: number;
  mistakes: Mistake[] = [];
  /** For whoever has to find it in the server's traces. */
  asked: string;
  /** The whole answer: some problems tell more, such as what somebody else changed. */
  said: unknown;

  constructor(status: number, asked: string, said: Partial<Problem>) {
    super(said.message ?? `the server answered ${status}`);
    this.status = status;
    this.code = said.code ?? "internal";
    this.asked = asked;
    this.said = said;
    Object.assign(this, { field: said.field, offset: said.offset, suggestion: said.suggestion, mistakes: said.mistakes ?? [] });
  }
}

/** How requests say who asks; the session sets it. */
export const access: { token: string | null; csrf: string | null; closed: (problem: Problem) => void } = {
  token: null,
  csrf: null,
  closed: () => {},
};

export const get = <P extends Having<"get">>(path: P, asking: Asking = {}) => send("get", path, asking) as Promise<Answer<P, "get">>;
export const post = <P extends Having<"post">>(path: P, asking: Asking = {}) => send("post", path, asking) as Promise<Answer<P, "post">>;
export const put = <P extends Having<"put">>(path: P, asking: Asking = {}) => send("put", path, asking) as Promise<Answer<P, "put">>;
export const patch = <P extends Having<"patch">>(path: P, asking: Asking = {}) => send("patch", path, asking) as Promise<Answer<P, "patch">>;
export const remove = <P extends Having<"delete">>(path: P, asking: Asking = {}) =>
  send("delete", path, asking) as Promise<Answer<P, "delete">>;

const TURN_PAUSE_MS = 500;
const TURNS_MAX = 120;

const LATER = new Set(["busy", "reading_log"]);

/** Some questions are answered one at a time, others once the log was read for them: whoever comes too early waits for their turn. */
export async function inTurn<T>(ask: () => Promise<T>): Promise<T> {
  for (let turn = 0; ; turn += 1) {
    try {
      return await ask();
    } catch (problem) {
      if (!(problem instanceof Problem) || !LATER.has(problem.code) || turn >= TURNS_MAX) throw problem;
      await new Promise((resolve) => setTimeout(resolve, TURN_PAUSE_MS));
    }
  }
}

/** What has to be read from the log first is asked until it was, or until nobody waits; `waits` hears that it takes a while. */
export async function onceRead<T>(ask: () => Promise<T>, signal: AbortSignal, waits: (problem: Problem) => void): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (problem) {
      if (!(problem instanceof Problem) || problem.code !== "reading_log" || signal.aborted) throw problem;
      waits(problem);
      await new Promise((resolve) => setTimeout(resolve, TURN_PAUSE_MS));
    }
  }
}

/** The address of a request, also for links that download. */
export function address(path: string, { path: names = {}, query = {} }: Asking = {}): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(names[name] ?? "")));
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") search.set(key, String(value));
  }
  return search.size ? `${filled}?${search}` : filled;
}

/** Any request, also of paths that the description does not have yet. */
export async function send(method: Method, path: string, asking: Asking = {}): Promise<unknown> {
  const url = address(path, asking);
  const headers: Record<string, string> = { accept: "application/json", ...asking.headers };
  if (access.token) headers.authorization = `Bearer ${access.token}`;
  if (access.csrf && method !== "get") headers["x-trama-csrf"] = access.csrf;
  const plain = typeof asking.body === "string" || asking.body instanceof Blob;
  if (asking.body !== undefined && !plain) headers["content-type"] ??= "application/json";
  const body = asking.body === undefined ? undefined : plain ? (asking.body as BodyInit) : JSON.stringify(asking.body);
  const answer = await fetch(url, { method: method.toUpperCase(), headers, body, signal: asking.signal, cache: "no-store" });
  const isJson = answer.headers.get("content-type")?.includes("json");
  const said: unknown = answer.status === 204 ? undefined : isJson ? await answer.json() : await answer.text();
  if (answer.ok) return said;
  const problem = new Problem(answer.status, `${method.toUpperCase()} ${url}`, isJson ? (said as Partial<Problem>) : {});
  problem.afterSeconds = Number(answer.headers.get("retry-after")) || undefined;
  if (answer.status === 401) access.closed(problem);
  throw problem;
}

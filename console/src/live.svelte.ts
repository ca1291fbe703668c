// What goes on at the server, for every screen at once, and never for a window that nobody sees.

import { get, type Answer } from "./client.ts";
import { setProgramme } from "./format.ts";

const PAUSE_MS = 1_000;
const PAUSE_LOST_MS = 3_000;

type Status = Answer<"/api/v1/status">;

const now = $state({
  status: undefined as Status | undefined,
  beat: 0,
  revision: 0,
  tookMs: 0,
  lostSince: 0,
});

export const live = {
  /** The newest answer of /api/v1/status. */
  get status() {
    return now.status;
  },
  /** Grows each time that the log has. */
  get beat(): number {
    return now.beat;
  },
  /** Grows each time that a programme was made live. */
  get revision(): number {
    return now.revision;
  },
  /** How long the last answer took. */
  get tookMs(): number {
    return now.tookMs;
  },
  /** Since when the server does not answer; 0 while it does. */
  get lostSince(): number {
    return now.lostSince;
  },
};

/** What the door told: no screen has to ask first which programme is live, nor where its days begin. */
export function foretell({ revision, timezone, currency }: Status["programme"]): void {
  if (revision > 0) setProgramme({ zone: timezone, currency: currency ?? undefined });
  now.revision = revision;
}

/**
 * Begins to watch, and gives what ends it. A session has a stream; a key cannot be sent with one, so it asks again and again, and
 * so does everybody where there is no stream to be had.
 */
export function watch({ stream }: { stream: boolean }): () => void {
  let ended = false;
  let streams = stream;
  let source: EventSource | undefined;
  let waiting: ReturnType<typeof setTimeout> | undefined;

  async function round(): Promise<void> {
    clearTimeout(waiting);
    if (ended || document.hidden || source) return;
    const begun = performance.now();
    let pause = PAUSE_MS;
    try {
      take(await get("/api/v1/status"));
      now.tookMs = Math.round(performance.now() - begun);
    } catch {
      now.lostSince ||= Date.now();
      pause = PAUSE_LOST_MS;
    }
    if (!ended) waiting = setTimeout(() => void round(), pause);
  }

  function listen(): void {
    source = new EventSource("/api/v1/stream");
    source.addEventListener("status", (event: MessageEvent<string>) => take(JSON.parse(event.data) as Status));
    source.addEventListener("error", () => {
      now.lostSince ||= Date.now();
      // A stream that was refused does not come back by itself.
      if (source?.readyState !== EventSource.CLOSED) return;
      streams = false;
      hush();
      void round();
    });
  }

  function hush(): void {
    source?.close();
    source = undefined;
  }

  function looked(): void {
    if (document.hidden) hush();
    else if (streams && !source) listen();
    if (!document.hidden) void round();
  }

  // A stream that was cut off without a word would look like one on which nothing happens.
  function left(): void {
    now.lostSince ||= Date.now();
    hush();
    void round();
  }

  document.addEventListener("visibilitychange", looked);
  window.addEventListener("offline", left);
  window.addEventListener("online", looked);
  // The first answer is here sooner than a stream is.
  void round();
  looked();
  return () => {
    ended = true;
    clearTimeout(waiting);
    hush();
    document.removeEventListener("visibilitychange", looked);
    window.removeEventListener("offline", left);
    window.removeEventListener("online", looked);
  };
}

function take(status: Status): void {
  if (now.status === undefined || status.applied_seq !== now.status.applied_seq) now.beat += 1;
  if (status.programme.revision !== now.revision) foretell(status.programme);
  now.status = status;
  now.lostSince = 0;
}

// What goes on at the server, for every screen at once: asked in short intervals, and never for a window that nobody sees.

import { get, type Answer } from "./client.ts";

const PAUSE_MS = 1_000;
const PAUSE_LOST_MS = 3_000;

const now = $state({
  status: undefined as Answer<"/api/v1/status"> | undefined,
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

let waiting: ReturnType<typeof setTimeout> | undefined;

/** Begins to watch, and gives what ends it. */
export function watch(): () => void {
  let ended = false;
  async function round(): Promise<void> {
    clearTimeout(waiting);
    if (ended || document.hidden) return;
    const begun = performance.now();
    let pause = PAUSE_MS;
    try {
      take(await get("/api/v1/status"));
      now.tookMs = Math.round(performance.now() - begun);
      now.lostSince = 0;
    } catch {
      now.lostSince ||= Date.now();
      pause = PAUSE_LOST_MS;
    }
    if (!ended) waiting = setTimeout(() => void round(), pause);
  }
  const looked = () => void round();
  document.addEventListener("visibilitychange", looked);
  void round();
  return () => {
    ended = true;
    clearTimeout(waiting);
    document.removeEventListener("visibilitychange", looked);
  };
}

function take(status: Answer<"/api/v1/status">): void {
  if (now.status === undefined || status.applied_seq !== now.status.applied_seq) now.beat += 1;
  if (status.programme.revision !== now.revision) now.revision = status.programme.revision;
  now.status = status;
}

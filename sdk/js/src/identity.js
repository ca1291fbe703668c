// Who is in front of the browser: an id of its own, and the user whom the page names.

const KEY = "trama";

/** @param {boolean} store */
export function identity(store) {
  /** @type {{ anonymous: string, user?: string, hash?: string, views: number }} */
  let kept = { anonymous: fresh(), views: 0 };
  try {
    const found = store && JSON.parse(localStorage.getItem(KEY) ?? "null");
    if (typeof found?.anonymous === "string") kept = { views: 0, ...found };
  } catch {
    // A browser that keeps nothing, or something that is not ours: a new visitor.
  }
  const keep = () => {
    try {
      if (store) localStorage.setItem(KEY, JSON.stringify(kept));
    } catch {
      // It is kept for this page only.
    }
  };
  keep();
  return {
    get anonymous() {
      return kept.anonymous;
    },
    get user() {
      return kept.user;
    },
    get hash() {
      return kept.hash;
    },
    /** Counts a page view of this browser. */
    view() {
      kept.views += 1;
      keep();
    },
    get views() {
      return kept.views;
    },
    /** @param {string} user @param {string=} hash */
    signIn(user, hash) {
      // Somebody else at the same device is somebody else.
      if (kept.user !== undefined && kept.user !== user) kept = { anonymous: fresh(), views: kept.views };
      kept = { ...kept, user, hash: hash ?? (kept.user === user ? kept.hash : undefined) };
      keep();
    },
    reset() {
      kept = { anonymous: fresh(), views: 0 };
      keep();
    },
  };
}

/** 122 random bits, written as a UUID. Pages without TLS have no `randomUUID`. */
export function fresh() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  return [...bytes].map((byte, at) => ([4, 6, 8, 10].includes(at) ? "-" : "") + byte.toString(16).padStart(2, "0")).join("");
}

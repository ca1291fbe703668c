// When something is shown, and when it was seen.

const SEEN_MS = 1_000;

/** Calls once the trigger has come; gives what takes it back. @param {any} trigger @param {() => void} then */
export function afterTrigger(trigger, then) {
  const end = new AbortController();
  const now = () => {
    if (end.signal.aborted) return;
    end.abort();
    then();
  };
  const { signal } = end;
  if (typeof trigger?.after_ms === "number") {
    const timer = setTimeout(now, trigger.after_ms);
    signal.addEventListener("abort", () => clearTimeout(timer));
  } else if (typeof trigger?.scroll_percent === "number") {
    const look = () => {
      const room = document.documentElement.scrollHeight - innerHeight;
      if (room <= 0 || (scrollY / room) * 100 >= trigger.scroll_percent) now();
    };
    addEventListener("scroll", look, { passive: true, signal });
    look();
  } else if (trigger === "exit") {
    document.addEventListener("mouseout", (event) => event.relatedTarget === null && event.clientY <= 0 && now(), { signal });
  } else {
    now();
  }
  return () => end.abort();
}

/** Calls once half of an element was in view for a second; gives what takes it back. @param {Element} element @param {() => void} then */
export function whenSeen(element, then) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const observer = new IntersectionObserver(
    ([entry]) => {
      clearTimeout(timer);
      if (entry.intersectionRatio >= 0.5)
        timer = setTimeout(() => {
          if (document.visibilityState !== "visible") return;
          observer.disconnect();
          then();
        }, SEEN_MS);
    },
    { threshold: [0, 0.5] },
  );
  observer.observe(element);
  return () => (clearTimeout(timer), observer.disconnect());
}

// What was just done, said once, with the way back.

const STAYS_MS = 10_000;

interface Toast {
  id: number;
  text: string;
  undo?: () => void | Promise<void>;
}

const held = $state<{ toasts: Toast[] }>({ toasts: [] });
const undone: Toast[] = [];
let last = 0;

export const toasts = {
  get all(): Toast[] {
    return held.toasts;
  },
};

/** Says what happened. While it is not undone, it is the next thing that the undo key takes back. */
export function tell(text: string, undo?: Toast["undo"]): void {
  const toast = { id: (last += 1), text, undo };
  held.toasts = [...held.toasts.slice(-2), toast];
  if (undo) undone.push(toast);
}

export function dismiss(id: number): void {
  held.toasts = held.toasts.filter((toast) => toast.id !== id);
}

/** Takes back the newest that can be; whether there was one. */
export function undo(id?: number): boolean {
  const at = id === undefined ? undone.length - 1 : undone.findIndex((toast) => toast.id === id);
  const [toast] = at < 0 ? [] : undone.splice(at, 1);
  if (!toast) return false;
  dismiss(toast.id);
  // What cannot be taken back is said, since nobody waits for the answer.
  Promise.resolve(toast.undo?.()).catch((problem: unknown) => tell(problem instanceof Error ? problem.message : String(problem)));
  return true;
}

export { STAYS_MS };

// Where the messages of a programme are sent.

/** How many places of a programme in its canonical form send a message. */
export function usersOf(programme: Record<string, unknown>): (message: string) => number {
  const count = new Map<string, number>();
  const note = (message: unknown) => typeof message === "string" && count.set(message, (count.get(message) ?? 0) + 1);
  const look = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(look);
    if (node === null || typeof node !== "object") return;
    for (const [key, value] of Object.entries(node)) {
      if (key === "send" && value && typeof value === "object") note((value as { message?: unknown }).message);
      else look(value);
    }
  };
  look(programme.journeys);
  for (const broadcast of Object.values((programme.broadcasts ?? {}) as Record<string, { message?: unknown }>)) note(broadcast.message);
  return (message) => count.get(message) ?? 0;
}

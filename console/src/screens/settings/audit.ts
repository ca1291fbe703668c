// What an act changed, place by place.

export interface Difference {
  path: string;
  before: string;
  after: string;
}

const text = (value: unknown): string => (value === undefined || value === null ? "–" : typeof value === "string" ? value : JSON.stringify(value));
const isTree = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

/** The places in which two values differ, each once, in the order of their names. */
export function differing(before: unknown, after: unknown, path = ""): Difference[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  if (!isTree(before) || !isTree(after)) return [{ path, before: text(before), after: text(after) }];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.flatMap((name) => differing(before[name], after[name], path ? `${path}.${name}` : name));
}

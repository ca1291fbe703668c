// Questions in SQL: what the editor colours, and what an answer is as a file.

const WORDS = new Set("select from where group by order limit join left right inner outer on as and or not in is null case when then else end having distinct between like with union all desc asc over partition interval cast date_trunc count sum avg min max".split(" "));

export interface Answer {
  columns: { name: string; type: string }[];
  rows: (string | number | boolean | null)[][];
  is_cut: boolean;
  as_of_seq: number;
  as_of: string;
}

/** Pieces of a line by their kind. */
export function marks(line: string): { from: number; to: number; kind: "word" | "text" | "number" | "comment" }[] {
  const found: { from: number; to: number; kind: "word" | "text" | "number" | "comment" }[] = [];
  for (const match of line.matchAll(/--.*$|'(?:[^']|'')*'?|\b\d+(?:\.\d+)?\b|[A-Za-z_]\w*/g)) {
    const [text] = match;
    const kind = text.startsWith("--") ? "comment" : text.startsWith("'") ? "text" : /^\d/.test(text) ? "number" : WORDS.has(text.toLowerCase()) ? "word" : null;
    if (kind) found.push({ from: match.index, to: match.index + text.length, kind });
  }
  return found;
}

/** Whether all that is known of a column is numbers, which stand at the right. */
export const isNumber = (type: string): boolean => /int|float|double|decimal/i.test(type);

export function asJson(answer: Answer): string {
  return JSON.stringify(answer.rows.map((row) => Object.fromEntries(answer.columns.map((column, index) => [column.name, row[index] ?? null]))), null, 2);
}

/** Questions to begin with; each is one that the lake answers. */
export const EXAMPLES = {
  orders: "SELECT date, currency, count(*) AS orders, sum(total) AS total\nFROM orders\nGROUP BY date, currency ORDER BY date",
  reasons: "SELECT reason, count(*) AS messages, count(DISTINCT profile) AS people\nFROM sends WHERE decision = 'drop'\nGROUP BY reason ORDER BY messages DESC",
  people: "SELECT p.person, count(*) AS orders, sum(o.total) AS total\nFROM orders o JOIN profiles p ON p.profile = o.profile\nGROUP BY p.person ORDER BY total DESC LIMIT 20",
  events: "SELECT name, count(*) AS times, count(DISTINCT profile) AS people\nFROM events WHERE NOT is_bot\nGROUP BY name ORDER BY times DESC",
} as const;

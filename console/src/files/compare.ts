// Two texts side by side: lines that stayed stand beside each other, those that went or came alone or opposite.

export interface Row {
  left?: string;
  right?: string;
  change?: "added" | "removed" | "changed";
}

/** Files of definitions are short; beyond this, lines are compared one by one. */
const LINES_MAX = 2_000;

export function beside(before: string, after: string): Row[] {
  const [a, b] = [lines(before), lines(after)];
  if (a.length * b.length > LINES_MAX * LINES_MAX) return Array.from({ length: Math.max(a.length, b.length) }, (_, at) => pair(a[at], b[at]));
  // The longest common part of what is left from each place on.
  const common = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  const at = (x: number, y: number) => common[x]?.[y] ?? 0;
  for (let x = a.length - 1; x >= 0; x -= 1) {
    for (let y = b.length - 1; y >= 0; y -= 1) (common[x] as Uint32Array)[y] = a[x] === b[y] ? at(x + 1, y + 1) + 1 : Math.max(at(x + 1, y), at(x, y + 1));
  }
  const rows: Row[] = [];
  let gone: string[] = [];
  let come: string[] = [];
  const settle = () => {
    for (let index = 0; index < Math.max(gone.length, come.length); index += 1) rows.push(pair(gone[index], come[index]));
    gone = [];
    come = [];
  };
  let [x, y] = [0, 0];
  while (x < a.length || y < b.length) {
    if (x < a.length && y < b.length && a[x] === b[y]) {
      settle();
      rows.push({ left: a[x++], right: b[y++] });
    } else if (y >= b.length || (x < a.length && at(x + 1, y) >= at(x, y + 1))) gone.push(a[x++] ?? "");
    else come.push(b[y++] ?? "");
  }
  settle();
  return rows;
}

function pair(left: string | undefined, right: string | undefined): Row {
  if (left === right) return { left, right };
  return { left, right, change: left === undefined ? "added" : right === undefined ? "removed" : "changed" };
}

const lines = (text: string) => (text === "" ? [] : text.replace(/\n$/, "").split("\n"));

const NEAR_LINES = 3;

/** The rows that changed, with those around them; "cut" stands for the others. */
export function near(rows: readonly Row[], around = NEAR_LINES): (Row | "cut")[] {
  const kept = rows.map((_, index) => rows.slice(Math.max(0, index - around), index + around + 1).some((row) => row.change !== undefined));
  return rows.flatMap((row, index): (Row | "cut")[] => (kept[index] ? [row] : index > 0 && !kept[index - 1] ? [] : ["cut"]));
}

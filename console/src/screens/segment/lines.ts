// What the lines of a change say of an expression.

/** The expression on one side of a change, where a single line of it says so. */
export function expressionIn(lines: readonly string[] | null | undefined, side: "-" | "+"): string | null {
  const own = (lines ?? []).filter((line) => line.startsWith(side)).map((line) => line.slice(1).trim());
  const [line] = own.filter((one) => /^(is|expression)?\W*\w+/.test(one));
  if (own.length !== 1 || !line) return null;
  const value = line.replace(/^"?[\w-]+"?:\s*/, "").replace(/,$/, "");
  if (!value.startsWith('"')) return value.replace(/^'(.*)'$/, "$1") || null;
  try {
    return JSON.parse(value) as string;
  } catch {
    return value;
  }
}

// Orders things by how well they fit a text: letters in a row at the start of a word before letters anywhere.

/** Those that fit, the best first; all of them, in their order, where nothing was typed. */
export function rank<T>(items: readonly T[], text: string, by: (item: T) => string): T[] {
  const wanted = plain(text.trim());
  if (wanted === "") return [...items];
  const scored = items.map((item, index) => ({ item, index, score: fit(plain(by(item)), wanted) }));
  return scored
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || a.index - b.index)
    .map(({ item }) => item);
}

/** 0 where it does not fit at all. */
function fit(text: string, wanted: string): number {
  if (text.startsWith(wanted)) return 4;
  if (text.split(/[\s\-_/]+/).some((word) => word.startsWith(wanted))) return 3;
  if (text.includes(wanted)) return 2;
  return inOrder(text, wanted) ? 1 : 0;
}

/** Whether the letters occur one after the other, with others between them. */
function inOrder(text: string, wanted: string): boolean {
  let from = 0;
  for (const letter of wanted) {
    from = text.indexOf(letter, from) + 1;
    if (from === 0) return false;
  }
  return wanted.length > 2;
}

/** Without accents and capitals. */
function plain(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

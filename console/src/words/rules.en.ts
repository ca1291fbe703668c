// The words in which a segment is written, which are fetched with its screen.

import type { Words } from "../words.ts";

const books = import.meta.glob<{ [key: string]: string | { [form: string]: string } }>("./en/{rule,kind,recipe}.json", { eager: true, import: "default" });

export default Object.fromEntries(
  Object.entries(books).map(([path, book]) => [path.replace(/^.*\/|\.json$/g, ""), book]),
) as Words;

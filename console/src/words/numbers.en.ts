// The words of the screens of numbers and of Settings, which are fetched with the first of them.

import type { Words } from "../words.ts";

const books = import.meta.glob<{ [key: string]: string | { [form: string]: string } }>("./en/{health,programme,results,campaigns,governor,channels,operators,audit,data,webhook,suppression,registers}.json", { eager: true, import: "default" });

export default Object.fromEntries(
  Object.entries(books).map(([path, book]) => [path.replace(/^.*\/|\.json$/g, ""), book]),
) as Words;

// The words of a person, which are fetched with the first screen of one.

import type { Words } from "../words.ts";

const books = import.meta.glob<{ [key: string]: string | { [form: string]: string } }>("./en/{person,erase,merge,consent,why,value,thread,import}.json", { eager: true, import: "default" });

export default Object.fromEntries(
  Object.entries(books).map(([path, book]) => [path.replace(/^.*\/|\.json$/g, ""), book]),
) as Words;

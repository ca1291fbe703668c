// The words of journeys, broadcasts, messages and offers, which are fetched with the first of their screens.

import type { Words } from "../words.ts";

const books = import.meta.glob<{ [key: string]: string | { [form: string]: string } }>("./en/{step,offer,broadcast,message,dry,site,block,check,version}.json", { eager: true, import: "default" });

export default Object.fromEntries(
  Object.entries(books).map(([path, book]) => [path.replace(/^.*\/|\.json$/g, ""), book]),
) as Words;

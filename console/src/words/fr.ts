// One file a noun, so that whoever adds a screen adds its words beside those of others.

import type { Words } from "../words.ts";

const books = import.meta.glob<{ [key: string]: string | { [form: string]: string } }>(["./fr/*.json", "!./fr/{person,erase,merge,consent,why,value,thread,import,health,programme,results,campaigns,governor,channels,operators,audit,data,webhook,suppression,registers,step,offer,broadcast,message,dry,site,block,check,version,rule,kind,recipe}.json"], { eager: true, import: "default" });

export default Object.fromEntries(
  Object.entries(books).map(([path, book]) => [path.replace(/^.*\/|\.json$/g, ""), book]),
) as Words;

// A segment that somebody else saved while it was worked on: three expressions as trees, which can be put together.

import { post } from "../../client.ts";
import type { Conflict } from "../../definition.ts";
import { expressionOf } from "./definition.ts";
import { parts, type Tree } from "./tree.ts";

export interface Meant {
  conflict: Conflict;
  base: Tree;
  mine: Tree;
  theirs?: Tree;
}

/** What both began with, and what each made of it. */
export async function meanwhile(conflict: Conflict, base: string | undefined, mine: Tree): Promise<Meant> {
  const read = async (expression: string) => (await post("/api/v1/segments/parse", { body: { expression } })).tree as Tree;
  const text = conflict.current && expressionOf(conflict.current.definition);
  const theirs = text ? await read(text) : undefined;
  // Of a new one there is nothing that both began with.
  return { conflict, base: base ? await read(base) : { and: [] }, mine, theirs };
}

/** One condition is a list of one, so that others can come beside it. */
export const asList = (tree: Tree): Tree[] => ("and" in tree ? parts(tree) : [tree]);
export const fromList = (list: Tree[]): Tree => (list.length === 1 ? (list[0] as Tree) : { and: list });

// How many people an expression means, and what that is made of: all of it counted by the engine, exactly.

import { asked } from "../../asked.svelte.ts";
import { get, post, type Answer } from "../../client.ts";
import { live } from "../../live.svelte.ts";
import { OUTGOING } from "../person/data.svelte.ts";
import { rowOf, type Row } from "../people/find.ts";
import { parts, questions, type Tree } from "./tree.ts";

interface Counted {
  count: number;
  took_ms: number;
  sample: { id: number; identifiers: Answer<"/api/v1/profiles/{address}">["identifiers"] }[];
}

const TYPING_MS = 60;
const AFTER_MS = 220;
const STAGES_MAX = 20;
const OVERLAPS_MAX = 16;
const SAMPLE = 3;

export async function counted(tree: Tree | string, signal?: AbortSignal): Promise<Counted> {
  const body = typeof tree === "string" ? { expression: tree } : { tree };
  return (await post("/api/v1/segments/preview", { body, signal })) as unknown as Counted;
}

interface Drafted {
  tree: Tree | null;
  valid: string;
  /** The last text that was counted: what can be read may still name what there is not. */
  sure: string;
}

/** Called while a component is made. */
export function counts(draft: Drafted, name: () => string, saved: () => string | undefined) {
  const question = (what: string) => () => (draft.sure && draft.sure === draft.valid && draft.tree ? `${what} ${live.revision} ${draft.valid}` : null);
  const tree = () => draft.tree as Tree;
  const both = (other: Tree): Tree => ({ and: [...("and" in tree() ? parts(tree()) : [tree()]), other] });

  const total = asked(
    () => (draft.valid && draft.tree ? `count ${live.revision} ${draft.valid}` : null),
    async (signal) => {
      const text = draft.valid;
      const told = await counted(text, signal);
      draft.sure = text;
      return told;
    },
    { settle: TYPING_MS },
  );
  const reach = asked(
    question("reach"),
    (signal) => Promise.all(OUTGOING.map(async (channel) => ({ channel, count: (await counted(both({ reachable_by: channel }), signal)).count }))),
    { settle: AFTER_MS },
  );
  const left = asked(question("stages"), (signal) => afterEach(tree(), signal), { settle: AFTER_MS });
  const overlap = asked(
    question("overlap"),
    async (signal) => {
      const { segments } = await get("/api/v1/segments", { signal });
      const others = segments.filter((one) => one.name !== name() && one.count > 0).slice(0, OVERLAPS_MAX);
      const found = await Promise.all(others.map(async (one) => ({ name: one.name, count: (await counted(both({ in_segment: one.name }), signal)).count })));
      return found.filter((one) => one.count > 0).sort((a, b) => b.count - a.count);
    },
    { settle: AFTER_MS * 2 },
  );
  const moves = asked(
    () => (draft.sure && draft.sure === draft.valid && saved() !== undefined && saved() !== draft.valid ? `moves ${name()} ${live.revision} ${draft.valid}` : null),
    async (signal) => {
      const here: Tree = { in_segment: name() };
      const [enter, leave] = await Promise.all([counted(both({ not: here }), signal), counted({ and: [here, { not: tree() }] }, signal)]);
      return { enter: enter.count, leave: leave.count };
    },
    { settle: AFTER_MS },
  );
  const some = asked(
    () => (total.value ? `some ${total.value.sample.slice(0, SAMPLE).map((one) => one.id).join()}` : null),
    async (signal) => {
      const told = (total.value?.sample ?? []).slice(0, SAMPLE).flatMap((one) => one.identifiers[0] ?? []);
      return Promise.all(told.map(async ({ type, value }): Promise<Row> => rowOf(await get("/api/v1/profiles/{address}", { path: { address: `${type}:${value}` }, signal }))));
    },
    { settle: AFTER_MS },
  );
  return { total, reach, left, overlap, moves, some };
}

export interface Left {
  count: number;
  /** Counted by itself, since it is one of alternatives. */
  alone: boolean;
}

/** By the path of each row: how many are left after it, or how many it means by itself inside a group. */
async function afterEach(tree: Tree, signal: AbortSignal): Promise<Map<string, Left>> {
  const asks = questions(tree).slice(0, STAGES_MAX);
  const found = await Promise.all(asks.map(async ({ path, tree: asked, alone }) => [path.join(), { count: (await counted(asked, signal)).count, alone }] as const));
  return new Map(found);
}

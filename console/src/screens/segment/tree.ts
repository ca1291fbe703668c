// Changes of an expression's tree. A tree is never changed in place: each change gives another one, so that each can be undone.

/** A part as the API has it: one key that says what it is. */
export type Tree = { [kind: string]: unknown };
/** The way from the root to a part: places in `and` and `or`; a `not` has the one place 0. */
export type Path = readonly number[];
export type Joint = "and" | "or";

export const isJoint = (tree: Tree): boolean => "and" in tree || "or" in tree;
export const isNot = (tree: Tree): boolean => "not" in tree;
export const kindOf = (tree: Tree): string => Object.keys(tree)[0] ?? "";
export const samePath = (a: Path | null, b: Path | null): boolean => a !== null && b !== null && a.join() === b.join();

/** What a part joins. */
export function parts(tree: Tree): Tree[] {
  if ("not" in tree) return [tree.not as Tree];
  return ((tree.and ?? tree.or ?? []) as Tree[]);
}

function withParts(tree: Tree, next: Tree[]): Tree {
  const kind = kindOf(tree);
  return kind === "not" ? { not: next[0] } : { [kind]: next };
}

export function at(tree: Tree, path: Path): Tree | undefined {
  return path.reduce<Tree | undefined>((part, step) => part && parts(part)[step], tree);
}

/** The tree with what `change` makes of the part at the path; undefined takes it away. */
export function changed(tree: Tree, path: Path, change: (part: Tree) => Tree | undefined): Tree | null {
  const made = walk(tree, path, change);
  return made ? tidy(made) : null;
}

function walk(tree: Tree, path: Path, change: (part: Tree) => Tree | undefined): Tree | undefined {
  const [step, ...rest] = path;
  if (step === undefined) return change(tree);
  const all = parts(tree);
  const part = all[step];
  if (!part) return tree;
  const next = walk(part, rest, change);
  if (next === undefined && isNot(tree)) return undefined;
  const kept = next === undefined ? all.filter((_, index) => index !== step) : all.map((one, index) => (index === step ? next : one));
  return kept.length ? withParts(tree, kept) : undefined;
}

/** One part alone under a joint is that part; a joint in one of its own kind is part of it; twice not is nothing. */
export function tidy(tree: Tree): Tree {
  const kind = kindOf(tree);
  if (kind === "not") {
    const inner = tidy(tree.not as Tree);
    return "not" in inner ? (inner.not as Tree) : { not: inner };
  }
  if (!isJoint(tree)) return tree;
  const flat = parts(tree).map(tidy).flatMap((part) => (kindOf(part) === kind ? parts(part) : [part]));
  return flat.length === 1 ? (flat[0] as Tree) : { [kind]: flat };
}

/** Another part after the one at the path, or at the end of the whole, joined by the kind. */
export function added(tree: Tree | null, part: Tree, path: Path = [], joint: Joint = "and"): Tree {
  if (!tree) return part;
  const here = at(tree, path);
  if (path.length === 0 || !here) return tidy(kindOf(tree) === joint ? { [joint]: [...parts(tree), part] } : { [joint]: [tree, part] });
  return changed(tree, path, (old) => ({ [joint]: [old, part] })) ?? part;
}

/** Another way beside the part, so that one of both will do; or both have to hold. */
export function wrapped(tree: Tree, path: Path, joint: Joint, beside: Tree): Tree {
  return changed(tree, path, (part) => (kindOf(part) === joint ? { [joint]: [...parts(part), beside] } : { [joint]: [part, beside] })) ?? tree;
}

export function negated(tree: Tree, path: Path): Tree {
  return changed(tree, path, (part) => ({ not: part })) ?? tree;
}

export function removed(tree: Tree, path: Path): Tree | null {
  return changed(tree, path, () => undefined);
}

/** `and` becomes `or`, and the other way round. */
export function turned(tree: Tree, path: Path): Tree {
  return changed(tree, path, (part) => (isJoint(part) ? { ["and" in part ? "or" : "and"]: parts(part) } : part)) ?? tree;
}

/** The same once more, behind it. */
export function duplicated(tree: Tree, path: Path): Tree {
  const outer = around(tree, path);
  if (!outer) return { and: [tree, tree] };
  const [joint, step] = outer;
  // Not tidied as a whole: the two are the same until one of them is changed.
  return changed(tree, joint, (part) => withParts(part, parts(part).toSpliced(step + 1, 0, parts(part)[step] as Tree))) ?? tree;
}

/** One place up or down among its neighbours, or out of a group at its edge; and where it is then. */
export function moved(tree: Tree, path: Path, step: 1 | -1): { tree: Tree; path: Path } {
  const outer = around(tree, path);
  if (!outer) return { tree, path };
  const [joint, from] = outer;
  const group = at(tree, joint) as Tree;
  const to = from + step;
  const moving = parts(group)[from] as Tree;
  if (to >= 0 && to < parts(group).length) {
    const next = changed(tree, joint, (part) => withParts(part, parts(part).toSpliced(from, 1).toSpliced(to, 0, moving))) ?? tree;
    return { tree: next, path: [...joint, to] };
  }
  // At the edge of a group it leaves it, to stand before or behind it.
  const beyond = around(tree, joint);
  if (!beyond) return { tree, path };
  const [whole, place] = beyond;
  const rest = parts(group).toSpliced(from, 1);
  const left = rest.length === 1 ? (rest[0] as Tree) : withParts(group, rest);
  const next = changed(tree, whole, (part) => withParts(part, parts(part).toSpliced(place, 1, ...(step > 0 ? [left, moving] : [moving, left]))));
  return { tree: next ?? tree, path: [...whole, step > 0 ? place + 1 : place] };
}

/** The nearest joint above a part, and the place of the part in it: a `not` goes with what it negates. */
function around(tree: Tree, path: Path): [Path, number] | null {
  for (let length = path.length - 1; length >= 0; length -= 1) {
    const joint = path.slice(0, length);
    const above = at(tree, joint);
    if (above && isJoint(above)) return [joint, path[length] as number];
  }
  return null;
}

/** A row of the builder: a condition, or the head of a group. */
export interface Row {
  path: Path;
  depth: number;
  /** A condition, or the joint of the group. */
  part: Tree;
  group: boolean;
  /** It stands under a `not`. */
  negated: boolean;
  /** What joins it to the row before it, and the path of that joint. */
  joint?: { kind: Joint; path: Path };
}

/** The conditions from the top down, as a sentence would say them; a group inside another has a head. */
export function rows(tree: Tree | null): Row[] {
  return tree ? below(tree, [], 0, false) : [];
}

function below(tree: Tree, path: Path, depth: number, negated: boolean): Row[] {
  if (isNot(tree)) return below(tree.not as Tree, [...path, 0], depth, !negated);
  if (!isJoint(tree)) return [{ path, depth, part: tree, group: false, negated }];
  const kind = kindOf(tree) as Joint;
  const head: Row[] = path.length > 0 ? [{ path, depth, part: tree, group: true, negated }] : [];
  const inside = parts(tree).flatMap((part, index) => {
    const all = below(part, [...path, index], depth + head.length, false);
    const [first] = all;
    if (first && index > 0) first.joint = { kind, path };
    return all;
  });
  return [...head, ...inside];
}

/** Where a row stands among its neighbours: the place of the `not` that it is under, where there is one. */
export function outerPath(tree: Tree, path: Path): Path {
  const above = path.slice(0, -1);
  const outer = at(tree, above);
  return path.length > 0 && outer && isNot(outer) ? outerPath(tree, above) : path;
}

/** The parts of the whole that have to hold one after the other, for the number of people who are left after each. */
export function stages(tree: Tree | null): { path: Path; tree: Tree }[] {
  if (!tree) return [];
  if (!("and" in tree)) return [{ path: [], tree }];
  const all = parts(tree);
  return all.map((_, index) => ({ path: [index], tree: index ? { and: all.slice(0, index + 1) } : (all[0] as Tree) }));
}

/** What is to be counted, by the row that says it: the stages of the whole, and by themselves the rows inside groups. */
export function questions(tree: Tree): { path: Path; tree: Tree; alone: boolean }[] {
  const whole = stages(tree);
  const ofWhole = new Set(whole.map((one) => one.path.join()));
  const inside = rows(tree).filter((row) => !row.group && !ofWhole.has(outerPath(tree, row.path).join()));
  return [
    ...whole.map((one) => ({ ...one, alone: false })),
    ...inside.map((row) => ({ path: outerPath(tree, row.path), tree: row.negated ? { not: row.part } : row.part, alone: true })),
  ];
}

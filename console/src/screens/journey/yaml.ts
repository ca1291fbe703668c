// A journey as the text of its file, and which lines are which step.

import { ways, type JourneyForm, type Step } from "./form.ts";
import { placeOf, type Path } from "./tree.ts";

const ORDER = ["journey", "purpose", "enter", "for", "reenter", "exit", "goal", "holdout", "on change", "steps"] as const;
const SAFE = /^[\p{L}\d][^#:{}[\],&*!|>'@`\n]*$/u;
const OTHERWISE = /^(true|false|null|yes|no|on|off|~)$|^[\d.+-]+$/i;

export interface Written {
  text: string;
  /** The first line of a step by its place, and the first that is not its own any more. Lines begin with 0. */
  lines: Map<string, { from: number; to: number }>;
}

export function write(form: JourneyForm): Written {
  const out: string[] = [];
  const lines: Written["lines"] = new Map();
  for (const key of ORDER) {
    if (key === "steps") continue;
    const value = form[key];
    if (value !== undefined && value !== "") out.push(`${key}: ${flow(value)}`);
  }
  out.push(form.steps.length ? "steps:" : "steps: []");
  writeSteps(form.steps, [], 2);
  return { text: `${out.join("\n")}\n`, lines };

  function writeSteps(steps: readonly Step[], outer: Path, indent: number): void {
    for (const [index, step] of steps.entries()) {
      const path = [...outer, index];
      const from = out.length;
      writeStep(step, path, indent);
      lines.set(placeOf(form.steps, path), { from, to: out.length });
    }
  }

  function writeStep(step: Step, path: Path, indent: number): void {
    const pad = " ".repeat(indent);
    if (typeof step === "string") return void out.push(`${pad}- exit`);
    let dash = "- ";
    const put = (text: string) => {
      out.push(pad + dash + text);
      dash = "  ";
    };
    for (const [key, value] of Object.entries(step)) {
      if (value === undefined) continue;
      if (key === "branch" || key === "split" || key === "else") {
        put(`${key}:`);
        if (key === "else") writeSteps(step.else ?? [], [...path, 0], indent + 4);
        else ways(step).forEach((way, number) => writeWay(way, (step.branch?.[number] ?? step.split?.[number] ?? {}) as Record<string, unknown>, [...path, number], indent + 4));
      } else put(`${key}: ${flow(value)}`);
    }
  }

  function writeWay(steps: readonly Step[], of: Record<string, unknown>, path: Path, indent: number): void {
    const pad = " ".repeat(indent);
    const condition = "if" in of ? `if: ${flow(of.if)}` : "share" in of ? `share: ${flow(of.share)}` : undefined;
    const key = condition === undefined ? "else" : "then";
    if (condition !== undefined) out.push(`${pad}- ${condition}`);
    out.push(`${pad}${condition === undefined ? "- " : "  "}${key}:${steps.length ? "" : " []"}`);
    writeSteps(steps, path, indent + 4);
  }
}

interface Block {
  from: number;
  to: number;
}

/** Which lines of a file are which step, told by how far they stand in. What stands within one line has none of its own. */
export function stepLines(text: string, steps: readonly Step[]): Written["lines"] {
  const all = text.split("\n");
  const lines: Written["lines"] = new Map();
  const depth = (line: string) => line.search(/\S/);
  const begin = all.findIndex((line) => /^steps:\s*$/.test(line));
  if (begin >= 0) stepsIn({ from: begin + 1, to: all.length }, steps, []);
  return lines;

  /** The entries of the list that a block begins with. */
  function entries({ from, to }: Block): Block[] {
    const found: Block[] = [];
    let own = -1;
    for (let at = from; at < to; at += 1) {
      const line = all[at] ?? "";
      if (/^\s*(#.*)?$/.test(line)) continue;
      const begins = /^\s*- /.test(line) && (own < 0 || depth(line) === own);
      if (begins) {
        own = depth(line);
        found.push({ from: at, to: at + 1 });
      } else if (depth(line) <= own || own < 0) break;
      const last = found.at(-1);
      if (last) last.to = at + 1;
    }
    return found;
  }

  /** What stands under a key of an entry; undefined where it has none, or has it in the same line. */
  function under(entry: Block, key: string): Block | undefined {
    const column = depth(all[entry.from] ?? "") + 2;
    for (let at = entry.from; at < entry.to; at += 1) {
      const line = (all[at] ?? "").replace(/^(\s*)- /, "$1  ");
      if (depth(line) === column && line.trim() === `${key}:`) return { from: at + 1, to: entry.to };
    }
    return undefined;
  }

  function stepsIn(block: Block, of: readonly Step[], outer: Path): void {
    for (const [index, entry] of entries(block).entries()) {
      const step = of[index];
      if (step === undefined) return;
      const path = [...outer, index];
      lines.set(placeOf(steps, path), entry);
      if (typeof step === "string") continue;
      const forks = under(entry, "branch") ?? under(entry, "split");
      const otherwise = under(entry, "else");
      if (otherwise) stepsIn(otherwise, step.else ?? [], [...path, 0]);
      for (const [number, way] of (forks ? entries(forks) : []).entries()) {
        const inside = under(way, "then") ?? under(way, "else");
        if (inside) stepsIn(inside, ways(step)[number] ?? [], [...path, number]);
      }
    }
  }
}

/** A value on one line. */
export function flow(value: unknown, inside = false): string {
  if (value === null || value === undefined) return inside ? "null" : "";
  if (typeof value === "string") return scalar(value, inside);
  if (typeof value !== "object") return String(value);
  if (Array.isArray(value)) return `[${value.map((one) => flow(one, true)).join(", ")}]`;
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  return entries.length ? `{ ${entries.map(([key, one]) => (one === null && key === "yearly" ? key : `${scalar(key, true)}: ${flow(one, true)}`)).join(", ")} }` : "{}";
}

function scalar(text: string, inside: boolean): string {
  const plain = SAFE.test(text) && !OTHERWISE.test(text) && text === text.trim() && !(inside && text.includes(","));
  if (plain) return text;
  return text.includes("\n") ? JSON.stringify(text) : `'${text.replace(/'/g, "''")}'`;
}

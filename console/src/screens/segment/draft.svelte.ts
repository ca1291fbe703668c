// An expression that is edited at two sides: as text and as a tree. The server reads either into both, so that one never
// says what the other does not. An unfinished text keeps the last tree that was whole.

import { Problem, post } from "../../client.ts";
import { back, begun, forth, stepped, type Steps } from "./history.ts";
import type { Tree } from "./tree.ts";

const SETTLE_MS = 60;
const ONE_GO_MS = 900;

export class Draft {
  #steps = $state.raw<Steps>(begun(""));
  /** The last that was whole: what is counted and drawn. */
  tree = $state.raw<Tree | null>(null);
  valid = $state("");
  /** The last that was counted. */
  sure = $state("");
  mistake = $state.raw<Problem>();
  #waiting: ReturnType<typeof setTimeout> | undefined;
  #round = 0;
  #writtenAt = 0;

  get text(): string {
    return this.#steps.now;
  }
  get canUndo(): boolean {
    return this.#steps.past.length > 0;
  }
  get canRedo(): boolean {
    return this.#steps.future.length > 0;
  }

  begin(text: string): void {
    this.#steps = begun(text);
    void this.#read(text);
  }

  /** Somebody writes. */
  write(text: string): void {
    if (text === this.text) return;
    const now = performance.now();
    this.#steps = stepped(this.#steps, text, now - this.#writtenAt < ONE_GO_MS);
    this.#writtenAt = now;
    this.#later(text);
  }

  /** Somebody changed the tree: it is drawn at once, and its text comes after. */
  async plant(tree: Tree | null): Promise<void> {
    clearTimeout(this.#waiting);
    const mine = (this.#round += 1);
    this.#writtenAt = 0;
    if (!tree) {
      this.#steps = stepped(this.#steps, "");
      return this.#empty();
    }
    const before = this.tree;
    this.tree = tree;
    try {
      const { expression } = await post("/api/v1/segments/parse", { body: { tree } });
      if (mine !== this.#round) return;
      this.#steps = stepped(this.#steps, expression);
      this.valid = expression;
      this.mistake = undefined;
    } catch (problem) {
      if (mine !== this.#round) return;
      this.tree = before;
      this.mistake = problem instanceof Problem ? problem : new Problem(0, "", { message: String(problem) });
    }
  }

  undo = (): void => this.#go(back(this.#steps));
  redo = (): void => this.#go(forth(this.#steps));

  #go(steps: Steps | null): void {
    if (!steps) return;
    this.#steps = steps;
    this.#writtenAt = 0;
    void this.#read(steps.now);
  }

  #later(text: string): void {
    clearTimeout(this.#waiting);
    this.#waiting = setTimeout(() => void this.#read(text), SETTLE_MS);
  }

  async #read(text: string): Promise<void> {
    const mine = (this.#round += 1);
    if (text.trim() === "") return this.#empty();
    try {
      const { tree } = await post("/api/v1/segments/parse", { body: { expression: text } });
      if (mine !== this.#round) return;
      this.tree = tree as Tree;
      this.valid = text;
      this.mistake = undefined;
    } catch (problem) {
      if (mine !== this.#round) return;
      this.mistake = problem instanceof Problem ? problem : new Problem(0, "", { message: problem instanceof Error ? problem.message : String(problem) });
    }
  }

  #empty(): void {
    this.tree = null;
    this.valid = "";
    this.mistake = undefined;
  }
}

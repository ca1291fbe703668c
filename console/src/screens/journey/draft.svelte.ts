// A journey while it is edited: what is live, what was made of it, and the way back and forth. It is kept in the browser
// until it is live, so that a closed window loses nothing.

import { begin, change, redo, undo, type History } from "./history.ts";
import type { JourneyForm, Step } from "./form.ts";
import { moveBy, move, insert, remove, replace, stepAt, type Path } from "./tree.ts";

const KEY = "trama-draft-journey-";

interface Kept {
  form: JourneyForm;
  /** The version that it was made from. */
  version?: string;
}

export class Draft {
  #history = $state.raw<History<JourneyForm>>(begin({ journey: "", purpose: "", enter: "", steps: [] }));
  /** As it is live; undefined for one that never was. */
  live = $state.raw<JourneyForm | undefined>();
  version = $state<string | undefined>();
  /** The text of the file while it says what the drawing does not know yet. */
  text = $state<string | undefined>();
  /** Whether a draft of an earlier visit was found. */
  found = $state(false);

  get form(): JourneyForm {
    return this.#history.now;
  }
  get steps(): readonly Step[] {
    return this.#history.now.steps;
  }
  get dirty(): boolean {
    return this.text !== undefined || this.live === undefined || JSON.stringify(this.live) !== JSON.stringify(this.form);
  }
  get undoes(): boolean {
    return this.#history.past.length > 0;
  }
  get redoes(): boolean {
    return this.#history.future.length > 0;
  }

  /** Takes what the server tells, unless something was made of it already. */
  load(form: JourneyForm, version: string | undefined, isLive: boolean): void {
    const kept = read(form.journey);
    this.live = isLive ? form : undefined;
    this.version = version;
    this.text = undefined;
    this.found = kept !== undefined && JSON.stringify(kept.form) !== JSON.stringify(form);
    this.#history = begin(form);
    if (this.found && kept) this.#history = change(this.#history, kept.form);
  }

  /** What is live became other: the draft is one of that from now on. */
  rebase(form: JourneyForm | undefined, version: string | undefined): void {
    this.live = form;
    this.version = version;
    this.#keep();
  }

  /** A change; those with the same `of` in a row are undone together. */
  set(form: JourneyForm, of?: string): void {
    this.#history = change(this.#history, form, of);
    this.#keep();
  }
  setSteps(steps: Step[], of?: string): void {
    this.set({ ...this.form, steps }, of);
  }
  undo(): void {
    this.#history = undo(this.#history);
    this.#keep();
  }
  redo(): void {
    this.#history = redo(this.#history);
    this.#keep();
  }
  /** Back to what is live. */
  drop(): void {
    if (this.live) this.set(this.live);
    this.text = undefined;
    this.found = false;
  }

  insert(path: Path, step: Step): void {
    this.setSteps(insert(this.steps, path, step));
  }
  remove(path: Path): void {
    this.setSteps(remove(this.steps, path));
  }
  replace(path: Path, step: Step): void {
    this.setSteps(replace(this.steps, path, step), `step ${path.join(".")}`);
  }
  move(from: Path, slot: Path): Path {
    return this.#moved(move(this.steps, from, slot)) ?? from;
  }
  moveBy(path: Path, by: -1 | 1): Path {
    return this.#moved(moveBy(this.steps, path, by)) ?? path;
  }
  copy(path: Path): Path {
    const step = stepAt(this.steps, path);
    const after = path.with(-1, (path.at(-1) ?? 0) + 1);
    if (step === undefined) return path;
    // Two steps of one name would be one place.
    const { name: _, ...rest } = typeof step === "string" ? { name: undefined } : step;
    this.insert(after, typeof step === "string" ? step : rest);
    return after;
  }

  #moved(moved: { steps: Step[]; path: Path } | null): Path | undefined {
    if (!moved) return undefined;
    this.setSteps(moved.steps);
    return moved.path;
  }
  #keep(): void {
    const key = KEY + this.form.journey;
    if (this.dirty) localStorage.setItem(key, JSON.stringify({ form: this.form, version: this.version } satisfies Kept));
    else localStorage.removeItem(key);
  }
  /** What was saved needs no keeping. */
  forget(): void {
    localStorage.removeItem(KEY + this.form.journey);
  }
}

function read(name: string): Kept | undefined {
  try {
    return JSON.parse(localStorage.getItem(KEY + name) ?? "null") ?? undefined;
  } catch {
    return undefined;
  }
}

/** Names of journeys of which only a draft is here. */
export function drafts(): string[] {
  return Object.keys(localStorage).filter((key) => key.startsWith(KEY)).map((key) => key.slice(KEY.length));
}

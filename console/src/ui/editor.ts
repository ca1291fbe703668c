// The editor of texts, which is CodeMirror with our looks and keys. Fetched lazily; nothing else imports CodeMirror.

import { autocompletion, completionKeymap, startCompletion, type CompletionContext } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { setDiagnostics } from "@codemirror/lint";
import { Compartment, EditorState, RangeSetBuilder, StateEffect, StateField, type Extension } from "@codemirror/state";
import { Decoration, EditorView, ViewPlugin, keymap, lineNumbers, type DecorationSet } from "@codemirror/view";

/** A piece of a line, from and to by characters, and what it is. */
export interface Mark {
  from: number;
  to: number;
  kind: "word" | "text" | "number" | "name" | "comment";
}
export interface Completion {
  label: string;
  /** How often it occurs, or what it is. */
  detail?: string;
  apply?: string;
}
export interface Mistake {
  from: number;
  to: number;
  message: string;
  severity?: "error" | "warning";
  /** What mends it with one key. */
  fix?: { label: string; text: string };
}
export interface Editor {
  setText(text: string): void;
  setMistakes(mistakes: readonly Mistake[]): void;
  setChosen(range: { from: number; to: number } | undefined): void;
  end(): void;
}
interface Settings {
  marks?: (line: string) => Mark[];
  complete?: (text: string, at: number) => Promise<{ from: number; options: Completion[] } | null>;
  readonly: boolean;
  label: string;
  described: string;
  oninput: (text: string) => void;
  oncursor: (at: number) => void;
  onrun: () => void;
}

const choose = StateEffect.define<{ from: number; to: number } | undefined>();

const chosenField = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(old, transaction) {
    let now = old.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (!effect.is(choose)) continue;
      const range = effect.value;
      const length = transaction.newDoc.length;
      const to = Math.min(length, range?.to ?? 0);
      now = range && range.from < to ? Decoration.set([Decoration.mark({ class: "cm-chosen" }).range(range.from, to)]) : Decoration.none;
    }
    return now;
  },
  provide: (field) => EditorView.decorations.from(field),
});

export function edit(parent: HTMLElement, text: string, settings: Settings): Editor {
  const run = { key: "Mod-Enter", run: () => (settings.onrun(), true) };
  // Tab is not among the keys: it leaves the field, as everywhere else.
  const keys = keymap.of([run, { key: "Ctrl-Space", run: startCompletion }, ...completionKeymap, ...historyKeymap, ...defaultKeymap]);
  const told = EditorView.updateListener.of((update) => {
    if (update.docChanged) settings.oninput(update.state.doc.toString());
    if (update.selectionSet) settings.oncursor(update.state.selection.main.head);
  });
  const attributes = EditorView.contentAttributes.of({ "aria-label": settings.label, "aria-describedby": settings.described, spellcheck: "false" });
  const extensions: Extension[] = [history(), keys, told, attributes, chosenField, lineNumbers(), EditorView.lineWrapping, looks];
  if (settings.marks) extensions.push(marked(settings.marks));
  if (settings.complete) extensions.push(completed(settings.complete));
  const editable = new Compartment();
  extensions.push(editable.of([EditorState.readOnly.of(settings.readonly), EditorView.editable.of(!settings.readonly)]));
  const view = new EditorView({ parent, state: EditorState.create({ doc: text, extensions }) });
  return {
    setText(next) {
      if (next !== view.state.doc.toString()) view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: next } });
    },
    setMistakes(mistakes) {
      const { length } = view.state.doc;
      const found = mistakes.map(({ from, to, message, severity = "error", fix }) => ({
        from: Math.min(from, length),
        to: Math.min(Math.max(to, from), length),
        message,
        severity,
        actions: fix && [{ name: fix.label, apply: (on: EditorView, start: number, end: number) => on.dispatch({ changes: { from: start, to: end, insert: fix.text } }) }],
      }));
      view.dispatch(setDiagnostics(view.state, found));
    },
    setChosen(range) {
      view.dispatch({ effects: choose.of(range) });
    },
    end: () => view.destroy(),
  };
}

function completed(complete: NonNullable<Settings["complete"]>): Extension {
  const source = async (context: CompletionContext) => {
    const found = await complete(context.state.doc.toString(), context.pos);
    return found && { from: found.from, options: found.options, validFor: /^[\w. -]*$/ };
  };
  return autocompletion({ override: [source], icons: false });
}

/** Colours of the lines that are in view. */
function marked(marks: NonNullable<Settings["marks"]>): Extension {
  const decorations = { word: "cm-word", text: "cm-string", number: "cm-num", name: "cm-name", comment: "cm-remark" };
  const build = (view: EditorView): DecorationSet => {
    const builder = new RangeSetBuilder<Decoration>();
    for (const { from, to } of view.visibleRanges) {
      for (let at = from; at <= to; ) {
        const line = view.state.doc.lineAt(at);
        for (const mark of marks(line.text)) builder.add(line.from + mark.from, line.from + mark.to, Decoration.mark({ class: decorations[mark.kind] }));
        at = line.to + 1;
      }
    }
    return builder.finish();
  };
  return ViewPlugin.define((view) => ({ decorations: build(view), update(update) {
    if (update.docChanged || update.viewportChanged) this.decorations = build(update.view);
  } }), { decorations: (plugin) => plugin.decorations });
}

const looks = EditorView.theme({
  "&": { fontSize: ".926rem", color: "var(--ink)", backgroundColor: "transparent" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "23px", fontVariantLigatures: "none" },
  ".cm-content": { padding: "7px 0", caretColor: "var(--ink)" },
  ".cm-cursor": { borderLeft: "2px solid var(--ink)" },
  ".cm-gutters": { backgroundColor: "transparent", color: "var(--ink3)", border: "0" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--sunk)" },
  ".cm-word": { color: "var(--ink3)" },
  ".cm-string": { color: "var(--in)" },
  ".cm-num": { color: "var(--ink)", fontWeight: "600" },
  ".cm-name": { color: "var(--ink)" },
  ".cm-remark": { color: "var(--ink3)" },
  ".cm-chosen": { backgroundColor: "var(--in-bg)" },
  ".cm-tooltip": { backgroundColor: "var(--surface)", border: "1px solid var(--line2)", borderRadius: "var(--radius-card)", boxShadow: "var(--shadow)", fontFamily: "var(--sans)" },
  ".cm-tooltip-autocomplete > ul": { fontFamily: "var(--sans)", padding: "4px" },
  ".cm-tooltip-autocomplete > ul > li": { padding: "4px 8px", borderRadius: "6px", lineHeight: "20px" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: "var(--sunk)", color: "var(--ink)" },
  ".cm-completionDetail": { color: "var(--ink3)", fontStyle: "normal", marginLeft: "16px" },
  ".cm-diagnostic-error": { borderLeft: "3px solid var(--bad)" },
  ".cm-diagnosticAction": { backgroundColor: "var(--sunk)", color: "var(--ink)", borderRadius: "var(--radius-tag)" },
});

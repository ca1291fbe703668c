// A mail's MJML as a list of blocks. A block is a stretch of the source itself: what the list does not understand stays as
// it was written, and whoever writes MJML by hand finds their own text again.

export type BlockKind = "text" | "button" | "image" | "spacer" | "divider" | "other";

export interface Block {
  kind: BlockKind;
  tag: string;
  /** Which section of the mail it lies in, and which column of all. */
  section: number;
  column: number;
  from: number;
  to: number;
  attributes: Record<string, string>;
  /** What stands between its tags; absent where it has but one. */
  content?: { from: number; to: number };
}
export interface Column {
  section: number;
  from: number;
  to: number;
}
export interface Mail {
  blocks: Block[];
  columns: Column[];
}

const TAG = /<!--[\s\S]*?-->|<(\/?)(mj[a-z]*(?:-[a-z-]+)?)\b((?:"[^"]*"|'[^']*'|[^>"'])*?)(\/?)>/g;
const KINDS: Record<string, BlockKind> = { "mj-text": "text", "mj-button": "button", "mj-image": "image", "mj-spacer": "spacer", "mj-divider": "divider" };
/** What an email is read in: elements whose children are blocks. */
const HOLDS = new Set(["mj-column", "mj-hero"]);

export function read(source: string): Mail {
  const blocks: Block[] = [];
  const columns: Column[] = [];
  const open: { tag: string; from: number; end: number; attributes: string }[] = [];
  let section = -1;
  for (const found of source.matchAll(TAG)) {
    const [whole, closing, tag, attributes = "", single] = found;
    if (tag === undefined) continue;
    const from = found.index;
    const to = from + whole.length;
    const parent = open.at(-1);
    const inColumn = parent !== undefined && HOLDS.has(parent.tag) && open.some((one) => one.tag === "mj-body");
    if (closing) {
      const at = open.findLastIndex((one) => one.tag === tag);
      const begun = open[at];
      if (!begun) continue;
      open.length = at;
      if (HOLDS.has(tag)) columns.push({ section: Math.max(0, section), from: begun.end, to: from });
      else if (open.length && HOLDS.has(open[open.length - 1]?.tag ?? "") && open.some((one) => one.tag === "mj-body")) {
        blocks.push({ kind: KINDS[tag] ?? "other", tag, section: Math.max(0, section), column: columns.length, from: begun.from, to, attributes: read_attributes(begun.attributes), content: { from: begun.end, to: from } });
      }
    } else if (single) {
      if (inColumn) blocks.push({ kind: KINDS[tag] ?? "other", tag, section: Math.max(0, section), column: columns.length, from, to, attributes: read_attributes(attributes) });
    } else {
      if (tag === "mj-section" || tag === "mj-hero") section += 1;
      open.push({ tag, from, end: to, attributes });
    }
  }
  return { blocks, columns };
}

function read_attributes(text: string): Record<string, string> {
  return Object.fromEntries([...text.matchAll(/([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)].map((found) => [found[1] ?? "", unescape(found[2] ?? found[3] ?? "")]));
}

const unescape = (text: string) => text.replace(/&quot;/g, '"').replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");
const escape = (text: string) => text.replace(/&(?!\w+;|#)/g, "&amp;").replace(/"/g, "&quot;").replace(/</g, "&lt;");

const cut = (source: string, from: number, to: number, text = "") => source.slice(0, from) + text + source.slice(to);

export function contentOf(source: string, block: Block): string {
  return block.content ? source.slice(block.content.from, block.content.to) : "";
}

/** What is read of a block in a list: its words without marks, Liquid as it is. */
export function wordsOf(source: string, block: Block): string {
  const text = contentOf(source, block).replace(/<br\s*\/?>/g, " ").replace(/<[^>]+>/g, "");
  return unescape(text).replace(/&nbsp;/g, " ").replace(/\s+/g, " ").trim();
}

export function withContent(source: string, block: Block, text: string): string {
  return block.content ? cut(source, block.content.from, block.content.to, text) : source;
}

export function withAttribute(source: string, block: Block, name: string, value: string): string {
  const end = source.indexOf(block.content ? ">" : "/>", attributesEnd(source, block));
  const head = source.slice(block.from, end);
  const written = new RegExp(`\\s${name}\\s*=\\s*("[^"]*"|'[^']*')`);
  const next = value === "" ? head.replace(written, "") : written.test(head) ? head.replace(written, () => ` ${name}="${escape(value)}"`) : `${head.trimEnd()} ${name}="${escape(value)}"${block.content ? "" : " "}`;
  return cut(source, block.from, end, next);
}

/** Where the attributes of a block's first tag are over. */
function attributesEnd(source: string, block: Block): number {
  const tag = /^<[\w-]+(?:"[^"]*"|'[^']*'|[^>"'])*?(?=\/?>)/.exec(source.slice(block.from, block.to));
  return block.from + (tag?.[0].length ?? 0);
}

/** The whole lines of a block, where nothing else stands on them. */
function linesOf(source: string, block: Block): { from: number; to: number } {
  const start = source.lastIndexOf("\n", block.from - 1) + 1;
  const next = source.indexOf("\n", block.to);
  const end = next < 0 ? source.length : next + 1;
  const alone = source.slice(start, block.from).trim() === "" && source.slice(block.to, end).trim() === "";
  return alone ? { from: start, to: end } : { from: block.from, to: block.to };
}

export function without(source: string, block: Block): string {
  const { from, to } = linesOf(source, block);
  return cut(source, from, to);
}

/** Puts a text where the block of this number is now, or behind the last of a column. */
function put(source: string, text: string, index: number, column: number): string {
  const mail = read(source);
  const next = mail.blocks[index];
  const before = mail.blocks[index - 1];
  if (next && next.column === column) {
    const { from } = linesOf(source, next);
    const indent = source.slice(source.lastIndexOf("\n", next.from - 1) + 1, next.from);
    return cut(source, from, from, `${indent.trim() === "" ? indent : ""}${text}\n`);
  }
  if (before && before.column === column) {
    const { to } = linesOf(source, before);
    const indent = source.slice(source.lastIndexOf("\n", before.from - 1) + 1, before.from);
    return cut(source, to, to, `${source[to - 1] === "\n" ? "" : "\n"}${indent.trim() === "" ? indent : ""}${text}\n`);
  }
  const into = mail.columns[column];
  return into ? cut(source, into.from, into.from, `\n${text}`) : source;
}

export interface Fresh {
  text: string;
  button: string;
}

export function insert(source: string, index: number, column: number, kind: Exclude<BlockKind, "other">, words: Fresh): string {
  const text = {
    text: `<mj-text>${words.text}</mj-text>`,
    button: `<mj-button href="https://">${words.button}</mj-button>`,
    image: `<mj-image src="https://" alt="" />`,
    spacer: `<mj-spacer height="16px" />`,
    divider: `<mj-divider border-width="1px" border-color="#d9d4cc" />`,
  }[kind];
  return put(source, text, index, column);
}

/** Moves a block in front of the one that has the number `to` now; the number it has afterwards. */
export function move(source: string, from: number, to: number, column: number): { source: string; index: number } {
  const block = read(source).blocks[from];
  if (!block || ((to === from || to === from + 1) && column === block.column)) return { source, index: from };
  const text = source.slice(block.from, block.to);
  const index = to > from ? to - 1 : to;
  return { source: put(without(source, block), text, index, column), index };
}

/** A small mail to begin with, that has everything that a mail needs. */
export function blank(language: string, words: { title: string; text: string; why: string; unsubscribe: string }): string {
  return `<mjml lang="${language}">
  <mj-body width="600px">
    <mj-section>
      <mj-column>
        <mj-text font-size="24px" line-height="32px">${words.title}</mj-text>
        <mj-text>${words.text}</mj-text>
      </mj-column>
    </mj-section>
    <mj-section>
      <mj-column>
        <mj-text font-size="13px" color="#6f6256">${words.why} <a href="{{ unsubscribe_url }}">${words.unsubscribe}</a></mj-text>
      </mj-column>
    </mj-section>
  </mj-body>
</mjml>
`;
}

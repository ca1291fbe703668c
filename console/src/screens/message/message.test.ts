import assert from "node:assert/strict";
import { test } from "node:test";
import { blank, contentOf, insert, move, read, withAttribute, withContent, without, wordsOf } from "./blocks.ts";
import { channelsOf, checks, fromCanonical, inFile, missing, placeOf, slots, withLanguage, type Preview } from "./message.ts";

const source = `<mjml>
  <mj-head><mj-attributes><mj-text color="red" /></mj-attributes></mj-head>
  <mj-body>
    <!-- <mj-text>not this</mj-text> -->
    <mj-section>
      <mj-column>
        <mj-text font-size="20px">Hello {% if a > b %}{{ name }}{% endif %}</mj-text>
        <mj-button href="https://a.example/?x=1&amp;y=2">Go<br />on</mj-button>
      </mj-column>
    </mj-section>
    <mj-section><mj-column>
        <mj-image src="https://a.example/a.png" alt="" />
        <mj-social><mj-social-element name="x">X</mj-social-element></mj-social>
    </mj-column></mj-section>
  </mj-body>
</mjml>
`;

test("blocks are stretches of the source, and what is not known stays", () => {
  const { blocks, columns } = read(source);
  assert.deepEqual(blocks.map((block) => [block.kind, block.section, block.column]), [["text", 0, 0], ["button", 0, 0], ["image", 1, 1], ["other", 1, 1]]);
  assert.equal(columns.length, 2);
  const [text, button] = blocks;
  assert.ok(text && button);
  assert.equal(contentOf(source, text), "Hello {% if a > b %}{{ name }}{% endif %}");
  assert.equal(button.attributes.href, "https://a.example/?x=1&y=2");
  assert.equal(wordsOf(source, button), "Go on");
});

test("a change of one block leaves every other character", () => {
  const [text, button, image] = read(source).blocks;
  assert.ok(text && button && image);
  assert.equal(withContent(source, text, "Hi"), source.replace("Hello {% if a > b %}{{ name }}{% endif %}", "Hi"));
  assert.equal(withAttribute(source, image, "alt", 'A "big" one'), source.replace('alt=""', 'alt="A &quot;big&quot; one"'));
  assert.equal(withAttribute(source, text, "align", "center"), source.replace('font-size="20px"', 'font-size="20px" align="center"'));
  assert.equal(withAttribute(source, text, "font-size", ""), source.replace(' font-size="20px"', ""));
  assert.equal(without(source, button), source.replace(/ +<mj-button.*\n/, ""));
});

test("blocks move within a column and into another, and come back", () => {
  const down = move(source, 0, 2, 0);
  assert.deepEqual(read(down.source).blocks.map((block) => block.kind), ["button", "text", "image", "other"]);
  assert.equal(down.index, 1);
  assert.equal(move(down.source, 1, 0, 0).source, source);
  const over = move(source, 0, 2, 1);
  assert.deepEqual(read(over.source).blocks.map((block) => [block.kind, block.section]), [["button", 0], ["text", 1], ["image", 1], ["other", 1]]);
  assert.equal(move(source, 1, 2, 0).source, source, "it is there already");
});

test("a new block stands where it was put, also in a column that is empty", () => {
  const more = insert(source, 2, 0, "image", { text: "T", button: "B" });
  assert.deepEqual(read(more).blocks.map((block) => block.kind), ["text", "button", "image", "image", "other"]);
  const empty = insert("<mjml><mj-body><mj-section><mj-column></mj-column></mj-section></mj-body></mjml>", 0, 0, "text", { text: "T", button: "B" });
  assert.equal(read(empty).blocks.length, 1);
  assert.equal(read(blank("en", { title: "a", text: "b", why: "c", unsubscribe: "d" })).blocks.length, 3);
});

test("channels, and the languages that lack words", () => {
  const form = { message: "a", email: { from: "x", subject: { it: "Ciao", en: "" } }, onsite: { title: { it: "Uno", en: "One" }, text: { it: "Due" } } };
  assert.deepEqual(channelsOf(form), ["email", "onsite"]);
  assert.deepEqual(missing(form, { "email.it.mjml": "x", "email.en.mjml": "y" }, ["it", "en"], "email"), ["en"]);
  assert.deepEqual(missing(form, {}, ["it", "en"], "onsite"), ["en"]);
  assert.deepEqual(withLanguage("Hi", "it", "Ciao", ["en", "it"]), { en: "Hi", it: "Ciao" });
  assert.equal(withLanguage("Hi", "en", "Hello", ["en"]), "Hello");
});

test("what is wrong stands before what is fine", () => {
  const preview: Preview = { subject: "", html: '<img src="a"><a href="http://x">x</a>', text: "", html_bytes: 200_000, unsubscribe: null, missing: ["first_name"], unknown: [], warnings: ["short"] };
  const found = checks(preview, ["fr"], true);
  assert.deepEqual(found.filter((check) => !check.fine).map((check) => check.key), ["unsubscribe", "subject", "size", "alt", "links", "traits", "language", "warning"]);
  const good: Preview = { ...preview, subject: "Hi", html: '<a href="https://x.example/unsubscribe">x</a>', html_bytes: 10, unsubscribe: "https://x", missing: [], warnings: [] };
  assert.ok(checks(good, [], true).every((check) => check.fine));
  assert.ok(!checks(good, [], false).some((check) => check.key === "unsubscribe"), "nothing is asked, so nothing is taken back");
});

test("slots show first what goes first", () => {
  const all = slots({ b: { onsite: { slot: "top" } }, a: { onsite: { slot: "top" } }, c: { priority: 5, onsite: { slot: "top" } }, mail: { email: {} } });
  assert.deepEqual(all.get("top")?.map((one) => one.name), ["c", "a", "b"]);
  assert.equal(all.size, 1);
});

test("the engine's form is told as the folder's", () => {
  const { form, templates } = fromCanonical("a", { priority: 5, patience: 60, email: { from: "x", reply_to: null, subject: { it: "C" }, templates: { it: { mjml: "M", html: null, text: "T" } } } }, (ms) => `${ms}`);
  assert.deepEqual(form, { message: "a", priority: 5, patience: "60", email: { from: "x", subject: { it: "C" } } });
  assert.deepEqual(templates, { "email.it.mjml": "M", "email.it.txt": "T" });
});

test("a finding stands at its word in the template that it is of, and at the field that it names", () => {
  const of = { file: "messages/a/email.en.mjml", line: 2, column: 4, severity: "error" as const, message: "wrong", place: "messages.a.email.subject.en" };
  const source = "<mjml>\n<p>{{ nme }}</p>\n</mjml>";
  const [mark] = inFile(source, "email.en.mjml", [of]);
  assert.equal(source.slice(mark?.from, mark?.to), "{{");
  assert.deepEqual(inFile(source, "email.it.mjml", [of]), [], "another file");
  assert.deepEqual(inFile(source, "email.en.mjml", [{ ...of, line: 9 }]), [], "a line that is no more");
  assert.deepEqual([placeOf(of, "subject", "en"), placeOf(of, "subject", "it"), placeOf(of, "from", "en")], [true, false, false]);
});

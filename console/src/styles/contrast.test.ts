import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

type Colour = [lightness: number, chroma: number, hue: number];

const css = readFileSync(new URL("tokens.css", import.meta.url), "utf8");
const number = "([\\d.]+)";
const oklch = `oklch\\(${number} ${number} ${number}\\)`;
const tokens = new Map(
  [...css.matchAll(new RegExp(`--([\\w-]+): light-dark\\(${oklch}, ${oklch}\\)`, "g"))].map((found): [string, [Colour, Colour]] => {
    const [l, c, h, ld, cd, hd] = found.slice(2).map(Number) as [number, number, number, number, number, number];
    return [found[1] ?? "", [[l, c, h], [ld, cd, hd]]];
  }),
);

/** Linear sRGB of a colour in OKLCH, by Ottosson's matrices. */
function linear([l, c, h]: Colour): [number, number, number] {
  const [a, b] = [c * Math.cos((h * Math.PI) / 180), c * Math.sin((h * Math.PI) / 180)];
  const [long, medium, short] = [(l + 0.3963377774 * a + 0.2158037573 * b) ** 3, (l - 0.1055613458 * a - 0.0638541728 * b) ** 3, (l - 0.0894841775 * a - 1.291485548 * b) ** 3];
  return [
    4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
    -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
    -0.0041960863 * long - 0.7034186147 * medium + 1.707614701 * short,
  ];
}

function luminance(colour: Colour): number {
  // As screens show it: eight bits a channel.
  const shown = linear(colour).map((value) => {
    const clipped = Math.min(1, Math.max(0, value));
    const encoded = clipped <= 0.0031308 ? 12.92 * clipped : 1.055 * clipped ** (1 / 2.4) - 0.055;
    const eight = Math.round(encoded * 255) / 255;
    return eight <= 0.04045 ? eight / 12.92 : ((eight + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * shown[0] + 0.7152 * shown[1] + 0.0722 * shown[2];
}

function contrast(a: Colour, b: Colour): number {
  const [x, y] = [luminance(a), luminance(b)];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

const GROUNDS = ["paper", "surface", "sunk"];
const TINTED = ["in-bg", "out-bg", "good-bg", "warn-bg", "bad-bg"];
/** What stands on what, and how far apart it has to be: text 4.5, marks and edges 3. */
const PAIRS: [string, string[], number][] = [
  ["ink", [...GROUNDS, ...TINTED], 4.5],
  ["ink2", [...GROUNDS, ...TINTED], 4.5],
  ["ink3", [...GROUNDS, ...TINTED], 4.5],
  ["in", [...GROUNDS, "in-bg"], 4.5],
  ["out", [...GROUNDS, "out-bg"], 4.5],
  ["good", [...GROUNDS, "good-bg"], 4.5],
  ["warn", [...GROUNDS, "warn-bg"], 4.5],
  ["bad", [...GROUNDS, "bad-bg"], 4.5],
  ["paper", ["ink", "ink2"], 4.5],
  ["edge", GROUNDS, 3],
  ["focus", GROUNDS, 3],
];

for (const [theme, index] of [["light", 0], ["dark", 1]] as const) {
  test(`what stands on something can be read: ${theme}`, () => {
    for (const [name, grounds, least] of PAIRS) {
      for (const ground of grounds) {
        const [over, under] = [tokens.get(name)?.[index], tokens.get(ground)?.[index]];
        assert.ok(over && under, `${name} on ${ground}: no such token`);
        const found = contrast(over, under);
        assert.ok(found >= least, `${name} on ${ground} has ${found.toFixed(2)}, wants ${least}`);
      }
    }
  });
}

test("every colour can be shown by every screen", () => {
  for (const [name, both] of tokens) {
    for (const colour of both) {
      for (const channel of linear(colour)) assert.ok(channel > -0.002 && channel < 1.002, `${name} is outside of sRGB: ${channel}`);
    }
  }
});

// Builds dist/t.js, which is part of the repository: whoever builds the server needs no npm.

import { fileURLToPath } from "node:url";

import { build } from "esbuild";

export const options = {
  entryPoints: [fileURLToPath(new URL("src/trama.js", import.meta.url))],
  outfile: fileURLToPath(new URL("dist/t.js", import.meta.url)),
  bundle: true,
  minify: true,
  format: /** @type {const} */ ("iife"),
  target: "es2020",
  legalComments: /** @type {const} */ ("none"),
};

if (process.argv[1] === fileURLToPath(import.meta.url)) await build(options);

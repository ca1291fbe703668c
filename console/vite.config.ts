import { brotliCompressSync, constants } from "node:zlib";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type Plugin } from "vite";

/** Where `npm run dev` finds a running server. */
const SERVER = process.env.TRAMA_URL ?? "http://127.0.0.1:8080";

/** What the server answers itself; every other path is a screen. */
const MACHINE = ["/api", "/v1", "/console/greeting.json", "/p/", "/f/", "/l/", "/q/", "/t.js", "/decide"];

export default defineConfig({
  plugins: [svelte(), brotli()],
  build: {
    target: ["chrome123", "firefox120", "safari17.5"],
    assetsDir: "console",
    // Only what is referred to by name may be kept for ever; a font inside a style sheet would be fetched with each of them.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        codeSplitting: {
          // What many screens share comes in one piece: a browser that has seen nothing yet asks for six at a time.
          groups: [{ name: "shared", test: /src\/ui\/|src\/[^/]+$|node_modules\/svelte/, minShareCount: 8 }],
        },
      },
    },
  },
  server: {
    port: 5173,
    proxy: Object.fromEntries(MACHINE.map((path) => [path, { target: SERVER, changeOrigin: true }])),
  },
});

/** Writes each text a second time, compressed: the server hands out what is there and compresses nothing itself. */
function brotli(): Plugin {
  return {
    name: "brotli",
    apply: "build",
    generateBundle: {
      order: "post",
      handler(_options, bundle) {
        for (const [name, file] of Object.entries(bundle)) {
          if (!/\.(js|css|svg|json)$/.test(name)) continue;
          const text = Buffer.from(file.type === "chunk" ? file.code : file.source);
          const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: text.length };
          this.emitFile({ type: "asset", fileName: `${name}.br`, source: brotliCompressSync(text, { params }) });
        }
      },
    },
  };
}

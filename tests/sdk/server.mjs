// The real server under test: its own data directory, its own port, its own keys; gone when the test is over.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const TRAMA = process.env.TRAMA_BIN ?? fileURLToPath(new URL("../../target/debug/trama", import.meta.url));
// The same server with its engine held; `crates/server/examples/held.rs` says what for.
const HELD = join(dirname(TRAMA), "examples", "held");

// Generous, since the machine may be building something else; a test that passes never waits this long.
const PATIENCE_MS = 30_000;
const POLL_MS = 20;

/**
 * Starts `trama serve` and resolves when it is ready. `t` is the test that owns it; `prepare` is called before with the
 * data directory and the program.
 */
export async function startServer(t, prepare = async () => {}) {
  const { server } = await start(t, TRAMA, (data, host) => ["serve", "--data", data, "--listen", host], prepare);
  return server;
}

/** What to prepare for a server with a programme, given as texts by file; `settings` are more lines of its own. */
export function withProgramme(files, settings = "") {
  return async (data) => {
    const programme = join(data, "programme");
    for (const [file, text] of Object.entries(files)) {
      await mkdir(dirname(join(programme, file)), { recursive: true });
      await writeFile(join(programme, file), text);
    }
    await writeFile(join(data, "trama.toml"), `programme = ${JSON.stringify(programme)}\n${settings}\n`);
  };
}

/** Starts a server that takes nothing more than it has room for, until it is let go. */
export async function startHeldServer(t) {
  const { server, child } = await start(t, HELD, (data, host) => [data, host]);
  return { server, letGo: () => child.stdin.end() };
}

async function start(t, program, parameters, prepare = async () => {}) {
  const data = await mkdtemp(join(tmpdir(), "trama-sdk-"));
  await prepare(data, program);
  const port = await freePort();
  const host = `127.0.0.1:${port}`;
  const child = spawn(program, parameters(data, host), { stdio: "pipe" });
  const said = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => said.push(chunk));
  let died;
  child.on("error", (error) => (died = error));
  child.on("exit", (code, signal) => (died ??= new Error(`trama ended with ${code ?? signal}`)));
  t.after(async () => {
    if (died === undefined) {
      child.kill("SIGTERM");
      await once(child, "exit");
    }
    await rm(data, { recursive: true, force: true });
  });
  const url = `http://${host}`;
  await eventually(async () => {
    if (died !== undefined) throw new Fatal(`${died.message}\n${Buffer.concat(said)}`);
    assert.equal((await fetch(`${url}/readyz`)).status, 200);
  });
  const { stdout } = await promisify(execFile)(TRAMA, ["keys", "--data", data, "--json"]);
  const keys = JSON.parse(stdout);
  return { server: new Server(url, keys), child };
}

class Server {
  constructor(url, keys) {
    this.url = url;
    this.writeKey = keys.write_key;
    this.adminToken = keys.admin_token;
    this.identitySecret = keys.identity_secret;
  }

  get host() {
    return new URL(this.url).host;
  }

  /** A GET of the management API; `undefined` when there is no such thing. */
  async get(path) {
    const response = await fetch(`${this.url}/api/v1${path}`, {
      headers: { authorization: `Bearer ${this.adminToken}` },
    });
    if (response.status === 404) return undefined;
    assert.equal(response.status, 200, `GET ${path}: ${response.status}`);
    return response.json();
  }

  profile(identifier) {
    return this.get(`/profiles/${encodeURIComponent(identifier)}`);
  }

  /** The offers that the person was given. */
  offers(identifier) {
    return this.get(`/profiles/${encodeURIComponent(identifier)}/offers`);
  }

  /** What the person did, as the timeline has it, oldest first. */
  async timeline(identifier) {
    const { events } = await this.get(`/profiles/${encodeURIComponent(identifier)}/timeline`);
    return events.reverse().map(({ name, properties }) => ({ name, properties }));
  }

  /** Every event record of the log, oldest first. */
  async events() {
    const { activity } = await this.get("/activity?limit=1000");
    return activity.reverse().filter((record) => record.kind === "event");
  }
}

/** What no waiting can mend. */
class Fatal extends Error {}

/** Repeats the check until it no longer throws, and gives what it gives; fails with its last complaint. */
export async function eventually(check) {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (error instanceof Fatal || Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}

/** A port that nobody has at the moment. */
export async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  await once(probe, "close");
  return port;
}

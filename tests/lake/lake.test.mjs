// The lake as other programs see it: DuckDB opens the files of the real server and finds what `trama sql` says.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { DuckDBInstance } from "@duckdb/node-api";
import S3rver from "s3rver";

import { eventually, freePort } from "../sdk/server.mjs";

const TRAMA = process.env.TRAMA_BIN ?? fileURLToPath(new URL("../../target/debug/trama", import.meta.url));
const run = promisify(execFile);

// Two people; one comes by a cookie first, one gives back a part of what she bought, and a machine looks around.
const EVENTS = [
  { type: "page", anonymousId: "b", name: "Guide", context: { campaign: { source: "google", medium: "cpc" } } },
  { type: "identify", userId: "bob", anonymousId: "b", traits: { email: "bob@example.com" } },
  order("ada", { order_id: "1", total: 40.5, currency: "EUR" }),
  order("ada", { order_id: "2", total: 30, currency: "EUR" }),
  order("bob", { order_id: "3", total: 9.99, currency: "USD", gift: { wrapped: true } }),
  { type: "track", userId: "ada", event: "Order Refunded", properties: { order_id: "1", total: 10.25, currency: "EUR" } },
  { type: "track", userId: "bob", event: "Product Viewed", properties: { sku: "cup" }, context: { userAgent: "Googlebot/2.1" } },
];

function order(userId, properties) {
  return { type: "track", userId, event: "Order Completed", properties };
}

// Each is asked word for word of both.
const QUESTIONS = [
  "SELECT count(*) FROM events",
  "SELECT name, count(*) FROM events WHERE NOT is_bot GROUP BY 1 ORDER BY 1",
  "SELECT currency, count(*), sum(amount), sum(refunded), sum(net) FROM orders WHERE NOT is_returned GROUP BY 1 ORDER BY 1",
  "SELECT count(*), count(known_at), count(DISTINCT person) FROM people",
  "SELECT person, count(*) FROM events JOIN people USING (profile) GROUP BY 1 ORDER BY 1",
  "SELECT properties ->> 'total' FROM events WHERE counts_as = 'order' ORDER BY seq",
  "SELECT utm_source, utm_medium FROM events WHERE utm_source IS NOT NULL",
  "SELECT o.seq, e.name FROM orders o JOIN events e ON o.seq = e.seq ORDER BY 1",
  "SELECT day, count(*) FROM events GROUP BY 1 ORDER BY 1",
  "SELECT date_trunc('hour', occurred_at) = date_trunc('hour', received_at) FROM events ORDER BY seq LIMIT 1",
  "SELECT channel, campaign, is_paid, profile FROM visits ORDER BY seq",
  "SELECT count(*) FROM consents",
  "SELECT count(*) FROM memberships",
  "SELECT count(*) FROM spend",
];
const TABLES = ["events", "visits", "orders", "people", "consents", "memberships", "spend"];

class House {
  constructor(data, environment) {
    this.data = data;
    this.environment = { ...process.env, ...environment };
  }

  async start() {
    const host = `127.0.0.1:${await freePort()}`;
    this.child = spawn(TRAMA, ["serve", "--data", this.data, "--listen", host], { env: this.environment, stdio: "ignore" });
    this.url = `http://${host}`;
    await eventually(async () => assert.equal((await fetch(`${this.url}/readyz`)).status, 200));
    this.keys = JSON.parse(await this.trama("keys", "--json"));
  }

  async stop() {
    this.child.kill("SIGTERM");
    await once(this.child, "exit");
    this.child = undefined;
  }

  async trama(...words) {
    const { stdout } = await run(TRAMA, [...words, "--data", this.data], { env: this.environment });
    return stdout;
  }

  async track(batch) {
    const authorization = `Basic ${Buffer.from(`${this.keys.write_key}:`).toString("base64")}`;
    const body = JSON.stringify({ batch });
    const response = await fetch(`${this.url}/v1/batch`, { method: "POST", headers: { authorization }, body });
    assert.equal(response.status, 200, await response.text());
  }

  async sql(question) {
    return JSON.parse(await this.trama("sql", question, "--json"));
  }
}

async function open(t, environment = {}) {
  const data = await mkdtemp(join(tmpdir(), "trama-lake-"));
  const house = new House(data, environment);
  t.after(async () => {
    if (house.child !== undefined) await house.stop();
    await rm(data, { recursive: true, force: true });
  });
  await house.start();
  return house;
}

/** DuckDB with a view for each table; `glob` names the files of one. */
async function duck(glob) {
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  for (const table of TABLES) {
    await connection.run(
      `CREATE VIEW ${table} AS SELECT * FROM read_parquet('${glob(table)}', hive_partitioning = true, union_by_name = true)`,
    );
  }
  return connection;
}

/** What DuckDB says, in the words of our API: numbers as numbers, days and instants as text. */
async function asked(connection, question) {
  const reader = await connection.runAndReadAll(question);
  const plain = (cell) => {
    if (typeof cell === "bigint") return Number(cell);
    if (cell !== null && typeof cell === "object") return /^-?\d+\.\d+$/.test(`${cell}`) ? Number(`${cell}`) : `${cell}`;
    return cell;
  };
  return reader.getRows().map((row) => row.map(plain));
}

/** The SQL behind every key figure. Nothing is sent here, and a table of days without a row has no file that DuckDB could open. */
async function figures(house) {
  const { rows } = JSON.parse(await house.trama("measure", "kpi", "--json"));
  const told = await Promise.all(rows[0].kpis.map(({ name }) => run(TRAMA, ["measure", "sql", name])));
  return told.map(({ stdout }) => stdout).filter((sql) => !/\bsends\b/.test(sql));
}

async function compare(house, connection) {
  for (const question of [...QUESTIONS, ...(await figures(house))]) {
    const { rows } = await house.sql(question);
    assert.notEqual(rows.length, 0, question);
    assert.deepEqual(await asked(connection, question), rows, question);
  }
}

test("DuckDB finds in the folder what trama sql says, while the server runs and after", async (t) => {
  const house = await open(t);
  await house.track(EVENTS);
  const { rows, columns, seq } = await house.sql(QUESTIONS[2]);
  assert.deepEqual(rows, [["EUR", 2, 70.5, 10.25, 60.25], ["USD", 1, 9.99, 0, 9.99]]);
  assert.deepEqual(columns.map((column) => column.type), ["text", "bigint", "decimal", "decimal", "decimal"]);
  const connection = await duck((table) => join(house.data, "lake", table, "**/*.parquet"));
  await compare(house, connection);
  const verified = JSON.parse(await house.trama("lake", "verify", "--json"));
  assert.deepEqual(verified.checks.filter((check) => !check.equal), []);

  // What comes in is in the very next answer, and in the files.
  await house.track([order("ada", { order_id: "4", total: 1, currency: "EUR" })]);
  const next = await house.sql("SELECT count(*) FROM orders");
  assert.deepEqual(next.rows, [[4]]);
  assert.ok(next.seq > seq);
  await compare(house, connection);

  // Of a directory that no server runs on, the same command asks the log itself.
  await house.track([order("bob", { order_id: "5", total: 2, currency: "EUR" })]);
  await house.stop();
  assert.deepEqual((await house.sql("SELECT count(*) FROM orders")).rows, [[5]]);
  await compare(house, connection);
});

test("the columns of the files are those that are documented", async (t) => {
  const house = await open(t);
  await house.track(EVENTS);
  await house.sql("SELECT 1");
  const connection = await duck((table) => join(house.data, "lake", table, "**/*.parquet"));
  const documented = await readFile(new URL("../../docs/reference/lake.md", import.meta.url), "utf8");
  const kinds = { VARCHAR: "TEXT", "TIMESTAMP WITH TIME ZONE": "TIMESTAMP (UTC)", "DECIMAL(19,6)": "DECIMAL(19, 6)" };
  for (const table of TABLES) {
    const columns = await connection.runAndReadAll(`DESCRIBE ${table}`);
    const found = columns.getRows().map(([name, kind]) => `\`${name}\` | ${kinds[kind] ?? kind}`);
    const section = documented.split(`### \`${table}\`\n`)[1].split("\n### ")[0];
    const lines = section.split("\n").filter((line) => line.startsWith("| `"));
    const said = lines.map((line) => line.slice(2).split(" | ").slice(0, 2).join(" | ").replace(", may be null", ""));
    assert.deepEqual(found.sort(), said.sort(), table);
  }
});

test("whoever is erased is in no file", async (t) => {
  const house = await open(t);
  await house.track(EVENTS);
  await house.sql("SELECT 1");
  await house.trama("erase", "user_id:ada", "--yes");
  const connection = await duck((table) => join(house.data, "lake", table, "**/*.parquet"));
  assert.deepEqual(await asked(connection, "SELECT DISTINCT currency FROM orders"), [["USD"]]);
  assert.deepEqual(await asked(connection, "SELECT count(*) FROM events WHERE counts_as IS NOT NULL"), [[1]]);
  await compare(house, connection);
});

test("a store that speaks as S3 does holds the same files", async (t) => {
  const directory = await mkdtemp(join(tmpdir(), "trama-s3-"));
  const port = await freePort();
  const store = new S3rver({ address: "127.0.0.1", port, silent: true, directory, configureBuckets: [{ name: "lake" }] });
  await store.run();
  t.after(async () => {
    await store.close();
    await rm(directory, { recursive: true, force: true });
  });
  const house = await open(t, {
    TRAMA_LAKE: "s3://lake/shop",
    AWS_ENDPOINT: `http://127.0.0.1:${port}`,
    AWS_ALLOW_HTTP: "true",
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "S3RVER",
    AWS_SECRET_ACCESS_KEY: "S3RVER",
  });
  await house.track(EVENTS);
  assert.deepEqual((await house.sql("SELECT count(*) FROM events")).rows, [[EVENTS.length]]);
  assert.equal((await readdir(house.data)).includes("lake"), false, "nothing of it lies here");
  // The store keeps each object as a file of its own.
  const connection = await duck((table) => join(directory, "lake/shop", table, "**/*.parquet._S3rver_object"));
  await compare(house, connection);
  await house.stop();
  await compare(house, connection);
});

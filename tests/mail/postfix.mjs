// A real Postfix with opendkim in front of it as verifier, in a directory and on ports of its own. It knows three kinds
// of domains: inbox.test, whose mail lies in maildirs; later.test, which it takes and then bounces; and return.test,
// which it passes on to Trama's door.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { eventually, freePort } from "../sdk/server.mjs";

const NOBODY = 65534;

/** What this machine lacks for these tests; `undefined` when it has all. */
export function missing() {
  if (process.getuid() !== 0) return "Postfix starts as root only; run the tests as root";
  for (const program of ["postfix", "opendkim"]) {
    if (!(process.env.PATH ?? "").split(":").concat("/usr/sbin").some((folder) => existsSync(join(folder, program)))) {
      return `${program} is missing: apt-get install ${program}, or cargo xtask setup`;
    }
  }
  return undefined;
}

/** Starts both. `keys` are pairs of a DNS name and the record there; `doorPort` is where Trama takes what comes back. */
export async function startPostfix(t, keys, doorPort) {
  const home = mkdtempSync(join(tmpdir(), "trama-mail-"));
  chmodSync(home, 0o755);
  const [port, milterPort] = [await freePort(), await freePort()];
  const verifier = startVerifier(home, keys, milterPort);
  configure(home, port, milterPort, doorPort);
  const etc = join(home, "etc");
  const postfix = spawn("/usr/sbin/postfix", ["-c", etc, "start-fg"], { stdio: "pipe" });
  const said = [];
  for (const child of [verifier, postfix]) {
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => said.push(chunk));
  }
  t.after(async () => {
    try {
      execFileSync("/usr/sbin/postfix", ["-c", etc, "stop"], { stdio: "ignore" });
    } catch {
      postfix.kill("SIGTERM");
    }
    if (postfix.exitCode === null && postfix.signalCode === null) await once(postfix, "exit");
    verifier.kill("SIGTERM");
    if (verifier.exitCode === null && verifier.signalCode === null) await once(verifier, "exit");
    rmSync(home, { recursive: true, force: true });
  });
  const server = new Postfix(home, port, () => Buffer.concat(said).toString());
  await eventually(() => knock(milterPort).catch((error) => server.fail(error)));
  await eventually(() => knock(port).catch((error) => server.fail(error)));
  return server;
}

function startVerifier(home, keys, port) {
  const file = join(home, "keys");
  writeFileSync(file, keys.map(([name, text]) => `${name} ${text}\n`).join(""));
  const settings = [
    "Mode v",
    `Socket inet:${port}@127.0.0.1`,
    `TestPublicKeys ${file}`,
    "AuthservID mx.test",
    "AlwaysAddARHeader yes",
    // Mail from this machine would count as our own, and go unverified.
    "InternalHosts 192.0.2.1",
    "Syslog no",
  ];
  const conf = join(home, "opendkim.conf");
  writeFileSync(conf, `${settings.join("\n")}\n`);
  return spawn("/usr/sbin/opendkim", ["-f", "-x", conf], { stdio: "pipe" });
}

function configure(home, port, milterPort, doorPort) {
  const folder = (name) => {
    mkdirSync(join(home, name));
    return join(home, name);
  };
  const [etc, queue, data, boxes] = ["etc", "queue", "data", "boxes"].map(folder);
  const postfixUser = Number(execFileSync("id", ["-u", "postfix"]).toString());
  chownSync(data, postfixUser, -1);
  chownSync(boxes, NOBODY, NOBODY);
  const settings = {
    compatibility_level: "3.6",
    queue_directory: queue,
    data_directory: data,
    command_directory: "/usr/sbin",
    daemon_directory: "/usr/lib/postfix/sbin",
    maillog_file: join(home, "log"),
    maillog_file_prefixes: tmpdir(),
    myhostname: "mx.test",
    mydestination: "",
    mynetworks: "127.0.0.0/8",
    inet_interfaces: "127.0.0.1",
    inet_protocols: "ipv4",
    smtp_dns_support_level: "disabled",
    smtp_host_lookup: "native",
    alias_maps: "",
    alias_database: "",
    local_recipient_maps: "",
    smtpd_relay_restrictions: "permit_mynetworks, reject",
    smtpd_recipient_restrictions: "permit_mynetworks, reject",
    smtpd_reject_unlisted_recipient: "no",
    smtpd_client_connection_count_limit: "0",
    smtpd_milters: `inet:127.0.0.1:${milterPort}`,
    milter_default_action: "tempfail",
    virtual_mailbox_domains: "inbox.test",
    virtual_mailbox_base: boxes,
    virtual_mailbox_maps: "inline:{ ada@inbox.test=ada/, carol@inbox.test=carol/ }",
    virtual_minimum_uid: "100",
    virtual_uid_maps: `static:${NOBODY}`,
    virtual_gid_maps: `static:${NOBODY}`,
    relay_domains: "later.test, return.test",
    transport_maps:
      "inline:{ { later.test = error:5.1.1 no such user in this house }, " +
      `{ return.test = smtp:[127.0.0.1]:${doorPort} } }`,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`);
  writeFileSync(join(etc, "main.cf"), lines.join(""));
  const service = (name, kind, isPrivate, program, most = "-") =>
    `${name} ${kind} ${isPrivate} - n - ${most} ${program}\n`;
  const services = [
    service(`127.0.0.1:${port}`, "inet", "n", "smtpd"),
    service("postlog", "unix-dgram", "n", "postlogd", "1"),
    service("cleanup", "unix", "n", "cleanup", "0"),
    service("qmgr", "unix", "n", "qmgr", "1"),
    service("rewrite", "unix", "-", "trivial-rewrite"),
    ...["bounce", "defer", "trace"].map((name) => service(name, "unix", "-", "bounce", "0")),
    ...["error", "retry"].map((name) => service(name, "unix", "-", "error")),
    service("smtp", "unix", "-", "smtp"),
    `virtual unix - n n - - virtual\n`,
    service("proxymap", "unix", "-", "proxymap"),
    service("anvil", "unix", "-", "anvil", "1"),
    service("tlsmgr", "unix", "-", "tlsmgr", "1"),
  ];
  writeFileSync(join(etc, "master.cf"), services.join(""));
}

/** Resolves when somebody listens. */
async function knock(port) {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  socket.destroy();
}

class Postfix {
  constructor(home, port, said) {
    this.home = home;
    this.port = port;
    this.said = said;
  }

  /** Fails with all that is known. */
  fail(error) {
    const log = join(this.home, "log");
    const told = existsSync(log) ? readFileSync(log, "utf8") : "";
    throw new Error(`${error.message}\n${this.said()}\n${told}`, { cause: error });
  }

  /** The mails in somebody's maildir, once there are so many. */
  mails(name, count) {
    return eventually(() => {
      const folder = join(this.home, "boxes", name, "new");
      const files = existsSync(folder) ? readdirSync(folder).sort() : [];
      if (files.length < count) this.fail(new Error(`${files.length} of ${count} mails for ${name}`));
      return files.map((file) => readFileSync(join(folder, file), "latin1").replace(/\r?\n/g, "\r\n"));
    });
  }

  /** Hands a mail to Postfix as a stranger's server would. */
  async bring(from, to, mail) {
    const socket = connect(this.port, "127.0.0.1");
    socket.setEncoding("latin1");
    const replies = socket[Symbol.asyncIterator]();
    const expect = async (code) => {
      const { value } = await replies.next();
      if (!String(value).startsWith(code)) this.fail(new Error(`wanted ${code}, and got ${value}`));
    };
    await expect("220");
    const dots = mail.replace(/^\./gm, "..");
    for (const [line, code] of [
      ["HELO stranger.test", "250"],
      [`MAIL FROM:<${from}>`, "250"],
      [`RCPT TO:<${to}>`, "250"],
      ["DATA", "354"],
      [`${dots}\r\n.`, "250"],
      ["QUIT", "221"],
    ]) {
      socket.write(`${line}\r\n`, "latin1");
      await expect(code);
    }
    socket.destroy();
  }
}

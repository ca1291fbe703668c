// A mailbox that takes whatever comes by SMTP, for tests that follow the links of a mail.

import { once } from "node:events";
import { createServer } from "node:net";

export async function startMailbox(t) {
  const mails = [];
  const server = createServer((socket) => {
    let rest = "";
    let mail;
    socket.on("error", () => {});
    socket.write("220 mailbox\r\n");
    socket.on("data", (chunk) => {
      rest += chunk;
      for (let end = rest.indexOf("\r\n"); end >= 0; end = rest.indexOf("\r\n")) {
        const line = rest.slice(0, end);
        rest = rest.slice(end + 2);
        if (mail !== undefined && line === ".") {
          mails.push(mail.join("\n"));
          mail = undefined;
          socket.write("250 taken\r\n");
        } else if (mail !== undefined) mail.push(line.replace(/^\.\./, "."));
        else if (/^DATA/i.test(line)) socket.write("354 go on\r\n", () => {}), (mail = []);
        else if (/^QUIT/i.test(line)) socket.end("221 bye\r\n");
        else socket.write("250 ok\r\n");
      }
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return { mails, url: `smtp://127.0.0.1:${server.address().port}` };
}

/** The links of a mail that was written in plain text or quoted-printable. */
export function links(mail) {
  const text = mail.replace(/=\n/g, "").replace(/=3D/g, "=");
  return [...text.matchAll(/http:\/\/127\.0\.0\.1:\d+\/[^\s"<>]+/g)].map(([link]) => link);
}

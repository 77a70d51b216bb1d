// `ewspush emulate` for tests, by its control API: /emulator/openapi.json has all of it.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** An emulator on free ports, in a process of its own that ends with this one. */
export async function startEmulator(command = process.env.EWSPUSH ?? "ewspush") {
  const options = ["--http", "127.0.0.1:0", "--lmtp", "127.0.0.1:0", "--json", "--until-eof"];
  const child = spawn(command, ["emulate", ...options], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "exit");
  const ready = once(createInterface(child.stdout), "line");
  const [line] = await Promise.race([ready, ended]);
  if (typeof line !== "string") throw new Error(`the emulator did not start: status ${line}`);
  const { http } = JSON.parse(line);

  /** A call of the control API; the JSON that it answers. */
  async function call(method, path, body) {
    const answer = await fetch(`http://${http}/emulator/${path}`, {
      method,
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    const told = text ? JSON.parse(text) : undefined;
    if (!answer.ok) throw new Error(`${method} ${path}: ${told.error}`);
    return told;
  }

  return {
    call,
    reset: () => call("POST", "reset", {}),
    advance: (by) => call("POST", "time/advance", { by }),
    createMailbox: (address) => call("POST", "mailboxes", { address }),
    deliver: (address, mail) => call("POST", `mailboxes/${address}/mail`, mail),
    /** Subscribe, and wait until the first notification was answered or has failed; its id. */
    async subscribe(mailbox, url) {
      const wanted = { mailbox, url, status_frequency_min: 30 };
      const { id } = await call("POST", "subscriptions", wanted);
      await call("POST", "wait", { for: "notification", subscription: id, after: 0, timeout_s: 60 });
      return id;
    },
    async stop() {
      child.stdin.end();
      await ended;
    },
  };
}

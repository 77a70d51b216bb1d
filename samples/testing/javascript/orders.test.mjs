// How the responder copes with trouble: node --test

import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, beforeEach, test } from "node:test";

import { startEmulator } from "./emulator.mjs";
import { newMail, responder } from "./orders.mjs";

const ADDRESS = "test@example.org";
let emulator;

before(async () => {
  emulator = await startEmulator();
});
beforeEach(async () => {
  newMail.clear();
  await emulator.reset();
  await emulator.createMailbox(ADDRESS);
});
after(() => emulator.stop());

async function up(port = 0) {
  responder.listen(port, "127.0.0.1");
  await once(responder, "listening");
  return responder.address().port;
}

async function down() {
  responder.close();
  responder.closeAllConnections();
  if (responder.listening) await once(responder, "close");
}

test("nothing is missed while the responder is down", async () => {
  const port = await up();
  await emulator.subscribe(ADDRESS, `http://127.0.0.1:${port}/`);
  await down();
  const sent = [];
  for (const subject of ["Order 1", "Order 2", "Order 3"])
    sent.push((await emulator.deliver(ADDRESS, { subject })).id);
  await emulator.advance("PT7M");
  await up(port);
  await emulator.advance("PT1M");
  await down();
  assert.deepEqual([...newMail], sent);
});

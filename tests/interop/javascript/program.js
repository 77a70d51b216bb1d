// Runs the steps that tests ask for: requests come in and answers go out as lines of JSON.
"use strict";

const readline = require("node:readline");

const write = process.stdout.write.bind(process.stdout);
console.log = console.error; // the library logs; standard output is for answers

const { ServiceError } = require("ews-javascript-api");
const { plain } = require("./plain");
const { connect } = require("./service");

const STEPS = {
  ...require("./account"),
  ...require("./filing"),
  ...require("./folders"),
  ...require("./notifications"),
  ...require("./reading"),
  ...require("./searching"),
  ...require("./writing"),
};

async function answer({ step, account, given }) {
  const service = connect(account);
  const outcome = await run(() => STEPS[step](service, given));
  return { ...outcome, exchanges: service.XHRApi.exchanges.splice(0) };
}

async function run(step) {
  try {
    return { result: plain(await step()) };
  } catch (error) {
    return { error: described(error) };
  }
}

function described(error) {
  const code = error.ErrorCode || error.ResponseCode; // of faults it is the second
  return {
    kind: error.constructor.name,
    code: typeof code === "number" ? ServiceError[code] : code,
    status: error.HttpStatusCode,
    message: error.Message ?? error.message ?? String(error),
    stack: error.stack,
  };
}

readline
  .createInterface({ input: process.stdin })
  .on("line", async (line) => write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`))
  .on("close", () => process.exit());

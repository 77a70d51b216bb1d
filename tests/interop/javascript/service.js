// Services of the library, which keep every exchange with the server for the tests to check.
"use strict";

const fs = require("node:fs");
const https = require("node:https");

const { XhrApi } = require("@ewsjs/xhr");
const {
  ConnectingIdType,
  ExchangeService,
  ExchangeVersion,
  ImpersonatedUserId,
  Uri,
  WebCredentials,
} = require("ews-javascript-api");

class RecordingXhr extends XhrApi {
  constructor(options) {
    super({ ...options, proxy: false });
    this.exchanges = [];
    this.streamed = "";
    this.onStreamed = () => {};
  }

  async xhr(asked, progress) {
    const keep = ({ status, headers, responseText }) =>
      this.exchanges.push({
        url: asked.url,
        method: asked.type,
        request: asked.data ?? "",
        status,
        headers: { ...headers },
        answer: responseText,
      });
    try {
      const answered = await super.xhr(asked, progress);
      keep(answered);
      return answered;
    } catch (answered) {
      if (answered.status) keep(answered);
      throw answered;
    }
  }

  xhrStream(asked, progress) {
    return super.xhrStream(asked, (news) => {
      if (news.type === "data") this.streamed += news.data;
      progress(news);
      this.onStreamed();
    });
  }
}

// Connects to one server, whatever the host and the port that are asked for.
class OneServer extends https.Agent {
  constructor({ ca, host, port }) {
    super({ ca: fs.readFileSync(ca) });
    this.place = { host, port, servername: "" };
  }

  createConnection(options, connected) {
    return super.createConnection({ ...options, ...this.place }, connected);
  }
}

const services = new Map();

// The service of an account, the same one each time, as a program has it.
function connect(account) {
  const key = JSON.stringify(account);
  if (!services.has(key)) services.set(key, opened(account));
  return services.get(key);
}

function opened({ url, address, password, version = "Exchange2013_SP1", ...options }) {
  const { impersonated, server } = options;
  const service = new ExchangeService(ExchangeVersion[version]);
  service.Credentials = new WebCredentials(address, password);
  service.XHRApi = new RecordingXhr(server ? { httpsAgent: new OneServer(server) } : {});
  if (url) service.Url = new Uri(url);
  if (impersonated) {
    service.ImpersonatedUserId = new ImpersonatedUserId(
      ConnectingIdType.SmtpAddress,
      impersonated,
    );
  }
  return service;
}

module.exports = { connect };

// A push responder: it notes what new mail there is.

import { createServer } from "node:http";

const OK = `<?xml version="1.0" encoding="utf-8"?>
<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>
<SendNotificationResult xmlns="http://schemas.microsoft.com/exchange/services/2006/messages">
<SubscriptionStatus>OK</SubscriptionStatus>
</SendNotificationResult></soap:Body></soap:Envelope>`;

const NEW_MAIL = /<t:NewMailEvent>.*?<t:ItemId Id="([^"]*)".*?<\/t:NewMailEvent>/gs;

/** The ids of the items, each once: an event comes again if an acknowledgement was lost. */
export const newMail = new Set();

export const responder = createServer(async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  for (const [, id] of Buffer.concat(parts).toString().matchAll(NEW_MAIL)) newMail.add(id);
  response.setHeader("Content-Type", "text/xml; charset=utf-8").end(OK);
});

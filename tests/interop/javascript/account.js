// Names, ids, time zones and where the service is.
"use strict";

const { AlternateId, IdFormat, ResolveNameSearchLocation } = require("ews-javascript-api");

async function discover(service, { address }) {
  await service.AutodiscoverUrl(address, () => true);
  return service.Url.AbsoluteUri;
}

async function resolveName(service, { name }) {
  const found = await service.ResolveName(name, ResolveNameSearchLocation.DirectoryOnly, true);
  return found.GetEnumerator().map(({ Mailbox }) => Mailbox);
}

async function convertId(service, { id, source, target, mailbox }) {
  const given = new AlternateId(IdFormat[source], id, mailbox);
  const { UniqueId, Mailbox, Format } = await service.ConvertId(given, IdFormat[target]);
  return { id: UniqueId, mailbox: Mailbox, format: IdFormat[Format] };
}

async function timeZones(service) {
  return (await service.GetServerTimeZones()).map(({ Id, DisplayName }) => ({ Id, DisplayName }));
}

module.exports = { convertId, discover, resolveName, timeZones };

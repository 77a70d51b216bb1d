// Items, changed, copied, moved and deleted.
"use strict";

const { ConflictResolutionMode, DeleteMode } = require("ews-javascript-api");
const { folderId, itemIds, outcome } = require("./names");
const { bind } = require("./reading");
const { change } = require("./writing");

async function update(service, { id, properties, mode = "AutoResolve", meanwhile, ...given }) {
  const message = await bind(service, { id, properties });
  change(message, given);
  if (meanwhile) await changeMeanwhile(service, id, meanwhile);
  await message.Update(ConflictResolutionMode[mode]);
  return message.Id.ChangeKey;
}

async function changeMeanwhile(service, id, given) {
  const message = await bind(service, { id });
  change(message, given);
  await message.Update(ConflictResolutionMode.AlwaysOverwrite);
}

async function remove(service, { id, mode }) {
  await (await bind(service, { id })).Delete(DeleteMode[mode]);
}

async function removeItems(service, { ids, mode }) {
  const answered = await service.DeleteItems(itemIds(ids), DeleteMode[mode], null, null);
  return answered.Responses.map(outcome);
}

async function copy(service, { id, to }) {
  return (await (await bind(service, { id })).Copy(folderId(to))).Id;
}

async function move(service, { id, to }) {
  return (await (await bind(service, { id })).Move(folderId(to))).Id;
}

async function copyItems(service, { ids, to }) {
  return (await service.CopyItems(itemIds(ids), folderId(to))).Responses.map(outcome);
}

async function moveItems(service, { ids, to }) {
  return (await service.MoveItems(itemIds(ids), folderId(to))).Responses.map(outcome);
}

async function detach(service, { id, name }) {
  const message = await bind(service, { id });
  const found = message.Attachments.GetEnumerator().find((each) => each.Name === name);
  message.Attachments.Remove(found);
  await message.Update(ConflictResolutionMode.AutoResolve);
}

module.exports = {
  copy,
  copyItems,
  detach,
  move,
  moveItems,
  remove,
  removeItems,
  update,
};

// Items and attachments, read.
"use strict";

const {
  BodyType,
  EmailMessage,
  Item,
  ItemAttachment,
  ItemId,
} = require("ews-javascript-api");
const { itemIds, mailProperties, outcome } = require("./names");

function bind(service, { id, properties }) {
  return EmailMessage.Bind(service, new ItemId(id), mailProperties(properties));
}

async function bindItems(service, { ids, properties }) {
  const answered = await service.BindToItems(itemIds(ids), mailProperties(properties));
  return answered.Responses.map(outcome);
}

function bindAny(service, { id }) {
  return Item.Bind(service, new ItemId(id));
}

async function loadAttachments(service, { id }) {
  const message = await bind(service, { id });
  const loaded = message.Attachments.GetEnumerator().map((each) => loadAttachment(service, each));
  return Promise.all(loaded);
}

async function loadAttachment(service, attachment) {
  if (attachment instanceof ItemAttachment) {
    // Its own Load wants to have the item before it asks for it.
    const answered = await service.GetAttachments([attachment.Id], BodyType.Text, []);
    return answered.Responses[0].Attachment;
  }
  await attachment.Load();
  return attachment;
}

module.exports = {
  bind,
  bindAny,
  bindItems,
  loadAttachments,
};

// What the library read, as JSON.
"use strict";

const {
  Attachment,
  DateTime,
  EmailAddress,
  EventType,
  ExtendedPropertyCollection,
  FolderEvent,
  FolderId: IdOfFolder,
  InternetMessageHeader,
  ItemEvent,
  ItemId: IdOfItem,
  MessageBody,
  MimeContent,
  BodyType,
  ServiceObject,
} = require("ews-javascript-api");

const FORMS = [
  [DateTime, (time) => time.ToISOString()],
  [EmailAddress, ({ Name, Address }) => ({ Name, Address })],
  [ExtendedPropertyCollection, extended],
  [InternetMessageHeader, ({ Name, Value }) => [Name, Value]],
  [IdOfItem, ({ UniqueId }) => UniqueId],
  [IdOfFolder, ({ UniqueId }) => UniqueId],
  [MessageBody, ({ BodyType: type, Text }) => ({ type: BodyType[type], Text })],
  [MimeContent, ({ Content }) => Content],
  [Attachment, attachment],
  [ItemEvent, event],
  [FolderEvent, event],
  [ServiceObject, properties],
];

function plain(value) {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(plain);
  const form = FORMS.find(([type]) => value instanceof type);
  if (form) return form[1](value);
  if (typeof value.GetEnumerator === "function") return value.GetEnumerator().map(plain);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
}

// The properties that were loaded, by the names that the library has for them.
function properties(object) {
  const bag = object.PropertyBag.Properties;
  const loaded = bag.Keys.map((definition) => [definition.Name, plain(bag.get(definition))]);
  return { class: object.constructor.name, ...Object.fromEntries(loaded) };
}

function extended(collection) {
  return Object.fromEntries(
    collection.Items.map(({ PropertyDefinition, Value }) => [PropertyDefinition.Name, Value]),
  );
}

function attachment(attached) {
  const { Id, Name, ContentType, Size, Base64Content, Item } = attached;
  return {
    class: attached.constructor.name,
    Id,
    Name,
    ContentType,
    Size,
    Base64Content,
    Item: plain(Item),
  };
}

function event(told) {
  const { TimeStamp, ItemId, OldItemId, FolderId, OldFolderId, ParentFolderId } = told;
  return plain({
    type: EventType[told.EventType],
    TimeStamp,
    ItemId,
    OldItemId,
    FolderId,
    OldFolderId,
    ParentFolderId,
    OldParentFolderId: told.OldParentFolderId,
    UnreadCount: told.UnreadCount,
  });
}

module.exports = { plain };

// What the tests' requests name, as objects of the library.
"use strict";

const {
  BasePropertySet,
  BodyType,
  DefaultExtendedPropertySet,
  EmailMessageSchema,
  ExtendedPropertyDefinition,
  FolderId,
  FolderSchema,
  ItemId,
  MapiPropertyType,
  PropertySet,
  ServiceError,
  WellKnownFolderName,
} = require("ews-javascript-api");

// The library puts text into its XML as it is; programs that use it escape what they give it.
function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

// "Inbox", or the id of a folder.
function folderId(name) {
  return name in WellKnownFolderName
    ? new FolderId(WellKnownFolderName[name])
    : new FolderId(name);
}

function itemIds(ids) {
  return ids.map((id) => new ItemId(id));
}

// "Subject", or { label: "Customer" } for a property that the program made up.
function property(schema, name) {
  if (typeof name === "string") return schema[name];
  return new ExtendedPropertyDefinition(
    DefaultExtendedPropertySet.PublicStrings,
    name.label,
    MapiPropertyType.String,
  );
}

function properties(schema, { base = "FirstClassProperties", more = [], body, mime = false }) {
  const set = new PropertySet(
    BasePropertySet[base],
    more.map((name) => property(schema, name)),
  );
  if (mime) set.Add(schema.MimeContent);
  if (body) set.RequestedBodyType = BodyType[body];
  return set;
}

const folderProperties = (wanted = {}) => properties(FolderSchema, wanted);
const mailProperties = (wanted = {}) => properties(EmailMessageSchema, wanted);
const mailProperty = (name) => property(EmailMessageSchema, name);

// What came of one item of several.
function outcome(response) {
  return { code: ServiceError[response.ErrorCode], item: response.Item ?? response.ReturnedItem };
}

module.exports = {
  escaped,
  folderId,
  folderProperties,
  itemIds,
  mailProperties,
  mailProperty,
  outcome,
};

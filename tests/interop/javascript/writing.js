// Mail, written and answered; other items, made.
"use strict";

const {
  Appointment,
  BodyType,
  Contact,
  DateTime,
  EmailMessage,
  MessageBody,
  MimeContent,
  PostItem,
  SendInvitationsMode,
  StringList,
  Task,
} = require("ews-javascript-api");
const { escaped, folderId, mailProperty } = require("./names");
const { bind } = require("./reading");

const KINDS = { Appointment, Contact, PostItem, Task };

async function write(service, { how, folder, ...given }) {
  const message = new EmailMessage(service);
  change(message, given);
  await dispatch(message, how, folder);
  return how === "save" ? message.Id : undefined;
}

function change(message, { subject, body, text, to = [], files = {}, ...given }) {
  const { inner, mime, read, categories, labels = {} } = given;
  if (subject !== undefined) message.Subject = escaped(subject);
  if (body !== undefined) message.Body = html(body);
  if (text !== undefined) message.Body = new MessageBody(BodyType.Text, escaped(text));
  if (read !== undefined) message.IsRead = read;
  if (categories !== undefined) message.Categories = new StringList(categories);
  if (mime !== undefined) message.MimeContent = new MimeContent("UTF-8", mime);
  for (const address of to) message.ToRecipients.Add(address);
  for (const [name, value] of Object.entries(labels)) {
    const definition = mailProperty({ label: name });
    if (value === null) message.RemoveExtendedProperty(definition);
    else message.SetExtendedProperty(definition, value);
  }
  for (const [name, content] of Object.entries(files)) {
    message.Attachments.AddFileAttachment(name, content);
  }
  if (inner !== undefined) {
    const attached = message.Attachments.AddItemAttachment(EmailMessage, "Message");
    attached.Name = inner.subject;
    change(attached.Item, inner);
  }
}

function html(body) {
  return new MessageBody(BodyType.HTML, escaped(body));
}

async function dispatch(message, how, folder) {
  const where = folder === undefined ? [] : [folderId(folder)];
  switch (how) {
    case "save":
      return message.Save(...where);
    case "send":
      await message.Send();
      break;
    case "sendAndSaveCopy":
      await message.SendAndSaveCopy(...where);
  }
  return undefined;
}

// As programs do that do not know that the library escapes nothing.
async function writeUnescaped(service, { body, to }) {
  const message = new EmailMessage(service);
  message.Body = new MessageBody(BodyType.HTML, body);
  message.ToRecipients.Add(to);
  await message.Send();
}

async function reply(service, { id, all = false, body, how }) {
  const response = (await bind(service, { id })).CreateReply(all);
  response.BodyPrefix = html(body);
  return (await dispatch(response, how))?.Id;
}

async function quickReply(service, { id, all = false, body }) {
  await (await bind(service, { id })).Reply(html(body), all);
}

async function forward(service, { id, to, body, how }) {
  const response = (await bind(service, { id })).CreateForward();
  response.BodyPrefix = html(body);
  for (const address of to) response.ToRecipients.Add(address);
  return (await dispatch(response, how))?.Id;
}

async function sendDraft(service, { id, folder }) {
  const draft = await bind(service, { id });
  return folder === undefined ? draft.Send() : draft.SendAndSaveCopy(folderId(folder));
}

async function createItem(service, { kind, subject, start, end }) {
  const item = new KINDS[kind](service);
  if (kind === "Contact") item.GivenName = escaped(subject);
  item.Subject = escaped(subject);
  if (start !== undefined) item.Start = DateTime.Parse(start);
  if (end !== undefined) item.End = DateTime.Parse(end);
  const invitations = kind === "Appointment" ? [SendInvitationsMode.SendToNone] : [];
  await item.Save(...invitations);
  return item.Id;
}

module.exports = {
  change,
  createItem,
  forward,
  quickReply,
  reply,
  sendDraft,
  write,
  writeUnescaped,
};

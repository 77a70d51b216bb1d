// Subscriptions: push, pull and streaming. Those of pull and streaming are kept by their ids.
"use strict";

const {
  EventType,
  ServiceError,
  StreamingSubscriptionConnection,
  Uri,
} = require("ews-javascript-api");
const { escaped, folderId } = require("./names");

const subscriptions = new Map();
const connections = new Map();

const eventTypes = (types) => types.map((type) => EventType[type]);

async function subscribeToPush(service, { folders, url, frequency, watermark = "", types }) {
  const rest = [new Uri(escaped(url)), frequency, watermark, ...eventTypes(types)];
  const made = folders
    ? await service.SubscribeToPushNotifications(folders.map(folderId), ...rest)
    : await service.SubscribeToPushNotificationsOnAllFolders(...rest);
  return { id: made.Id, watermark: made.Watermark };
}

async function subscribeToPull(service, { folders, timeout = 5, watermark = null, types }) {
  const rest = [timeout, watermark, ...eventTypes(types)];
  const made = folders
    ? await service.SubscribeToPullNotifications(folders.map(folderId), ...rest)
    : await service.SubscribeToPullNotificationsOnAllFolders(...rest);
  return kept(made);
}

async function subscribeToStreaming(service, { folders, types }) {
  const made = folders
    ? await service.SubscribeToStreamingNotifications(folders.map(folderId), ...eventTypes(types))
    : await service.SubscribeToStreamingNotificationsOnAllFolders(...eventTypes(types));
  return kept(made);
}

function kept(subscription) {
  subscriptions.set(subscription.Id, subscription);
  return { id: subscription.Id, watermark: subscription.Watermark };
}

async function getEvents(_, { id }) {
  const subscription = subscriptions.get(id);
  const told = await subscription.GetEvents();
  return {
    events: told.AllEvents,
    watermark: subscription.Watermark,
    more: subscription.MoreEventsAvailable,
  };
}

async function unsubscribe(_, { id }) {
  await subscriptions.get(id).Unsubscribe();
}

// Streaming

class Connection {
  constructor(service, ids, minutes) {
    this.xhr = service.XHRApi;
    this.events = [];
    this.errors = [];
    this.isOpen = true;
    this.waiting = [];
    this.connection = new StreamingSubscriptionConnection(
      service,
      ids.map((id) => subscriptions.get(id)),
      minutes,
    );
    this.listen();
  }

  listen() {
    this.connection.OnNotificationEvent.push((_, { Subscription, Events }) =>
      this.happened(() =>
        this.events.push(...Events.map((event) => ({ id: Subscription.Id, event }))),
      ),
    );
    this.connection.OnSubscriptionError.push((_, { Subscription, Exception }) =>
      this.happened(() =>
        this.errors.push({ id: Subscription?.Id, code: ServiceError[Exception.ErrorCode] }),
      ),
    );
    this.connection.OnDisconnect.push(() => this.happened(() => (this.isOpen = false)));
  }

  // Resolved by the first that is heard; what Open returns is settled by failures only.
  open() {
    return new Promise((resolve, reject) => {
      this.xhr.onStreamed = resolve;
      this.connection.Open().catch(reject);
    });
  }

  happened(note) {
    note();
    this.waiting = this.waiting.filter(({ until, resolve }) => !until() || resolve());
  }

  wait(until) {
    return until() ? undefined : new Promise((resolve) => this.waiting.push({ until, resolve }));
  }

  get told() {
    const { events, errors, isOpen, xhr } = this;
    return { events, errors, isOpen, streamed: xhr.streamed };
  }
}

async function openStream(service, { ids, minutes = 1 }) {
  const connection = new Connection(service, ids, minutes);
  const name = `connection ${connections.size + 1}`;
  connections.set(name, connection);
  await connection.open();
  return name;
}

async function waitForEvents(_, { connection, count }) {
  const waited = connections.get(connection);
  await waited.wait(() => waited.events.length >= count);
  return waited.told;
}

async function waitForEnd(_, { connection }) {
  const waited = connections.get(connection);
  await waited.wait(() => !waited.isOpen);
  return waited.told;
}

async function closeStream(_, { connection }) {
  connections.get(connection).connection.Close();
  return connections.get(connection).told;
}

module.exports = {
  closeStream,
  getEvents,
  openStream,
  subscribeToPull,
  subscribeToPush,
  subscribeToStreaming,
  unsubscribe,
  waitForEnd,
  waitForEvents,
};

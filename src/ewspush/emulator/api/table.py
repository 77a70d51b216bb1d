"""All routes of the control API. Requests are answered by them, and the description tells them."""

from functools import partial
from http import HTTPStatus

from ewspush.emulator.api.handlers import (
    events,
    faults,
    folders,
    items,
    mailboxes,
    messages,
    running,
    subscriptions,
    waits,
)
from ewspush.emulator.api.models import common
from ewspush.emulator.api.models import events as event_models
from ewspush.emulator.api.models import faults as fault_models
from ewspush.emulator.api.models import folders as folder_models
from ewspush.emulator.api.models import items as item_models
from ewspush.emulator.api.models import mailboxes as mailbox_models
from ewspush.emulator.api.models import running as running_models
from ewspush.emulator.api.models import subscriptions as subscription_models
from ewspush.emulator.api.models import waits as wait_models
from ewspush.emulator.api.routing import Route
from ewspush.emulator.fault_models import Fault as NewFault

_CREATED = HTTPStatus.CREATED
_NO_CONTENT = HTTPStatus.NO_CONTENT
_CONFLICT = frozenset({HTTPStatus.CONFLICT})
_NOT_FOUND = frozenset({HTTPStatus.NOT_FOUND})

_get = partial(Route, "GET")
_post = partial(Route, "POST")
_patch = partial(Route, "PATCH")
_delete = partial(Route, "DELETE", status=_NO_CONTENT)

_RUNNING = (
    _get(
        "/",
        running.get_status,
        "The emulator, and where it listens",
        "emulator",
        answer=running_models.Status,
    ),
    _get(
        "/openapi.json",
        running.get_description,
        "This description",
        "emulator",
        answer=common.AnyJson,
    ),
    _post("/reset", running.reset, "Begin anew", "emulator", status=_NO_CONTENT),
    _get("/time", running.get_time, "What time it is", "time", answer=running_models.Time),
    _post(
        "/time/freeze",
        running.freeze_time,
        "Let time stand still",
        "time",
        answer=running_models.Time,
    ),
    _post(
        "/time/resume",
        running.resume_time,
        "Let time run again",
        "time",
        answer=running_models.Time,
    ),
    _post(
        "/time/advance",
        running.advance_time,
        "Go through all that is due until then",
        "time",
        body=running_models.Advance,
        answer=running_models.Advanced,
        errors=_CONFLICT,
    ),
    _get(
        "/snapshots",
        running.list_snapshots,
        "List snapshots",
        "snapshots",
        answer=running_models.Snapshots,
    ),
    _post(
        "/snapshots",
        running.make_snapshot,
        "Remember the whole state",
        "snapshots",
        status=_CREATED,
        answer=running_models.NewSnapshot,
        errors=_CONFLICT,
    ),
    _post(
        "/snapshots/{id}/restore",
        running.restore_snapshot,
        "Go back to a snapshot",
        "snapshots",
        status=_NO_CONTENT,
    ),
    _delete("/snapshots/{id}", running.delete_snapshot, "Forget a snapshot", "snapshots"),
)

_MAILBOX = "/mailboxes/{address}"
_MAILBOXES = (
    _get(
        "/mailboxes",
        mailboxes.list_mailboxes,
        "List mailboxes",
        "mailboxes",
        query=mailbox_models.MailboxQuery,
        answer=mailbox_models.Mailboxes,
        errors=_NOT_FOUND,
    ),
    _post(
        "/mailboxes",
        mailboxes.create_mailbox,
        "Create a mailbox",
        "mailboxes",
        status=_CREATED,
        body=mailbox_models.NewMailbox,
        answer=mailbox_models.MailboxWithPassword,
        errors=_CONFLICT,
    ),
    _get(_MAILBOX, mailboxes.get_mailbox, "A mailbox", "mailboxes", answer=mailbox_models.Mailbox),
    _delete(_MAILBOX, mailboxes.delete_mailbox, "Delete a mailbox for good", "mailboxes"),
    _post(
        f"{_MAILBOX}/reset",
        mailboxes.reset_mailbox,
        "Make it as it was when it was new",
        "mailboxes",
        answer=mailbox_models.Mailbox,
        errors=_CONFLICT,
    ),
    _post(
        f"{_MAILBOX}/disable",
        mailboxes.disable_mailbox,
        "Let nobody use it",
        "mailboxes",
        answer=mailbox_models.Mailbox,
    ),
    _post(
        f"{_MAILBOX}/restore",
        mailboxes.restore_mailbox,
        "Let it be used again",
        "mailboxes",
        answer=mailbox_models.Mailbox,
        errors=_CONFLICT,
    ),
)

_ITEM = f"{_MAILBOX}/items/{{id}}"
_ITEMS = (
    _post(
        f"{_MAILBOX}/mail",
        messages.deliver_mail,
        "Let a message arrive",
        "items",
        status=_CREATED,
        body=item_models.Mail,
        takes_mail=True,
        answer=item_models.Item,
        errors=_CONFLICT,
    ),
    _get(
        f"{_MAILBOX}/messages",
        messages.list_messages,
        "List the messages of a folder",
        "items",
        query=item_models.MessageQuery,
        answer=item_models.Messages,
    ),
    _get(
        f"{_MAILBOX}/messages/{{id}}",
        messages.get_message,
        "A message with its header",
        "items",
        answer=item_models.Message,
    ),
    _post(
        f"{_MAILBOX}/items",
        items.create_item,
        "Make an item",
        "items",
        status=_CREATED,
        body=item_models.NewItem,
        answer=item_models.Item,
        errors=_CONFLICT,
    ),
    _patch(
        _ITEM,
        items.change_item,
        "Change an item",
        "items",
        body=item_models.ItemChanges,
        answer=item_models.Item,
        errors=_CONFLICT,
    ),
    _post(
        f"{_ITEM}/move",
        items.move_item,
        "Move an item",
        "items",
        body=item_models.Target,
        answer=item_models.Item,
        errors=_CONFLICT,
    ),
    _post(
        f"{_ITEM}/copy",
        items.copy_item,
        "Copy an item",
        "items",
        body=item_models.Target,
        answer=item_models.Item,
        errors=_CONFLICT,
    ),
    _delete(
        _ITEM,
        items.delete_item,
        "Delete an item",
        "items",
        query=item_models.DisposalQuery,
        errors=_CONFLICT,
    ),
)

_FOLDER = f"{_MAILBOX}/folders/{{id}}"
_FOLDERS = (
    _get(
        f"{_MAILBOX}/folders",
        folders.list_folders,
        "List folders",
        "folders",
        answer=folder_models.Folders,
    ),
    _post(
        f"{_MAILBOX}/folders",
        folders.create_folder,
        "Make a folder",
        "folders",
        status=_CREATED,
        body=folder_models.NewFolder,
        answer=folder_models.Folder,
        errors=_CONFLICT,
    ),
    _patch(
        _FOLDER,
        folders.rename_folder,
        "Rename a folder",
        "folders",
        body=folder_models.FolderChanges,
        answer=folder_models.Folder,
        errors=_CONFLICT,
    ),
    _post(
        f"{_FOLDER}/move",
        folders.move_folder,
        "Move a folder",
        "folders",
        body=folder_models.Parent,
        answer=folder_models.Folder,
        errors=_CONFLICT,
    ),
    _post(
        f"{_FOLDER}/copy",
        folders.copy_folder,
        "Copy a folder and all in it",
        "folders",
        body=folder_models.Parent,
        answer=folder_models.Folder,
        errors=_CONFLICT,
    ),
    _post(
        f"{_FOLDER}/empty",
        folders.empty_folder,
        "Empty a folder",
        "folders",
        status=_NO_CONTENT,
        body=folder_models.Emptying,
        is_body_needed=False,
        errors=_CONFLICT,
    ),
    _delete(
        _FOLDER,
        folders.delete_folder,
        "Delete a folder",
        "folders",
        query=item_models.DisposalQuery,
        errors=_CONFLICT,
    ),
)

_EVENTS = (
    _get(
        f"{_MAILBOX}/events",
        events.list_events,
        "Read the event log",
        "events",
        query=event_models.EventQuery,
        answer=event_models.Events,
    ),
    _post(
        f"{_MAILBOX}/events",
        events.log_event,
        "Log an event though nothing happened",
        "events",
        status=_CREATED,
        body=event_models.NewEvent,
        answer=event_models.Event,
        errors=_CONFLICT,
    ),
)

_SUBSCRIPTION = "/subscriptions/{id}"
_SUBSCRIPTIONS = (
    _get(
        "/subscriptions",
        subscriptions.list_subscriptions,
        "List push subscriptions",
        "subscriptions",
        query=subscription_models.SubscriptionQuery,
        answer=subscription_models.Subscriptions,
        errors=_NOT_FOUND,
    ),
    _post(
        "/subscriptions",
        subscriptions.create_subscription,
        "Subscribe to push notifications",
        "subscriptions",
        status=_CREATED,
        body=subscription_models.NewSubscription,
        answer=subscription_models.Subscription,
        errors=_CONFLICT | _NOT_FOUND,
    ),
    _get(
        _SUBSCRIPTION,
        subscriptions.get_subscription,
        "A push subscription",
        "subscriptions",
        answer=subscription_models.Subscription,
    ),
    _delete(
        _SUBSCRIPTION, subscriptions.end_subscription, "End a push subscription", "subscriptions"
    ),
    _post(
        f"{_SUBSCRIPTION}/pause",
        subscriptions.pause_subscription,
        "Send it nothing",
        "subscriptions",
        answer=subscription_models.Paused,
        errors=_CONFLICT,
    ),
    _post(
        f"{_SUBSCRIPTION}/resume",
        subscriptions.resume_subscription,
        "Go on sending",
        "subscriptions",
        answer=subscription_models.Paused,
        errors=_CONFLICT,
    ),
    _post(
        f"{_SUBSCRIPTION}/retry-now",
        subscriptions.retry_subscription_now,
        "Make the next attempt now",
        "subscriptions",
        answer=subscription_models.Attempted,
        errors=_CONFLICT,
    ),
    _post(
        f"{_SUBSCRIPTION}/heartbeat",
        subscriptions.send_heartbeat,
        "Send a StatusEvent now",
        "subscriptions",
        answer=subscription_models.Attempted,
        errors=_CONFLICT,
    ),
    _post(
        f"{_SUBSCRIPTION}/resend",
        subscriptions.resend_notifications,
        "Send again what follows a watermark",
        "subscriptions",
        body=subscription_models.Resend,
        is_body_needed=False,
        answer=subscription_models.Attempted,
        errors=_CONFLICT,
    ),
    _get(
        f"{_SUBSCRIPTION}/attempts",
        subscriptions.list_attempts,
        "Read the attempts to deliver notifications",
        "subscriptions",
        query=subscription_models.AttemptQuery,
        answer=subscription_models.Attempts,
    ),
    _post(
        "/wait",
        waits.wait,
        "Wait until something has happened",
        "subscriptions",
        body=wait_models.Wait,
        answer=wait_models.Happened,
        errors=_CONFLICT | _NOT_FOUND | {HTTPStatus.GATEWAY_TIMEOUT},
    ),
)

_FAULTS = (
    _get("/faults", faults.list_faults, "List faults", "faults", answer=fault_models.Faults),
    _post(
        "/faults",
        faults.add_fault,
        "Let something go wrong",
        "faults",
        status=_CREATED,
        body=NewFault,
        answer=fault_models.Fault,
        errors=_CONFLICT | _NOT_FOUND,
    ),
    _delete("/faults", faults.delete_faults, "Let nothing go wrong any more", "faults"),
    _delete("/faults/{id}", faults.delete_fault, "Remove a fault", "faults"),
)

ROUTES = (*_RUNNING, *_MAILBOXES, *_ITEMS, *_FOLDERS, *_EVENTS, *_SUBSCRIPTIONS, *_FAULTS)

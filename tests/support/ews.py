"""The EWS application on a real database, asked as the HTTP resource asks it."""

import re
from dataclasses import dataclass, field
from functools import cache

from lxml import etree

from ewspush.core.errors import InvalidPushSubscriptionUrl
from ewspush.core.server_version import ServerVersion
from ewspush.endpoint.contract import Contract
from ewspush.endpoint.ews.application import EwsApplication
from ewspush.operations import mailboxes
from ewspush.store import subscriptions
from ewspush.store.database import Database
from ewspush.store.subscriptions import Subscription
from support.schemas import MESSAGES, SOAP, TYPES, microsoft_violations, our_violations
from support.strict_reader import NAMESPACES, response_problems

NOW_S = 1_790_000_000
HEADERS = {"Content-Type": "text/xml; charset=utf-8"}


_contract = cache(Contract.load)


@dataclass(frozen=True)
class Answer:
    """A reply, read by a client that is as strict as the strictest one."""

    reply: object
    status: int
    root: etree._Element = field(repr=False)

    def all(self, path):
        return self.root.findall(f".//{path}", NAMESPACES)

    def one(self, path):
        (found,) = self.all(path)
        return found

    def text(self, path):
        return self.one(path).text

    @property
    def codes(self):
        """The ResponseCodes, of the fault or of the messages."""
        return [code.text for code in (self.all("e:ResponseCode") or self.all("m:ResponseCode"))]

    @property
    def place(self):
        return int(self.text("t:LineNumber")), int(self.text("t:LinePosition"))


class Ews:
    """The application, its database with two mailboxes, and what it told its surroundings."""

    def __init__(self, folder, limit=3, pull_limit=20):
        self.now_s = NOW_S
        self.database = Database.open(f"sqlite:///{folder / 'ewspush.db'}")
        with self.database.write() as tx:
            self.mailbox = mailboxes.create(tx, "user@example.com", "-", NOW_S)
            self.other = mailboxes.create(tx, "other@example.com", "-", NOW_S)
        self.unsubscribed = []
        self.application = EwsApplication(
            self.database,
            judge_url=self._judge_url,
            unsubscribed=self._unsubscribed,
            subscription_limit=limit,
            pull_subscription_limit=pull_limit,
            server_version=ServerVersion(),
            now_s=lambda: self.now_s,
            contract=_contract(),
        )

    def ask(self, request, mailbox=None):
        """Send the bytes of a request, and check the answer by every rule there is."""
        reply = self.application.handle(mailbox or self.mailbox, request)
        to_streaming = b"StreamingSubscriptionRequest" in request
        assert not response_problems(reply.status, HEADERS, reply.body, to_streaming=to_streaming)
        assert our_violations(reply.body) == []
        assert not microsoft_violations(reply.body)
        return Answer(reply, reply.status, etree.fromstring(reply.body))

    def stored(self, mailbox=None) -> list[Subscription]:
        with self.database.read() as tx:
            return subscriptions.of_mailbox(tx, (mailbox or self.mailbox).id)

    def _judge_url(self, url):
        if not url.startswith("http"):
            raise InvalidPushSubscriptionUrl("The push URL must begin with http.")

    def _unsubscribed(self, id):
        assert all(each.over_at_s for each in self.stored() if each.number == id.number)
        self.unsubscribed.append(id)


def envelope(body, header=""):
    """An envelope around the XML of a Body's content and of header blocks."""
    if header:
        header = f"<soap:Header>{header}</soap:Header>"
    return (
        f'<soap:Envelope xmlns:soap="{SOAP}" xmlns:m="{MESSAGES}" xmlns:t="{TYPES}">{header}'
        f"<soap:Body>{body}</soap:Body></soap:Envelope>"
    ).encode()


INBOX = '<t:DistinguishedFolderId Id="inbox"/>'
ALL_TYPES = (
    "CopiedEvent", "CreatedEvent", "DeletedEvent", "FreeBusyChangedEvent", "ModifiedEvent",
    "MovedEvent", "NewMailEvent",
)  # fmt: skip


def subscribe(
    folders=INBOX,
    *,
    types=("NewMailEvent",),
    watermark="",
    frequency="<t:StatusFrequency>5</t:StatusFrequency>",
    url="http://responder.example/push?key=1&amp;b=2",
    more="",
    attributes="",
    header="",
):
    """A Subscribe request for a push subscription, its parts as XML."""
    event_types = "".join(f"<t:EventType>{each}</t:EventType>" for each in types)
    folder_ids = f"<t:FolderIds>{folders}</t:FolderIds>" if folders else ""
    return envelope(
        f"<m:Subscribe><m:PushSubscriptionRequest {attributes}>{folder_ids}"
        f"<t:EventTypes>{event_types}</t:EventTypes>{watermark}{frequency}"
        f"<t:URL>{url}</t:URL>{more}</m:PushSubscriptionRequest></m:Subscribe>",
        header,
    )


def subscribe_to_pull(folders=INBOX, *, types=("NewMailEvent",), watermark="", timeout=5):
    """A Subscribe request for a pull subscription, its parts as XML."""
    event_types = "".join(f"<t:EventType>{each}</t:EventType>" for each in types)
    return envelope(
        f"<m:Subscribe><m:PullSubscriptionRequest><t:FolderIds>{folders}</t:FolderIds>"
        f"<t:EventTypes>{event_types}</t:EventTypes>{watermark}"
        f"<t:Timeout>{timeout}</t:Timeout></m:PullSubscriptionRequest></m:Subscribe>"
    )


def subscribe_to_streaming(folders=INBOX, *, types=("NewMailEvent",)):
    """A Subscribe request for a streaming subscription, its parts as XML."""
    event_types = "".join(f"<t:EventType>{each}</t:EventType>" for each in types)
    return envelope(
        f"<m:Subscribe><m:StreamingSubscriptionRequest><t:FolderIds>{folders}</t:FolderIds>"
        f"<t:EventTypes>{event_types}</t:EventTypes>"
        "</m:StreamingSubscriptionRequest></m:Subscribe>"
    )


def get_events(id, watermark):
    return envelope(
        f"<m:GetEvents><m:SubscriptionId>{id}</m:SubscriptionId>"
        f"<m:Watermark>{watermark}</m:Watermark></m:GetEvents>"
    )


def get_streaming_events(*ids, minutes=1):
    listed = "".join(f"<t:SubscriptionId>{id}</t:SubscriptionId>" for id in ids)
    return envelope(
        f"<m:GetStreamingEvents><m:SubscriptionIds>{listed}</m:SubscriptionIds>"
        f"<m:ConnectionTimeout>{minutes}</m:ConnectionTimeout></m:GetStreamingEvents>"
    )


def unsubscribe(id):
    return envelope(f"<m:Unsubscribe><m:SubscriptionId>{id}</m:SubscriptionId></m:Unsubscribe>")


def get_folder(*ids, shape="IdOnly", fields=(), version=""):
    """A GetFolder request. `ids` are XML, or names of distinguished folders."""
    listed = "".join(
        id if id.startswith("<") else f'<t:DistinguishedFolderId Id="{id}"/>' for id in ids
    )
    additional = "".join(f'<t:FieldURI FieldURI="{field}"/>' for field in fields)
    if additional:
        additional = f"<t:AdditionalProperties>{additional}</t:AdditionalProperties>"
    if version:
        version = f'<t:RequestServerVersion Version="{version}"/>'
    return envelope(
        f"<m:GetFolder><m:FolderShape><t:BaseShape>{shape}</t:BaseShape>{additional}"
        f"</m:FolderShape><m:FolderIds>{listed}</m:FolderIds></m:GetFolder>",
        version,
    )


def replaced(request, old, new):
    """The request with one thing changed, which must be there."""
    old, new = (part.encode() if isinstance(part, str) else part for part in (old, new))
    assert re.search(re.escape(old), request)
    return request.replace(old, new, 1)

"""The story that `ewspush demo` tells: what it does, what it sees, and what must have happened."""

import http.client
import smtplib
import threading
import time
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Any

import click
from lxml import etree

from ewspush.cli import show
from ewspush.cli.push_responder import Behaviour, Handled, PushResponder
from ewspush.cli.running import run
from ewspush.control.client import RunningServer
from ewspush.control.commands import CommandError
from ewspush.server import Server
from ewspush.settings import Address, Settings
from ewspush.wire import received
from ewspush.wire.namespaces import MESSAGES, SOAP, TYPES

MAILBOX = "demo@example.org"
PATIENCE_S = 8.0  # for anything that must happen

SUBSCRIBE = f"""<?xml version="1.0" encoding="utf-8"?>
<soap:Envelope xmlns:soap="{SOAP}" xmlns:t="{TYPES}">
  <soap:Body>
    <m:Subscribe xmlns:m="{MESSAGES}">
      <m:PushSubscriptionRequest>
        <t:FolderIds><t:DistinguishedFolderId Id="inbox"/></t:FolderIds>
        <t:EventTypes>
          <t:EventType>NewMailEvent</t:EventType>
          <t:EventType>CreatedEvent</t:EventType>
          <t:EventType>ModifiedEvent</t:EventType>
        </t:EventTypes>
        <t:StatusFrequency>1</t:StatusFrequency>
        <t:URL>%s</t:URL>
      </m:PushSubscriptionRequest>
    </m:Subscribe>
  </soap:Body>
</soap:Envelope>"""


class DidNotHappen(Exception):
    """Something that was promised. `str()` says what."""


class Story:
    """Tells it in a thread, beside a server that runs on the reactor."""

    def __init__(self, reactor: Any, settings: Settings, keep: bool) -> None:
        self._reactor = reactor
        self._settings = settings
        self._keep = keep
        self._server = Server(reactor, settings)
        self._control = RunningServer(settings.server.data)
        self._began_s = time.monotonic()
        self._news = threading.Condition()
        self._handled: list[Handled] = []
        self._messages = 0
        self._password = ""
        self._failure: str | None = None

    def run(self) -> int:
        """Run the server and tell the story; the exit status."""
        thread = threading.Thread(target=self._tell_and_stop, daemon=True)
        status = run(self._reactor, self._server, started=thread.start)
        return status or (1 if self._failure else 0)

    def _tell_and_stop(self) -> None:
        try:
            self._tell()
        except (DidNotHappen, CommandError, OSError, smtplib.SMTPException) as error:
            self._failure = str(error)
            click.secho(f"\nThis was promised and did not happen: {error}", fg="red")
        if not self._keep or self._failure:
            self._reactor.callFromThread(self._reactor.stop)

    def _tell(self) -> None:
        responder = PushResponder(Address("127.0.0.1", 0), Behaviour(), self._was_handled)
        responder.start()
        self._say(f"a server: EWS at http://{self._server.http}, LMTP at {self._server.lmtp}")
        self._say(f"a push responder: {responder.url}")
        self._password = self._control.call("mailbox.create", address=MAILBOX)["password"]
        self._say(f"a mailbox: {MAILBOX}")

        self._title("The application subscribes to the Inbox, by SOAP")
        id, watermark = self._subscribe(responder.url)
        self._say(f"Subscribe -> SubscriptionId {id}, Watermark {watermark}")
        self._await("the first notification, a heartbeat", lambda: len(self._handled) >= 1)

        self._title("Three messages arrive, by LMTP")
        for subject in ("Order 1001", "Order 1002", "Minutes of Tuesday"):
            self._deliver(subject)
        self._await("a NewMailEvent for each of them", lambda: self._new_mails() == self._messages)

        self._title("The responder fails twice (waits shortened from 30 s to 0.5 s for this demo)")
        responder.behaviour.fail = 2
        self._deliver("Sent while you were out")
        self._await("two failed attempts and a third that worked", self._has_recovered)

        self._title("The responder answers Unsubscribe")
        responder.behaviour.unsubscribe_after = 0
        self._deliver("One more")
        self._await("its Unsubscribe", lambda: self._handled[-1].answer == "Unsubscribe")
        before = len(self._handled)
        self._deliver("Nobody is told of this one")
        time.sleep(1)  # a notification would be here in milliseconds
        self._summarize(id, watermark, before)
        responder.stop()
        if self._keep:
            self._say_what_next()

    # What the story does

    def _subscribe(self, url: str) -> tuple[str, str]:
        address = self._server.http
        assert address, "it was started"
        connection = http.client.HTTPConnection(address.host, address.port, timeout=PATIENCE_S)
        credentials = b64encode(f"{MAILBOX}:{self._password}".encode()).decode()
        headers = {
            "Content-Type": "text/xml; charset=utf-8",
            "Authorization": f"Basic {credentials}",
        }
        connection.request("POST", "/EWS/Exchange.asmx", SUBSCRIBE % url, headers)
        root = etree.fromstring(connection.getresponse().read())
        id = root.findtext(f".//{{{MESSAGES}}}SubscriptionId")
        watermark = root.findtext(f".//{{{MESSAGES}}}Watermark")
        if not id or not watermark:
            raise DidNotHappen("Subscribe was not answered with a subscription")
        return id, watermark

    def _deliver(self, subject: str) -> None:
        message = EmailMessage()
        message["From"] = "Shop <orders@example.com>"
        message["To"] = MAILBOX
        message["Date"] = format_datetime(datetime.now(UTC))
        message["Message-ID"] = make_msgid(domain="example.com")
        message["Subject"] = subject
        message.set_content(f"{subject}.\n\nA message of the ewspush demo.\n")
        address = self._server.lmtp
        assert address, "it was started"
        with smtplib.LMTP(address.host, address.port, timeout=PATIENCE_S) as lmtp:
            lmtp.send_message(message)
        self._messages += 1
        self._say(f"delivered: {subject}")

    # What it sees

    def _was_handled(self, handled: Handled) -> None:
        with self._news:
            for line in show.lines(handled):
                self._say(line)
            self._handled.append(handled)
            self._news.notify_all()

    def _await(self, what: str, happened: Callable[[], bool]) -> None:
        with self._news:
            if not self._news.wait_for(happened, PATIENCE_S):
                raise DidNotHappen(f"{what}, within {PATIENCE_S:.0f} s")

    def _acknowledged(self) -> list[received.ReceivedNotification]:
        return [received.parse(one.body) for one in self._handled if one.is_acknowledged]

    def _new_mails(self) -> int:
        events = (event for each in self._acknowledged() for event in each.events)
        return sum(event.name == "NewMailEvent" for event in events)

    def _has_recovered(self) -> bool:
        return [one.is_acknowledged for one in self._handled[-3:]] == [False, False, True]

    # What must have happened

    def _summarize(self, id: str, watermark: str, before: int) -> None:
        acknowledged = self._acknowledged()
        failed = len(self._handled) - len(acknowledged)
        told = [event for each in acknowledged for event in each.events]
        shown = self._control.call("subscription.show", id=id)
        if self._new_mails() != self._messages - 1:
            raise DidNotHappen(f"{self._messages - 1} NewMailEvents; {self._new_mails()} came")
        if len(self._handled) != before:
            raise DidNotHappen("silence after Unsubscribe")
        if shown["phase"] != "ended":
            raise DidNotHappen(f"the subscription is ended; it is {shown['phase']}")
        for notification in acknowledged:
            if notification.previous_watermark != watermark:
                raise DidNotHappen("each PreviousWatermark is the last watermark that came before")
            watermark = notification.events[-1].watermark
        self._title("What was seen")
        for line in (
            f"{self._messages} messages delivered, the last after Unsubscribe",
            f"{len(self._handled)} notifications sent, {failed} of them failed and tried again",
            f"{len(told)} events told in order, {self._new_mails()} of new mail, none missing:",
            "  each PreviousWatermark was the watermark that came before it",
            f"after Unsubscribe the subscription is {shown['phase']}, and nothing more was sent",
        ):
            click.echo(f"  {line}")

    # How it is shown

    def _title(self, text: str) -> None:
        click.echo()
        click.secho(text, bold=True)

    def _say(self, text: str) -> None:
        click.echo(f"  {time.monotonic() - self._began_s:5.2f} s  {text}")

    def _say_what_next(self) -> None:
        data = self._settings.server.data
        click.echo(
            f"""
The server goes on until Ctrl-C. In another terminal, try
  ewspush responder
  curl --user {MAILBOX}:{self._password} -H 'Content-Type: text/xml' \\
    --data-binary @samples/subscribe-request.xml http://{self._server.http}/EWS/Exchange.asmx
      (after putting http://127.0.0.1:8090/ in the place of its URL)
  echo 'Subject: Hello' | ewspush deliver --data {data} --to {MAILBOX}
  ewspush subscription list --data {data}"""
        )

"""The story that `ewspush demo` tells."""

import shlex
import shutil
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from ewspush.cli import demo_client, show
from ewspush.cli.evidence import DidNotHappen, Evidence, new_mails
from ewspush.cli.running import run
from ewspush.control import CommandError
from ewspush.control.client import RunningServer
from ewspush.server import Server
from ewspush.settings import Address, Settings
from ewspush.testing.push_responder import Behaviour, Handled, PushResponder

MAILBOX = "demo@example.org"
PATIENCE_S = 12.0  # for everything together
SILENCE_S = 1.0  # a notification would be here in milliseconds
TROUBLES = (DidNotHappen, demo_client.NotSubscribed, CommandError, OSError)
INTERRUPTED = 130


class _Interrupted(Exception):
    """The server is being stopped from outside."""


class Story:
    """Tells it in a thread, beside a server that runs on the reactor.

    That thread alone prints, so that what belongs together stands together.
    """

    def __init__(self, reactor: Any, settings: Settings, keep: bool) -> None:
        self._reactor = reactor
        self._settings = settings
        self._keep = keep
        self._server = Server(reactor, settings)
        self._control = RunningServer(settings.server.data)
        self._began_s = time.monotonic()
        self._news = threading.Condition()
        self._handled: list[Handled] = []
        self._titles = 0
        self._shown = 0
        self._delivered = 0
        self._is_stopping = False
        self._is_told = False
        self._failure: Exception | None = None

    def run(self) -> int:
        """Run the server and tell the story; the exit status. Raises BrokenPipeError."""
        teller = threading.Thread(target=self._tell_and_stop)
        self._reactor.addSystemEventTrigger("before", "shutdown", self._stopping)
        status = run(self._reactor, self._server, started=teller.start)
        if teller.ident is not None:
            teller.join()
        if isinstance(self._failure, TROUBLES) and not isinstance(self._failure, BrokenPipeError):
            what = f"This was promised and did not happen: {self._failure}"
            click.secho(f"\n{what}", fg="red", err=True)
            return 1
        if self._failure is not None:
            raise self._failure
        return status or (0 if self._is_told else INTERRUPTED)

    def _tell_and_stop(self) -> None:
        try:
            self._tell()
            self._is_told = True
        except _Interrupted:
            return
        except Exception as error:  # raised again in the main thread
            self._failure = None if self._is_stopping else error
        if not self._is_stopping and not (self._keep and self._is_told):
            self._reactor.callFromThread(self._reactor.stop)

    def _stopping(self) -> None:
        with self._news:
            self._is_stopping = True
            self._news.notify_all()

    def _tell(self) -> None:
        responder = PushResponder(Address("127.0.0.1", 0), Behaviour(), self._was_handled)
        responder.start()
        http, lmtp = self._server.http, self._server.lmtp
        assert http is not None, "it was started"
        assert lmtp is not None, "it was started"
        self._title("A server, a push responder and a mailbox, on free ports of this machine")
        self._say(f"server     EWS at http://{http}{demo_client.PATH}, LMTP at {lmtp}")
        self._say(f"responder  {responder.url}")
        (mailbox,) = self._control.call("mailbox.create", addresses=[MAILBOX])
        password = mailbox["password"]
        self._say(f"mailbox    {MAILBOX}")

        self._title("The application subscribes to the Inbox, by SOAP")
        subscribed = demo_client.subscribe(http, MAILBOX, password, responder.url)
        self._say(f"SubscriptionId {subscribed.id}, Watermark {subscribed.watermark}")
        self._await("the first notification", lambda: bool(self._handled))

        self._title("Three messages arrive, by LMTP")
        for subject in ("Order 1001", "Order 1002", "Minutes of Tuesday"):
            self._deliver(lmtp, subject)
            self._await(f"the news of {subject!r}", self._are_all_told)

        wait_s = self._settings.delivery.first_retry_wait_s
        self._title(f"The responder fails twice (waits begin with {wait_s} s here, not with 30 s)")
        responder.behaviour.fail = 2
        self._deliver(lmtp, "Sent while you were out")
        self._await("the news of it after two failures", self._are_all_told)

        self._title("The responder answers Unsubscribe")
        responder.behaviour.unsubscribe_after = 0
        self._deliver(lmtp, "One more")
        self._await("the news of it", self._are_all_told)
        told = self._delivered
        self._deliver(lmtp, "Nobody is told of this one")
        self._watch(SILENCE_S)

        phase = self._control.call("subscription.show", id=subscribed.id)["phase"]
        evidence = Evidence(subscribed.watermark, self._handled, told, self._delivered, phase)
        evidence.check()
        self._summarize(evidence)
        responder.stop()
        if self._keep:
            self._say_what_next(http, password)

    def _deliver(self, lmtp: Address, subject: str) -> None:
        self._say(f"mail: {subject}")
        demo_client.deliver(lmtp, MAILBOX, subject)
        self._delivered += 1

    # What it sees

    def _was_handled(self, handled: Handled) -> None:
        with self._news:
            self._handled.append(handled)
            self._news.notify_all()

    def _are_all_told(self) -> bool:
        return len(new_mails(self._handled)) >= self._delivered

    def _await(self, what: str, happened: Callable[[], bool]) -> None:
        """Show what comes until `happened`. Raises DidNotHappen."""
        until_s = self._began_s + PATIENCE_S
        while not self._show_news_until(happened):
            if not self._wait(until_s):
                raise DidNotHappen(what)

    def _watch(self, seconds: float) -> None:
        """Show what comes for so long."""
        until_s = time.monotonic() + seconds
        while self._wait(until_s):
            self._show_news_until(lambda: False)

    def _wait(self, until_s: float) -> bool:
        """Wait for something that was not shown yet; False if the time is over."""
        with self._news:
            left_s = until_s - time.monotonic()
            came = self._news.wait_for(
                lambda: self._is_stopping or len(self._handled) > self._shown, max(0.0, left_s)
            )
        if self._is_stopping:
            raise _Interrupted
        return came

    def _show_news_until(self, happened: Callable[[], bool]) -> bool:
        has_happened = happened()  # before showing: what comes meanwhile is shown the next time
        for handled in self._handled[self._shown :]:
            self._shown += 1
            self._say(show.headline(handled))
            if handled.is_acknowledged:
                for line in show.events(handled):
                    click.echo(f"{'':8}{line}")
        return has_happened

    # How it is shown

    def _title(self, text: str) -> None:
        click.secho(f"\n{text}" if self._titles else text, bold=True)
        self._titles += 1

    def _say(self, text: str) -> None:
        click.echo(f"  {time.monotonic() - self._began_s:5.2f} s  {text}")

    def _summarize(self, seen: Evidence) -> None:
        self._title("What was seen")
        for line in (
            f"{seen.delivered} messages were delivered, {seen.told} of them while subscribed",
            f"{len(seen.handled)} notifications came; {seen.failures} were answered with an error"
            " and came again",
            f"{seen.heartbeats} heartbeat and {seen.events} events were acknowledged, none missing"
            " and none twice:",
            "  each PreviousWatermark was the last watermark before it",
            f"after Unsubscribe the subscription is {seen.phase}, and nothing more came",
        ):
            click.echo(f"  {line}")

    def _say_what_next(self, http: Address, password: str) -> None:
        data = shlex.quote(str(self._settings.server.data))
        request = self._settings.server.data / "subscribe.xml"
        request.write_text(demo_client.subscribe_request("http://127.0.0.1:8090/"))
        ewspush = _this_command()
        self._title("What to try next")
        click.echo(
            f"""\
  The server goes on until Ctrl-C. Start a responder in a second terminal:
    {ewspush} responder
  and in a third one subscribe, deliver a message, and look:
    curl --user {MAILBOX}:{password} -H 'Content-Type: text/xml' \\
      --data-binary @{shlex.quote(str(request))} http://{http}{demo_client.PATH}
    printf 'Subject: Hello\\n\\nHello.\\n' | {ewspush} deliver --data {data} --to {MAILBOX}
    {ewspush} subscription list --data {data}"""
        )


def _this_command() -> str:
    """How to call us in another terminal, where the PATH may be another."""
    own = Path(sys.argv[0]).absolute()
    on_path = shutil.which("ewspush")
    is_on_path = on_path is not None and own.exists() and own.samefile(on_path)
    return "ewspush" if is_on_path else shlex.quote(str(own))

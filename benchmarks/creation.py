"""How long CreateMailboxes takes for 1,000 mailboxes, and what notifications notice of it.

A server of its own, a mailbox with a push subscription, a responder in this process, and a message
by LMTP ten times a second. The latency is from the answer to the message, which is durable then, to
the arrival of the notification: for a while alone, and then while the mailboxes are created.
"""

import os
import re
import secrets
import smtplib
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

import click
import requests

MAILBOXES = 1_000
ALONE_S = 10.0
EVERY_S = 0.1

ENVELOPE = '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{}</s:Body></s:Envelope>'
MESSAGES = "http://schemas.microsoft.com/exchange/services/2006/messages"
TYPES = "http://schemas.microsoft.com/exchange/services/2006/types"
SUBSCRIBE = (
    f'<m:Subscribe xmlns:m="{MESSAGES}" xmlns:t="{TYPES}"><m:PushSubscriptionRequest><t:FolderIds>'
    '<t:DistinguishedFolderId Id="inbox"/></t:FolderIds><t:EventTypes><t:EventType>NewMailEvent'
    "</t:EventType></t:EventTypes><t:StatusFrequency>30</t:StatusFrequency><t:URL>{}</t:URL>"
    "</m:PushSubscriptionRequest></m:Subscribe>"
)
ACKNOWLEDGED = ENVELOPE.format(
    f'<SendNotificationResult xmlns="{MESSAGES}"><SubscriptionStatus>OK</SubscriptionStatus>'
    "</SendNotificationResult>"
).encode()
HEADERS = {"Content-Type": "text/xml; charset=utf-8"}


class Responder(BaseHTTPRequestHandler):
    """Acknowledges, and puts down when."""

    protocol_version = "HTTP/1.1"
    arrived: ClassVar[list[float]] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.arrived.append(time.perf_counter())
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(ACKNOWLEDGED)))
        self.end_headers()
        self.wfile.write(ACKNOWLEDGED)

    def log_message(self, *_: object) -> None:
        """Nothing: the table is all that is printed."""


@click.command()
def main() -> None:
    """Print one table."""
    with TemporaryDirectory() as folder, _server(Path(folder)) as (http, lmtp):
        management = Management(Path(folder), http)
        domain = management.domain
        with _responder() as url:
            _subscribe(Path(folder), http, url)
            with smtplib.LMTP(*lmtp) as mail:
                alone = _latencies(mail, lambda began_s: time.perf_counter() - began_s > ALONE_S)
                creating = threading.Thread(target=management.create, args=(domain,))
                creating.start()
                meanwhile = _latencies(mail, lambda _: not creating.is_alive())
                creating.join()
    click.echo(f"CreateMailboxes of {MAILBOXES}: {management.took_s:.1f} s")
    click.echo(f"{'notifications, ms':24}{'p50':>8}{'p95':>8}{'max':>8}{'count':>8}")
    for name, found in (("alone", alone), ("meanwhile", meanwhile)):
        ms = sorted(1000 * each for each in found)
        p95 = ms[int(len(ms) * 0.95)]
        click.echo(f"{name:24}{statistics.median(ms):8.1f}{p95:8.1f}{ms[-1]:8.1f}{len(ms):8}")


class Management:
    """An administrator of the server."""

    def __init__(self, folder: Path, http: str) -> None:
        password = secrets.token_urlsafe()
        _command(folder, "admin", "create", "root", password=password)
        _command(folder, "org", "create", "acme")
        _command(folder, "domain", "create", "example.org")
        self._url = f"{http}/EWS/Mailboxes.asmx"
        self._credentials = ("root", password)
        wsdl = requests.get(f"{self._url}?wsdl", timeout=30).text
        self._namespace = re.findall(r'targetNamespace="([^"]+)"', wsdl)[0]
        self.took_s = 0.0
        (self.domain,) = re.findall(r"<\w*:?Id>([^<]+)</", self._ask("ListDomains"))

    def create(self, domain: str) -> None:
        """Create the mailboxes, and put down how long it took."""
        wanted = "".join(
            f"<Mailbox><LocalPart>user{n}</LocalPart><Password>{secrets.token_urlsafe()}</Password>"
            "</Mailbox>"
            for n in range(MAILBOXES)
        )
        began_s = time.perf_counter()
        self._ask(
            "CreateMailboxes",
            f"<DomainId>{domain}</DomainId><SubscriptionPeriod>monthly</SubscriptionPeriod>"
            f"<Mailboxes>{wanted}</Mailboxes>",
        )
        self.took_s = time.perf_counter() - began_s

    def _ask(self, operation: str, content: str = "") -> str:
        body = f'<{operation} xmlns="{self._namespace}">{content}</{operation}>'
        answer = requests.post(
            self._url,
            ENVELOPE.format(body).encode(),
            headers=HEADERS,
            auth=self._credentials,
            timeout=300,
        )
        if answer.status_code != requests.codes.ok:
            raise click.ClickException(answer.text)
        return answer.text


def _latencies(mail: smtplib.LMTP, is_over: Callable[[float], bool]) -> list[float]:
    began_s, found = time.perf_counter(), []
    while not is_over(began_s):
        before = len(Responder.arrived)
        mail.sendmail("a@example.net", ["watched@example.net"], b"Subject: x\r\n\r\nx\r\n")
        sent_s = time.perf_counter()
        while len(Responder.arrived) == before:
            time.sleep(0.0005)
        found.append(max(0.0, Responder.arrived[-1] - sent_s))  # it may overtake the answer
        time.sleep(EVERY_S)
    return found


def _subscribe(folder: Path, http: str, url: str) -> None:
    password = _command(folder, "mailbox", "create", "watched@example.net").split()[-1]
    answer = requests.post(
        f"{http}/EWS/Exchange.asmx",
        ENVELOPE.format(SUBSCRIBE.format(url)).encode(),
        headers=HEADERS,
        auth=("watched@example.net", password),
        timeout=30,
    )
    if "NoError" not in answer.text:
        raise click.ClickException(answer.text)
    while not Responder.arrived:  # the first notification
        time.sleep(0.01)


@contextmanager
def _responder() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Responder) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@contextmanager
def _server(folder: Path) -> Iterator[tuple[str, tuple[str, int]]]:
    listen = ("--http", "127.0.0.1:0", "--lmtp", "127.0.0.1:0")
    serve = (_ewspush(), "serve", "--data", str(folder / "data"), *listen)
    environment = {**os.environ, "EWSPUSH_DELIVERY_CALLBACK_ALLOW": "127.0.0.0/8"}
    with subprocess.Popen(serve, stderr=subprocess.PIPE, text=True, env=environment) as server:
        assert server.stderr is not None
        for line in server.stderr:
            if found := re.search(r"started .*http=(\S+) lmtp=([\d.]+):(\d+)", line):
                break
        else:
            raise click.ClickException("the server did not start")
        # What it logs is read, or it would wait.
        threading.Thread(target=server.stderr.read, daemon=True).start()
        yield f"http://{found[1]}", (found[2], int(found[3]))
        server.terminate()


def _command(folder: Path, *arguments: str, password: str | None = None) -> str:
    options = () if password is None else ("--password-stdin",)
    command = (_ewspush(), *arguments, *options, "--data", str(folder / "data"))
    done = subprocess.run(command, check=False, input=password, capture_output=True, text=True)
    if done.returncode:
        raise click.ClickException(done.stderr)
    return done.stdout


def _ewspush() -> str:
    return str(Path(sys.executable).with_name("ewspush"))


if __name__ == "__main__":
    main()

"""`ewspush emulate` in a process of its own."""

import http.client
import json
import re
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from urllib.parse import urlencode

from ewspush.control.client import RunningServer
from ewspush.settings import parse_address
from ewspush.testing import EmulatorProcess, EwsServer
from support.running_server import MESSAGE, PATIENCE_S, Mailbox

ANN = Mailbox("ann@example.org", "secret")
BOB = Mailbox("bob@example.org", "secret")


class InspectedEmulator:
    """An emulator with two mailboxes, for who looks at it in a browser."""

    def __init__(self, server: EwsServer) -> None:
        status = server.status()
        self.http = parse_address(status.http)
        self._lmtp = parse_address(status.lmtp)
        self.control = RunningServer(Path(status.data))

    def url(self, path: str = "/inspect/") -> str:
        return f"http://{self.http}{path}"

    def ask(self, envelope: bytes, mailbox: Mailbox = ANN) -> bytes:
        """The answer to an EWS request."""
        connection = http.client.HTTPConnection(*self.http, timeout=PATIENCE_S)
        headers = {"Content-Type": "text/xml", "Authorization": mailbox.authorization}
        connection.request("POST", "/EWS/Exchange.asmx", envelope, headers)
        answer = connection.getresponse().read()
        connection.close()
        return answer

    def press(self, action: str, **form: str) -> None:
        """Post a form of the inspector."""
        connection = http.client.HTTPConnection(*self.http, timeout=PATIENCE_S)
        connection.request("GET", "/inspect/laboratory")
        page = connection.getresponse()
        cookie = page.headers["Set-Cookie"].partition(";")[0]
        (token,) = set(re.findall(r'name="token" value="(\w+)"', page.read().decode()))
        headers = {
            "Cookie": cookie,
            "Sec-Fetch-Site": "same-origin",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        body = urlencode({"token": token, **form})
        connection.request("POST", f"/inspect{action}", body, headers)
        assert connection.getresponse().status == http.client.OK
        connection.close()

    def control_api(self, path: str, **given: object) -> None:
        """Post to the control API."""
        connection = http.client.HTTPConnection(*self.http, timeout=PATIENCE_S)
        headers = {"Content-Type": "application/json"}
        connection.request("POST", f"/emulator/{path}", json.dumps(given), headers)
        assert connection.getresponse().status in (http.client.OK, http.client.CREATED)
        connection.close()

    def deliver(self, message: bytes = MESSAGE, mailbox: Mailbox = ANN) -> None:
        with smtplib.LMTP(self._lmtp.host, self._lmtp.port, timeout=PATIENCE_S) as lmtp:
            lmtp.sendmail("shop@example.com", [mailbox.address], message)


@contextmanager
def emulating() -> Iterator[InspectedEmulator]:
    """An emulator that runs, and that says nothing of troubles."""
    mailboxes = [("--mailbox", f"{each.address}:{each.password}") for each in (ANN, BOB)]
    with EmulatorProcess(*chain.from_iterable(mailboxes)) as process:
        yield InspectedEmulator(process.server)
        said = process.said
    assert "bug" not in said
    assert "Traceback" not in said

"""A million idle subscriptions: memory, the start, and what Subscribe takes beside them."""

import re
import time
from dataclasses import dataclass
from pathlib import Path

import filling
import requests
from click import ClickException
from filling import User
from findings import Found, Row, ms
from responders import Nginx, nginx
from serving import Process, serve

SUBSCRIPTIONS = 1_000_000
USERS = 20
_BYTES_EACH, _START_S, _P99_S = 700, 20, 0.020  # wanted, at most
_EACH = 25  # times that a user subscribes and unsubscribes
_SETTLE_S = 3
_ENVELOPE = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages"'
    ' xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types">'
    "<s:Body>{}</s:Body></s:Envelope>"
)
_SUBSCRIBE = (
    "<m:Subscribe><m:PushSubscriptionRequest><t:FolderIds>"
    '<t:DistinguishedFolderId Id="inbox"/></t:FolderIds><t:EventTypes><t:EventType>NewMailEvent'
    "</t:EventType></t:EventTypes><t:StatusFrequency>30</t:StatusFrequency><t:URL>{}</t:URL>"
    "</m:PushSubscriptionRequest></m:Subscribe>"
)
_UNSUBSCRIBE = "<m:Unsubscribe><m:SubscriptionId>{}</m:SubscriptionId></m:Unsubscribe>"


@dataclass(frozen=True)
class Idle:
    """What was found."""

    bytes_each: float
    most_bytes_each: float  # while they were loaded
    start_s: float  # from the start of the process until a subscription was made
    first_subscribe_s: float  # of those with a password that was not verified before
    p50_s: float
    p99_s: float


def run(folder: Path) -> Found:
    """Memory, start, Subscribe."""
    with nginx() as responders:
        found = measure(folder, responders)
    return Found(
        [
            Row(
                f"{SUBSCRIPTIONS:,} idle subscriptions: resident bytes each",
                f"{found.bytes_each:.0f} (at most {found.most_bytes_each:.0f})",
                f"{_BYTES_EACH}",
                found.bytes_each <= _BYTES_EACH,
            ),
            Row(
                "... from the start of the process to an answered Subscribe",
                f"{found.start_s:.1f} s",
                f"{_START_S} s",
                found.start_s <= _START_S,
            ),
            Row(
                "... Subscribe, p50 / p99",
                f"{ms(found.p50_s)} / {ms(found.p99_s)}",
                f"p99 {ms(_P99_S)}",
                found.p99_s < _P99_S,
            ),
            Row(
                "... the first of a client, whose password is verified",
                f"{ms(found.first_subscribe_s)} at most",
            ),
        ]
    )


def measure(folder: Path, responders: Nginx, subscriptions: int = SUBSCRIPTIONS) -> Idle:
    """A server with users alone, and with subscriptions beside them."""
    users = filling.make_users(folder, USERS)
    with serve(folder) as process:
        time.sleep(_SETTLE_S)
        empty = process.resident()
    filling.add_idle(folder, subscriptions, responders.url, filling.LONGEST_MIN)
    began_s = time.perf_counter()
    with serve(folder) as process:
        with requests.Session() as session:
            _subscribe_once(session, process, users[0], responders.url(0))
        start_s = time.perf_counter() - began_s
        time.sleep(_SETTLE_S)
        loaded, most = process.resident(), process.most_resident()
        with requests.Session() as session:
            first = [
                _subscribe_once(session, process, user, responders.url(0)) for user in users[1:]
            ]
            again = sorted(
                _subscribe_once(session, process, user, responders.url(0))
                for _ in range(_EACH)
                for user in users
            )
    return Idle(
        (loaded - empty) / subscriptions,
        (most - empty) / subscriptions,
        start_s,
        max(first),
        again[len(again) // 2],
        again[int(len(again) * 0.99)],
    )


def _subscribe_once(session: requests.Session, process: Process, user: User, url: str) -> float:
    """Subscribe and unsubscribe; how long the first took."""
    began_s = time.perf_counter()
    answer = _ask(session, process, user, _SUBSCRIBE.format(url))
    took_s = time.perf_counter() - began_s
    (subscription,) = re.findall(r"SubscriptionId>([^<]+)<", answer)
    _ask(session, process, user, _UNSUBSCRIBE.format(subscription))
    return took_s


def _ask(session: requests.Session, process: Process, user: User, what: str) -> str:
    answer = session.post(
        f"{process.http}/EWS/Exchange.asmx",
        _ENVELOPE.format(what).encode(),
        headers={"Content-Type": "text/xml; charset=utf-8"},
        auth=(user.address, user.password),
        timeout=30,
    )
    if "NoError" not in answer.text:
        raise ClickException(answer.text)
    return answer.text

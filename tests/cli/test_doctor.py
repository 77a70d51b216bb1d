"""`ewspush doctor`: what it prints, and how it ends, for responders right and wrong."""

import json
import re
import signal

import pytest
import pytest_twisted
from twisted.internet.threads import deferToThread

from ewspush.core.subscription import SubscriptionStatus
from support.acks import ack
from support.raw_responder import answer, reset, silence
from support.running_server import PATIENCE_S
from support.sending import certificate

QUERY = "/push?key=s3cret"
ACK = answer(200, ack())
GOOD = (*(ACK,) * 5, answer(400, b""), ACK)
STEPS = [
    "url",
    "addresses",
    "connection",
    "certificate",
    "status-event",
    "event",
    "duplicate",
    "batch",
    "error-message",
    "garbage",
    "after-garbage",
    "acknowledgement",
    "time",
]


@pytest.fixture
def examine(run):
    """Runs the command while responders of this process answer."""

    async def examine(*arguments):
        told = await deferToThread(run, "doctor", *arguments)
        assert told.err == ""
        assert "s3cret" not in told.out
        return told

    return examine


def unwrapped(told):
    """What was printed, a finding or an advice on each line."""
    return re.sub(r"\n {27}(?!->)", " ", told.out)


@pytest_twisted.ensureDeferred
async def test_a_right_responder_is_told_step_by_step(examine, responder, monkeypatch):
    monkeypatch.setenv("EWSPUSH_DELIVERY_CALLBACK_ALLOW", "127.0.0.0/8")
    far_end = responder(*GOOD)
    told = await examine(far_end.url(QUERY))
    assert told.status == 0
    shown = re.sub(r"\d+\.\d ms", "N ms", unwrapped(told).replace(str(far_end.port), "PORT"))
    assert shown.splitlines() == [
        "ok       URL               http://127.0.0.1:PORT/push?key=... is well-formed",
        "ok       addresses         127.0.0.1",
        "ok       connection        127.0.0.1 in N ms",
        "skipped  certificate       the URL is http",
        "ok       StatusEvent       acknowledged in N ms",
        "ok       event             acknowledged in N ms",
        "ok       same event again  acknowledged in N ms",
        "ok       batch of events   acknowledged in N ms",
        "ok       error message     HTTP 200 in N ms; whatever is answered counts for nothing",
        "ok       garbage           refused: HTTP 400",
        "ok       after garbage     acknowledged in N ms",
        "ok       acknowledgement   right by the letter of the schema, too",
        "ok       time              the slowest of 7 answers took N ms; 30 s are allowed"
        " (delivery.timeout_s)",
        "",
        "no problems, no warnings, 1 skipped",
    ]


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize(
    ("behaviours", "status", "lines"),
    [
        (
            [answer(500, b"for s3cret")],
            1,
            [
                'problem  StatusEvent       HTTP 500; it begins "for ..."',
                "-> It failed. Its own log should tell why.",
                "skipped  same event again  the event was not acknowledged the first time",
            ],
        ),
        (
            [answer(302, b"", "Location: /login?next=s3cret")],
            1,
            [
                "/login?next=...; redirects are not followed",
                "skipped  6 more steps      everything is redirected",
            ],
        ),
        (
            [answer(200, b"<html>Hello</html>")],
            1,
            [
                "problem  StatusEvent       HTTP 200, but the answer has no SubscriptionStatus; it"
                ' begins "<html>Hello</html>"',
                "problem  acknowledgement   no answer was an acknowledgement",
                "-> Expected is <?xml",
            ],
        ),
        (
            [answer(200, ack(SubscriptionStatus.UNSUBSCRIBE))],
            0,
            ["warning  StatusEvent       acknowledged with Unsubscribe", "no problems"],
        ),
        (
            [answer(200, b" " + ack())],
            0,
            ["warning  acknowledgement   it is understood here", "warning  garbage"],
        ),
        ([silence], 1, ["problem  StatusEvent       no complete answer within 0.5 s"]),
        (
            [*GOOD[:5], reset],
            1,
            ["warning  garbage", "problem  after garbage     it is no longer acknowledged"],
        ),
    ],
    ids=["500", "redirect", "no ack", "Unsubscribe", "not strict", "silent", "crash on garbage"],
)
async def test_what_is_wrong_is_said_with_what_helps(
    examine,
    responder,
    monkeypatch,
    behaviours,
    status,
    lines,
):
    if behaviours == [silence]:
        monkeypatch.setenv("EWSPUSH_DELIVERY_TIMEOUT_S", "0.5")
    told = await examine(responder(*behaviours).url(QUERY))
    assert told.status == status
    for line in lines:
        assert line in unwrapped(told)
    advice = re.findall(r"^ +-> (.*)$", told.out, re.MULTILINE)
    assert len(advice) == len(set(advice))
    assert max(len(line) for line in told.out.splitlines() if "xmlns" not in line) <= 100


@pytest_twisted.ensureDeferred
async def test_json_has_every_step(examine, responder):
    told = await examine(responder(answer(404, b"")).url(QUERY), "--json")
    assert told.status == 1
    record = json.loads(told.out)
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/push\?key=\.\.\.", record["url"])
    assert record["verdict"] == "problem"
    assert [step["step"] for step in record["steps"]] == STEPS
    assert record["steps"][4] == {
        "step": "status-event",
        "verdict": "problem",
        "text": "HTTP 404",
        "advice": "Nothing answers at this path: is the URL the one of the responder?",
    }


@pytest_twisted.ensureDeferred
async def test_a_private_authority_is_trusted_by_the_settings_of_the_server(
    examine,
    responder,
    authority,
    ca_file,
    elsewhere,
):
    url = responder(*GOOD, tls=certificate(authority, "localhost")).url(QUERY, "localhost")
    told = await examine(url)
    assert told.status == 1
    assert "problem  certificate" in told.out
    (elsewhere / "server.toml").write_text(f'[delivery]\nca_file = "{ca_file}"\n')
    told = await examine(url, "--config", "server.toml")
    assert told.status == 0
    assert "ok       certificate" in told.out


@pytest_twisted.ensureDeferred
async def test_what_is_posted_has_the_subscription_id_that_is_given(examine, responder):
    far_end = responder(*GOOD)
    await examine(far_end.url(), "--subscription-id", "c3Vi+/=_-")
    ids = [b">c3Vi+/=_-<" in request.body for request in far_end.requests]
    assert ids == [True] * 5 + [False, True]


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("http://nobody.invalid/?key=s3cret", "problem  addresses         nobody.invalid has no"),
        ("http://10.0.0.1/?key=s3cret", "problem  URL               The push URL is not allowed"),
        ("s3cret", "problem  URL               The push URL must begin with"),
    ],
)
def test_what_cannot_be_examined_is_a_problem(run, url, line):
    told = run("doctor", url)
    assert (told.status, told.err) == (1, "")
    assert line in told.out
    assert "s3cret" not in told.out


@pytest.mark.parametrize("as_json", [[], ["--json"]])
def test_what_is_wrong_with_the_command_is_an_error(ewspush, monkeypatch, as_json):
    told = ewspush("doctor", "http://h/", "--subscription-id", "<x>", *as_json)
    assert (told.status, told.out) == (1, "")
    assert "--subscription-id: should be letters, digits" in told.err
    monkeypatch.setenv("EWSPUSH_DELIVERY_CA_FILE", "none.pem")
    told = ewspush("doctor", "http://h/", *as_json)
    assert (told.status, told.out) == (1, "")
    assert "CA file none.pem: No such file or directory" in told.err


@pytest_twisted.ensureDeferred
async def test_ctrl_c_ends_it(spawn, responder):
    far_end = responder(silence)
    process = spawn("doctor", far_end.url())
    await far_end.requests_arrived(1)
    process.send_signal(signal.SIGINT)
    _, err = await deferToThread(process.communicate, timeout=PATIENCE_S)
    assert (process.returncode, err) == (130, "")

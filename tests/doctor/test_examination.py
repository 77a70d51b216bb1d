"""The examination: every step is told once and in order, whatever the responder does.

First with answers that are made up, without any socket; then, with the real probes, against
responders on loopback.
"""

import datetime
import socket

import pytest
import pytest_twisted
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from twisted.internet.defer import Deferred
from twisted.internet.ssl import CertificateOptions

from ewspush.core.subscription import SubscriptionStatus
from ewspush.doctor.certificates import Certificate
from ewspush.doctor.examination import Case, Examination
from ewspush.doctor.findings import Step
from ewspush.doctor.messages import GARBAGE, compose
from ewspush.doctor.network import Connected, Policies
from ewspush.doctor.probes import NoAddress, RealProbes
from ewspush.push.courier import HEADERS
from ewspush.push.sender import Answer, FailureKind, NoAnswer
from support.acks import ack, took
from support.raw_responder import answer, reset, silence
from support.sending import certificate

NOW = datetime.datetime.now(datetime.UTC)
LONG_AGO = datetime.datetime(2001, 1, 1, tzinfo=datetime.UTC)
PUBLIC = "93.184.216.34"
URL = "https://app.example.com/push?key=s3cret"

ACK = Answer(200, ack(), took(), None)
BAD_REQUEST = Answer(400, b"", took(), None)
GOOD = (ACK, ACK, ACK, ACK, ACK, BAD_REQUEST, ACK)
OWN = Certificate("app", "CA", ("app",), NOW, NOW + datetime.timedelta(days=90), False)


def case(url, contract, terms, allowed=()):
    messages = compose(3, int(NOW.timestamp()), None, "Exchange2010_SP2")
    return Case(url, Policies(allowed), terms, messages, contract, NOW)


class MadeUp:
    """Probes that answer as told, and keep what was posted."""

    def __init__(self, *results, addresses=(PUBLIC,), connects=True, chain=(OWN,)):
        self.results = list(results)
        self.addresses = list(addresses)
        self.connects = connects
        self.certificates = chain
        self.posted = []

    async def lookup(self, host, port):
        if not self.addresses:
            raise NoAddress("unknown")
        return self.addresses

    async def connect(self, address, port):
        return Connected(address, 1.0 if self.connects else None, "refused")

    async def chain(self, address, port, host):
        return self.certificates

    async def post(self, url, body):
        self.posted.append(body)
        result = self.results.pop(0)
        if isinstance(result, NoAnswer):
            raise result
        return result


@pytest.fixture
def examine(contract, terms):
    """Examines with made-up probes; verdicts by step."""

    def examine(probes, url=URL):
        told = []
        examination = Examination(case(url, contract, terms), probes, told.append)
        ended = []
        Deferred.fromCoroutine(examination.run()).addBoth(ended.append)
        assert ended == [None]
        assert told == examination.findings
        assert [each.step for each in told] == list(Step)
        verdicts = {each.step.value: each.judgement.verdict.value for each in told}
        assert examination.has_problems is ("problem" in verdicts.values())
        return verdicts

    return examine


def others(verdicts, verdict):
    """The steps that have another verdict."""
    return {step: each for step, each in verdicts.items() if each != verdict}


def silent(kind, tls_us=1):
    return NoAnswer(kind, "scripted", took()._replace(tls_us=tls_us))


def test_a_good_responder_is_ok_throughout(examine):
    probes = MadeUp(*GOOD)
    assert others(examine(probes), "ok") == {}
    status, event, again, batch, error, garbage, after = probes.posted
    assert again == event
    assert garbage == GARBAGE
    assert len({status, event, batch, error, garbage, after}) == 6


@pytest.mark.parametrize(
    ("probes", "url", "told"),
    [
        (MadeUp(), "ftp://x/", {"url": "problem"}),
        (MadeUp(addresses=()), URL, {"url": "ok", "addresses": "problem"}),
        (MadeUp(addresses=("10.0.0.1",)), URL, {"url": "ok", "addresses": "problem"}),
        (MadeUp(connects=False), URL, {"url": "ok", "addresses": "ok", "connection": "problem"}),
    ],
)
def test_what_cannot_be_reached_is_not_posted_to(examine, probes, url, told):
    assert others(examine(probes, url), "skipped") == told
    assert probes.posted == []


@pytest.mark.parametrize(
    ("result", "time"),
    [
        (silent(FailureKind.TIMEOUT), "skipped"),
        (silent(FailureKind.RESET), "skipped"),
        (Answer(302, b"", took(), None, "https://other.example/"), "ok"),
        (Answer(404, b"", took(), None), "ok"),
    ],
)
def test_what_answers_everything_alike_is_posted_to_once(examine, result, time):
    probes = MadeUp(result)
    verdicts = examine(probes)
    assert (verdicts["certificate"], verdicts["status-event"]) == ("ok", "problem")
    assert set(list(verdicts.values())[5:-1]) == {"skipped"}
    assert verdicts["time"] == time
    assert len(probes.posted) == 1


@pytest.mark.parametrize("kind", [FailureKind.TLS, FailureKind.TIMEOUT, FailureKind.RESET])
def test_a_handshake_that_fails_is_told_of_the_certificate(examine, kind):
    verdicts = examine(MadeUp(silent(kind, tls_us=None)))
    assert verdicts["certificate"] == "problem"
    assert set(list(verdicts.values())[4:]) == {"skipped"}


UNSUBSCRIBE = Answer(200, ack(SubscriptionStatus.UNSUBSCRIBE), took(), None)
FAILURE = Answer(500, b"", took(), None)


@pytest.mark.parametrize(
    ("at", "result", "told"),
    [
        (0, FAILURE, {"status-event": "problem", "after-garbage": "skipped"}),
        (0, UNSUBSCRIBE, {"status-event": "warning"}),
        (1, FAILURE, {"event": "problem", "duplicate": "skipped"}),
        (2, FAILURE, {"duplicate": "problem"}),
        (3, silent(FailureKind.TIMEOUT), {"batch": "problem"}),
        (4, FAILURE, {"error-message": "warning"}),
        (5, ACK, {"garbage": "warning"}),
        (6, silent(FailureKind.CONNECT), {"after-garbage": "problem"}),
    ],
)
def test_each_answer_is_told_at_its_step(examine, at, result, told):
    results = list(GOOD)
    results[at] = result
    assert others(examine(MadeUp(*results)), "ok") == told


@pytest.mark.parametrize(
    ("chain", "url", "verdict"),
    [((), URL, "ok"), ((OWN,), "http://app.example.com/", "warning")],
)
def test_what_is_said_without_a_certificate_to_look_at(examine, chain, url, verdict):
    assert examine(MadeUp(*GOOD, chain=chain), url)["certificate"] == verdict


# Real probes


@pytest.fixture
def look(make_sender, contract, terms):
    """Examines with real probes; the examination."""

    async def look(url, **settings):
        ours = case(url, contract, terms)
        sender = make_sender(ours.policies.doctor.refusal, **{"timeout": 5.0, **settings})
        examination = Examination(ours, RealProbes(sender.post, 5.0), lambda _: None)
        await examination.run()
        return examination

    return look


def verdicts_of(examination):
    return {each.step.value: each.judgement.verdict.value for each in examination.findings}


def judgement(examination, step):
    return next(each.judgement for each in examination.findings if each.step.value == step)


BEHAVES = (*(answer(200, ack()),) * 5, answer(400, b""), answer(200, ack()))


@pytest_twisted.ensureDeferred
async def test_a_real_responder_that_is_right(look, responder):
    far_end = responder(*BEHAVES)
    examination = await look(far_end.url("/push?key=s3cret"))
    assert others(verdicts_of(examination), "ok") == {
        "addresses": "warning",  # loopback
        "certificate": "skipped",
    }
    assert all(set(HEADERS) <= set(request.head) for request in far_end.requests)
    assert len(far_end.requests) == 7


@pytest_twisted.ensureDeferred
async def test_a_real_responder_that_crashes_on_garbage(look, responder):
    examination = await look(responder(*BEHAVES[:5], reset).url())
    verdicts = verdicts_of(examination)
    assert (verdicts["garbage"], verdicts["after-garbage"]) == ("warning", "problem")


@pytest_twisted.ensureDeferred
async def test_a_real_responder_that_is_silent(look, responder):
    examination = await look(responder(silence).url(), timeout=0.2)
    assert verdicts_of(examination)["status-event"] == "problem"


@pytest_twisted.ensureDeferred
async def test_a_real_redirect_is_shown_and_not_followed(look, responder):
    elsewhere = responder(*BEHAVES)
    far_end = responder(answer(301, b"", f"Location: {elsewhere.url('/?key=s3cret')}"))
    told = judgement(await look(far_end.url()), "status-event")
    assert f"a redirect to {elsewhere.url('/?key=...')}" in told.text
    assert elsewhere.requests == []


@pytest_twisted.ensureDeferred
async def test_a_port_where_nobody_listens(look):
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        examination = await look(f"http://127.0.0.1:{bound.getsockname()[1]}/")
    assert "127.0.0.1: Connection refused" in judgement(examination, "connection").text


@pytest_twisted.ensureDeferred
async def test_a_name_that_nobody_knows(look):
    examination = await look("http://nobody.invalid/")
    assert "nobody.invalid has no address" in judgement(examination, "addresses").text


@pytest_twisted.ensureDeferred
async def test_a_certificate_that_is_trusted(look, responder, authority, ca_file):
    far_end = responder(*BEHAVES, tls=certificate(authority, "localhost"))
    examination = await look(far_end.url(host="localhost"), ca_file=ca_file)
    assert not examination.has_problems
    told = judgement(examination, "certificate")
    assert (told.verdict.value, "issued by" in told.text) == ("ok", True)


def self_signed():
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - datetime.timedelta(days=1))
        .not_valid_after(NOW + datetime.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return CertificateOptions(key, made, acceptableProtocols=[b"http/1.1"])


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize(
    ("make", "text", "advice"),
    [
        (lambda authority: self_signed(), "localhost, issued by itself", "delivery.ca_file"),
        (
            lambda authority: certificate(
                authority, "localhost", not_before=LONG_AGO, not_after=LONG_AGO
            ),
            "expired on 2001-01-01",
            "Renew it.",
        ),
        (
            lambda authority: certificate(authority, "other.example"),
            "it is for other.example",
            "must name the host",
        ),
        (
            lambda authority: certificate(trustme.CA(), "localhost"),
            "the server refuses it",
            "the whole chain",
        ),
        (lambda authority: None, "no TLS connection comes about", "plain http"),
    ],
    ids=["self-signed", "expired", "of another host", "of an unknown authority", "no TLS"],
)
async def test_a_certificate_that_is_not_accepted(
    look, responder, authority, ca_file, make, text, advice
):
    tls = make(authority)
    far_end = responder(answer(), tls=tls)
    far_end.doomed |= set() if tls else {1, 2, 3, 4}
    url = far_end.url(host="localhost").replace("http:", "https:")
    examination = await look(url, ca_file=ca_file)
    told = judgement(examination, "certificate")
    assert told.verdict.value == "problem"
    assert text in told.text
    assert advice in told.advice
    assert far_end.requests == []

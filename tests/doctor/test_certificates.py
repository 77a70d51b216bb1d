"""What certificates mean, and what helps when the server does not accept them."""

from datetime import UTC, datetime, timedelta

import pytest
import trustme
from cryptography.x509 import load_pem_x509_certificate

from ewspush.doctor import certificates
from ewspush.doctor.certificates import Certificate
from ewspush.doctor.findings import Verdict
from ewspush.push.sender import FailureKind, NoAnswer
from support.acks import took

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def certificate(subject="app.example.com", issuer="Some CA", *, days=90.0, since_days=30.0):
    return Certificate(
        subject,
        issuer,
        (subject,),
        NOW - timedelta(days=since_days),
        NOW + timedelta(days=days),
        subject == issuer,
    )


def refused(detail="unable to get local issuer certificate"):
    return NoAnswer(FailureKind.TLS, detail, took())


OWN = certificate()
SELF_SIGNED = certificate(issuer="app.example.com")


@pytest.mark.parametrize(
    ("chain", "verdict", "texts"),
    [
        ([OWN], Verdict.OK, ["app.example.com, issued by Some CA", "until 2026-08-30 (90 days)"]),
        ([SELF_SIGNED], Verdict.OK, ["app.example.com, issued by itself"]),
        ([certificate(days=14)], Verdict.OK, ["(14 days)"]),
        ([certificate(days=13.9)], Verdict.WARNING, ["valid until 2026-06-15 (13 days)"]),
        ([certificate(days=1.5)], Verdict.WARNING, ["(1 day)"]),
        (
            [OWN, certificate("Some CA", "Root", days=3)],
            Verdict.WARNING,
            ["; Some CA in its chain is valid until 2026-06-04 (3 days)"],
        ),
        ([], Verdict.OK, ["accepted"]),
    ],
)
def test_what_is_accepted_and_for_how_long(chain, verdict, texts):
    judged = certificates.of_certificates(chain, NOW)
    assert judged.verdict is verdict
    assert all(text in judged.text for text in texts), judged.text


@pytest.mark.parametrize(
    ("chain", "detail", "text", "advice"),
    [
        ([SELF_SIGNED], "self-signed certificate", "issued by itself", "delivery.ca_file"),
        ([OWN], "unable to get issuer", "the server refuses it", "the whole chain, with the"),
        ([OWN, certificate("Some CA", "Root")], "unknown", "refuses", "knows the authority Root"),
        ([certificate(days=-0.5)], "expired", "expired on 2026-06-01", "Renew it."),
        ([certificate(days=-10.5)], "expired", "expired on 2026-05-22", "Renew it."),
        (
            [OWN, certificate("Some CA", "Root", days=-2)],
            "expired",
            "Some CA expired on 2026-05-30",
            "Renew it.",
        ),
        ([certificate(since_days=-1)], "not yet", "not valid before 2026-06-02 12:00", "clocks"),
        (
            [OWN],
            "SSL: no alternative certificate subject name matches target host name 'h'",
            "it is for app.example.com",
            "must name the host of the URL",
        ),
        ([], "wrong version number", "no TLS connection comes about", "plain http"),
    ],
)
def test_what_is_refused_comes_with_what_helps(chain, detail, text, advice):
    judged = certificates.of_refusal(chain, refused(detail), NOW)
    assert judged.verdict is Verdict.PROBLEM
    assert text in judged.text
    assert detail in judged.text
    assert advice in judged.advice


@pytest.mark.parametrize(("is_loopback", "verdict"), [(True, "skipped"), (False, "warning")])
def test_plain_http_is_for_trying_things_out(is_loopback, verdict):
    assert certificates.of_plain_http(is_loopback=is_loopback).verdict.value == verdict


def test_a_certificate_is_described_by_its_names_and_dates():
    issued = trustme.CA(organization_name="An Authority").issue_cert(
        "app.example.com",
        "127.0.0.1",
        common_name="app \x1b[2J",
        not_before=NOW,
        not_after=NOW + timedelta(days=1),
    )
    [pem] = issued.cert_chain_pems
    described = certificates.describe(load_pem_x509_certificate(pem.bytes()))
    assert described.subject == "app ?[2J"
    assert "An Authority" in described.issuer
    assert described.names == ("app.example.com", "127.0.0.1")
    assert (described.not_before, described.days_left(NOW)) == (NOW, 1)
    assert not described.is_self_signed


def test_many_names_are_not_all_listed():
    many = Certificate("a", "b", tuple("abcdefg"), NOW, NOW + timedelta(days=1), False)
    judged = certificates.of_refusal([many], refused("certificate subject name 'x'"), NOW)
    assert judged.text.endswith("it is for a, b, c, d, e and 2 more")

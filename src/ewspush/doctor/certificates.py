"""What a responder's certificates mean for a server that verifies them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509

from ewspush.doctor.findings import Judgement, ok, problem, skipped, warning
from ewspush.doctor.redaction import one_line
from ewspush.push.sender import NoAnswer

_WARN_DAYS = 14
_NAME_LIMIT = 100  # characters
_NAMES_SHOWN = 5
_SECONDS_A_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Certificate:
    """What is told of one. The texts come from outside and are bounded and printable."""

    subject: str
    issuer: str
    names: tuple[str, ...]  # that it is for
    not_before: datetime
    not_after: datetime
    is_self_signed: bool  # or rather, names itself as its issuer

    def days_left(self, now: datetime) -> int:
        """Whole days, negative when it has expired."""
        return int((self.not_after - now).total_seconds() // _SECONDS_A_DAY)


def describe(certificate: x509.Certificate) -> Certificate:
    """Raises ValueError for what cannot be read."""
    return Certificate(
        subject=_name(certificate.subject),
        issuer=_name(certificate.issuer),
        names=_names(certificate),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        is_self_signed=certificate.subject == certificate.issuer,
    )


def of_plain_http(*, is_loopback: bool) -> Judgement:
    """There is none to look at."""
    if is_loopback:
        return skipped("the URL is http")
    return warning(
        "the URL is http: whoever is on the way can read notifications, and answer them",
        "Use https, except for trying things out.",
    )


def of_certificates(chain: Sequence[Certificate], now: datetime) -> Judgement:
    """Certificates that the server accepts, the responder's own first."""
    if not chain:
        return ok("accepted")
    text = f"{_described(chain[0])}; {_left(chain[0], now)}"
    first_over = min(chain, key=lambda each: each.not_after)
    if first_over.days_left(now) >= _WARN_DAYS:
        return ok(text)
    if first_over is not chain[0]:
        text += f"; {first_over.subject} in its chain is {_left(first_over, now)}"
    return warning(text, "Renew it, or nothing is delivered any more from then on.")


def of_refusal(chain: Sequence[Certificate], failure: NoAnswer, now: datetime) -> Judgement:
    """Why no TLS connection came about. Without a chain the handshake did not get that far."""
    text = f"the server refuses it ({failure.detail})"
    if not chain:
        return problem(
            f"no TLS connection comes about ({failure.detail})",
            "Does this port speak TLS, 1.2 or later? If it is plain http, the URL must say so.",
        )
    own = chain[0]
    text = f"{_described(own)}; {text}"
    for each in chain:
        if each.not_after < now:
            return problem(
                f"{text}; {each.subject} expired on {each.not_after:%Y-%m-%d}", "Renew it."
            )
        if each.not_before > now:
            return problem(
                f"{text}; {each.subject} is not valid before {each.not_before:%Y-%m-%d %H:%M} UTC",
                "Are the clocks of both machines right?",
            )
    if "subject name" in failure.detail:  # libcurl's words, of all that its TLS libraries say
        return problem(
            f"{text}; it is for {_listed(own.names)}",
            "The certificate must name the host of the URL: get another, or use another URL.",
        )
    return problem(text, _how_to_be_trusted(chain))


def _how_to_be_trusted(chain: Sequence[Certificate]) -> str:
    if len(chain) == 1 and chain[0].is_self_signed:
        return (
            "It is self-signed: put it (PEM) into a file, and the file into the setting"
            " delivery.ca_file; or get a certificate of a public authority."
        )
    if len(chain) == 1:
        return (
            "Only the certificate itself is sent: let the responder send the whole chain, with the"
            f" certificate of {chain[0].issuer}. If that is an authority of your own, put its"
            " certificate (PEM) into the file of the setting delivery.ca_file."
        )
    return (
        f"Nobody here knows the authority {chain[-1].issuer}: if it is your own, put its"
        " certificate (PEM) into the file of the setting delivery.ca_file."
    )


def _described(certificate: Certificate) -> str:
    if certificate.is_self_signed:
        return f"{certificate.subject}, issued by itself"
    return f"{certificate.subject}, issued by {certificate.issuer}"


def _left(certificate: Certificate, now: datetime) -> str:
    days = certificate.days_left(now)
    return f"valid until {certificate.not_after.astimezone(UTC):%Y-%m-%d} ({_days(days)})"


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    return (", ".join(names[:_NAMES_SHOWN]) or "no host at all") + more


def _name(name: x509.Name) -> str:
    """The common name if there is one, which is how people call it."""
    common = name.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    text = str(common[0].value) if common else name.rfc4514_string()
    return one_line(text, _NAME_LIMIT) or "(without a name)"


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    names = (*found.value.get_values_for_type(x509.DNSName),)
    addresses = map(str, found.value.get_values_for_type(x509.IPAddress))
    return tuple(one_line(each, _NAME_LIMIT) for each in (*names, *addresses))

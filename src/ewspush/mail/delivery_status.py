"""Telling a sender that a message did not arrive (RFC 3464)."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from ewspush.mail import entities, fields, header_writing
from ewspush.mail.address_list import Address
from ewspush.mail.charsets import one_line
from ewspush.mail.header_writing import field
from ewspush.mail.summary import summarize

_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")  # RFC 3463, 2
_STRAY_CR = re.compile(rb"\r(?!\n)")
_OTHER_FAILURE = "5.0.0"
_LONGEST_DIAGNOSTIC = 2_000
_ORIGINAL_HEADER_LIMIT = 64 * 1024


@dataclass(frozen=True, slots=True)
class FailedRecipient:
    """Whom a message did not reach, and why."""

    address: str
    diagnostic: str  # in the words of the server that refused it, or ours
    status: str = _OTHER_FAILURE  # RFC 3463


def delivery_status(
    *,
    to: str,
    postmaster: Address,
    reporting_mta: str,
    failures: tuple[FailedRecipient, ...],
    original: bytes,
    message_id: str,
    sent_at_s: int,
) -> bytes:
    """A report to the sender `to` that `original` did not reach the recipients of `failures`.

    It is sent with the null reverse-path (RFC 3464, 2). Of the original it holds the header,
    without Bcc. `sent_at_s` is in seconds since 1970.
    """
    _, body = fields.read(original, 0)
    header = fields.without(original[: min(body, _ORIGINAL_HEADER_LIMIT)], b"bcc", b"resent-bcc")
    if b"\n" in header:  # else CR is what its lines end with
        header = _STRAY_CR.sub(b" ", header)
    summary = summarize(fields.read(header, 0)[0])
    date = format_datetime(datetime.fromtimestamp(sent_at_s, UTC))
    written = [
        field("From", header_writing.addresses((postmaster,))),
        field("To", header_writing.addresses((Address("", to),))),
        field("Subject", header_writing.text(f"Undeliverable: {summary.subject or ''}")),
        field("Date", [date]),
        field("Message-ID", header_writing.message_ids(message_id)),
        field("Auto-Submitted", ["auto-replied"]),  # RFC 3834, 5
    ]
    if summary.message_id:
        ids = header_writing.message_ids(summary.message_id)
        written += [field("In-Reply-To", ids), field("References", ids)]
    written.append(field("MIME-Version", ["1.0"]))
    parts = [
        entities.text(_for_people(failures, summary.subject), "plain"),
        _for_programs(reporting_mta, failures),
        entities.octets_of_text(header.rstrip() + b"\r\n", ["text/rfc822-headers"]),
    ]
    report = entities.multipart("report", parts, {"report-type": "delivery-status"})
    return b"".join(written) + report


def _for_people(failures: tuple[FailedRecipient, ...], subject: str | None) -> str:
    about = f' "{subject}"' if subject else ""
    recipients = "".join(
        f"\n{one_line(each.address, entities.LONGEST_LINE)}\n    {_diagnostic(each)}\n"
        for each in failures
    )
    return f"Your message{about} could not be delivered to:\n{recipients}"


def _for_programs(reporting_mta: str, failures: tuple[FailedRecipient, ...]) -> bytes:
    about_message = _status_field("Reporting-MTA", f"dns; {reporting_mta}")
    about_recipients = (
        _status_field("Final-Recipient", _typed(each.address))
        + _status_field("Action", "failed")
        + _status_field("Status", _status(each))
        + _status_field("Diagnostic-Code", f"smtp; {_diagnostic(each)}")
        for each in failures
    )
    blocks = b"\r\n".join((about_message, *about_recipients))
    return entities.entity(["message/delivery-status"], "7bit", blocks)


def _status_field(name: str, value: str) -> bytes:
    ascii_only = one_line(value, _LONGEST_DIAGNOSTIC).encode("ascii", "replace").decode()
    words = (word[at : at + 900] for word in ascii_only.split() for at in range(0, len(word), 900))
    return field(name, list(words))


def _typed(address: str) -> str:
    if address.isascii():
        return f"rfc822; {address}"
    return "utf-8; " + "".join(
        each if each.isascii() else f"\\x{{{ord(each):X}}}" for each in address
    )  # RFC 6533, 3


def _status(failure: FailedRecipient) -> str:
    return failure.status if _STATUS.fullmatch(failure.status) else _OTHER_FAILURE


def _diagnostic(failure: FailedRecipient) -> str:
    return one_line(failure.diagnostic, _LONGEST_DIAGNOSTIC) or "no reason was given"

"""Mail to recipients elsewhere: queueing it, and what comes of an attempt to send it."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ewspush.core import addresses
from ewspush.core.errors import InvalidRecipients, SubmissionQuotaExceeded
from ewspush.core.outgoing import Decision, Result, decide
from ewspush.mail.compose import Address, FailedRecipient, delivery_status, new_message_id
from ewspush.operations import mail
from ewspush.operations.journal import Journal
from ewspush.store import mailboxes, outgoing
from ewspush.store.database import Transaction
from ewspush.store.outgoing import Key, Outgoing

RECIPIENTS = 500  # of a message
QUEUED = 1000  # messages of a mailbox, if no setting says otherwise

__all__ = ["QUEUED", "RECIPIENTS", "Attempt", "Due", "Key", "Message", "Outgoing", "Policy"]


@dataclass(frozen=True, slots=True)
class Policy:
    """When a message is given up, and who says so."""

    give_up_after_s: int
    own_name: str  # this server's


@dataclass(frozen=True, slots=True)
class Message:
    """A message that is to be sent now."""

    envelope: Outgoing
    content: bytes


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be sent now, and when there will be more."""

    keys: list[Key]
    next_s: int | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt to send a message: what came of it for each recipient, and when it began."""

    key: Key
    results: Mapping[str, Result]
    began_s: int


def enqueue(
    tx: Transaction,
    mailbox: int,
    sender: str,
    recipients: Sequence[str],
    content: bytes,
    now_s: int,
    *,
    most: int = QUEUED,
) -> None:
    """Queue a message of this mailbox for recipients elsewhere. An empty sender gets no report.

    Those who listen (Database.on_mail_queued) are told after the commit. Raises InvalidRecipients
    if there are more than RECIPIENTS or one has no address, SubmissionQuotaExceeded if the mailbox
    has `most` messages queued already.
    """
    distinct = tuple(dict.fromkeys(map(_checked, recipients)))
    if not 0 < len(distinct) <= RECIPIENTS:
        raise InvalidRecipients(f"A message should have 1 to {RECIPIENTS} recipients elsewhere.")
    # Locks the mailbox's row, so that the count stays true until the commit.
    (number,) = mailboxes.take_numbers(tx, mailbox, 1)
    if outgoing.count(tx, mailbox) >= most:
        raise SubmissionQuotaExceeded
    new = Outgoing(mailbox, number, sender, distinct, len(content), now_s, 0, now_s, None)
    outgoing.insert_outgoing(tx, new, content)


def _checked(recipient: str) -> str:
    """An address as it may stand in SMTP, its local part as it was written."""
    try:
        addresses.normalize(recipient)
    except addresses.InvalidAddress as error:
        raise InvalidRecipients(f"A recipient cannot be reached: {error}.") from None
    return recipient.strip()


def find_due(tx: Transaction, now_s: int, most: int) -> Due:
    """The messages that are due, `most` of them, the one that has been due longest first."""
    return Due(outgoing.due(tx, now_s, most), outgoing.next_due_s(tx, now_s))


def load_due(tx: Transaction, key: Key, now_s: int) -> Message | None:
    """A message, if it is still due."""
    found = outgoing.by_key(tx, key)
    if found is None or found.due_at_s > now_s:
        return None
    return Message(found, outgoing.content(tx, key))


def settle(tx: Transaction, attempt: Attempt, policy: Policy, now_s: int) -> Decision | None:
    """Do what follows from an attempt; None if the message is not queued any more.

    Who was reached is struck off. Of those who are given up, the sender is told by a message in the
    Inbox, with the same commit; of a message from the null sender nobody is (RFC 5321, 4.5.5).
    """
    message = outgoing.by_key(tx, attempt.key)
    if message is None:
        return None
    decision = decide(
        attempt.results,
        failures=message.failures,
        began_s=attempt.began_s,
        now_s=now_s,
        gives_up_at_s=message.created_at_s + policy.give_up_after_s,
    )
    if decision.given_up and message.sender:
        _tell_sender(tx, message, decision.given_up, policy, now_s)
    if not decision.left:
        outgoing.delete_outgoing(tx, attempt.key)
        return decision
    outgoing.put_off(
        tx,
        attempt.key,
        recipients=decision.left,
        failures=decision.failures,
        due_at_s=decision.due_at_s,
        last_failure=decision.last_failure,
    )
    return decision


def _tell_sender(
    tx: Transaction,
    message: Outgoing,
    given_up: Mapping[str, Result],
    policy: Policy,
    now_s: int,
) -> None:
    # The owner of a mailbox that was disabled meanwhile learns of it when it is restored.
    journal = Journal(tx, message.mailbox, now_s, even_if_disabled=True)
    domain = journal.owner.address.rpartition("@")[2]
    report = delivery_status(
        to=message.sender,
        postmaster=Address("Mail Delivery", f"postmaster@{domain}"),
        reporting_mta=policy.own_name,
        failures=tuple(
            FailedRecipient(address, str(result), result.status)
            for address, result in given_up.items()
        ),
        original=outgoing.content(tx, message.key),
        message_id=new_message_id(domain, secrets.token_bytes(16)),
        sent_at_s=now_s,
    )
    mail.arrive(journal, report)

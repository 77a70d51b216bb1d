"""What the doctor looks at, step by step, and what is found there."""

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple


class Step(Enum):
    """In the order in which they are told. The values are for programs."""

    URL = "url"
    ADDRESSES = "addresses"
    CONNECTION = "connection"
    CERTIFICATE = "certificate"
    STATUS_EVENT = "status-event"
    EVENT = "event"
    DUPLICATE = "duplicate"
    BATCH = "batch"
    ERROR_MESSAGE = "error-message"
    GARBAGE = "garbage"
    AFTER_GARBAGE = "after-garbage"
    ACKNOWLEDGEMENT = "acknowledgement"
    TIME = "time"


class Verdict(Enum):
    """What a finding means for somebody who relies on the responder."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"
    SKIPPED = "skipped"  # it could not be looked at, or there is nothing to look at


class Judgement(NamedTuple):
    """`text` says what was seen and means, `advice` what to do; both are one printable line."""

    verdict: Verdict
    text: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A step and its judgement."""

    step: Step
    judgement: Judgement


def ok(text: str) -> Judgement:
    return Judgement(Verdict.OK, text)


def warning(text: str, advice: str = "") -> Judgement:
    return Judgement(Verdict.WARNING, text, advice)


def problem(text: str, advice: str = "") -> Judgement:
    return Judgement(Verdict.PROBLEM, text, advice)


def skipped(because: str) -> Judgement:
    return Judgement(Verdict.SKIPPED, because)

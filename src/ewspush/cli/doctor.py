"""`ewspush doctor`."""

import re
import textwrap
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ewspush.cli import options
from ewspush.control import CommandError

if TYPE_CHECKING:
    from ewspush.doctor.examination import Case
    from ewspush.doctor.findings import Finding
    from ewspush.settings import Settings

_SUBSCRIPTION_ID = re.compile(r"[A-Za-z0-9+/=_-]{1,1024}")
_TITLES = {
    "url": "URL",
    "status-event": "StatusEvent",
    "duplicate": "same event again",
    "batch": "batch of events",
    "error-message": "error message",
    "after-garbage": "after garbage",
}
_COLOURS = {"ok": "green", "warning": "yellow", "problem": "red", "skipped": None}
_SKIPPED = "skipped"
_MARGIN, _WIDTH = 27, 100


@click.command()
@click.argument("url")
@click.option(
    "--subscription-id",
    metavar="ID",
    help="The SubscriptionId in what is posted, for responders that look it up.",
)
@options.where
@options.as_json
def doctor(
    url: str, subscription_id: str | None, config: Path | None, data: str | None, as_json: bool
) -> None:
    """Examine a push responder, and say what is wrong with it and what to do.

    \b
    ewspush doctor https://app.example.com/push?key=...
    ewspush doctor http://127.0.0.1:8090/

    Looks at the URL, its addresses, the connection and the certificate, then posts what a server
    posts: heartbeats, events, the same event twice, a full batch, an error message, and something
    that is no XML. The responder is told of mail that does not exist, so do not point this at one
    that acts on it. The settings are those of the server ([delivery]); loopback addresses are
    examined even if the server would refuse them. Values in the query of the URL are never shown.
    The exit status is 1 if there is a problem, 0 if not.
    """
    settings = options.load(config, data)
    if subscription_id is not None and not _SUBSCRIPTION_ID.fullmatch(subscription_id):
        raise CommandError("--subscription-id: should be letters, digits and any of +/=_-")
    # Imported late: libcurl, the reactor and the schema take a while, and --help needs none.
    from ewspush.cli import posting
    from ewspush.doctor.examination import Examination
    from ewspush.doctor.probes import RealProbes

    case = _case(url, subscription_id, settings)
    page = _Page()

    async def examine(post: posting.Post) -> Examination:
        probes = RealProbes(post, settings.delivery.timeout_s)
        examination = Examination(case, probes, (lambda _: None) if as_json else page.tell)
        await examination.run()
        return examination

    examination = posting.run(settings.delivery, case.policies.doctor.refusal, examine)
    if as_json:
        options.print_json(_record(url, examination.findings))
    else:
        page.end(examination.findings)
    if examination.has_problems:
        raise click.exceptions.Exit(1)


def _case(url: str, subscription_id: str | None, settings: "Settings") -> "Case":
    from ewspush.doctor.answers import Terms
    from ewspush.doctor.examination import Case
    from ewspush.doctor.messages import compose
    from ewspush.doctor.network import Policies
    from ewspush.doctor.redaction import Redaction
    from ewspush.endpoint.contract import Contract

    delivery = settings.delivery
    now_s = int(time.time())
    return Case(
        url=url,
        policies=Policies(delivery.callback_allow),
        terms=Terms(delivery.timeout_s, delivery.answer_limit, Redaction(url)),
        messages=compose(delivery.batch, now_s, subscription_id, settings.server.version.version),
        contract=Contract.load(),
        now=datetime.fromtimestamp(now_s, UTC),
    )


class _Page:
    """Prints findings as they come: an advice once, and steps skipped for one reason together."""

    def __init__(self) -> None:
        self._given: set[str] = set()
        self._skipped: list[Finding] = []

    def tell(self, finding: "Finding") -> None:
        verdict, text, advice = finding.judgement
        if verdict.value == _SKIPPED:
            if self._skipped and self._skipped[-1].judgement.text != text:
                self._tell_skipped()
            self._skipped.append(finding)
            return
        self._tell_skipped()
        _print(verdict.value, _title(finding), text)
        if advice and advice not in self._given:
            self._given.add(advice)
            click.echo(_indented(f"-> {advice}"))

    def end(self, findings: "list[Finding]") -> None:
        """What is left, and the sum."""
        self._tell_skipped()
        click.echo(f"\n{_summary(findings)}")

    def _tell_skipped(self) -> None:
        if self._skipped:
            first, *others = self._skipped
            title = f"{len(self._skipped)} more steps" if others else _title(first)
            _print(_SKIPPED, title, first.judgement.text)
            self._skipped = []


def _title(finding: "Finding") -> str:
    return _TITLES.get(finding.step.value, finding.step.value)


def _print(verdict: str, title: str, text: str) -> None:
    word = click.style(f"{verdict:<9}", fg=_COLOURS[verdict])
    click.echo(f"{word}{title:<18}{_indented(text).lstrip()}")


def _indented(text: str) -> str:
    """On as many lines as it takes."""
    line, indent = options.printable(text), " " * _MARGIN
    return textwrap.fill(
        line,
        _WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _summary(findings: "list[Finding]") -> str:
    verdicts = [finding.judgement.verdict.value for finding in findings]
    counts = [_count(verdicts.count(kind), kind) for kind in ("problem", "warning")]
    skipped = verdicts.count(_SKIPPED)
    return ", ".join([*counts, *([f"{skipped} skipped"] if skipped else [])])


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"


def _record(url: str, findings: "list[Finding]") -> dict[str, Any]:
    from ewspush.doctor.findings import Verdict
    from ewspush.doctor.redaction import shown

    verdicts = {finding.judgement.verdict for finding in findings}
    worst = next(v for v in (Verdict.PROBLEM, Verdict.WARNING, Verdict.OK) if v in verdicts)
    steps = [
        {
            "step": finding.step.value,
            "verdict": finding.judgement.verdict.value,
            "text": finding.judgement.text,
            "advice": finding.judgement.advice or None,
        }
        for finding in findings
    ]
    return {"url": shown(url), "verdict": worst.value, "steps": steps}

"""`ewspush replay`."""

import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ewspush.cli import options
from ewspush.control import CommandError

if TYPE_CHECKING:
    from ewspush.cli.posting import Post
    from ewspush.doctor.answers import Terms
    from ewspush.wire.received import ErrorNotification, ReceivedNotification

_FILE_LIMIT = 16 * 1024 * 1024  # bytes
_DECLARATION = re.compile(rb"^(?:\xef\xbb\xbf)?\s*<\?xml\s[^>]*>")
_GOOD_DECLARATION = b'<?xml version="1.0" encoding="utf-8"?>'
_NOT_SENT = "not-sent"
_OK = "OK"


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of a file."""

    file: str
    what: str | None  # that is in it; None: no notification
    outcome: str  # as in the log of attempts; "not-sent"
    http_status: int | None = None
    total_ms: float | None = None
    detail: str = ""

    @property
    def is_ok(self) -> bool:
        return self.outcome == _OK


@click.command()
@click.argument(
    "files",
    metavar="FILE.xml...",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
)
@click.option("--to", "url", metavar="URL", required=True, help="The push responder.")
@click.option("--stop", is_flag=True, help="Stop at the first that is not acknowledged with OK.")
@options.where
@options.as_json
def replay(
    files: tuple[Path, ...],
    url: str,
    stop: bool,
    config: Path | None,
    data: str | None,
    as_json: bool,
) -> None:
    """Post recorded or sample notifications to a push responder, as the server does.

    \b
    ewspush replay samples/send-notification.xml --to http://127.0.0.1:8090/
    ewspush replay /tmp/notifications/*.xml --to https://app.example.com/push?key=... --stop

    Each FILE is a whole SOAP envelope, as `ewspush responder --save` writes them, and is posted as
    it stands; only an XML declaration that no parser reads is replaced. They are posted one after
    the other, in the order given. The settings are those of the server ([delivery]); loopback
    addresses are called even if the server would refuse them. The exit status is 1 if one of them
    was not acknowledged with OK.
    """
    settings = options.load(config, data)
    # Imported late: libcurl and the reactor take a while, and --help needs neither.
    from ewspush.cli import posting
    from ewspush.doctor.answers import Terms
    from ewspush.doctor.network import Policies
    from ewspush.doctor.redaction import Redaction
    from ewspush.push.address_policy import UrlRefused

    delivery = settings.delivery
    policy = Policies(delivery.callback_allow).doctor
    terms = Terms(delivery.timeout_s, delivery.answer_limit, Redaction(url))
    try:
        target = policy.judge(url)
    except UrlRefused as error:
        raise CommandError(str(error)) from None

    async def post_all(post: posting.Post) -> list[Replayed]:
        replayed: list[Replayed] = []
        for file in files:
            replayed.append(await _replay(file, target.url, post, terms))
            if not as_json:
                _print(replayed[-1])
            if stop and not replayed[-1].is_ok:
                break
        return replayed

    replayed = posting.run(delivery, policy.refusal, post_all)
    if as_json:
        options.print_json([asdict(each) for each in replayed])
    if not all(each.is_ok for each in replayed):
        raise click.exceptions.Exit(1)


async def _replay(file: Path, url: str, post: "Post", terms: "Terms") -> Replayed:
    from twisted.python.failure import Failure

    from ewspush.cli.show import what
    from ewspush.doctor.answers import of_notification
    from ewspush.push import outcome as outcomes
    from ewspush.push.courier import HEADERS
    from ewspush.push.sender import Answer, NoAnswer

    try:
        body = _read(file)
        kind = what(_parsed(body))
    except ValueError as error:
        return Replayed(str(file), None, _NOT_SENT, detail=str(error))
    result: Answer | NoAnswer
    try:
        result = await post(url, HEADERS, body)
        ended = outcomes.of_answer(result)
    except NoAnswer as error:
        result, ended = error, outcomes.of_failure(Failure())
    return Replayed(
        file=str(file),
        what=kind,
        outcome=ended.name,
        http_status=ended.http_status,
        total_ms=result.times.total_us / 1000,
        detail="" if ended.name == _OK else of_notification(result, terms).text,
    )


def _read(file: Path) -> bytes:
    """The file, with another XML declaration if its own is broken. Raises ValueError, OSError."""
    from ewspush.wire import xml

    with file.open("rb") as opened:
        content = opened.read(_FILE_LIMIT + 1)
    if len(content) > _FILE_LIMIT:
        raise ValueError(f"it has more than {_FILE_LIMIT} bytes")
    try:
        xml.parse(content)
    except xml.Unreadable:
        return _DECLARATION.sub(_GOOD_DECLARATION, content)
    return content


def _parsed(body: bytes) -> "ReceivedNotification | ErrorNotification":
    """What the server sends: a notification, or an error in its place. Raises ValueError."""
    from ewspush.wire import received

    try:
        return received.parse(body)
    except received.ErrorNotification as error:
        return error
    except received.NotANotification as error:
        raise ValueError(f"not a notification ({error})") from None


def _print(replayed: Replayed) -> None:
    if replayed.outcome == _NOT_SENT:
        answer = click.style(f"not sent: {options.printable(replayed.detail)}", fg="red")
    elif replayed.is_ok:
        answer = f"{click.style(_OK, fg='green')} (HTTP {replayed.http_status})"
    else:
        answer = click.style(options.printable(replayed.detail), fg="yellow")
    took = f" in {replayed.total_ms:.1f} ms" if replayed.total_ms is not None else ""
    kind = f"{replayed.what}  " if replayed.what else ""
    click.echo(f"{options.printable(replayed.file)}  {kind}-> {answer}{took}")

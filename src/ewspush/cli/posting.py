"""Posting to responders as the server does, from a command that ends when its work is done."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

import click
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

import ewspush
from ewspush.control import CommandError
from ewspush.push.sender import Answer, Sender, SenderSettings, UnusableCAFile
from ewspush.settings import DeliverySettings

T = TypeVar("T")
Post = Callable[[str, Sequence[str], bytes], "Deferred[Answer]"]


def run(
    delivery: DeliverySettings,
    refusal: Callable[[str], str | None],
    work: Callable[[Post], Coroutine[Any, Any, T]],
) -> T:
    """Run the reactor until `work` has come to its result, and return that.

    `refusal` is about addresses, as the Sender has it. Raises what `work` raises, CommandError for
    settings that cannot be used, and click.Abort for Ctrl-C.
    """
    from twisted.internet import reactor as twisted_reactor

    reactor: Any = twisted_reactor
    sender = _sender(reactor, refusal, delivery)
    results: list[T | Failure] = []
    is_interrupted = False

    def begin() -> None:
        working = Deferred.fromCoroutine(work(sender.post))

        def finish() -> "Deferred[None]":
            nonlocal is_interrupted
            is_interrupted = not results
            working.cancel()
            return sender.close()

        reactor.addSystemEventTrigger("before", "shutdown", finish)
        working.addBoth(results.append)
        working.addBoth(lambda _: is_interrupted or reactor.stop())

    reactor.callWhenRunning(begin)
    reactor.run()
    if is_interrupted or not results:
        raise click.Abort
    (result,) = results
    if isinstance(result, Failure):
        result.raiseException()
    assert not isinstance(result, Failure)
    return result


def _sender(
    reactor: Any, refusal: Callable[[str], str | None], delivery: DeliverySettings
) -> Sender:
    settings = SenderSettings.of(delivery)
    try:
        return Sender(reactor, refusal, settings, f"ewspush/{ewspush.__version__}")
    except UnusableCAFile as error:
        raise CommandError(str(error)) from None

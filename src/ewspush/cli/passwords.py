"""Passwords: read from standard input, asked for at the terminal, or left to be generated."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from ewspush.control import CommandError

F = TypeVar("F", bound=Callable[..., Any])

_LIMIT = 8192  # bytes read of a password; what is too long is refused by the command


@dataclass(frozen=True, slots=True)
class Source:
    """Where new passwords come from."""

    from_stdin: bool
    from_prompt: bool

    def read(self, whose: str) -> str | None:
        """One password; None: it is to be generated. Raises CommandError."""
        passwords = self.read_all([whose])
        return None if passwords is None else passwords[0]

    def read_all(self, whose: Sequence[str]) -> list[str] | None:
        """A password for each; None: they are to be generated. Raises CommandError."""
        if self.from_stdin and self.from_prompt:
            raise click.UsageError(
                "Give either --password-stdin or --password-prompt.", click.get_current_context()
            )
        if self.from_stdin:
            return [_read_line() for _ in whose]
        if self.from_prompt:
            return [_ask(each) for each in whose]
        return None


def options(command: F) -> F:
    """--password-stdin and --password-prompt, as `password_stdin` and `password_prompt`."""
    from_stdin = click.option(
        "--password-stdin", is_flag=True, help="Read the password, one line, from standard input."
    )
    from_prompt = click.option(
        "--password-prompt", is_flag=True, help="Ask for the password at the terminal."
    )
    return from_stdin(from_prompt(command))


def print_generated(record: dict[str, Any]) -> None:
    """The password that was made up, if one was. It is told this once."""
    if "password" in record:
        click.echo(f"password: {record['password']}")


def _read_line() -> str:
    line = sys.stdin.buffer.readline(_LIMIT)
    try:
        return line.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise CommandError("the password is not UTF-8") from None


def _ask(whose: str) -> str:
    answer: str = click.prompt(
        f"Password of {whose}", hide_input=True, confirmation_prompt=True, err=True
    )
    return answer

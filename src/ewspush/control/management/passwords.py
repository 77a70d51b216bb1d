"""Passwords that are given, or generated and told this once."""

from ewspush.control.subscription_records import Record
from ewspush.operations import passwords


class Chosen:
    """A password: the one that was given, or a new one that nobody can guess."""

    def __init__(self, given: str | None) -> None:
        self._is_generated = given is None
        self.password = passwords.generate() if given is None else given

    def told_in(self, record: Record) -> Record:
        """The record, with the password if whoever asked cannot know it."""
        return {**record, "password": self.password} if self._is_generated else record

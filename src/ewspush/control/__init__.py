"""What the command line does to a data directory, through its server when that runs."""

CONTROL_SOCKET = "control.sock"
REQUEST_LIMIT = 512 * 1024  # bytes of one command: a thousand mailboxes may be created by one


class CommandError(Exception):
    """A command that cannot be carried out. `str()` is one line that says why.

    A refusal of the management also has its code, perhaps the field that is wrong, and what that
    may be.
    """

    def __init__(
        self,
        text: str,
        code: str | None = None,
        field: str | None = None,
        allowed: str | None = None,
    ) -> None:
        super().__init__(text)
        self.text = text
        self.code = code
        self.field = field
        self.allowed = allowed

    def __str__(self) -> str:
        details = ": ".join(each for each in (self.field, self.allowed) if each)
        return f"{self.text} ({details})" if details else self.text

    def as_record(self) -> dict[str, str | None]:
        """For programs."""
        return {
            "code": self.code,
            "text": self.text,
            "field": self.field,
            "allowed": self.allowed,
        }

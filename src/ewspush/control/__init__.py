"""What the command line does to a data directory, through its server when that runs."""

CONTROL_SOCKET = "control.sock"
REQUEST_LIMIT = 64 * 1024  # bytes of one command


class CommandError(Exception):
    """A command that cannot be carried out. `str()` is one line that says why."""

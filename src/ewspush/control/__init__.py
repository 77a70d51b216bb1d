"""What the command line does to a data directory, through its server when that runs."""

CONTROL_SOCKET = "control.sock"

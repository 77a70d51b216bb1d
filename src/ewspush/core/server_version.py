"""What the server says it is."""

from typing import NamedTuple


class ServerVersion(NamedTuple):
    """ServerVersionInfo (EWS XML reference), as in `14.2.390.3 Exchange2010_SP2`."""

    major: int = 14
    minor: int = 2
    major_build: int = 390
    minor_build: int = 3
    version: str = "Exchange2010_SP2"  # of the schema

"""For whom a message to a responder is: read from the message itself."""

from typing import NamedTuple

from ewspush.wire import xml
from ewspush.wire.namespaces import TYPES

_T = f"{{{TYPES}}}"


class Addressee(NamedTuple):
    """A subscription, and the RequestServerVersion of its subscriber."""

    subscription_id: str
    server_version: str


def read(body: bytes) -> Addressee:
    """The addressee of a notification, or of a message that tells of an error.

    What the message does not say is empty. Raises xml.Unreadable.
    """
    root = xml.parse(body)
    version = next(root.iter(f"{_T}RequestServerVersion"), None)
    id = next(root.iter(f"{_T}SubscriptionId"), None)
    if id is None:  # of an error: MessageXml has it as a named value
        named = (each for each in root.iter(f"{_T}Value") if each.get("Name") == "SubscriptionId")
        id = next(named, None)
    return Addressee(
        "" if id is None else id.text or "",
        "" if version is None else version.get("Version", ""),
    )

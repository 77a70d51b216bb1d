"""For the tests of those who use EWS push: an emulated server, and a responder that is scripted.

With pytest, the fixtures `ews_server`, `ews_mailbox` and `ews_responder` are all one needs
(docs/testing.md); the types of what they give are here.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ewspush.testing.client import EwsServer
    from ewspush.testing.connection import EmulatorError, WaitTimedOut
    from ewspush.testing.mailbox import Account, Attachment, EwsMailbox
    from ewspush.testing.notifications import Notification, NotifiedEvent
    from ewspush.testing.process import EmulatorProcess
    from ewspush.testing.responder import EwsResponder
    from ewspush.testing.subscription import EwsSubscription

__all__ = [
    "Account",
    "Attachment",
    "EmulatorError",
    "EmulatorProcess",
    "EwsMailbox",
    "EwsResponder",
    "EwsServer",
    "EwsSubscription",
    "Notification",
    "NotifiedEvent",
    "WaitTimedOut",
]

# pytest imports this package in every project that has ewspush installed: what it needs is imported
# when it is asked for.
_MODULES = {
    "client": ("EwsServer",),
    "connection": ("EmulatorError", "WaitTimedOut"),
    "mailbox": ("Account", "Attachment", "EwsMailbox"),
    "notifications": ("Notification", "NotifiedEvent"),
    "process": ("EmulatorProcess",),
    "responder": ("EwsResponder",),
    "subscription": ("EwsSubscription",),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

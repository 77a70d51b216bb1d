"""The services of EWS, for Spyne to find."""

from ewspush.core.server_version import ServerVersion
from ewspush.endpoint.ews.folders.changes import FolderChanges
from ewspush.endpoint.ews.folders.finding import Folders
from ewspush.endpoint.ews.folders.moves import FolderMoves
from ewspush.endpoint.ews.folders.sync import FolderSync
from ewspush.endpoint.ews.identities import Identities
from ewspush.endpoint.ews.items.attachments import Attachments
from ewspush.endpoint.ews.items.creation import ItemCreation
from ewspush.endpoint.ews.items.finding import Items
from ewspush.endpoint.ews.items.moves import ItemMoves
from ewspush.endpoint.ews.items.sync import ItemSync
from ewspush.endpoint.ews.items.updates import ItemUpdates
from ewspush.endpoint.ews.subscriptions.events import Events
from ewspush.endpoint.ews.subscriptions.subscribing import Subscriptions
from ewspush.endpoint.ews.time_zones import TimeZones
from ewspush.endpoint.ews.types import ServerVersionInfo
from ewspush.endpoint.spyne_framework import SpyneFramework
from ewspush.wire.namespaces import MESSAGES, TYPES

SERVICES = (
    Subscriptions,
    Events,
    Folders,
    FolderChanges,
    FolderMoves,
    FolderSync,
    Identities,
    TimeZones,
    Items,
    ItemMoves,
    ItemCreation,
    ItemUpdates,
    ItemSync,
    Attachments,
)


class Framework(SpyneFramework):
    """Calls the services of EWS. May be used by several threads at once."""

    def __init__(self, version: ServerVersion) -> None:
        super().__init__(
            SERVICES,
            MESSAGES,
            "EWS",
            {"m": MESSAGES, "t": TYPES},
            ServerVersionInfo(
                MajorVersion=version.major,
                MinorVersion=version.minor,
                MajorBuildNumber=version.major_build,
                MinorBuildNumber=version.minor_build,
                Version=version.version,
            ),
        )

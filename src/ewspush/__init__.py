"""An EWS-compatible push notification server."""

from importlib.metadata import version

__version__ = version("ewspush")

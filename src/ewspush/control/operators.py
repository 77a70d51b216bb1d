"""Who gives a command: a user of the operating system."""

import os
import pwd
import socket
import struct

from ewspush.operations.management.context import Actor

_ORIGIN = "command line"
_CREDENTIALS = struct.Struct("3i")  # of Linux's SO_PEERCRED: process, user, group


def own_id() -> int:
    """The id of the user whose process this is."""
    return os.geteuid()


def peer_id(connection: socket.socket) -> int:
    """The id of the user whose process is at the other end of a Unix socket."""
    size = _CREDENTIALS.size
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    uid: int = _CREDENTIALS.unpack(credentials)[1]
    return uid


def actor(uid: int) -> Actor:
    """The operator with this id, who may do everything. Blocks: users may be in a directory."""
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        name = f"user {uid}"
    return Actor(name, _ORIGIN)

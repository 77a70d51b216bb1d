"""What `ewspush emulate` adds to a server."""

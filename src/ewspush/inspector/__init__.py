"""Web pages at /inspect that show, live, what the server does and why a client gets nothing."""

"""Values and rules. Nothing here knows a clock, a database, a socket or XML."""

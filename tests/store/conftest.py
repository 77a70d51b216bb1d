from support.checks_for_store import backend, database

__all__ = ["backend", "database"]

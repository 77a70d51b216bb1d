"""What a caller can ask for: one function an operation, one transaction each.

Callers open the transaction, and so get what they need of the store from here.
"""

from ewspush.store.database import Database, Transaction

__all__ = ["Database", "Transaction"]

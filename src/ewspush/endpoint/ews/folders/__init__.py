"""The operations on folders."""

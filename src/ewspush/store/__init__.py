"""What is remembered: the database, behind plain functions that take a transaction."""

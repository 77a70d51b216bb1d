"""What a caller can ask for: one function an operation, one transaction each."""

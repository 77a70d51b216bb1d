"""What a caller can do with folders."""

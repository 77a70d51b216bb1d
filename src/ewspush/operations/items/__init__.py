"""What a caller can do with items and their attachments."""

"""The operations on items and their attachments."""

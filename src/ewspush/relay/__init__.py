"""Mail on its way to recipients elsewhere, by an SMTP relay."""

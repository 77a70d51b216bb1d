"""Internet messages: from bytes to values and back. The home of the library's `email` package."""

import structlog

# Log lines belong to a test's captured output only when it asks for them.
structlog.configure(logger_factory=structlog.ReturnLoggerFactory())

"""Logging: one line for each event, to standard error."""

import logging
import sys

import structlog
from twisted.logger import LogEvent, LogLevel, formatEvent, globalLogBeginner

from ewspush.settings import LogSettings


def configure(settings: LogSettings) -> None:
    """Send our own lines, Twisted's warnings and other libraries' to standard error."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if settings.format == "json"
        else structlog.processors.LogfmtRenderer(
            key_order=["timestamp", "level", "event"], bool_as_flag=False
        )
    )
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[_FromLogging()], level=logging.WARNING, force=True)
    globalLogBeginner.beginLoggingTo([_from_twisted], discardBuffer=True, redirectStandardIO=False)


class _FromLogging(logging.Handler):
    """Lines of libraries that use the standard library's logging."""

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if record.exc_info and record.exc_info[0]:
            text = f"{text}: {record.exc_info[0].__name__}"
        structlog.get_logger().log(record.levelno, "library", name=record.name, text=text)


def _from_twisted(event: LogEvent) -> None:
    """Twisted's own warnings and errors: an error in a Deferred that nobody handled, for one."""
    if event.get("log_level", LogLevel.info) >= LogLevel.warn:
        failure = event.get("log_failure")
        structlog.get_logger().error(
            "twisted",
            text=formatEvent(event),
            traceback=failure.getTraceback() if failure else None,
        )

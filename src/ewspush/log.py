"""Logging: one line for each event, to standard error."""

import logging
import sys
import threading
import traceback
from contextlib import suppress
from typing import Any, TextIO

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
    stderr: Any = _StandardError(sys.stderr)
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[_FromLogging()], level=logging.WARNING, force=True)
    observers: list[Any] = [_from_twisted]
    globalLogBeginner.beginLoggingTo(observers, discardBuffer=True, redirectStandardIO=False)
    threading.excepthook = _from_thread
    sys.unraisablehook = _from_garbage


class _StandardError:
    """Writes lines as long as somebody takes them.

    A log that is full or that nobody reads any more must not stop deliveries, and there is nowhere
    left to say so.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream  # None: it was closed when we were started

    def write(self, text: str) -> None:
        if self._stream is not None:
            with suppress(OSError):
                self._stream.write(text)

    def flush(self) -> None:
        if self._stream is not None:
            with suppress(OSError):
                self._stream.flush()


class _FromLogging(logging.Handler):
    """Lines of libraries that use the standard library's logging, and Python's own warnings."""

    def emit(self, record: logging.LogRecord) -> None:
        trace = "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else None
        _write(record.levelno, "library", record.getMessage(), trace, name=record.name)


def _from_twisted(event: LogEvent) -> None:
    """Twisted's own warnings and errors: an error in a Deferred that nobody handled, for one."""
    level = event.get("log_level", LogLevel.info)
    if level >= LogLevel.warn:
        failure = event.get("log_failure")
        trace = failure.getTraceback() if failure else None
        _write(_LEVELS[level], "twisted", formatEvent(event), trace)


def _from_thread(failed: threading.ExceptHookArgs) -> None:
    """An error that nobody handled in a thread."""
    trace = traceback.format_exception(failed.exc_type, failed.exc_value, failed.exc_traceback)
    name = failed.thread.name if failed.thread else None
    _write(logging.CRITICAL, "thread", "unhandled error", "".join(trace), name=name)


def _from_garbage(failed: Any) -> None:
    """An error that Python cannot raise, in a finalizer for one."""
    trace = traceback.format_exception(failed.exc_type, failed.exc_value, failed.exc_traceback)
    text = failed.err_msg or "error in a finalizer"
    _write(logging.ERROR, "unraisable", text, "".join(trace), object=repr(failed.object))


_LEVELS = {
    LogLevel.warn: logging.WARNING,
    LogLevel.error: logging.ERROR,
    LogLevel.critical: logging.CRITICAL,
}


def _write(level: int, event: str, text: str, trace: str | None, **more: object) -> None:
    if trace is not None:
        more["traceback"] = trace
    # Libraries have levels of their own in between; structlog knows only the usual ones.
    rounded = min(level // 10 * 10, logging.CRITICAL)
    structlog.get_logger().log(rounded, event, text=text, **more)

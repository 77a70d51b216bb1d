"""A timer on the monotonic clock, as a descriptor that becomes readable when it rings."""

import ctypes
import os
import time

_LIBC = ctypes.CDLL(None, use_errno=True)
_FLAGS = os.O_NONBLOCK | os.O_CLOEXEC  # TFD_NONBLOCK and TFD_CLOEXEC are defined as these
_SHORTEST = 1e-9  # seconds; zero would stop the timer


class _Timespec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class _Itimerspec(ctypes.Structure):
    _fields_ = (("interval", _Timespec), ("value", _Timespec))


class MonotonicTimer:
    """Linux's timerfd, through ctypes because os.timerfd_create came with Python 3.13.

    Twisted's callLater follows the wall clock: when that is set back an hour, it is an hour late.
    """

    def __init__(self) -> None:
        self._setting = _Itimerspec()
        self._descriptor: int = _LIBC.timerfd_create(time.CLOCK_MONOTONIC, _FLAGS)
        if self._descriptor < 0:
            raise _last_error()

    def fileno(self) -> int:
        return self._descriptor

    def ring_in(self, seconds: float) -> None:
        """Ring once, after `seconds`; an earlier setting and an unread ring are forgotten."""
        value = self._setting.value
        value.seconds, rest = divmod(int(max(seconds, _SHORTEST) * 1e9), 1_000_000_000)
        value.nanoseconds = rest
        if _LIBC.timerfd_settime(self._descriptor, 0, ctypes.byref(self._setting), None) < 0:
            raise _last_error()

    def silence(self) -> None:
        """Stop ringing: make the descriptor unreadable again."""
        try:
            os.read(self._descriptor, 8)
        except BlockingIOError:
            return  # set anew since it rang

    def close(self) -> None:
        os.close(self._descriptor)


def _last_error() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))

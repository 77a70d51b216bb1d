"""When a notification that was not acknowledged is tried again, and when the server gives up.

The window is StatusFrequency minutes, counted from the start of the first failed attempt. Waits
start at 30 seconds and double (StatusFrequency, EWS XML reference, Remarks); the last is cut so
that the last attempt begins exactly at the end of the window.
"""

FIRST_WAIT_S = 30.0

# Adding an offset to a time and taking it off again may lose the last digits of a float; without
# this, an attempt exactly at the end could count as one before it.
_ROUNDING_S = 0.001


def offset_s(
    failures: int, window_s: float, first_wait_s: float = FIRST_WAIT_S, elapsed_s: float = 0.0
) -> float:
    """Seconds from the start of the first failed attempt to the attempt that follows `failures`.

    For a window of 5 minutes: 30, 90, 210 and 300 after 1, 2, 3 and 4 failures; those are left out
    that are over when the last attempt begins, `elapsed_s` after the first.
    """
    # 40 doublings of any wait in use pass a window of a day; more would only grow the integer.
    for doublings in range(min(failures, 40), 41):
        offset = first_wait_s * ((1 << doublings) - 1)
        if offset > elapsed_s + _ROUNDING_S:
            return min(offset, window_s)
    return window_s


def gives_up(began_s: float, window_s: float) -> bool:
    """Whether the failure of an attempt that began so long after the first one is the last."""
    return began_s >= window_s - _ROUNDING_S

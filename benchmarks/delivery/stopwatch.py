"""Rates by the clock, and by the CPU time of this process, which other work changes little."""

import time


class Stopwatch:
    """Runs from when it is made."""

    def __init__(self) -> None:
        self._began_s = time.perf_counter()
        self._cpu_began_s = time.process_time()

    def rates(self, count: int) -> str:
        """So many a second and a CPU second until now, as they are printed."""
        took_s = time.perf_counter() - self._began_s
        return f"{count / took_s} {count / (time.process_time() - self._cpu_began_s)}"

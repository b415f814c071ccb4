"""How many steps a dispatch makes, how fast training goes, and slow motion."""

from __future__ import annotations

import time

from rq_vae_explorer.training.step import MAX_STEPS

_CHUNK_SECONDS = 0.07  # short enough for Stop and sliders, long enough to hide dispatch
_FIRST_GUESS = 0.02  # seconds per step, before anything was measured
_MEMORY = 0.8
_PAUSE = 1.5  # seconds between dispatches from which on training was paused, not slow


class Pace:
    """Measures dispatches and chooses the length of the next one."""

    def __init__(self, limit: float | None = None) -> None:
        self.limit = limit  # steps per second, None for full speed
        self.rate = 0.0  # steps per second, smoothed, views included
        self.seconds = 0.0  # spent in dispatches
        self._per_step: float | None = None
        self._last_end = 0.0
        self._next_start = 0.0

    def wait(self) -> float:
        """Seconds until the next dispatch is due."""
        return max(0.0, self._next_start - time.monotonic()) if self.limit else 0.0

    def next_length(self) -> int:
        """Steps of the next dispatch; one in slow motion."""
        if self.limit:
            # After a pause it starts anew instead of catching up.
            earliest = time.monotonic() - 1 / self.limit
            self._next_start = max(self._next_start, earliest) + 1 / self.limit
            return 1
        wanted = int(_CHUNK_SECONDS / (self._per_step or _FIRST_GUESS))
        return min(max(wanted, 1), MAX_STEPS)

    def note(self, count: int, seconds: float) -> None:
        """Take note of a dispatch of `count` steps that has just ended."""
        now = time.monotonic()
        since_last = now - self._last_end
        self._last_end = now
        self.seconds += seconds
        per_step = seconds / count
        known = self._per_step is not None
        self._per_step = _mix(self._per_step, per_step) if known else per_step
        rate = count / (since_last if since_last < seconds + _PAUSE else seconds)
        self.rate = _mix(self.rate, rate) if known else rate


def _mix(old: float | None, new: float) -> float:
    return _MEMORY * (old or 0.0) + (1 - _MEMORY) * new

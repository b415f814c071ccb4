"""What a run remembers besides its weights: curves, marks, trails, timeline and narrated events."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from rq_vae_explorer.config import Hyper
from rq_vae_explorer.training.codebook import CodebookState
from rq_vae_explorer.training.history import BucketHistory, ThinnedHistory
from rq_vae_explorer.training.snapshot import (
    F32,
    Curves,
    Event,
    HyperChange,
    Trails,
    View,
    freeze,
)
from rq_vae_explorer.training.step import metric_names
from rq_vae_explorer.training.views import test_columns

_MAX_EVENTS = 200
_MAX_MARKS = 200
_MAX_TRAIL = 200
_MAX_VIEWS = 240
_MAX_TESTS = 1000


class Recorder:
    """Bounded memory of one run; used by the worker alone, read through its immutable results."""

    def __init__(self, num_levels: int) -> None:
        self._train_names = metric_names(num_levels)
        self._test_names = test_columns(num_levels)
        self._train = BucketHistory(len(self._train_names))
        self._tests: ThinnedHistory[tuple[int, F32]] = ThinnedHistory(_MAX_TESTS)
        self._trails: ThinnedHistory[tuple[int, F32]] = ThinnedHistory(_MAX_TRAIL)
        self._views: ThinnedHistory[View] = ThinnedHistory(_MAX_VIEWS)
        self._marks: deque[HyperChange] = deque(maxlen=_MAX_MARKS)
        self._events: deque[Event] = deque(maxlen=_MAX_EVENTS)
        self._dead_since: NDArray[np.int32] | None = None
        self._restarted_at: NDArray[np.int32] | None = None

    def add_steps(self, first_step: int, rows: F32) -> None:
        """Metrics (n, M) of the steps from `first_step` on."""
        self._train.add(first_step, rows)

    def add_test(self, step: int, row: F32) -> None:
        """One row of `test_columns`."""
        self._tests.add((step, row))

    def add_view(self, view: View) -> None:
        """Keep a view for the timeline and the codes for their trails."""
        self._views.add(view)
        self._trails.add((view.step, view.codebook))

    def add_change(self, step: int, old: Hyper, new: Hyper) -> None:
        """Mark every knob that differs."""
        before, after = old.model_dump(), new.model_dump()
        for name in before:
            if before[name] != after[name]:
                self._marks.append(HyperChange(step, name, before[name], after[name]))

    def tell(
        self, step: int, kind: str, text: str, level: int | None = None, code: int | None = None
    ) -> None:
        """Add one event."""
        self._events.append(Event(step, kind, text, level, code))

    def watch_codes(self, memory: CodebookState, step: int) -> None:
        """Tell of codes that died, came back or were restarted since the last call."""
        dead_since = np.asarray(memory.dead_since)
        restarted_at = np.asarray(memory.restarted_at)
        if self._dead_since is not None and self._restarted_at is not None:
            happened = []
            was_dead, is_dead = self._dead_since >= 0, dead_since >= 0
            restarted = restarted_at > self._restarted_at
            for level, code in np.argwhere(is_dead & (dead_since != self._dead_since)):
                happened.append((int(dead_since[level, code]), "died", level, code))
            for level, code in np.argwhere(restarted):
                happened.append((int(restarted_at[level, code]), "restarted", level, code))
            for level, code in np.argwhere(was_dead & ~is_dead & ~restarted):
                happened.append((step, "revived", level, code))
            words = {"died": "died", "restarted": "was restarted", "revived": "came back to life"}
            for when, kind, level, code in sorted(happened):
                text = f"level {level + 1} code {code} {words[kind]} at step {when:,}"
                self.tell(when, kind, text, int(level) + 1, int(code))
        self.accept_codes(memory)

    def accept_codes(self, memory: CodebookState) -> None:
        """Take the present state as known, without telling (after a change by hand)."""
        self._dead_since = np.array(memory.dead_since)
        self._restarted_at = np.array(memory.restarted_at)

    def curves(self) -> Curves:
        """All histories, frozen."""
        train = self._train.buckets()
        tests = self._tests.items()
        rows = np.array([row for _, row in tests], np.float32)
        return freeze(
            Curves(
                train_names=self._train_names,
                train_steps=train.steps,
                train=train.mean,
                train_low=train.low,
                train_high=train.high,
                stride=train.stride,
                test_names=self._test_names,
                test_steps=np.array([step for step, _ in tests], np.int64),
                test=rows.reshape(len(tests), len(self._test_names)),
                marks=tuple(self._marks),
            )
        )

    def trails(self, codebook_shape: tuple[int, ...]) -> Trails:
        """Past positions of codes of shape (L, K, D)."""
        items = self._trails.items()
        codes = np.array([codebook for _, codebook in items], np.float32)
        return freeze(
            Trails(
                np.array([step for step, _ in items], np.int64),
                codes.reshape(len(items), *codebook_shape),
            )
        )

    def timeline(self) -> tuple[View, ...]:
        """Evenly thinned views of the whole run, oldest first."""
        return self._views.items()

    def events(self) -> tuple[Event, ...]:
        """The newest events, oldest first."""
        return tuple(self._events)

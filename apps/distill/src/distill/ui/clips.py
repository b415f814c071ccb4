"""A clip: one sound as codes, its original, its decoded tracks and its history of edits.

Made by the Codes and Generate tabs, kept by `sessions`. All changes go through `splice`, so that
undo gives back the very same codes and the very same bytes of sound.
"""

import secrets
import threading
from collections import deque
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from distill.errors import CodesError
from distill.inference.codes import column_samples, decode_reach
from distill.models.persistence import LoadedVQModel
from distill.ui.tracks import Track, TrackName

_MOST_STEPS = 200
_MOST_TRACKS = 8
_MOST_COLUMNS = 400_000

Codes = npt.NDArray[np.int16]
Sound = npt.NDArray[np.int16]


@dataclass(frozen=True)
class Step:
    """One edit: columns from `start`, before and after, and the whole track's sound around it.

    The sound is None where it had not been decoded. `heard` is its first sample.
    """

    start: int
    before: Codes
    after: Codes
    heard: int
    sound_before: Sound | None
    sound_after: Sound | None


@dataclass(frozen=True)
class Change:
    """What an edit, an undo or a redo did: `remove` columns at `start` became `codes`; the samples
    of `touched` [start, stop) may sound different."""

    start: int
    remove: int
    codes: Codes
    touched: tuple[int, int]


@dataclass
class Clip:
    """One sound as codes.

    codes: (W, L) int16, -1 for nothing; samples: length of the sound; original: int16 sound it
    was encoded from, or None; source: where it came from, for the page.
    """

    name: str
    source: str
    loaded: LoadedVQModel
    codes: Codes
    samples: int
    original: Sound | None
    labels: list[str]
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    revision: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)
    _undo: deque[Step] = field(default_factory=lambda: deque(maxlen=_MOST_STEPS))
    _redo: list[Step] = field(default_factory=list)
    _tracks: dict[TrackName, Track] = field(default_factory=dict)

    @property
    def columns(self) -> int:
        """W."""
        return len(self.codes)

    @property
    def levels(self) -> int:
        """L."""
        return self.codes.shape[1]

    @property
    def column_samples(self) -> int:
        """Samples per column."""
        return column_samples(self.loaded)

    @property
    def can_undo(self) -> bool:
        """Whether there is an edit to take back."""
        return bool(self._undo)

    @property
    def can_redo(self) -> bool:
        """Whether there is an edit to do again."""
        return bool(self._redo)

    @property
    def nbytes(self) -> int:
        """Memory that the clip holds, roughly."""
        history = sum(
            part.nbytes
            for step in (*self._undo, *self._redo)
            for part in (step.before, step.after, step.sound_before, step.sound_after)
            if part is not None
        )
        original = 0 if self.original is None else self.original.nbytes
        return original + history + sum(track.pcm.nbytes for track in self._tracks.values())

    def sound(self, track: str, start: int, stop: int) -> Sound:
        """int16 samples [start, stop) of `original` or of a decoded track.

        Raises `CodesError` for an unknown track.
        """
        with self.lock:
            stop = min(stop, self.samples)
            start = min(max(0, start), stop)
            if track == "original":
                if self.original is None:
                    raise CodesError("this sound has no original: it was made from codes")
                part = self.original[start:stop]
                return np.pad(part, (0, stop - start - len(part)))
            return self._track(TrackName.parse(track, self.levels)).read(self.codes, start, stop)

    def splice(self, start: int, remove: int, codes: Codes) -> Change:
        """Replace `remove` columns at `start` by `codes` (n, L), as one step of history.

        Raises `CodesError` for columns or codes out of range.
        """
        with self.lock:
            self._check(start, remove, codes)
            before = self.codes[start : start + remove].copy()
            reach = decode_reach(self.loaded)
            first = max(0, start - reach)
            whole = self._whole()
            known = remove == len(codes) and whole.known[first : start + remove + reach].all()
            old = self._heard(first, start + remove + reach) if known else None
            self._apply(start, remove, codes)
            new = None
            if known:
                last = min(self.columns, start + len(codes) + reach)
                whole.write(self.codes, first, last)
                new = self._heard(first, last)
            step = Step(start, before, codes.copy(), first * self.column_samples, old, new)
            self._undo.append(step)
            self._redo.clear()
            return self._change(step.start, len(step.before), step.after)

    def undo(self) -> Change:
        """Take the last edit back, codes and sound. Raises `CodesError` if there is none."""
        with self.lock:
            if not self._undo:
                raise CodesError("there is nothing to undo")
            step = self._undo.pop()
            self._redo.append(step)
            return self._retrace(step, step.after, step.before, step.sound_before)

    def redo(self) -> Change:
        """Do the last undone edit again. Raises `CodesError` if there is none."""
        with self.lock:
            if not self._redo:
                raise CodesError("there is nothing to redo")
            step = self._redo.pop()
            self._undo.append(step)
            return self._retrace(step, step.before, step.after, step.sound_after)

    def _retrace(self, step: Step, now: Codes, then: Codes, sound: Sound | None) -> Change:
        self._apply(step.start, len(now), then)
        if sound is not None:
            whole = self._whole()
            first = step.heard // self.column_samples
            whole.pcm[step.heard : step.heard + len(sound)] = sound
            whole.known[first : first + len(sound) // self.column_samples] = True
        return self._change(step.start, len(now), then)

    def _apply(self, start: int, remove: int, codes: Codes) -> None:
        tail = self.codes[start + remove :]
        self.codes = np.concatenate([self.codes[:start], codes, tail])
        self.samples += (len(codes) - remove) * self.column_samples
        self.revision += 1
        reach = decode_reach(self.loaded)
        for track in self._tracks.values():
            track.splice(start, remove, len(codes))
            track.forget(start - reach, start + len(codes) + reach)

    def _change(self, start: int, remove: int, codes: Codes) -> Change:
        reach = decode_reach(self.loaded)
        first = max(0, start - reach) * self.column_samples
        last = min(self.samples, (start + len(codes) + reach) * self.column_samples)
        return Change(start, remove, codes, (first, max(first, last)))

    def _check(self, start: int, remove: int, codes: Codes) -> None:
        if not (0 <= start <= self.columns and 0 <= remove <= self.columns - start):
            raise CodesError(f"this sound has the columns 0 to {self.columns - 1}")
        after = self.columns - remove + len(codes)
        if not 1 <= after <= _MOST_COLUMNS:
            raise CodesError(
                "a sound keeps at least one column" if after < 1 else "that is too long"
            )
        if codes.ndim != 2 or codes.shape[1] != self.levels:
            raise CodesError(f"each column has {self.levels} codes")
        if codes.size and (codes.min() < -1 or codes.max() >= self.loaded.model.codebook_size):
            raise CodesError(f"codes lie in 0 to {self.loaded.model.codebook_size - 1}, or -1")

    def _whole(self) -> Track:
        return self._track(TrackName("m", 2**self.levels - 1))

    def _heard(self, first: int, last: int) -> Sound:
        size = self.column_samples
        return self._whole().pcm[first * size : last * size].copy()

    def _track(self, name: TrackName) -> Track:
        if name not in self._tracks:
            if len(self._tracks) >= _MOST_TRACKS:
                whole = TrackName("m", 2**self.levels - 1)
                self._tracks.pop(next(other for other in self._tracks if other != whole))
            self._tracks[name] = Track(name, self.loaded, self.columns)
        return self._tracks[name]

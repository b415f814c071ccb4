"""The decoded sound of a clip, made piece by piece as it is listened to.

A long file is opened at once and decoded where the playhead is; an edit decodes its own span
only. One track is one choice of levels: `m:MASK` keeps the levels in a bit mask, `d:LEVEL` is
what one level adds to those before it.
"""

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from distill.errors import CodesError
from distill.inference.codes import column_samples, decode_columns, decode_reach
from distill.models.persistence import LoadedVQModel
from distill.ui.audio_payload import to_pcm

BLOCK = 64  # columns decoded at a time, at least
_NAME = re.compile(r"^([md]):(\d{1,3})$")


@dataclass(frozen=True)
class TrackName:
    """Which levels sound: `m` keeps the levels of bit mask `value`, `d` subtracts."""

    kind: str
    value: int

    @classmethod
    def parse(cls, text: str, levels: int) -> "TrackName":
        """Read a name; raises `CodesError` for anything that is not a track of `levels` levels."""
        match = _NAME.match(text)
        limit = {"m": 2**levels, "d": levels}
        if not match or int(match[2]) >= limit[match[1]]:
            raise CodesError("there is no such track")
        return cls(match[1], int(match[2]))


class Track:
    """int16 sound of one choice of levels, decoded block by block.

    Args:
        name: the choice.
        loaded: the model.
        columns: W.
    """

    def __init__(self, name: TrackName, loaded: LoadedVQModel, columns: int) -> None:
        self.name = name
        self._loaded = loaded
        self.column_samples = column_samples(loaded)
        # Each block is decoded with its surroundings: where they are wide, so are the blocks.
        self._block = max(BLOCK, 2 * decode_reach(loaded))
        self.pcm = np.zeros(columns * self.column_samples, np.int16)
        self.known = np.zeros(columns, bool)

    def read(self, codes: npt.NDArray[np.int16], start: int, stop: int) -> npt.NDArray[np.int16]:
        """Sound of the samples [start, stop); decodes what is not known yet.

        codes: (W, L), the clip's.
        """
        first = start // self.column_samples // self._block * self._block
        last = min(len(codes), -(-stop // self.column_samples))
        for begin in range(first, last, self._block):
            end = min(begin + self._block, len(codes))
            if not self.known[begin:end].all():
                self.write(codes, begin, end)
        return self.pcm[start:stop]

    def write(self, codes: npt.NDArray[np.int16], begin: int, end: int) -> None:
        """Decode the columns [begin, end) anew."""
        self.pcm[self._samples(begin, end)] = to_pcm(self._decode(codes, begin, end))
        self.known[begin:end] = True

    def forget(self, begin: int, end: int) -> None:
        """The columns [begin, end) have other codes now."""
        self.known[max(0, begin) : max(0, end)] = False

    def splice(self, start: int, remove: int, insert: int) -> None:
        """Columns were cut out and put in: keep what merely moved."""
        size = self.column_samples
        fresh = np.zeros(insert * size, np.int16)
        self.pcm = np.concatenate(
            [self.pcm[: start * size], fresh, self.pcm[(start + remove) * size :]]
        )
        unknown = np.zeros(insert, bool)
        self.known = np.concatenate([self.known[:start], unknown, self.known[start + remove :]])

    def _samples(self, begin: int, end: int) -> slice:
        return slice(begin * self.column_samples, end * self.column_samples)

    def _decode(self, codes: npt.NDArray[np.int16], begin: int, end: int) -> npt.NDArray:
        levels = codes.shape[1]
        if self.name.kind == "m":
            return self._masked(
                codes, [bool(self.name.value >> i & 1) for i in range(levels)], begin, end
            )
        upper = self._masked(codes, [i <= self.name.value for i in range(levels)], begin, end)
        if self.name.value == 0:
            return upper
        return upper - self._masked(codes, [i < self.name.value for i in range(levels)], begin, end)

    def _masked(
        self, codes: npt.NDArray[np.int16], keep: list[bool], begin: int, end: int
    ) -> npt.NDArray[np.float32]:
        masked = np.where(keep, codes, -1).astype(np.int64)  # (W, L)
        return decode_columns(torch.from_numpy(masked), self._loaded, begin, end)

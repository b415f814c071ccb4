"""Codes as notes: each level is a part, each code a note, each column a sixteenth triplet.

A note has seven bits, so a codebook of more than 128 codes takes several channels a level: code c
of level l is note c % 128 on channel l * banks + c // 128 (channel 10, the drums, is used like
any other). Runs of one code are one long note; the tempo makes columns as long as they sound.
"""

import io
import math
from collections.abc import Sequence

import mido
import numpy as np
import numpy.typing as npt

_TICKS_PER_COLUMN = 20
_COLUMNS_PER_BEAT = 24
_NOTES = 128
_VELOCITY = 96


def codes_to_midi(
    codes: npt.NDArray[np.integer], codebook_size: int, labels: Sequence[str], column_seconds: float
) -> bytes:
    """A standard MIDI file (format 1), one track per level.

    codes: (W, L), -1 for nothing (a rest); labels: L names of the tracks.
    """
    file = mido.MidiFile(
        type=1, ticks_per_beat=_TICKS_PER_COLUMN * _COLUMNS_PER_BEAT, charset="utf-8"
    )
    tempo = mido.MidiTrack()
    tempo.append(
        mido.MetaMessage("set_tempo", tempo=round(column_seconds * _COLUMNS_PER_BEAT * 1e6))
    )
    file.tracks.append(tempo)
    banks = math.ceil(codebook_size / _NOTES)
    for level, label in enumerate(labels):
        file.tracks.append(_part(codes[:, level], label, level * banks))
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


def _part(row: npt.NDArray[np.integer], label: str, first_channel: int) -> mido.MidiTrack:
    track = mido.MidiTrack()
    track.append(mido.MetaMessage("track_name", name=label))
    edges = np.flatnonzero(np.diff(row)) + 1
    waited = 0
    for run in np.split(row, edges):
        ticks = len(run) * _TICKS_PER_COLUMN
        code = int(run[0])
        if code < 0:
            waited += ticks
            continue
        address = {"channel": (first_channel + code // _NOTES) % 16, "note": code % _NOTES}
        track.append(mido.Message("note_on", velocity=_VELOCITY, time=waited, **address))
        track.append(mido.Message("note_off", velocity=0, time=ticks, **address))
        waited = 0
    return track

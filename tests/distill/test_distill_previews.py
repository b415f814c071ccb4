"""Previews: short, faded, batched, and what their names say."""

import numpy as np
import pytest
import torch

from distill.errors import CodesError
from distill.inference import (
    decode_code_grid,
    play_row_audio,
    preview_cell,
    preview_codebook,
    preview_single_code,
    preview_time_slice,
)
from distill.inference.previews import masked_levels

SHAPES = ((1, 40), (128, 160))


@pytest.fixture
def codes():
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 16, (1, 40, 4), generator=generator)


def count_decodes(loaded, monkeypatch) -> list[int]:
    calls = []
    decode = type(loaded.model).decode
    monkeypatch.setattr(
        type(loaded.model), "decode", lambda self, *a: (calls.append(1), decode(self, *a))[1]
    )
    return calls


def test_previews_are_short_whatever_the_clip(tiny, codes):
    sounds = [
        preview_single_code(2, 5, tiny, (1, 4000), (128, 16_000)),
        preview_time_slice(3, codes, tiny, *SHAPES),
        preview_cell(1, 39, codes, tiny, (1, 40)),
    ]
    for sound in sounds:
        assert sound.dtype == np.float32
        assert 0.3 <= len(sound) / 48_000 <= 0.6
        assert np.abs(sound).max() > 0


def test_previews_fade_in_and_out_without_a_click(tiny, codes):
    sound = preview_time_slice(3, codes, tiny, *SHAPES)
    assert sound[0] == 0
    assert abs(sound[-1]) < 1e-6
    whole = np.abs(sound).max()
    assert np.abs(sound[:48]).max() < 0.2 * whole  # the first of ten milliseconds
    assert np.abs(sound[-48:]).max() < 0.2 * whole


def test_a_cell_plays_the_levels_up_to_it_unless_pure(tiny, codes):
    table = codes.clone()
    table[0, 7, 2:] = -1
    expected = preview_time_slice(7, table, tiny, *SHAPES)
    assert np.array_equal(preview_cell(1, 7, codes, tiny, (1, 40)), expected)
    pure = preview_cell(1, 7, codes, tiny, (1, 40), pure=True)
    assert np.abs(pure - expected).max() > 1e-4


def test_the_null_code_is_not_heard_as_code_0(tiny, codes):
    nothing, zero = torch.full_like(codes, -1), torch.zeros_like(codes)
    a, b = (preview_time_slice(0, c, tiny, *SHAPES) for c in (nothing, zero))
    assert np.abs(a - b).max() > 1e-4


def test_codes_of_a_fine_level_sound_different(tiny):
    sounds = [preview_single_code(3, code, tiny) for code in range(4)]
    for i in range(3):
        assert np.abs(sounds[i] - sounds[i + 1]).max() > 1e-5


@pytest.mark.parametrize("level", [0, 3])
@pytest.mark.parametrize("pure", [False, True])
def test_a_codebook_is_all_its_codes_in_one_batch(tiny, monkeypatch, level, pure):
    alone = [preview_single_code(level, code, tiny, pure=pure) for code in range(16)]
    calls = count_decodes(tiny, monkeypatch)
    together = preview_codebook(level, tiny, pure)
    assert len(calls) == 1
    assert together.shape == (16, len(alone[0]))
    assert np.abs(together - np.stack(alone)).max() < 1e-5


def test_a_row_is_one_decode_as_long_as_the_clip(tiny, codes, monkeypatch):
    calls = count_decodes(tiny, monkeypatch)
    row = play_row_audio(1, codes, tiny, *SHAPES)
    assert len(calls) == 1
    assert row.shape == (160 * 256,)


def test_a_row_is_the_clip_with_the_finer_levels_left_out(tiny, codes):
    kept = codes.clone()
    kept[..., 2:] = -1
    row = play_row_audio(1, codes, tiny, *SHAPES)
    assert np.array_equal(row, decode_code_grid(kept, *SHAPES, tiny))
    full = play_row_audio(3, codes, tiny, *SHAPES)
    assert np.array_equal(full, decode_code_grid(codes, *SHAPES, tiny))


def test_masks():
    codes = torch.tensor([[1, 2, 3, 4]])
    assert masked_levels(codes, 1).tolist() == [[1, 2, -1, -1]]
    assert masked_levels(codes, 1, pure=True).tolist() == [[-1, 2, -1, -1]]


@pytest.mark.parametrize(
    "call",
    [
        lambda m, c: preview_single_code(4, 0, m),
        lambda m, c: preview_single_code(-1, 0, m),
        lambda m, c: preview_single_code(0, 16, m),
        lambda m, c: preview_single_code(0, -1, m),
        lambda m, c: preview_time_slice(40, c, m, *SHAPES),
        lambda m, c: preview_time_slice(-1, c, m, *SHAPES),
        lambda m, c: play_row_audio(9, c, m, *SHAPES),
        lambda m, c: preview_codebook(4, m),
        lambda m, c: preview_time_slice(0, c + 100, m, *SHAPES),
    ],
)
def test_what_is_not_there_is_refused(tiny, codes, call):
    with pytest.raises(CodesError):
        call(tiny, codes)


def test_a_held_cell_is_what_a_long_row_of_it_sounds_like(tiny, codes):
    row = codes[:, 7:8].expand(1, 80, 4)
    whole = decode_code_grid(row, (1, 80), (128, 320), tiny)
    held = preview_time_slice(7, codes, tiny, *SHAPES)
    inner = slice(480, len(held) - 480)  # between the fades
    assert np.abs(held[inner] - whole[30 * 1024 :][: len(held)][inner]).max() < 1e-4

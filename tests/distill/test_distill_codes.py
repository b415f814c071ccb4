"""Sound to codes and back: lengths, levels, seams, refusals."""

import weakref

import numpy as np
import pytest
import torch

from distill.errors import AudioFileError, CodesError
from distill.inference import MelShape, decode_code_grid, encode_audio_file
from distill.inference.codes import decode_columns, decode_reach, encode_waves

COLUMN = 1024


def sound(samples: int, seed: int = 0) -> np.ndarray:
    t = np.arange(samples) / 48_000
    noise = np.random.default_rng(seed).standard_normal(samples)
    return (0.3 * np.sin(2 * np.pi * 330 * t) + 0.02 * noise).astype(np.float32)


def encode(samples: np.ndarray, loaded):
    return encode_waves(iter([torch.from_numpy(samples)]), loaded)


def decode(encoded, loaded, **how):
    return decode_code_grid(
        encoded["indices"], encoded["spatial_shape"], encoded["mel_shape"], loaded, **how
    )


def test_what_encoding_returns(tiny, wav):
    encoded = encode_audio_file(wav(sound(5000)), tiny)
    assert encoded["indices"].shape == (1, 5, 4)
    assert encoded["indices"].device.type == "cpu"
    assert encoded["spatial_shape"] == (1, 5)
    assert encoded["mel_shape"] == (128, 20)
    assert encoded["num_quantizers"] == 4
    assert encoded["codebook_size"] == 16
    assert encoded["duration_s"] == pytest.approx(5000 / 48_000)
    assert encoded["model_id"] == tiny.model_id


@pytest.mark.parametrize("synthesis", ["tiny", "tiny_griffin_lim"])
def test_every_length_up_to_five_columns_comes_back_exactly(request, synthesis):
    loaded = request.getfixturevalue(synthesis)
    edges = [n + d for n in range(0, 5 * COLUMN + 1, 256) for d in (-1, 0, 1)]
    for samples in sorted({1, 2, 100, *(e for e in edges if 0 < e <= 5 * COLUMN)}):
        decoded = decode(encode(sound(samples), loaded), loaded)
        assert decoded.shape == (samples,)
        assert decoded.dtype == np.float32


def test_all_lengths_of_codes_without_decoding(tiny):
    whole = sound(5 * COLUMN)
    for samples in range(1, 5 * COLUMN + 1, 37):
        encoded = encode(whole[:samples], tiny)
        assert encoded["spatial_shape"] == (1, -(-samples // COLUMN))
        assert encoded["mel_shape"].num_samples == samples


def test_a_plain_shape_gives_whole_hops(tiny):
    encoded = encode(sound(5000), tiny)
    decoded = decode_code_grid(encoded["indices"], (1, 5), (128, 20), tiny)
    assert decoded.shape == (20 * 256,)
    assert decode(encoded, tiny, num_samples=4999).shape == (4999,)


def test_decoding_twice_gives_the_same_samples(tiny, tiny_griffin_lim):
    for loaded in (tiny, tiny_griffin_lim):
        encoded = encode(sound(6000), loaded)
        assert np.array_equal(decode(encoded, loaded), decode(encoded, loaded))


@pytest.mark.parametrize("chunk", [1, 2, 7])
def test_chunked_encoding_equals_whole(tiny, monkeypatch, chunk):
    samples = sound(20_000)
    whole = encode(samples, tiny)
    mel = tiny.spectrogram.waveform_to_mel(torch.from_numpy(samples)[None, None])
    assert torch.equal(tiny.model.quantize(tiny.model.encode(mel))[1], whole["indices"])
    monkeypatch.setattr("distill.inference.codes._CHUNK_COLUMNS", chunk)
    assert torch.equal(encode(samples, tiny)["indices"], whole["indices"])


@pytest.mark.parametrize("chunk", [1, 5, 16])
def test_chunked_decoding_equals_whole(tiny, monkeypatch, chunk):
    encoded = encode(sound(60_000), tiny)
    whole = decode(encoded, tiny)
    monkeypatch.setattr("distill.inference.codes._CHUNK_COLUMNS", chunk)
    assert np.abs(decode(encoded, tiny) - whole).max() < 1e-4


def test_griffin_lim_in_chunks_stays_close_and_has_no_gaps(tiny_griffin_lim, monkeypatch):
    encoded = encode(sound(60_000), tiny_griffin_lim)
    whole = decode(encoded, tiny_griffin_lim)
    monkeypatch.setattr("distill.inference.codes._CHUNK_COLUMNS", 20)
    chunked = decode(encoded, tiny_griffin_lim)
    assert chunked.shape == whole.shape
    energy = [np.sqrt(np.square(x.reshape(60, -1)).mean(1)) for x in (whole, chunked)]
    assert np.corrcoef(energy)[0, 1] > 0.8


def test_an_edit_is_heard_only_within_reach(tiny):
    encoded = encode(sound(150_000), tiny)
    edited = encoded["indices"].clone()
    edited[0, 70] = (edited[0, 70] + 1) % 16
    before = decode(encoded, tiny)
    after = decode_code_grid(edited, encoded["spatial_shape"], encoded["mel_shape"], tiny)
    changed = np.flatnonzero(np.abs(after - before) > 1e-6) // COLUMN
    reach = decode_reach(tiny)
    assert changed.min() >= 70 - reach
    assert changed.max() <= 70 + reach
    first, last = 70 - reach, 70 + reach + 1
    part = decode_columns(edited[0], tiny, first, last)
    assert np.abs(part - after[first * COLUMN : last * COLUMN]).max() < 1e-5


def test_a_click_changes_only_its_column_and_the_neighbours(tiny):
    quiet = sound(40 * COLUMN)
    before = encode(quiet, tiny)["indices"][0]
    for at in (20 * COLUMN, 20 * COLUMN + 512, 21 * COLUMN - 1):
        clicked = quiet.copy()
        clicked[at] += 0.9
        after = encode(clicked, tiny)["indices"][0]
        changed = set((before != after).any(1).nonzero()[:, 0].tolist())
        assert 20 in changed
        assert changed <= {19, 20, 21}


def test_a_long_stream_is_let_go_of_as_it_is_encoded(tiny):
    alive, most = weakref.WeakSet(), 0

    def blocks():
        nonlocal most
        for _ in range(18):
            block = torch.zeros(480_000)
            alive.add(block)
            most = max(most, len(alive))
            yield block
            del block

    encoded = encode_waves(blocks(), tiny)
    assert encoded["duration_s"] == 180
    assert most <= 3


@pytest.mark.parametrize(
    ("indices", "shape"),
    [
        (torch.zeros(1, 5, 4), (1, 5)),
        (torch.zeros(1, 5, 4, dtype=torch.bool), (1, 5)),
        (torch.full((1, 5, 4), 16), (1, 5)),
        (torch.full((1, 5, 4), -2), (1, 5)),
        (torch.zeros(1, 5, 3, dtype=torch.long), (1, 5)),
        (torch.zeros(1, 6, 4, dtype=torch.long), (1, 5)),
        (torch.zeros(2, 5, 4, dtype=torch.long), (1, 5)),
        (torch.zeros(1, 8, 4, dtype=torch.long), (2, 4)),
        (torch.zeros(1, 0, 4, dtype=torch.long), (1, 0)),
    ],
)
def test_codes_that_do_not_fit_are_refused_in_one_line(tiny, indices, shape):
    with pytest.raises(CodesError) as caught:
        decode_code_grid(indices, shape, (128, 20), tiny)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("mel_shape", [(128, 16), (128, 21), (128, 0), MelShape(128, 20, 9999)])
def test_shapes_that_do_not_fit_are_refused(tiny, mel_shape):
    with pytest.raises(CodesError):
        decode_code_grid(torch.zeros(1, 5, 4, dtype=torch.long), (1, 5), mel_shape, tiny)


def test_an_empty_file_is_refused(tiny, wav):
    with pytest.raises(AudioFileError, match="no samples"):
        encode_audio_file(wav(np.zeros(0)), tiny)

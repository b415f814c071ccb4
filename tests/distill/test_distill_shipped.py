"""The model and sounds that ship: origin, size, and that they do what the card says."""

import statistics

import numpy as np
import pytest
import torch

from distill.audio.io import load_audio, to_mono
from distill.evaluation.evaluate import compare
from distill.inference import decode_code_grid
from distill.inference.codes import encode_waves
from distill.inference.previews import masked_levels
from distill.models.header import read_header
from distill.models.persistence import load_model
from distill.shipped import EXAMPLES, SHIPPED_MODEL
from distill.training.corpus import file_sha256

COLUMN = 1024


@pytest.fixture(scope="module")
def shipped():
    return load_model(SHIPPED_MODEL)


@pytest.fixture(scope="module")
def unseen(shipped):
    """The shipped sounds that the model never trained on, mono at 48 kHz."""
    held_out = set(shipped.metadata.held_out.values())
    paths = [p for p in sorted(EXAMPLES.glob("*.flac")) if file_sha256(p) in held_out]
    return [to_mono(load_audio(path).waveform) for path in paths]


def through(sound, loaded, level=None):
    encoded = encode_waves(iter([sound]), loaded)
    indices = encoded["indices"]
    if level is not None:
        indices = masked_levels(indices, level)
    decoded = decode_code_grid(indices, encoded["spatial_shape"], encoded["mel_shape"], loaded)
    return torch.from_numpy(decoded)


def test_the_model_says_where_it_comes_from():
    m = read_header(SHIPPED_MODEL).metadata
    assert m.licence == "CC0-1.0"
    assert "sonic-pi-samples" in m.origin
    assert m.command.startswith("distill train")
    assert len(m.trained_on) + len(m.held_out) == 165
    assert len(m.held_out) * 8 >= 165
    assert not set(m.trained_on.values()) & set(m.held_out.values())


def test_the_model_was_trained_on_the_listed_corpus():
    m = read_header(SHIPPED_MODEL).metadata
    lines = (SHIPPED_MODEL.parent / "corpus.sha256").read_text().splitlines()
    listed = {name: digest for digest, name in (line.split() for line in lines)}
    assert m.trained_on | m.held_out == listed


def test_sizes():
    assert SHIPPED_MODEL.stat().st_size <= 25e6
    sounds = list(EXAMPLES.glob("*.flac"))
    assert 6 <= len(sounds) <= 10
    assert sum(path.stat().st_size for path in sounds) <= 2e6


def test_every_example_has_its_origin_and_says_truly_whether_it_was_held_out():
    m = read_header(SHIPPED_MODEL).metadata
    rows = {
        cells[1].strip(" `"): cells
        for cells in (line.split("|") for line in (EXAMPLES / "ORIGIN.md").read_text().splitlines())
        if len(cells) == 6 and ".flac" in cells[1]
    }
    assert rows.keys() == {path.name for path in EXAMPLES.glob("*.flac")}
    for name, cells in rows.items():
        assert "freesound.org/people/" in cells[3]
        assert ("held out" in cells[4]) == (name in m.held_out)
        assert file_sha256(EXAMPLES / name) == (m.held_out | m.trained_on)[name]


def test_the_codebooks_are_in_use(shipped):
    assert all(level.usage >= 0.6 for level in shipped.codebook_health)


def test_the_prior_beats_counting(shipped):
    figures = shipped.prior_metadata
    assert figures["held_out_nll"] < figures["unigram_nll"]
    assert figures["held_out_nll"] < figures["bigram_nll"]


def test_the_rate_is_at_most_1500_bits_a_second(shipped):
    c, s = shipped.vqvae_config, shipped.spectrogram.config
    columns = s.sample_rate / (s.hop_length * c.stride)
    assert columns * c.num_quantizers * np.log2(c.codebook_size) <= 1500


@pytest.mark.slow
def test_unseen_sounds_come_back(shipped, unseen):
    figures = [compare(sound, through(sound, shipped)) for sound in unseen]
    assert statistics.median(f.mel for f in figures) < 0.25
    assert statistics.median(f.lsd_db for f in figures) < 2.6


@pytest.mark.slow
def test_each_level_brings_unseen_sounds_closer(shipped, unseen):
    medians = [
        statistics.median(compare(s, through(s, shipped, level)).mel for s in unseen)
        for level in range(shipped.model.num_quantizers)
    ]
    assert medians == sorted(medians, reverse=True)


@pytest.mark.slow
def test_a_quiet_sound_comes_back_as_quiet_as_it_would_come_back_loud(shipped, unseen):
    """At -40 dBFS and as it is, the loudness is off by the same."""
    apart = []
    for sound in unseen:
        quiet = sound * (0.01 / sound.abs().max())
        off = [compare(x, through(x, shipped)).level_db for x in (sound, quiet)]
        apart.append(abs(off[0] - off[1]))
    assert statistics.median(apart) < 1.5


def test_a_click_changes_only_its_column_and_the_neighbours(shipped, unseen):
    sound = unseen[0][: 40 * COLUMN]
    before = encode_waves(iter([sound]), shipped)["indices"][0]
    for at in (20 * COLUMN, 21 * COLUMN - 1):
        clicked = sound.clone()
        clicked[at] = 1.0
        after = encode_waves(iter([clicked]), shipped)["indices"][0]
        changed = set((before != after).any(1).nonzero()[:, 0].tolist())
        assert 20 in changed
        assert changed <= {19, 20, 21}

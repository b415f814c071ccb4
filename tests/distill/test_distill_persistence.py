"""Model files: what is saved is loaded, and nothing damaged or hostile is."""

import json
import os
import pickle
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from distill.config import VocoderConfig
from distill.errors import ModelFileError
from distill.inference import encode_audio_file
from distill.models.header import read_header
from distill.models.persistence import list_models, load_model, save_model
from distill.models.vocoder import Vocoder


@pytest.fixture
def damaged(tmp_path):
    return tmp_path / "bad.distill"


def test_a_loaded_model_saved_again_is_the_same_file_with_the_same_id(tiny, tiny_path, tmp_path):
    again = tmp_path / "again.distill"
    saved = save_model(again, tiny)
    assert again.read_bytes() == tiny_path.read_bytes()
    assert saved.model_id == tiny.model_id == load_model(again).model_id
    assert len(tiny.model_id) == 16


def test_what_a_killed_save_left_behind_is_swept_by_the_next(tiny, tmp_path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    stray = tmp_path / f".my model.{gone.pid}-1.distill"
    stray.write_bytes(b"half")
    mine = tmp_path / f".my model.{os.getpid()}-1.distill"  # of a thread that still writes
    mine.write_bytes(b"half")
    save_model(tmp_path / "my model.distill", tiny)
    assert sorted(p.name for p in tmp_path.iterdir()) == [mine.name, "my model.distill"]
    assert [listed.path.name for listed in list_models(tmp_path)] == ["my model.distill"]


def test_loaded_models_are_ready_and_complete(tiny):
    assert not tiny.model.training
    assert not any(p.requires_grad for p in tiny.model.parameters())
    assert tiny.spectrogram.synthesizer is tiny.vocoder
    assert tiny.prior_config is not None
    assert tiny.prior_metadata == {"held_out_nll": 1.0}
    assert all(p.dtype == torch.float32 for p in tiny.model.parameters())


def test_the_id_stands_for_the_weights(tiny, tmp_path):
    other = load_model(_saved(tiny, tmp_path / "a.distill"))
    other.model.enter.bias.data += 1.0
    assert save_model(tmp_path / "b.distill", other).model_id != tiny.model_id


def test_a_model_without_vocoder_and_prior(tiny_griffin_lim, tmp_path):
    bare = replace(
        tiny_griffin_lim,
        prior=None,
        prior_config=None,
        prior_metadata=None,
        metadata=replace(tiny_griffin_lim.metadata, synthesis="griffin_lim"),
    )
    loaded = load_model(_saved(bare, tmp_path / "bare.distill"))
    assert loaded.prior is None
    assert loaded.vocoder is None
    assert loaded.spectrogram.synthesizer is None


def test_models_older_than_the_vocoders_rounds_keep_their_header_and_have_none(tiny, tmp_path):
    vocoder = Vocoder(tiny.spectrogram, VocoderConfig(width=16, blocks=1))
    vocoder.load_state_dict(tiny.vocoder.state_dict())
    path = _saved(replace(tiny, vocoder=vocoder), tmp_path / "old.distill")
    assert b"refinements" not in path.read_bytes()  # nor in what its hash is over
    assert load_model(path).vocoder.config.refinements == 0


def test_listing_reads_headers_alone(tiny_path, tmp_path):
    data = tiny_path.read_bytes()
    head = 8 + int.from_bytes(data[:8], "little")
    (tmp_path / "a.distill").write_bytes(data[:head])  # no tensors at all
    (tmp_path / "b.distill").write_bytes(b"nonsense")
    (tmp_path / "c.txt").touch()
    good, bad = list_models(tmp_path)
    assert good.header.metadata.name == "tiny 0"
    assert bad.header is None
    assert "b.distill" in bad.problem


def test_a_pickle_is_refused_and_never_run(damaged):
    class Bomb:
        def __reduce__(self):
            return (pytest.fail, ("unpickled",))

    damaged.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(ModelFileError, match=r"bad\.distill"):
        load_model(damaged)
    torch.save({"x": torch.zeros(3)}, damaged)
    with pytest.raises(ModelFileError, match=r"bad\.distill"):
        load_model(damaged)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(data=st.data())
def test_a_flipped_byte_anywhere_is_noticed(tiny_path, damaged, data):
    content = bytearray(tiny_path.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    damaged.write_bytes(content)
    with pytest.raises(ModelFileError) as caught:
        load_model(damaged)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("share", [0.0, 0.0001, 0.01, 0.3, 0.999])
def test_cut_short_is_refused(tiny_path, damaged, share):
    data = tiny_path.read_bytes()
    damaged.write_bytes(data[: int(share * len(data))])
    with pytest.raises(ModelFileError):
        load_model(damaged)


def test_bytes_behind_the_end_are_refused(tiny_path, damaged):
    damaged.write_bytes(tiny_path.read_bytes() + b"more")
    with pytest.raises(ModelFileError):
        load_model(damaged)


@given(content=st.binary(max_size=300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_other_bytes_are_refused(damaged, content):
    damaged.write_bytes(content)
    with pytest.raises(ModelFileError):
        load_model(damaged)


def forge(tiny_path, damaged, change_header):
    """The tiny model with its header changed, as an attacker would write it."""
    tensors = load_file(tiny_path)
    data = tiny_path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    about = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["distill"])
    change_header(about["header"])
    save_file(tensors, damaged, {"distill": json.dumps(about)})
    return damaged


@pytest.mark.parametrize(
    "change",
    [
        lambda h: h["vqvae"].update(width=10**6),
        lambda h: h["vqvae"].update(column_blocks=10**9),
        lambda h: h["vqvae"].update(width=4096),
        lambda h: h["vqvae"].update(unknown=1),
        lambda h: h.update(prior=None),
        lambda h: h["metadata"].update(synthesis="pickle"),
        lambda h: h["metadata"].update(sha256="0" * 64),
        lambda h: h["metadata"].update(licence="CC0, honestly"),
        lambda h: h["spectrogram"].update(sample_rate=44_100),
        lambda h: h.pop("vqvae"),
    ],
)
def test_a_changed_header_is_refused(tiny_path, damaged, change):
    with pytest.raises(ModelFileError) as caught:
        load_model(forge(tiny_path, damaged, change))
    assert "\n" not in str(caught.value)


def test_a_newer_format_says_so(tiny_path, damaged):
    data = tiny_path.read_bytes().replace(rb"\"version\":1", rb"\"version\":9")
    assert data != tiny_path.read_bytes()
    damaged.write_bytes(data)
    with pytest.raises(ModelFileError, match="update distill"):
        load_model(damaged)


def test_other_safetensors_files_are_refused(damaged):
    save_file({"x": torch.zeros(2)}, damaged)
    with pytest.raises(ModelFileError, match="not a distill model"):
        read_header(damaged)


def test_missing_files_and_folders_are_refused(tmp_path):
    for path in (tmp_path / "none.distill", tmp_path):
        with pytest.raises(ModelFileError):
            load_model(path)


def test_a_failed_save_leaves_the_old_file(tiny, tmp_path, monkeypatch):
    path = _saved(tiny, tmp_path / "a.distill")
    before = path.read_bytes()
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "disk full")))
    with pytest.raises(ModelFileError, match="disk full"):
        save_model(path, tiny)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.distill"]


def test_codes_are_the_same_after_loading(tiny, tiny_path, wav):
    path = wav(np.sin(np.arange(20_000) * 0.05) * 0.3)
    first = encode_audio_file(path, tiny)["indices"]
    assert torch.equal(first, encode_audio_file(path, load_model(tiny_path))["indices"])


def _saved(loaded, path):
    save_model(path, loaded)
    return path

"""Checkpoints: whole or not at all, exact, and refused in one line when broken."""

import json

import mlx.core as mx
import numpy as np
import pytest
from mlx.utils import tree_flatten

from scene.checkpoints import (
    build_transformer,
    build_vqgan,
    fingerprint,
    flat_parameters,
    load_transformer,
    load_vqgan,
    save_checkpoint,
    transformer_documents,
    vqgan_documents,
)
from scene.config import TransformerConfig, VQGANConfig
from scene.errors import SceneError
from scene.evaluation.judge import load_judge
from scene.train_vqgan import check_run_folder
from scene.transformer import SimpleTokenizer

TINY = {
    "hidden_channels": 4,
    "codebook_size": 8,
    "codebook_dim": 4,
    "num_res_blocks": 1,
    "num_levels": 2,
    "head_channels": 4,
    "palette_size": 4,
}


@pytest.fixture
def saved(tmp_path):
    config = VQGANConfig.model_validate({"model": TINY})
    model = build_vqgan(config, mx.array([[-1.0, -1, -1], [1, 1, 1]]))
    model(mx.random.normal((2, 32, 32, 3)))
    folder = tmp_path / "v"
    save_checkpoint(
        folder,
        {"model.safetensors": flat_parameters(model)},
        {"config.json": vqgan_documents(config)},
    )
    return model, config, folder


def test_a_model_comes_back_exactly_without_its_config_file(saved):
    model, config, folder = saved
    loaded, loaded_config = load_vqgan(folder)
    assert loaded_config == config
    assert not loaded.training
    before, after = dict(tree_flatten(model.parameters())), dict(tree_flatten(loaded.parameters()))
    assert before.keys() == after.keys()
    assert all(mx.array_equal(before[name], after[name]) for name in before)


def test_half_precision_storage_computes_in_float32(saved):
    model, config, folder = saved
    arrays = {"model.safetensors": flat_parameters(model, half=True)}
    save_checkpoint(folder, arrays, {"config.json": vqgan_documents(config)})
    loaded, _ = load_vqgan(folder)
    assert {v.dtype for _, v in tree_flatten(loaded.parameters())} == {mx.float32}
    assert fingerprint(loaded) == fingerprint(model)


def test_transformer_keeps_its_words_and_its_vqgan(saved, tmp_path):
    config = TransformerConfig.model_validate(
        {
            "model": {
                "vocab_size": 8,
                "max_seq_len": 4,
                "num_levels": 2,
                "grid_width": 2,
                "embed_dim": 8,
                "num_heads": 2,
                "num_layers": 1,
                "text_embed_dim": 8,
                "text_layers": 1,
                "text_heads": 2,
                "text_vocab_size": 20,
                "max_text_len": 6,
            }
        }
    )
    model = build_transformer(config)
    tokenizer = SimpleTokenizer.from_captions(["a red castle"], 20, 6)
    documents = {"config.json": transformer_documents(config, tokenizer, fingerprint(saved[0]))}
    save_checkpoint(tmp_path / "t", {"model.safetensors": flat_parameters(model)}, documents)
    loaded = load_transformer(tmp_path / "t")
    assert loaded.vqgan == fingerprint(saved[0])
    assert loaded.tokenizer.encode("red castle") == tokenizer.encode("red castle")
    text, codes = mx.array([[2, 3]]), mx.zeros((1, 4, 2), mx.int32)
    model.eval()
    assert mx.array_equal(loaded.model(text, codes), model(text, codes))
    with pytest.raises(SceneError, match="not a vqgan checkpoint"):
        load_vqgan(tmp_path / "t")


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("transformer", {"vqgan": None}),
        ("transformer", {"vocabulary": [1]}),
        ("transformer", {"vocabulary": ["word"] * 5000}),
        ("judge", {"width": "wide"}),
        ("judge", {"width": 2**63}),
        ("judge", {"attributes": ["place"]}),
    ],
)
def test_altered_settings_are_refused_by_name(tmp_path, kind, change):
    words = SimpleTokenizer(1000, 128, ["castle"])
    whole = (
        transformer_documents(TransformerConfig(), words, "0" * 12)
        if kind == "transformer"
        else {"format": 1, "kind": "judge", "attributes": {}, "width": 4, "card": {}}
    )
    (tmp_path / "config.json").write_text(json.dumps(whole | change))
    with pytest.raises(SceneError, match=r"config\.json") as refusal:
        (load_transformer if kind == "transformer" else load_judge)(tmp_path)
    assert "\n" not in str(refusal.value)


def test_a_document_nested_without_end_is_refused(tmp_path):
    (tmp_path / "config.json").write_text("[" * 100_000)
    with pytest.raises(SceneError, match="broken checkpoint"):
        load_vqgan(tmp_path)


def test_a_copy_between_two_renames_is_the_checkpoint_until_a_new_one_is_whole(
    saved, monkeypatch, tmp_path
):
    _, _, folder = saved
    folder.rename(folder.with_name(f".{folder.name}.old"))  # as a kill between the renames leaves
    load_vqgan(folder)
    check_run_folder(tmp_path, resume=False, force=False)
    (tmp_path / ".last.old").mkdir()
    check_run_folder(tmp_path, resume=True, force=False)
    with pytest.raises(SceneError, match="--resume"):
        check_run_folder(tmp_path, resume=False, force=False)

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("scene.checkpoints.os.fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        save_checkpoint(folder, {"model.safetensors": {"w": mx.zeros(3)}}, {})
    load_vqgan(folder)


def test_a_failed_save_leaves_the_old_checkpoint(saved, monkeypatch):
    _, _, folder = saved
    before = {p.name: p.read_bytes() for p in folder.iterdir()}

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("scene.checkpoints.os.fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        save_checkpoint(folder, {"model.safetensors": {"x": mx.zeros(3)}}, {})
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before


def test_a_crash_between_the_two_renames_loses_nothing(saved):
    _, _, folder = saved
    folder.rename(folder.with_name(f".{folder.name}.old"))
    load_vqgan(folder)


@pytest.mark.parametrize("damage", ["missing", "truncated", "noise", "settings", "shape", "format"])
def test_a_broken_checkpoint_is_refused_in_one_line(saved, damage):
    _, _, folder = saved
    weights, settings = folder / "model.safetensors", folder / "config.json"
    if damage == "missing":
        weights.unlink()
    elif damage == "truncated":
        weights.write_bytes(weights.read_bytes()[:-100])
    elif damage == "noise":
        weights.write_bytes(b"\x00" * 64)
    elif damage == "settings":
        settings.write_text("{")
    elif damage == "shape":
        document = json.loads(settings.read_text())
        document["config"]["model"]["codebook_size"] = 9
        settings.write_text(json.dumps(document))
    else:
        settings.write_text("{}")
    with pytest.raises(SceneError) as error:
        load_vqgan(folder)
    assert "\n" not in str(error.value)


def test_fingerprints_tell_codebooks_apart(saved):
    model, _, _ = saved
    first = fingerprint(model)
    model.quantizer.levels[1].codebook = model.quantizer.levels[1].codebook + 0.1
    assert fingerprint(model) != first
    assert len(first) == 12
    assert np.isfinite(int(first, 16))

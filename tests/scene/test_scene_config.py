"""Settings files: numbers are numbers, mistakes are named."""

from pathlib import Path

import pytest

from scene.config import (
    GenerateConfig,
    TransformerConfig,
    VQGANConfig,
    load_config,
)
from scene.errors import SceneError

CONFIGS = Path(__file__).parents[2] / "apps" / "scene" / "configs"


def written(tmp_path, text):
    path = tmp_path / "c.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("text", ["1e-4", "0.0001", "1.0e-4", "'1e-4'"])
def test_every_spelling_of_a_rate_is_a_number(tmp_path, text):
    path = written(tmp_path, f"training:\n  learning_rate: {text}\n")
    assert load_config(VQGANConfig, path).training.learning_rate == 1e-4


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("training: {learning_rat: 1}", "training.learning_rat"),
        ("modle: {}", "modle"),
        ("training: {batch_size: many}", "training.batch_size"),
        ("training: {batch_size: 0}", "training.batch_size"),
        ("training: {learning_rate: -1}", "training.learning_rate"),
        ("training: {learning_rate: .inf}", "training.learning_rate"),
        ("training: {clip_norm: .nan}", "training.clip_norm"),
        ("data: {image_size: [320, 200]}", "multiples of 16"),
        ("training: {crop_size: [60, 64]}", "multiples of 16"),
        ("model: {lookup: cosine, num_levels: 2}", "num_levels 1"),
        ("model: 3", "model"),
        ("- 1", "sections"),
        ("a: [", "not valid YAML"),
        ("[" * 5000, "not valid YAML"),
    ],
)
def test_a_mistake_is_named_in_one_line(tmp_path, text, named):
    with pytest.raises(SceneError, match=named) as error:
        load_config(VQGANConfig, written(tmp_path, text))
    assert "\n" not in str(error.value)


def test_flags_beat_the_file_and_the_file_beats_the_defaults(tmp_path):
    path = written(tmp_path, "training: {seed: 3, batch_size: 4}\n")
    config = load_config(VQGANConfig, path, {"training.seed": 5})
    assert (config.training.seed, config.training.batch_size) == (5, 4)
    assert config.training.num_epochs == VQGANConfig().training.num_epochs


def test_heads_must_divide_the_width(tmp_path):
    with pytest.raises(SceneError, match="multiple of num_heads"):
        load_config(TransformerConfig, written(tmp_path, "model: {embed_dim: 30}"))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(SceneError, match=r"none\.yaml"):
        load_config(VQGANConfig, tmp_path / "none.yaml")


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda p: p.name)
def test_the_configs_that_ship_are_valid(path):
    kind = VQGANConfig if path.name.startswith("vqgan") else TransformerConfig
    load_config(kind, path)


def test_the_full_size_configs_are_those_of_the_plan():
    vqgan = load_config(VQGANConfig, CONFIGS / "vqgan.yaml")
    assert (vqgan.model.hidden_channels, vqgan.model.num_res_blocks) == (128, 2)
    assert (vqgan.model.codebook_size, vqgan.model.codebook_dim) == (512, 256)
    assert (vqgan.training.batch_size, vqgan.training.learning_rate) == (8, 1e-4)
    text = load_config(TransformerConfig, CONFIGS / "transformer.yaml")
    assert (text.model.embed_dim, text.model.num_heads, text.model.num_layers) == (256, 8, 6)
    assert text.model.vocab_size == vqgan.model.codebook_size
    assert text.model.num_levels == vqgan.model.num_levels


def test_settings_are_frozen():
    with pytest.raises(ValueError, match="frozen"):
        GenerateConfig().temperature = 2

"""The first steps of both stages, kept as numbers: a refactor must reproduce them.

Print fresh ones after a wanted change: uv run python tests/scene/test_golden_losses.py
"""

import numpy as np
import pytest

from scene.checkpoints import build_vqgan
from scene.config import TransformerConfig, VQGANConfig
from scene.training.codes import Encoded
from scene.training.transformer import TransformerTrainer
from scene.training.vqgan import VQGANTrainer

# Other BLAS libraries add in another order.
TOLERANCE = 2e-3
VQGAN_LOSSES = [
    11.99444,
    11.02116,
    9.79444,
    8.00158,
    8.41703,
    8.20212,
    7.97567,
    8.08645,
    7.70369,
    7.29614,
]
TRANSFORMER_LOSSES = [
    2.95637,
    2.93296,
    2.93332,
    2.91599,
    2.89937,
    2.90557,
    2.7927,
    2.88523,
    2.85415,
    2.79998,
]

MODEL = {
    "hidden_channels": 8,
    "codebook_size": 16,
    "codebook_dim": 8,
    "num_res_blocks": 1,
    "num_levels": 2,
    "head_channels": 8,
    "palette_size": 8,
}


class Pictures:
    """Stands in for a folder: 12 made-up pictures of 64x48 in eight colours."""

    def __init__(self):
        rng = np.random.default_rng(0)
        shades = rng.integers(0, 8, (12, 12, 16)).repeat(4, 1).repeat(4, 2)
        self.pixels = (shades[..., None] * np.array([36, 20, 8])).astype(np.uint8)

    def __len__(self):
        return len(self.pixels)


def vqgan_losses():
    config = VQGANConfig.model_validate(
        {
            "model": MODEL,
            "loss": {"gradient": 0.5, "adversarial": 0.1, "discriminator_channels": 4},
            "training": {"batch_size": 4, "crop_size": [32, 32], "continuous_steps": 3},
            "data": {"image_size": [64, 48]},
        }
    )
    trainer = VQGANTrainer(config, Pictures())
    return [trainer.train_step(step, 1e-3, step / 10).loss for step in range(10)]


def transformer_losses():
    vqgan = build_vqgan(VQGANConfig.model_validate({"model": MODEL | {"palette_size": 0}}), None)
    config = TransformerConfig.model_validate(
        {
            "model": {
                "vocab_size": 16,
                "max_seq_len": 12,
                "num_levels": 2,
                "grid_width": 4,
                "embed_dim": 16,
                "num_heads": 2,
                "num_layers": 2,
                "text_embed_dim": 16,
                "text_layers": 1,
                "text_heads": 2,
                "text_vocab_size": 20,
                "max_text_len": 6,
                "dropout": 0.0,
            },
            "training": {"batch_size": 4},
            "data": {"image_size": [64, 48]},
        }
    )
    codes = np.random.default_rng(0).integers(0, 16, (12, 12, 2)).astype(np.uint16)
    captions = [("a dark forest", "a red castle", "the sea")[i % 3] for i in range(12)]
    trainer = TransformerTrainer(config, captions, Encoded(codes, None), vqgan)
    return [trainer.train_step(step, 1e-3, step / 10).loss for step in range(10)]


def test_the_first_steps_of_the_vqgan_are_as_they_were():
    assert vqgan_losses() == pytest.approx(VQGAN_LOSSES, rel=TOLERANCE)


def test_the_first_steps_of_the_transformer_are_as_they_were():
    assert transformer_losses() == pytest.approx(TRANSFORMER_LOSSES, rel=TOLERANCE)


if __name__ == "__main__":
    print([round(loss, 5) for loss in vqgan_losses()])
    print([round(loss, 5) for loss in transformer_losses()])

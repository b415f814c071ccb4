"""What each process of the distributed tests runs: a tiny training of both stages.

    mlx.launch -n 2 --backend ring tests/scene/train_together.py OUT

The last process is told to stop on the way, as by an operator of its machine.
"""

import os
import signal
import sys
from pathlib import Path

import mlx.core as mx
import numpy as np

from scene.checkpoints import build_vqgan
from scene.config import TransformerConfig, VQGANConfig
from scene.training import loop
from scene.training.codes import Encoded
from scene.training.distributed import ALONE, Processes, joined
from scene.training.transformer import TransformerTrainer
from scene.training.vqgan import VQGANTrainer

STEPS, STOP_AT = 7, 5
MODEL = {
    "hidden_channels": 8,
    "codebook_size": 16,
    "codebook_dim": 8,
    "num_res_blocks": 1,
    "num_levels": 2,
    "head_channels": 8,
    "restart_below": 0.5,
}
TRAINING = {"batch_size": 4, "max_steps": STEPS, "num_epochs": 9, "warmup_steps": 1}
DATA = {"image_size": [64, 48]}


class Pictures:
    """Stands in for a folder: 12 made-up pictures of 64x48 in eight colours."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        shades = rng.integers(0, 8, (12, 12, 16)).repeat(4, 1).repeat(4, 2)
        self.pixels = (shades[..., None] * np.array([36, 20, 8])).astype(np.uint8)

    def __len__(self) -> int:
        return len(self.pixels)


def vqgan_trainer(peers: Processes = ALONE) -> VQGANTrainer:
    """Palette, adversary and a late codebook start: all that processes must agree on."""
    config = VQGANConfig.model_validate(
        {
            "model": MODEL | {"palette_size": 8},
            "loss": {
                "gradient": 0.5,
                "adversarial": 0.1,
                "adversarial_start": 0.5,
                "discriminator_channels": 4,
            },
            "training": TRAINING | {"crop_size": [32, 32], "continuous_steps": 2},
            "data": DATA,
        }
    )
    return VQGANTrainer(config, Pictures(), peers=peers)


def transformer_trainer(peers: Processes = ALONE) -> TransformerTrainer:
    """Without dropout, which differs between processes by design."""
    mx.random.seed(0)
    vqgan = build_vqgan(VQGANConfig.model_validate({"model": MODEL}), None)
    config = TransformerConfig.model_validate(
        {
            "model": {
                "vocab_size": 16,
                "max_seq_len": 12,
                "num_levels": 2,
                "grid_width": 4,
                "embed_dim": 16,
                "num_heads": 2,
                "num_layers": 1,
                "text_embed_dim": 16,
                "text_layers": 1,
                "text_heads": 2,
                "text_vocab_size": 20,
                "max_text_len": 6,
                "dropout": 0.0,
            },
            "training": TRAINING,
            "data": DATA,
        }
    )
    codes = np.random.default_rng(0).integers(0, 16, (12, 12, 2)).astype(np.uint16)
    captions = [("a dark forest", "a red castle", "the sea")[i % 3] for i in range(12)]
    return TransformerTrainer(config, captions, Encoded(codes, None), vqgan, peers)


def main(out: Path) -> None:
    """Train both stages until the last process is asked to stop."""
    loop.LOG_EVERY = 1
    peers = joined()
    for make in (vqgan_trainer, transformer_trainer):
        trainer = make(peers)
        train_step = trainer.train_step

        def step_or_stop(step: int, *rest: float, train_step=train_step) -> loop.StepReport:
            if step == STOP_AT - 1 and peers.rank == peers.size - 1:
                os.kill(os.getpid(), signal.SIGTERM)
            return train_step(step, *rest)

        trainer.train_step = step_or_stop
        try:
            loop.run_training(trainer, out / trainer.name, resume=False, peers=peers)
        except KeyboardInterrupt:
            print(f"process {peers.rank} stopped {trainer.name}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

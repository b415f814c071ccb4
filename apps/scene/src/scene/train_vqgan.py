"""`train-vqgan`: train the picture tokenizer on a folder of pictures.

uv run --package scene train-vqgan --config apps/scene/configs/vqgan-small.yaml --data data/images
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from scene.command import create_parser, positive_float, positive_int, run_command, seed_number
from scene.outputs import check_folder

EPILOG = """examples:
  train-vqgan --config configs/vqgan-small.yaml --data data/images
  train-vqgan --config configs/vqgan-small.yaml --data data/images --resume

The run folder gets best/ and last/ (checkpoints), metrics.jsonl and samples/. Ctrl-C saves and
exits with 130; --resume continues exactly where the run stopped.
"""


def add_training_flags(parser: argparse.ArgumentParser, out: str) -> None:
    """Flags that both training commands share; each overrides its key of the config file."""
    parser.add_argument("--config", type=Path, help="YAML settings (default: the built-in ones)")
    parser.add_argument("--data", help="folder with pictures (data.data_dir)")
    parser.add_argument("--out", type=Path, default=Path(out), help=f"run folder ({out})")
    parser.add_argument("--resume", action="store_true", help="continue the run in --out")
    parser.add_argument("--force", action="store_true", help="start over in an existing --out")
    parser.add_argument("--epochs", type=positive_int, help="training.num_epochs")
    parser.add_argument("--steps", type=positive_int, help="stop after this many steps")
    parser.add_argument("--batch-size", type=positive_int, help="training.batch_size")
    parser.add_argument("--learning-rate", type=positive_float, help="training.learning_rate")
    parser.add_argument("--seed", type=seed_number, help="training.seed")


def training_overrides(arguments: argparse.Namespace) -> dict[str, object]:
    """The flags that were given, by config key."""
    flags = {
        "data.data_dir": arguments.data,
        "training.num_epochs": arguments.epochs,
        "training.max_steps": arguments.steps,
        "training.batch_size": arguments.batch_size,
        "training.learning_rate": arguments.learning_rate,
        "training.seed": arguments.seed,
    }
    return {key: value for key, value in flags.items() if value is not None}


def check_run_folder(out: Path, resume: bool, force: bool) -> None:
    """Refuse to overwrite a run, to resume one that is not there, or a folder for no run."""
    from scene.checkpoints import settled
    from scene.errors import SceneError

    exists = settled(out / "last").exists()
    if resume and not exists:
        raise SceneError(f"nothing to resume in {out}")
    if exists and not resume and not force:
        raise SceneError(f"{out} holds a run: continue it by --resume or start over by --force")
    check_folder(out)


def train(arguments: argparse.Namespace) -> None:
    """Run the training that the flags describe."""
    from scene.config import VQGANConfig, load_config
    from scene.errors import UsageError

    check_run_folder(arguments.out, arguments.resume, arguments.force)
    overrides = training_overrides(arguments)
    if arguments.decoder_only:
        if not arguments.start_from:
            raise UsageError("--decoder-only keeps the codes of a trained VQGAN: --start-from it")
        overrides["training.decoder_only"] = True
    config = load_config(VQGANConfig, arguments.config, overrides)

    from scene.dataset import ImageDataset
    from scene.training.distributed import joined
    from scene.training.loop import run_training
    from scene.training.vqgan import VQGANTrainer

    peers = joined()
    peers.check(config.training.batch_size)
    dataset = ImageDataset(config.data.data_dir, config.data.image_size)
    trainer = VQGANTrainer(config, dataset, arguments.start_from, peers)
    progress = run_training(trainer, arguments.out, arguments.resume, peers)
    if peers.first:
        print(
            f"best validation loss {progress.best_loss:.4f} at step {progress.best_step}: "
            f"{arguments.out / 'best'}"
        )


def main(argv: Sequence[str] | None = None) -> int:
    """Console entry point."""
    parser = create_parser("train-vqgan", "Train the picture tokenizer (VQGAN).", EPILOG)
    add_training_flags(parser, "runs/vqgan")
    parser.add_argument(
        "--start-from", type=Path, metavar="FOLDER", help="begin with the weights of a checkpoint"
    )
    parser.add_argument(
        "--decoder-only",
        action="store_true",
        help="keep encoder and codes: pictures get better, a trained transformer still fits",
    )
    return run_command(parser, train, argv)


if __name__ == "__main__":
    sys.exit(main())

"""`train-transformer`: train the caption-to-codes model on captioned pictures.

uv run --package scene train-transformer --config apps/scene/configs/transformer-small.yaml
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scene.command import create_parser, run_command, share
from scene.train_vqgan import add_training_flags, check_run_folder, training_overrides

if TYPE_CHECKING:
    from scene.config import TransformerConfig
    from scene.training.transformer import Layouts

EPILOG = """examples:
  train-transformer --config configs/transformer-small.yaml \\
      --data data/images --captions data/captions.jsonl --vqgan runs/vqgan/best
  train-transformer --config configs/transformer-small.yaml --resume
  train-transformer --config configs/layout.yaml --data data/layouts \\
      --captions data/captions.jsonl --vqgan runs/labels --out runs/layout

A captions file has one JSON object a line: {"image": "forest_001.png", "caption": "A dark forest"}
"""


def train(arguments: argparse.Namespace) -> None:
    """Run the training that the flags describe."""
    from scene.config import TransformerConfig, load_config

    check_run_folder(arguments.out, arguments.resume, arguments.force)
    flags = {
        "data.captions_file": arguments.captions,
        "data.vqgan_checkpoint": arguments.vqgan,
        "data.layouts_dir": arguments.layouts,
        "data.labels_checkpoint": arguments.labels,
        "training.context_dropout": arguments.context_dropout,
        "training.context_noise": arguments.context_noise,
        "training.first_weight": arguments.first_weight,
    }
    overrides = training_overrides(arguments) | {k: v for k, v in flags.items() if v is not None}
    from scene.checkpoints import load_codec, load_labels

    if arguments.labels:
        overrides["model.layout_labels"] = len(load_labels(Path(arguments.labels)).palette)
    config = load_config(TransformerConfig, arguments.config, overrides)

    from scene.dataset import CaptionDataset
    from scene.training.codes import encode_files
    from scene.training.distributed import joined
    from scene.training.loop import run_training
    from scene.training.transformer import TransformerTrainer

    peers = joined()
    peers.check(config.training.batch_size)
    data = config.data
    dataset = CaptionDataset(data.data_dir, data.captions_file, data.image_size)
    codec = load_codec(Path(data.vqgan_checkpoint)).model
    if config.model.vocab_size is None:
        shape = config.model.model_copy(update={"vocab_size": codec.codebook_sizes})
        config = config.model_copy(update={"model": shape})
    if not peers.first:
        peers.wait()  # for the codes, which the first process makes for all
    encoded = encode_files(codec, dataset.paths, data.image_size, arguments.out / "codes.npz")
    layouts = read_layouts(config, arguments.out) if config.model.layout_labels else None
    if peers.first:
        peers.wait()
    pictures = () if arguments.resume else dataset.paths
    trainer = TransformerTrainer(
        config, dataset.captions, encoded, codec, peers, layouts, arguments.start_from, pictures
    )
    progress = run_training(trainer, arguments.out, arguments.resume, peers)
    if peers.first:
        print(
            f"best validation loss {progress.best_loss:.4f} at step {progress.best_step}: "
            f"{arguments.out / 'best'}"
        )


def read_layouts(config: "TransformerConfig", out: Path) -> "Layouts":
    """The layouts of the pictures that have captions."""
    from scene.checkpoints import fingerprint, load_labels
    from scene.dataset import CaptionDataset
    from scene.training.codes import encode_files
    from scene.training.transformer import Layouts

    data = config.data
    paths = CaptionDataset(data.layouts_dir, data.captions_file, data.image_size).paths
    codec = load_labels(Path(data.labels_checkpoint))
    codes = encode_files(codec, paths, data.image_size, out / "layouts.npz").codes
    return Layouts(codes[..., 0], len(codec.palette), fingerprint(codec))


def main(argv: Sequence[str] | None = None) -> int:
    """Console entry point."""
    parser = create_parser("train-transformer", "Train the caption-to-codes transformer.", EPILOG)
    add_training_flags(parser, "runs/transformer")
    parser.add_argument("--captions", help="captions file (data.captions_file)")
    parser.add_argument(
        "--vqgan",
        help="checkpoint of the tokenizer, a VQGAN or a patch tree (data.vqgan_checkpoint)",
    )
    parser.add_argument(
        "--labels", help="draw by layouts, whose colours `scene learn-labels` has found"
    )
    parser.add_argument("--layouts", help="folder of the layouts (data.layouts_dir)")
    parser.add_argument(
        "--start-from", type=Path, metavar="FOLDER", help="begin with the weights of a checkpoint"
    )
    parser.add_argument(
        "--context-dropout",
        type=share,
        metavar="SHARE",
        help="sequences of which the model may not see all codes (training.context_dropout)",
    )
    parser.add_argument(
        "--context-noise",
        type=share,
        metavar="SHARE",
        help="sequences in which some codes are wrong ones (training.context_noise)",
    )
    parser.add_argument(
        "--first-weight",
        type=float,
        metavar="TIMES",
        help="how many positions the first one counts for (training.first_weight)",
    )
    return run_command(parser, train, argv)


if __name__ == "__main__":
    sys.exit(main())

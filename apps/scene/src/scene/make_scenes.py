"""`make-scenes`: draw procedural scenes with captions into a folder, for training and testing.

uv run --package scene make-scenes --count 64 --out data --seed 0
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from scene.command import create_parser, positive_int, run_command, seed_number
from scene.outputs import check_folder

SHEET_SCENES = 48

EPILOG = """examples:
  make-scenes --count 64 --out data                       64 scenes to train or play with
  make-scenes --count 20000 --out data --jobs 4           a training set (minutes)
  make-scenes --count 500 --out test --seed 1 --masks     other scenes, with object masks
  make-scenes --count 500 --out plans --layouts           with 20x12 pictures of what stands where
  make-scenes --count 500 --out hard --held-out           pairs that training never shows
  make-scenes --count 48 --out castles --only place=castle --only time=sunset --sheet

It writes DIR/images (320x200 PNG, 64 colours), DIR/captions.jsonl and DIR/attributes.jsonl.
The same count and seed give the same files anywhere. A run that was interrupted goes on when the
same command is given again. Point train-vqgan at DIR/images and train-transformer at
DIR/captions.jsonl.
"""


def create() -> argparse.ArgumentParser:
    """The command's parser."""
    parser = create_parser(
        "make-scenes", "Draw VGA-era adventure-game backgrounds with exact captions.", EPILOG
    )
    add = parser.add_argument
    add("--count", type=positive_int, required=True, help="number of scenes")
    add("--out", type=Path, required=True, metavar="DIR", help="folder to write")
    add("--seed", type=seed_number, default=0, help="which scenes: 0, 1, 2 ... share none (0)")
    add(
        "--only",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        type=_attribute,
        help="draw only scenes with this attribute, such as place=castle; --only help lists them",
    )
    add("--held-out", action="store_true", help="only attribute pairs that are kept for testing")
    add("--masks", action="store_true", help="also write which object each pixel shows")
    add("--layouts", action="store_true", help="also write what stands where on the token grid")
    add(
        "--sheet", action="store_true", help=f"also write DIR/sheet.png of the first {SHEET_SCENES}"
    )
    add("--jobs", type=positive_int, default=os.cpu_count() or 1, help="processes (all cores)")
    add("--force", action="store_true", help="replace other scenes in DIR")
    return parser


def _attribute(text: str) -> tuple[str, str]:
    """argparse type: NAME=VALUE of an attribute that scenes have."""
    from scene.synth.attributes import ATTRIBUTES, check_attributes

    name, _, value = text.partition("=")
    if text == "help":
        lines = (f"{name}: {', '.join(values)}" for name, values in ATTRIBUTES.items())
        raise argparse.ArgumentTypeError("; ".join(lines))
    try:
        check_attributes({name: value})
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return name, value


def make_scenes(arguments: argparse.Namespace) -> None:
    """Draw and write what the arguments ask for."""
    from tqdm import tqdm

    from scene.errors import SceneError, reason
    from scene.images import save_png
    from scene.synth import folder

    order = folder.Order(
        count=arguments.count,
        seed=arguments.seed,
        held_out=arguments.held_out,
        masks=arguments.masks,
        layouts=arguments.layouts,
        fixed=dict(arguments.only),
    )
    check_folder(arguments.out)
    plans = folder.plan_order(order)
    try:
        folder.open_folder(arguments.out, order, arguments.force)
        with tqdm(total=len(plans), desc="scenes", unit="scene") as bar:
            folder.write_scenes(arguments.out, plans, order, arguments.jobs, bar.update)
        if arguments.sheet:
            names = [folder.file_name(n, plan) for n, plan in enumerate(plans[:SHEET_SCENES])]
            sheet = folder.contact_sheet(arguments.out / "images" / name for name in names)
            save_png(arguments.out / "sheet.png", sheet)
    except OSError as error:
        raise SceneError(
            f"cannot write {error.filename or arguments.out}: {reason(error)}"
        ) from error
    print(f"{len(plans)} scenes in {arguments.out}")


def main(argv: Sequence[str] | None = None) -> int:
    """Console entry point."""
    return run_command(create(), make_scenes, argv)


if __name__ == "__main__":
    sys.exit(main())

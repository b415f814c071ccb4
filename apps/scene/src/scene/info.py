"""`scene info FILE` and `scene doctor`: what a picture says about itself, and how fast MLX is.

uv run --package scene scene info output.png
"""

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from scene.command import create_parser, positive_int, run_command, seed_number
from scene.outputs import check_file, check_folder

if TYPE_CHECKING:
    from scene.patches import PatchTree

CODES = 512  # per level of a patch tree

EPILOG = """examples:
  scene info castle.png        prompt, seed, settings and model of a generated picture
  scene doctor                 which BLAS MLX uses here, and how fast it is
  scene gallery -o gallery.png the four classic prompts, seeds 0 to 7, nothing picked
  scene layout "a castle at sunset"        what stands where, to change and give to generate
  scene export runs/vqgan/best models/vqgan       half the size, ready to share
  scene learn-patches --data data/images --out runs/patches
  scene learn-patches --data more/images --grow runs/patches --out runs/grown
  scene learn-labels --data data/layouts --out runs/labels
  scene train-judge --data data --out runs/judge

Other commands: generate, reconstruct, make-scenes, train-vqgan, train-transformer, evaluate.
"""


def show_info(arguments: argparse.Namespace) -> None:
    """Print the settings inside each PNG."""
    from dataclasses import asdict

    from scene.generation.metadata import read_info

    for path in arguments.files:
        info = asdict(read_info(path))
        print(path)
        for name, value in info.items():
            print(f"  {name:12} {'as painted' if name == 'layout' and value else value}")


def show_doctor(arguments: argparse.Namespace) -> None:
    """Print device, BLAS and the speed of a matrix product."""
    from scene import blas
    from scene.speed import matmul_gflops

    import mlx.core as mx  # isort: skip  (after the BLAS)

    print(f"mlx {version('mlx')} on {mx.default_device()}")
    print(f"BLAS: {blas.STATUS.source} {blas.STATUS.path or ''}".rstrip())
    print(f"matrix product 1024x1024: {matmul_gflops():.0f} GFLOP/s")


def _claim(arguments: argparse.Namespace) -> None:
    """Find out before any work whether the folder `--out` may be written."""
    from scene.errors import SceneError

    if arguments.out.exists() and not arguments.force:
        raise SceneError(f"{arguments.out} exists: choose another folder or overwrite by --force")
    check_folder(arguments.out)


def export(arguments: argparse.Namespace) -> None:
    """Write a checkpoint's model in half precision, without what only training needs."""
    from scene.checkpoints import (
        MODEL,
        SETTINGS,
        half_precision,
        packed_tables,
        read_arrays,
        read_document,
        save_checkpoint,
    )

    _claim(arguments)
    document = read_document(arguments.checkpoint, SETTINGS)
    arrays = half_precision(read_arrays(arguments.checkpoint, MODEL))
    if document.get("kind") == "transformer":
        arrays = packed_tables(arrays)
    save_checkpoint(arguments.out, {MODEL: arrays}, {SETTINGS: document})
    size = (arguments.out / MODEL).stat().st_size
    print(f"{arguments.out}  {size / 1e6:.1f} MB")


def _claim_file(arguments: argparse.Namespace) -> None:
    """Find out before any work whether the file `--output` may be written."""
    from scene.errors import SceneError

    if arguments.output.exists() and not arguments.force:
        raise SceneError(f"{arguments.output} exists: overwrite by --force")
    check_file(arguments.output)


def gallery(arguments: argparse.Namespace) -> None:
    """Draw the classic prompts, one row each, with fixed seeds."""
    _claim_file(arguments)

    from PIL import Image

    from scene.generation.gallery import draw_gallery
    from scene.generation.pipeline import Generator, Sampling
    from scene.images import save_png

    generator = Generator(arguments.vqgan, arguments.transformer, arguments.layout_model)
    asked = arguments.guidance
    sampling = Sampling() if asked is None else Sampling(guidance=asked)
    sheet = draw_gallery(generator, sampling, arguments.columns)
    save_png(arguments.output, Image.fromarray(sheet).quantize(256))
    print(arguments.output)


def layout(arguments: argparse.Namespace) -> None:
    """Draw what stands where for a prompt, as flat colours to look at and to change."""
    _claim_file(arguments)

    import mlx.core as mx
    import numpy as np
    from PIL import Image

    from scene.errors import SceneError
    from scene.generation.pipeline import Generator
    from scene.images import save_png, to_uint8

    generator = Generator(
        arguments.vqgan, arguments.transformer, arguments.layout_model, arguments.labels
    )
    drawn = generator.draw_layouts([arguments.prompt], [arguments.seed])
    if drawn is None:
        raise SceneError("this transformer draws by no layouts: give another --transformer")
    grid = drawn.reshape(1, *generator.grid)
    picture = to_uint8(np.asarray(generator.labels.decode(mx.array(grid))))[0]
    save_png(arguments.output, Image.fromarray(picture))
    print(f"{arguments.output}  seed {arguments.seed}")


def learn(arguments: argparse.Namespace) -> None:
    """Make a patch tree of a folder of pictures."""
    import numpy as np
    from tqdm import tqdm

    from scene.checkpoints import save_patches
    from scene.colours import PaletteIndex, collect_palette
    from scene.dataset import CaptionDataset, ImageDataset, load_pixels
    from scene.images import fit, open_image
    from scene.patches.tree import MOST_COLOURS
    from scene.training.patches import grow_patches, learn_patches

    _claim(arguments)
    before = _tree_to_grow(arguments)
    size = (320, 192)
    if arguments.captions:
        dataset = CaptionDataset(arguments.data, arguments.captions, size)
        texts: dict[Path, str] = {}
        for path, text in zip(dataset.paths, dataset.captions, strict=True):
            texts[path] = f"{texts[path]} {text}" if path in texts else text
        paths, captions = list(texts), list(texts.values())
    else:
        paths, captions = ImageDataset(arguments.data, size).paths, None
    if before is not None:
        palette = before.palette
    else:
        looked_at = load_pixels(paths[:: max(1, len(paths) // 500)], size)
        palette = collect_palette(looked_at, MOST_COLOURS)
    index = PaletteIndex(palette)
    starts = tqdm(range(0, len(paths), 250), "counting patches")
    chunks = (
        index.classes(np.stack([fit(open_image(path), size) for path in paths[at : at + 250]]))
        for at in starts
    )
    if before is not None:
        tree, held = grow_patches(before, chunks)
    else:
        tree, held = learn_patches(chunks, palette, arguments.codes or CODES, captions)
    card = {
        "pictures": len(paths),
        "captions": tree.meaning is not None,
        "colours": len(palette),
        "share_of_patches_held": held,
    }
    save_patches(arguments.out, tree, size, card)
    branches, each = tree.codebook_sizes
    print(f"{branches} x {each} patches, {held:.1%} of those seen; {arguments.out}")


def _tree_to_grow(arguments: argparse.Namespace) -> "PatchTree | None":
    """The tree that `--grow` names, if it was given."""
    from scene.checkpoints import load_codec
    from scene.errors import SceneError, UsageError
    from scene.patches import PatchTree

    if not arguments.grow:
        return None
    if arguments.codes or arguments.captions:
        raise UsageError("--grow keeps what the tree has: leave --codes and --captions out")
    tree = load_codec(arguments.grow).model
    if not isinstance(tree, PatchTree):
        raise SceneError(f"{arguments.grow} is no patch tree: only these grow")
    return tree


def learn_labels(arguments: argparse.Namespace) -> None:
    """Find the colours that a folder of layouts is painted in."""
    import numpy as np

    from scene.checkpoints import save_labels
    from scene.dataset import ImageDataset
    from scene.errors import SceneError
    from scene.layouts import MOST_LABELS, LayoutCodec

    _claim(arguments)
    size = (320, 192)
    cells = ImageDataset(arguments.data, (size[0] // 16, size[1] // 16)).pixels
    palette = np.unique(cells.reshape(-1, 3), axis=0)
    if len(palette) > MOST_LABELS:
        raise SceneError(
            f"{arguments.data}: more than {MOST_LABELS} colours: a layout has one flat colour for "
            "each kind of thing"
        )
    save_labels(arguments.out, LayoutCodec(palette), size)
    print(f"{len(palette)} labels; {arguments.out}")


def judge(arguments: argparse.Namespace) -> None:
    """Train the attribute judge that `evaluate` uses."""
    from scene.evaluation.judge import accuracy, save_judge
    from scene.training.judge import read_labelled, train_judge

    check_folder(arguments.out)
    pixels, wanted = read_labelled(arguments.data, (320, 192))
    held = max(1, len(pixels) // 20)
    model = train_judge(pixels[held:], wanted[held:], arguments.steps, arguments.seed)
    figures = accuracy(model, pixels[:held], wanted[:held])
    card = {"steps": arguments.steps, "seed": arguments.seed, "pictures": len(pixels) - held}
    save_judge(model, arguments.out, card | {"accuracy": figures})
    print(f"held-out accuracy: {figures['mean']:.3f}; {arguments.out}")


def _add_models(parser: argparse.ArgumentParser) -> None:
    """Flags of one's own models, by default those that ship."""
    parser.add_argument("--vqgan", type=Path, help="checkpoint folder of the tokenizer")
    parser.add_argument("--transformer", type=Path, help="transformer checkpoint folder")
    parser.add_argument(
        "--layout-model", type=Path, help="folder of the transformer that writes layouts"
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Console entry point."""
    parser = create_parser("scene", "Inspect pictures and this machine.", EPILOG)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    info = commands.add_parser("info", help="prompt, seed and settings of generated pictures")
    info.add_argument("files", nargs="+", type=Path, metavar="FILE")
    info.set_defaults(action=show_info)
    doctor = commands.add_parser("doctor", help="which BLAS MLX uses and how fast it is")
    doctor.set_defaults(action=show_doctor)
    pack = commands.add_parser("export", help="write a model in half precision, to share it")
    pack.add_argument("checkpoint", type=Path, help="checkpoint folder, such as runs/vqgan/best")
    pack.add_argument("out", type=Path, help="folder to write")
    pack.add_argument("--force", action="store_true", help="overwrite an existing folder")
    pack.set_defaults(action=export)
    show = commands.add_parser("gallery", help="the four classic prompts, seeds 0 to 7")
    show.add_argument("-o", "--output", type=Path, default=Path("gallery.png"))
    show.add_argument("--columns", type=positive_int, default=8, help="pictures per prompt (8)")
    show.add_argument("--guidance", type=float, help="(as in generate)")
    _add_models(show)
    show.add_argument("--force", action="store_true", help="overwrite an existing file")
    show.set_defaults(action=gallery)
    plan = commands.add_parser("layout", help="what stands where for a prompt, in flat colours")
    plan.add_argument("prompt")
    plan.add_argument("-o", "--output", type=Path, default=Path("layout.png"))
    plan.add_argument("--seed", type=seed_number, default=0, help="(0)")
    _add_models(plan)
    plan.add_argument("--labels", type=Path, help="folder of what the colours of layouts stand for")
    plan.add_argument("--force", action="store_true", help="overwrite an existing file")
    plan.set_defaults(action=layout)
    count = commands.add_parser(
        "learn-patches",
        help="make a tokenizer whose codes are whole patches, for art that repeats on the grid",
    )
    count.add_argument("--data", type=Path, required=True, help="folder of pictures")
    count.add_argument(
        "--captions",
        type=Path,
        help="captions file of the folder: also learn which words go with which patches, so that "
        "generate heeds words of small things",
    )
    count.add_argument("--out", type=Path, default=Path("runs/patches"), help="(runs/patches)")
    count.add_argument(
        "--codes",
        type=int,
        choices=(32, 64, 128, 256, 512, 1024),
        help=f"codes per level K: K x K patches are kept ({CODES})",
    )
    count.add_argument(
        "--grow",
        type=Path,
        metavar="FOLDER",
        help="make of this patch tree one of the same branches with twice as many patches each; a "
        "transformer of the one starts that of the other (train-transformer --start-from)",
    )
    count.add_argument("--force", action="store_true", help="overwrite an existing folder")
    count.set_defaults(action=learn)
    labels = commands.add_parser(
        "learn-labels",
        help="make a tokenizer of layouts: small pictures, 20x12, of one colour per kind of thing",
    )
    labels.add_argument("--data", type=Path, required=True, help="folder of layouts")
    labels.add_argument("--out", type=Path, default=Path("runs/labels"), help="(runs/labels)")
    labels.add_argument("--force", action="store_true", help="overwrite an existing folder")
    labels.set_defaults(action=learn_labels)
    train = commands.add_parser("train-judge", help="train the attribute judge of evaluate")
    train.add_argument("--data", type=Path, required=True, help="folder that make-scenes wrote")
    train.add_argument("--out", type=Path, default=Path("runs/judge"), help="folder (runs/judge)")
    train.add_argument("--steps", type=positive_int, default=1500, help="training steps (1500)")
    train.add_argument("--seed", type=seed_number, default=0, help="seed (0)")
    train.set_defaults(action=judge)
    return run_command(parser, lambda arguments: arguments.action(arguments), argv)


if __name__ == "__main__":
    sys.exit(main())

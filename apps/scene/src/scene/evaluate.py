"""`evaluate`: figures of a VQGAN and a transformer on scenes that they never saw.

uv run --package scene evaluate --json report.json
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scene.command import create_parser, positive_int, run_command
from scene.outputs import check_file, write_text

if TYPE_CHECKING:
    from scene.generation.pipeline import Generator, Sampling

EPILOG = """examples:
  evaluate                                        the models that ship, 500 prompts (minutes)
  evaluate --prompts 50 --json quick.json
  evaluate --images held-out/ --only reconstruction --vqgan runs/vqgan/best
  evaluate --training-codes runs/transformer/codes.npz      adds the memorisation check

reconstruction: share of pixels with the right palette colour, the same on objects, edge F1 and
use of the codes, on fresh procedural scenes or on a folder of pictures (a folder has no object
masks). adherence: a classifier judges whether samples show what held-out prompts ask for, beside
its own accuracy on real scenes and on reconstructions; once for attribute pairs as in training
and once for pairs that training never shows.
"""


def evaluate(arguments: argparse.Namespace) -> None:
    """Print the report, and write it as JSON if asked."""
    from scene.checkpoints import load_codec
    from scene.generation.pipeline import Generator, shipped

    sampling = _sampling(arguments)
    if arguments.json:
        check_file(arguments.json)
    vqgan = Path(arguments.vqgan) if arguments.vqgan else shipped("tokenizer")
    report: dict[str, Any] = {"vqgan": str(vqgan)}
    generator = learned = None
    if arguments.only != "reconstruction":
        transformer = Path(arguments.transformer) if arguments.transformer else None
        layouts = Path(arguments.layout_model) if arguments.layout_model else None
        labels = Path(arguments.labels) if arguments.labels else None
        generator = Generator(vqgan, transformer, layouts, labels)
        if arguments.training_codes:
            learned = read_codes(arguments.training_codes, generator)
    if arguments.only != "adherence":
        report["reconstruction"] = reconstruction(load_codec(vqgan), arguments)
    if generator is not None:
        report["adherence"] = adherence(generator, sampling, arguments, learned)
    text = json.dumps(report, indent=1, default=str)
    print(text)
    if arguments.json:
        write_text(arguments.json, text + "\n")


def reconstruction(loaded: Any, arguments: argparse.Namespace) -> dict[str, object]:
    """Figures on a folder, or on procedural scenes with object masks."""

    from scene.colours import collect_palette
    from scene.dataset import ImageDataset
    from scene.evaluation.reconstruction import code_figures, reconstruct, reconstruction_figures
    from scene.evaluation.unseen import draw_unseen

    if arguments.images:
        pixels = ImageDataset(arguments.images, loaded.image_size).pixels
        masks = None
    else:
        unseen = draw_unseen(arguments.scenes)
        pixels, masks = unseen.pixels, unseen.masks
    drawn, codes = reconstruct(loaded.model, pixels)
    palette = loaded.model.colours
    if palette is None:
        palette = collect_palette(pixels, 256)
    figures = reconstruction_figures(pixels, drawn, palette, masks)
    return figures | {"levels": code_figures(codes, loaded.model.codebook_sizes)}


def _sampling(arguments: argparse.Namespace) -> "Sampling":
    """How to sample, by default as `generate` does. Raises UsageError for what is out of range."""
    from scene.config import GenerateConfig, parse_config
    from scene.errors import SceneError, UsageError
    from scene.generation.pipeline import Sampling

    names = ("temperature", "top_k", "top_p", "guidance")
    asked = {name: getattr(arguments, name) for name in names}
    given = {name: value for name, value in asked.items() if value is not None}
    try:
        config = parse_config(GenerateConfig, given, "settings")
    except SceneError as error:
        raise UsageError(str(error)) from error
    return Sampling(*(getattr(config, name) for name in names))


def adherence(
    generator: "Generator", sampling: "Sampling", arguments: argparse.Namespace, learned: Any
) -> dict[str, object]:
    """Figures on held-out prompts, on held-out attribute pairs, and against copying from codes that
    were `learned` (T, M), if these are given."""
    import numpy as np
    from tqdm import tqdm

    from scene.evaluation.adherence import (
        adherence_figures,
        caption_gap,
        draw_cases,
        sample_cases,
    )
    from scene.evaluation.judge import load_judge
    from scene.evaluation.memorisation import memorisation_figures
    from scene.evaluation.reconstruction import reconstruct
    from scene.generation.pipeline import shipped

    judge = load_judge(Path(arguments.judge) if arguments.judge else shipped("judge"))
    report: dict[str, object] = {"sampling": vars(sampling)}
    for name, held_out in (("prompts", False), ("held_out_pairs", True)):
        cases = draw_cases(arguments.prompts, held_out)
        seen, codes = reconstruct(generator.codec, np.stack([case.pixels for case in cases]))
        with tqdm(total=len(cases), desc=name, unit="sample") as bar:
            samples = sample_cases(generator, cases, sampling, lambda bar=bar: _advance(bar))
        figures = adherence_figures(judge, cases, seen, samples.pixels)
        figures["captions"] = caption_gap(generator, cases, codes)
        if learned is not None and not held_out:
            flat = (len(cases), -1)
            figures["memorisation"] = memorisation_figures(
                samples.codes.reshape(flat), codes.reshape(flat), learned
            )
        report[name] = figures
    return report


def _advance(bar: Any) -> None:
    bar.update(1)


def read_codes(path: Path, generator: "Generator") -> Any:
    """Training codes as uint16 (T, M) from the cache of `train-transformer`, of pictures like those
    that the generator draws."""
    from zipfile import BadZipFile

    import numpy as np

    from scene.errors import SceneError, reason

    try:
        with np.load(path, allow_pickle=False) as stored:
            codes = stored["codes"]
        size = codes[0].size
    except OSError as error:
        raise SceneError(f"cannot read {path}: {reason(error)}") from error
    except (ValueError, KeyError, TypeError, IndexError, BadZipFile) as error:
        raise SceneError(f"{path}: want the codes.npz of train-transformer") from error
    rows, columns = generator.grid
    levels = len(generator.codec.codebook_sizes)
    if size != rows * columns * levels:
        raise SceneError(
            f"{path} has {size} codes a picture, the models have {rows}x{columns}x{levels}: give "
            "the codes.npz that this transformer was trained on"
        )
    return codes.reshape(len(codes), -1)


def main(argv: Sequence[str] | None = None) -> int:
    """Console entry point."""
    parser = create_parser("evaluate", "Measure models on scenes that they never saw.", EPILOG)
    add = parser.add_argument
    add("--vqgan", help="checkpoint folder of the tokenizer (default: the one that ships)")
    add("--transformer", help="transformer checkpoint folder (default: the one that ships)")
    add("--layout-model", help="folder of the transformer that writes layouts for it")
    add("--labels", help="what the layouts' colours stand for (default: those that ship)")
    add("--judge", help="judge folder (default: the one that ships)")
    add("--only", choices=("reconstruction", "adherence"), help="leave the other part out")
    add("--images", type=Path, help="folder of pictures for the reconstruction figures")
    add("--scenes", type=positive_int, default=64, help="unseen scenes to reconstruct (64)")
    add("--prompts", type=positive_int, default=500, help="held-out prompts of each kind (500)")
    add("--training-codes", type=Path, help="codes.npz of the training run, to look for copies")
    add("-t", "--temperature", type=float, help="sampling temperature (as in generate)")
    add("-k", "--top-k", type=positive_int, help="sampling top-k (as in generate)")
    add("--top-p", type=float, help="sampling top-p (as in generate)")
    add("--guidance", type=float, help="classifier-free guidance (as in generate)")
    add("--json", type=Path, help="also write the report to this file")
    return run_command(parser, evaluate, argv)


if __name__ == "__main__":
    sys.exit(main())

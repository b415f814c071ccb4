"""`generate "prompt"`: draw pixel-art backgrounds for a prompt.

uv run --package scene generate "a castle on a hill at sunset"
"""

import argparse
import math
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING

from scene.command import LARGEST_SEED, create_parser, positive_int, run_command, seed_number
from scene.outputs import check_file

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image
    from tqdm import tqdm

    from scene.config import GenerateConfig
    from scene.generation.pipeline import Generator

EPILOG = """examples:
  generate "a castle on a hill at sunset"
  generate "a dark forest" -n 8 --grid --seed 1 -o forest.png
  generate "a stormy sea" --palette c64 --dither bayer --scale 3
  generate --like forest.png -o again.png          repeats a picture from its own settings
  generate "a castle" --layout plan.png            things stand as painted, see scene layout
  echo "a quiet lake at dawn" | generate -

The seed is printed and stored in the PNG with the prompt and all settings; `scene info FILE`
shows them. With -n the seeds count up from the first. Without --grid several pictures become
NAME-SEED.png.
"""


def create() -> argparse.ArgumentParser:
    """The command's parser."""
    parser = create_parser("generate", "Draw pixel-art backgrounds for a prompt.", EPILOG)
    add = parser.add_argument
    add("prompt", nargs="?", help="what to draw; - reads it from standard input")
    add("-o", "--output", type=Path, default=Path("output.png"), help="PNG file (output.png)")
    add("-n", "--count", type=positive_int, help="number of pictures (1)")
    add("-t", "--temperature", type=float, help="0 = likeliest, 1 = as learned (0.9)")
    add("-k", "--top-k", type=int, help="choose among the k likeliest codes, 0 = all (100)")
    add(
        "--top-p",
        type=float,
        help="choose among the codes that reach this probability together (0.6)",
    )
    add("--guidance", type=float, help="how strictly to follow the prompt, 1 = as learned (1)")
    add("--seed", type=seed_number, help="first seed (default: random, printed)")
    add("--scale", type=positive_int, help="enlarge by a whole number, nearest (1)")
    add(
        "--palette",
        help="lock colours: vga, ega, ega64, cga, c64, gameboy, pico8, a number of "
        "colours, or a .gpl or .hex file",
    )
    add("--dither", choices=("none", "bayer"), help="how --palette maps colours (none)")
    add("--grid", action="store_true", help="all pictures of -n in one file")
    add(
        "--layout",
        type=Path,
        help="picture of what stands where, 20x12 flat colours; `scene layout` draws one",
    )
    add("--preview", action="store_true", help="show the pictures in the terminal")
    add("--force", action="store_true", help="overwrite existing files")
    add("--like", type=Path, help="take prompt, seed and settings from a generated PNG")
    add("--vqgan", help="checkpoint folder of the tokenizer (default: the one that ships)")
    add("--transformer", help="transformer checkpoint folder (default: the one that ships)")
    add("--layout-model", help="folder of the transformer that writes layouts for it")
    add("--labels", help="folder of what the colours of --layout stand for, for one's own models")
    add("--config", type=Path, help="YAML file with defaults for these settings")
    return parser


def settings(arguments: argparse.Namespace) -> "tuple[GenerateConfig, str, int]":
    """Resolved settings, prompt and first seed: defaults < --config < --like < flags."""
    from scene.config import GenerateConfig, load_config, parse_config
    from scene.errors import SceneError, UsageError
    from scene.generation.metadata import read_info

    config = load_config(GenerateConfig, arguments.config)
    values = config.model_dump()
    prompt, seed = arguments.prompt, arguments.seed
    if arguments.like:
        info = read_info(arguments.like)
        values |= {name: getattr(info, name) for name in values if hasattr(info, name)}
        prompt = info.prompt if prompt is None else prompt
        seed = info.seed if seed is None else seed
        if arguments.count is None and info.count > 1:
            arguments.count, arguments.grid = info.count, True
    flags = {name: getattr(arguments, name) for name in values}
    values |= {name: value for name, value in flags.items() if value is not None}
    if arguments.top_k == 0:
        values["top_k"] = None
    if prompt == "-":
        prompt = sys.stdin.read()
    if prompt is not None and not prompt.isprintable():
        # Bytes that were no UTF-8 and control characters mean nothing, and no PNG can hold them.
        prompt = "".join(c if c.isprintable() else " " for c in prompt)
    if prompt is None or not prompt.strip():
        raise UsageError('no prompt: try generate "a castle on a hill at sunset"')
    if seed is None:
        seed = secrets.randbelow(1_000_000)
    try:
        config = parse_config(GenerateConfig, values, "settings")
    except SceneError as error:
        raise UsageError(str(error)) from error
    return config, " ".join(prompt.split()), seed


def output_paths(output: Path, seeds: Sequence[int], grid: bool, force: bool) -> list[Path]:
    """One path per file to write. Raises UsageError for a folder or a foreign suffix, SceneError
    for an existing file."""
    from scene.errors import SceneError, UsageError

    if output.is_dir():
        raise UsageError(f"{output} is a folder: name a file, such as {output / 'output.png'}")
    if output.suffix == "":
        output = output.with_suffix(".png")
    if output.suffix.lower() != ".png":
        raise UsageError(f"{output}: only PNG keeps pixels and settings; name it .png")
    if grid or len(seeds) == 1:
        paths = [output]
    else:
        paths = [output.with_name(f"{output.stem}-{seed}{output.suffix}") for seed in seeds]
    taken = [path for path in paths if path.exists()]
    if taken and not force:
        raise SceneError(f"{taken[0]} exists: choose another -o or overwrite by --force")
    check_file(paths[0])
    return paths


def render(pixels: "np.ndarray", config: "GenerateConfig", palette: "np.ndarray | None") -> "Image":
    """The picture to save: colours locked, enlarged, indexed where 256 colours suffice."""
    from PIL.Image import fromarray

    from scene.colours import collect_palette
    from scene.palettes import indexed_image, map_to_palette

    if palette is None:
        palette = collect_palette(pixels[None], 257)
        if len(palette) > 256:
            return fromarray(enlarge(pixels, config.scale))
    return indexed_image(
        enlarge(map_to_palette(pixels, palette, config.dither), config.scale), palette
    )


def enlarge(pixels: "np.ndarray", scale: int) -> "np.ndarray":
    """Repeat every pixel `scale` times in both directions: (H, W, ...) -> (sH, sW, ...)."""
    return pixels.repeat(scale, axis=0).repeat(scale, axis=1)


def contact_sheet(pictures: "np.ndarray") -> "np.ndarray":
    """Pictures uint8 (N, H, W, 3) side by side, about as many rows as columns."""
    import numpy as np

    count, height, width, _ = pictures.shape
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    sheet = np.zeros((rows * height, columns * width, 3), np.uint8)
    for index, picture in enumerate(pictures):
        row, column = divmod(index, columns)
        sheet[row * height : (row + 1) * height, column * width : (column + 1) * width] = picture
    return sheet


def generate(arguments: argparse.Namespace) -> None:
    """Draw, save and report."""
    from scene.errors import SceneError

    config, prompt, seed = settings(arguments)
    if not 0 <= seed <= LARGEST_SEED - (arguments.count or 1):
        raise SceneError(f"no pictures with seeds from {seed} on: choose a --seed from 0 to 2^63")
    seeds = list(range(seed, seed + (arguments.count or 1)))
    paths = output_paths(arguments.output, seeds, arguments.grid, arguments.force)

    import numpy as np
    from tqdm import tqdm

    from scene.generation.metadata import PictureInfo, to_texts
    from scene.generation.pipeline import Generator, Sampling
    from scene.generation.preview import half_blocks
    from scene.images import save_png
    from scene.palettes import get_palette

    if config.palette is not None:
        get_palette(config.palette, np.zeros((8, 8, 3), np.uint8))  # a wrong name fails at once
    generator = Generator(
        Path(config.vqgan) if config.vqgan else None,
        Path(config.transformer) if config.transformer else None,
        Path(config.layout_model) if config.layout_model else None,
        Path(config.labels) if config.labels else None,
    )
    layout = given_layout(arguments, generator)
    layouts = None if layout is None else layout[None].repeat(len(seeds), axis=0)
    report_unknown(generator, prompt)
    sampling = Sampling(config.temperature, config.top_k, config.top_p, config.guidance)
    steps = generator.positions if layouts is None else layouts.shape[1]
    with tqdm(total=steps, desc="drawing", unit="token", leave=False) as bar:
        pictures = generator.draw(
            [prompt] * len(seeds), seeds, sampling, lambda _: _advance(bar), layouts
        )
    if arguments.grid:
        pictures = contact_sheet(pictures)[None]
    for path, first, pixels in zip(paths, seeds, pictures, strict=False):
        palette = None if config.palette is None else get_palette(config.palette, pixels)
        info = PictureInfo(
            prompt=prompt,
            seed=first,
            count=len(seeds) if arguments.grid else 1,
            model=generator.model_id,
            layout=None if layout is None else layout.tolist(),
            **config.model_dump(exclude={"vqgan", "transformer", "layout_model", "labels"}),
        )
        image = render(pixels, config, palette)
        save_png(path, image, to_texts(info))
        if arguments.preview:
            print(half_blocks(np.asarray(image.convert("RGB"))))
        print(f"{path}  seed {first}" + (f" to {seeds[-1]}" if arguments.grid else ""))


def given_layout(arguments: argparse.Namespace, generator: "Generator") -> "np.ndarray | None":
    """The layout int (N,) that was painted, or that of the picture that is drawn again."""
    import numpy as np

    from scene.errors import SceneError
    from scene.generation.metadata import read_info

    if arguments.layout:
        return generator.read_layout(arguments.layout)
    known = read_info(arguments.like).layout if arguments.like else None
    if known is None:
        return None
    count, size = math.prod(generator.grid), generator.labels.codebook_sizes[0]
    if len(known) != count or not all(0 <= label < size for label in known):
        raise SceneError(f"{arguments.like}: its layout does not fit the model")
    return np.array(known)


def _advance(bar: "tqdm") -> None:
    bar.update(1)


def report_unknown(generator: "Generator", prompt: str) -> None:
    """Tell which words of the prompt the model never saw."""
    unknown = generator.unknown_words(prompt)
    if unknown:
        told = shorten(", ".join(word[:40] for word in unknown), 200, placeholder=" ...")
        print(f"generate: words the model does not know: {told}", file=sys.stderr)


def main(argv: Sequence[str] | None = None) -> int:
    """Console entry point."""
    return run_command(create(), generate, argv)


if __name__ == "__main__":
    sys.exit(main())

"""`reconstruct IMAGE...`: pictures beside their reconstructions, and their codes as a page.

uv run --package scene reconstruct picture.png -o reconstructions
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from scene.command import create_parser, run_command
from scene.outputs import check_file, write_text

EPILOG = """examples:
  reconstruct picture.png                     writes picture-codes.png and picture-codes.html
  reconstruct photos/*.png -o out --vqgan runs/vqgan/best

The PNG shows the original at the left and what the codes keep of it at the right. The HTML page
shows the codes of every level on the picture's token grid.
"""


def reconstruct(arguments: argparse.Namespace) -> None:
    """Write a PNG and an HTML page per picture."""
    from scene.errors import SceneError

    targets = [
        (arguments.output or image.parent) / f"{image.stem}-codes" for image in arguments.images
    ]
    if len(set(targets)) < len(targets):
        raise SceneError("two pictures have the same name: reconstruct them apart")
    for target in targets:
        for file in (target.with_suffix(".png"), target.with_suffix(".html")):
            if file.exists() and not arguments.force:
                raise SceneError(f"{file} exists: choose another -o or overwrite by --force")
            check_file(file)

    import mlx.core as mx
    import numpy as np
    from PIL import Image

    from scene.checkpoints import load_codec
    from scene.evaluation.reconstruction import psnr
    from scene.generation.code_page import code_page
    from scene.generation.pipeline import shipped
    from scene.images import fit, open_image, save_png, to_float, to_uint8

    pictures = [open_image(image) for image in arguments.images]
    folder = Path(arguments.vqgan) if arguments.vqgan else shipped("tokenizer")
    loaded = load_codec(folder)
    for image, picture, target in zip(arguments.images, pictures, targets, strict=True):
        pixels = fit(picture, loaded.image_size)
        codes = loaded.model.encode(mx.array(to_float(pixels[None])))
        drawn = to_uint8(np.asarray(loaded.model.decode(codes)))[0]
        save_png(target.with_suffix(".png"), Image.fromarray(np.concatenate([pixels, drawn], 1)))
        page = code_page(np.asarray(codes)[0], image.name)
        write_text(target.with_suffix(".html"), page)
        exact = np.array_equal(pixels, drawn)
        likeness = "every pixel exact" if exact else f"{psnr(pixels, drawn):.1f} dB"
        print(f"{image}: {likeness}, {target}.png, {target}.html")


def main(argv: Sequence[str] | None = None) -> int:
    """Console entry point."""
    parser = create_parser("reconstruct", "Show what the codes keep of pictures.", EPILOG)
    parser.add_argument("images", nargs="+", type=Path, metavar="IMAGE", help="picture files")
    parser.add_argument("-o", "--output", type=Path, help="folder (default: beside each picture)")
    parser.add_argument(
        "--vqgan", help="checkpoint folder of the tokenizer (default: the one that ships)"
    )
    parser.add_argument("--force", action="store_true", help="overwrite existing files")
    return run_command(parser, reconstruct, argv)


if __name__ == "__main__":
    sys.exit(main())

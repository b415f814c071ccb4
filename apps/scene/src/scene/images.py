"""Opening, fitting and saving pictures. Between files and arrays; knows no model.

Pixel art is never resampled where that can be avoided: a 320x200 picture becomes 320x192 by a
centre crop, other sizes are fitted by nearest neighbour and cropped. Every file that cannot be
read safely is refused with one line.
"""

import warnings
from pathlib import Path

import numpy as np
from PIL import Image, PngImagePlugin, UnidentifiedImageError

from scene.errors import SceneError, reason
from scene.outputs import replacing

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif")
# 64 megapixels: far above any background, far below what fills the memory of a laptop.
MAX_PIXELS = 64_000_000


def list_images(folder: Path) -> list[Path]:
    """Picture files of a folder by name, any letter case of the suffix."""
    if not folder.is_dir():
        raise SceneError(f"no folder {folder}: give a folder with pictures ({', '.join(SUFFIXES)})")
    return sorted(p for p in folder.iterdir() if p.is_file() and p.suffix.lower() in SUFFIXES)


def open_image(path: Path) -> Image.Image:
    """A picture as RGB; of an animation the first frame, transparency on black.

    Raises SceneError for a missing, broken, oversized or foreign file.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise SceneError(
                        f"{path}: {image.width}x{image.height} pixels is too large "
                        f"(at most {MAX_PIXELS // 1_000_000} megapixels)"
                    )
                image.load()
                return _to_rgb(image)
    except FileNotFoundError as error:
        raise SceneError(f"no picture {path}") from error
    except (UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise SceneError(f"{path}: not a picture that can be opened safely") from error
    except (OSError, SyntaxError, ValueError) as error:
        raise SceneError(f"{path}: broken picture ({reason(error)})") from error


def _to_rgb(image: Image.Image) -> Image.Image:
    if "A" in image.getbands() or "transparency" in image.info:
        image = image.convert("RGBA")
        black = Image.new("RGBA", image.size, (0, 0, 0, 255))
        return Image.alpha_composite(black, image).convert("RGB")
    return image.convert("RGB")


def fit(image: Image.Image, size: tuple[int, int]) -> np.ndarray:
    """RGB picture -> uint8 (H, W, 3) of `size` = (W, H).

    A picture of at least the asked width and height whose excess is under one token (16 pixels)
    is only cropped; any other is scaled by nearest neighbour to cover, then centre-cropped.
    """
    width, height = size
    if not (0 <= image.width - width < 16 and 0 <= image.height - height < 16):
        scale = max(width / image.width, height / image.height)
        covering = (
            max(width, round(image.width * scale)),
            max(height, round(image.height * scale)),
        )
        image = image.resize(covering, Image.Resampling.NEAREST)
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return np.asarray(image.crop((left, top, left + width, top + height)), dtype=np.uint8)


def to_float(pixels: np.ndarray) -> np.ndarray:
    """uint8 [0, 255] -> float32 [-1, 1]."""
    return pixels.astype(np.float32) / 127.5 - 1.0


def to_uint8(values: np.ndarray) -> np.ndarray:
    """float [-1, 1] -> uint8 [0, 255], clipped and rounded."""
    return np.rint(np.clip((values + 1.0) * 127.5, 0.0, 255.0)).astype(np.uint8)


def save_png(path: Path, image: Image.Image, texts: dict[str, str] | None = None) -> None:
    """Write a PNG atomically, with `texts` as Unicode text chunks; creates the folder."""
    chunks = PngImagePlugin.PngInfo()
    for key, value in (texts or {}).items():
        chunks.add_itxt(key, value)
    with replacing(path) as file:
        image.save(file, format="PNG", pnginfo=chunks, optimize=True)

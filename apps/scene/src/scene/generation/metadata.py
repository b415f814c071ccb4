"""What a generated PNG says about itself: prompt, seed, settings and model, as text chunks."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from PIL import Image

from scene.config import parse_config
from scene.errors import SceneError

KEY = "scene"  # the chunk with the settings as JSON; "Description" repeats the prompt


@dataclass(frozen=True)
class PictureInfo:
    """All that is needed to draw a picture again."""

    prompt: str
    seed: int
    count: int  # pictures in this file, with seeds from `seed` on
    temperature: float
    top_k: int | None
    top_p: float | None
    guidance: float
    palette: str | None
    dither: str
    scale: int
    model: str
    layout: list[int] | None = None  # the labels that were given, if they were


def to_texts(info: PictureInfo) -> dict[str, str]:
    """Text chunks for `save_png`."""
    return {
        KEY: json.dumps(asdict(info), ensure_ascii=False),
        "Description": info.prompt,
        "Software": "scene",
    }


def read_info(path: Path) -> PictureInfo:
    """The settings inside a generated PNG. Raises SceneError if there are none."""
    try:
        with Image.open(path) as image:
            image.load()
            text = image.info.get(KEY)
    except FileNotFoundError as error:
        raise SceneError(f"no picture {path}") from error
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise SceneError(f"{path}: not a picture that can be opened") from error
    if not isinstance(text, str):
        raise SceneError(f"{path} holds no settings: it was not drawn by generate")
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SceneError(f"{path}: its settings cannot be read ({error})") from error
    return parse_config(PictureInfo, values, f"{path}: its settings cannot be read")

"""The generator: caption to codes. `ImageTransformer`, `TextEncoder`, `SimpleTokenizer`."""

import scene.blas  # noqa: F401  before mlx
from scene.transformer.depth import DepthModel
from scene.transformer.image import ImageTransformer
from scene.transformer.text import TextEncoder
from scene.transformer.tokenizer import SimpleTokenizer

__all__ = ["DepthModel", "ImageTransformer", "SimpleTokenizer", "TextEncoder"]

"""The picture tokenizer: `VQGAN` and its parts. Arrays are NHWC float32 in [-1, 1]."""

import scene.blas  # noqa: F401  before mlx
from scene.vqgan.autoencoder import Decoder, Encoder
from scene.vqgan.blocks import Downsample, ResidualBlock, Upsample
from scene.vqgan.discriminator import PatchDiscriminator
from scene.vqgan.model import DOWNSAMPLE_FACTOR, VQGAN, VQGANOutput
from scene.vqgan.quantizer import Quantized, ResidualQuantizer, VectorQuantizer

__all__ = [
    "DOWNSAMPLE_FACTOR",
    "VQGAN",
    "Decoder",
    "Downsample",
    "Encoder",
    "PatchDiscriminator",
    "Quantized",
    "ResidualBlock",
    "ResidualQuantizer",
    "Upsample",
    "VQGANOutput",
    "VectorQuantizer",
]

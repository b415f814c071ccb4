"""What tests of patch trees share: pictures of patches, and a tiny transformer of their codes."""

import numpy as np

PALETTE = np.random.default_rng(0).integers(0, 64, (40, 3)).astype(np.uint8) * 4

TINY_TRANSFORMER = """
model: {vocab_size: null, num_levels: 2, embed_dim: 16, num_heads: 2, num_layers: 1,
  text_embed_dim: 16, text_layers: 1, text_heads: 2, max_text_len: 24, text_vocab_size: 60,
  dropout: 0.0, depth_layers: 1, view_dims: 8, pick_dims: 8, textures: 40}
training: {batch_size: 2, learning_rate: 1.0e-6, warmup_steps: 1, validation_share: 0.2,
  max_steps: 2, num_epochs: 1, save_every: 1, sample_every: 9}
"""


def plain_pictures(count: int, seed: int = 1) -> np.ndarray:
    """Palette entries (count, 32, 48): plain patches with a few pixels changed."""
    rng = np.random.default_rng(seed)
    plain = np.repeat(np.repeat(rng.integers(0, 40, (count, 2, 3)), 16, 1), 16, 2)
    changed = rng.random(plain.shape) < 0.02
    return np.where(changed, rng.integers(0, 40, plain.shape), plain).astype(np.uint8)

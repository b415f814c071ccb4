"""What tests of patch trees share: pictures of patches, and a tiny transformer of their codes."""

import mlx.core as mx
import numpy as np

from scene.patches.cutting import edge_keys
from scene.transformer import ImageTransformer

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


def patch_transformer(
    branches: int, patches: int, labels: int, width: int, positions: int
) -> ImageTransformer:
    """A model of patches that looks around and draws by layouts, its weights at random; edges are
    of one of three colours, and everything goes with everything but for labels."""
    mx.random.seed(0)
    shape = {"num_levels": 2, "grid_width": width, "dropout": 0.0, "view_dims": 4, "pick_dims": 4}
    net = ImageTransformer(
        (branches, patches), 20, positions, 16, 2, 2, layout_labels=labels, around=True, **shape
    )
    net.around.outer.weight = 0.3 * mx.random.normal(net.around.outer.weight.shape)
    rng = np.random.default_rng(0)
    points = mx.array(3 * rng.normal(size=(branches, patches, 4)).astype(np.float32))
    near, far = mx.array(rng.integers(0, 3, (2, branches, patches, 32)).astype(np.uint8))
    net.look_at(points, points, near, far, mx.array(rng.uniform(-1, 1, (3, 3)).astype(np.float32)))
    edges = np.asarray(near), np.asarray(far)
    net.meetings.look_at(edges[0], edge_keys(edges[0], far=False), edges[1])
    codes = np.stack(np.indices((branches, patches)), axis=-1).reshape(1, -1, 2)
    for counted, name in ((net.meetings, "met"), (net.meetings, "met_so"), (net.vicinity, "seen")):
        counted[name] = mx.full(counted[name].shape, 255, dtype=mx.uint8)
    own = np.ones(codes.shape[:2], dtype=bool)
    net.sightings.record(codes, own, rng.integers(0, labels, codes.shape[:2]))
    net.eval()
    return net

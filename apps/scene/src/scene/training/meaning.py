"""Learning what words a patch goes with: guess a picture's caption from each of its patches.

A patch of sky says "night" or "storm", a patch of flames "campfire", and a patch of grass little:
trained on patch after patch, the guess becomes p(word | patch). That is learned from all pictures
at once and from looks, so that it holds for patches that were seen a few times only.
"""

import scene.blas  # noqa: F401  isort: skip  (before mlx)

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
import numpy as np
from tqdm import trange

from scene.errors import SceneError
from scene.patches.meaning import Meaning
from scene.transformer import SimpleTokenizer
from scene.transformer.tokenizer import SPECIAL

DIMENSIONS = 32
HIDDEN = 256
STEPS = 2000
BATCH = 4096
LEARNING_RATE = 3e-3
RAREST = 0.003  # share of the pictures that a word must be said of


class _Guess(nn.Module):
    """Points (N, D) -> logits of the words (N, W), through DIMENSIONS numbers."""

    def __init__(self, dims: int, odds: np.ndarray) -> None:
        super().__init__()
        self.inner = nn.Linear(dims, HIDDEN)
        self.outer = nn.Linear(HIDDEN, DIMENSIONS, bias=False)
        self.words = nn.Linear(DIMENSIONS, len(odds))
        self.words.bias = mx.array(odds)

    def __call__(self, points: mx.array) -> mx.array:
        return self.words(self.outer(mx.maximum(self.inner(points), 0)))


def learn_meaning(points: np.ndarray, seen: np.ndarray, captions: list[str]) -> Meaning:
    """What the words of captions say of patches.

    Args:
        points: the patches float32 (N, D).
        seen: numbers of the patches of each picture, int (B, P); -1 for one that is not among them.
        captions: B texts.

    Raises:
        SceneError: no word is said of some pictures and not of others.
    """
    words, said = _said(captions)
    share = said.mean(axis=0)
    scale = points.std(axis=0) + 1e-6
    mx.random.seed(0)
    model = _Guess(points.shape[1], np.log(share / (1 - share)).astype(np.float32))
    optimizer = optim.Adam(LEARNING_RATE)
    gradient = nn.value_and_grad(model, _loss)
    pictures, places = np.nonzero(seen >= 0)
    rng = np.random.default_rng(0)
    for step in trange(STEPS, desc="learning what captions say of patches"):
        chosen = rng.integers(0, len(pictures), BATCH)
        picture = pictures[chosen]
        batch = points[seen[picture, places[chosen]]] / scale  # (BATCH, D)
        _, slopes = gradient(model, mx.array(batch), mx.array(said[picture]))
        optimizer.learning_rate = LEARNING_RATE * (1 - step / STEPS)
        optimizer.update(model, slopes)
        mx.eval(model.state, optimizer.state)
    inner = np.asarray(model.inner.weight).T / scale[:, None]
    return Meaning(
        words,
        np.ascontiguousarray(inner),
        np.asarray(model.inner.bias),
        np.ascontiguousarray(np.asarray(model.outer.weight).T),
        np.asarray(model.words.weight),
    )


def _said(captions: list[str]) -> tuple[tuple[str, ...], np.ndarray]:
    """The W words that tell pictures apart, and which of them each of B captions says, float32
    (B, W)."""
    tokenizer = SimpleTokenizer.from_captions(captions)
    said = np.zeros((len(captions), tokenizer.vocab_size), dtype=np.float32)
    for row, caption in zip(said, captions, strict=True):
        row[tokenizer.encode(caption)] = 1
    said[:, :SPECIAL] = 0
    share = said.mean(axis=0)
    told = (share >= RAREST) & (share <= 1 - RAREST)
    if not told.any():
        raise SceneError("the captions all say the same: there is nothing to learn from them")
    vocabulary = tokenizer.vocabulary or []
    return tuple(vocabulary[number - SPECIAL] for number in np.flatnonzero(told)), said[:, told]


def _loss(model: _Guess, points: mx.array, said: mx.array) -> mx.array:
    """Cross-entropy of the words, nats per patch."""
    each = nn.losses.binary_cross_entropy(model(points), said, reduction="none")  # (BATCH, W)
    return each.sum(axis=-1).mean()

"""From logits to codes: guidance, temperature, top-k, top-p, one random stream per picture.

In NumPy, whose sorting and exponentials take a fifth of the time of MLX's on a CPU; and what is
drawn has to be known before the next position can be thought of.
"""

from collections.abc import Sequence

import mlx.core as mx
import numpy as np

# Keeps a place on the unit interval below its end after rounding.
BELOW_ONE = 1 - 1e-6


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities (..., K) of logits (..., K)."""
    odds = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return odds / odds.sum(axis=-1, keepdims=True)


def log_sum_exp(x: np.ndarray) -> np.ndarray:
    """Logarithm of the sum of exp(x) along the last axis: (..., K) -> (..., 1)."""
    most = x.max(axis=-1, keepdims=True)
    return most + np.log(np.exp(x - most).sum(axis=-1, keepdims=True))


def likely(logits: np.ndarray, top_k: int | None, top_p: float | None) -> np.ndarray:
    """Probabilities (..., K) for logits (..., K), 0 for all but the likeliest: the `top_k` largest,
    and of these the nucleus, the likeliest that together reach probability `top_p` (Holtzman et al.
    2020). What is left out is missing from their sum.

    The likeliest code always stays; so do codes as likely as the last that is kept.
    """
    if top_k is not None and top_k < logits.shape[-1]:
        least = np.partition(logits, -top_k, axis=-1)[..., -top_k, None]
        logits = np.where(logits < least, -np.inf, logits)
    shares = softmax(logits)
    if top_p is None or top_p >= 1:
        return shares
    rising = np.sort(shares, axis=-1)
    kept = np.cumsum(rising, axis=-1) > 1 - top_p
    kept[..., -1] = True
    least = np.take_along_axis(rising, kept.argmax(axis=-1, keepdims=True), axis=-1)
    return np.where(shares < least, 0, shares)


class Sampler:
    """Draws codes for a batch; with guidance the model's batch holds the unconditional half second.

    Each picture has its own stream of uniform numbers, one for each code, that picks the code by
    its cumulative probability; so a picture does not depend on the batch. The `drafts` of a picture
    stand together in the batch and share its stream, spread evenly over the unit interval: where
    two things are as likely as each other, half of the drafts take each.
    """

    def __init__(
        self,
        temperature: float,
        top_k: int | None,
        top_p: float | None,
        guidance: float,
        seeds: Sequence[int] | None,
        batch: int,
        draws: int,
        drafts: int = 1,
    ) -> None:
        if temperature < 0:
            raise ValueError("temperature must not be negative")
        if seeds is None:
            seeds = np.asarray(mx.random.randint(0, 2**31 - 1, (batch,))).tolist()
        if len(seeds) != batch:
            raise ValueError(f"{len(seeds)} seeds for {batch} pictures")
        self.temperature = temperature
        self.top_k = top_k
        self.top_p = top_p
        self.guidance = guidance
        self.drafts = drafts
        self.guided = guidance != 1.0
        each = [mx.random.uniform(shape=(draws,), key=mx.random.key(seed)) for seed in seeds]
        stream = np.stack([np.asarray(numbers) for numbers in each], axis=-1)  # (draws, B)
        spread = (stream[..., None] + np.arange(drafts) / drafts) % 1  # (draws, B, drafts)
        self._places = iter(spread.reshape(draws, batch * drafts, 1) * BELOW_ONE)

    def doubled(self, x: mx.array) -> mx.array:
        """What both halves of a batch are given alike: (B, ...) -> (2B, ...) under guidance."""
        return mx.concatenate([x, x]) if self.guided else x

    def in_both_halves(self, rows: np.ndarray, batch: int) -> mx.array:
        """Numbers of some rows int (A,) of a batch of B where both halves hold them: (A,), (2A,)
        under guidance."""
        return mx.array(np.concatenate([rows, rows + batch]) if self.guided else rows)

    def guide(self, logits: mx.array) -> np.ndarray:
        """Logits (B, ...) of both halves, (2B, ...) under guidance, in one."""
        known = np.asarray(logits)
        if not self.guided:
            return known
        conditional, free = np.split(known, 2)
        return free + self.guidance * (conditional - free)

    def draw(self, logits: np.ndarray, cooling: float = 1.0) -> np.ndarray:
        """Next codes for logits (B, K) -> int (B,). `cooling` multiplies the temperature of this
        draw."""
        if self.temperature == 0:
            return logits.argmax(axis=-1)
        shares = likely(logits / (self.temperature * cooling), self.top_k, self.top_p)
        reached = np.cumsum(shares, axis=-1)  # (B, K)
        place = next(self._places) * reached[:, -1:]
        return (reached > place).argmax(axis=-1)

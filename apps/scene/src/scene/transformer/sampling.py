"""From logits to codes: guidance, temperature, top-k, top-p, one random stream per picture."""

from collections.abc import Sequence

import mlx.core as mx
import numpy as np

# Keeps a place on the unit interval below its end after rounding.
BELOW_ONE = 1 - 1e-6


def keep_likely(logits: mx.array, top_k: int | None, top_p: float | None) -> mx.array:
    """Logits (..., K) with all but the likeliest set to -inf: the `top_k` largest, and of these the
    nucleus, the likeliest that together reach probability `top_p` (Holtzman et al. 2020).

    The likeliest code always stays; so do codes as likely as the last that is kept.
    """
    if top_k is None and (top_p is None or top_p >= 1):
        return logits
    count = logits.shape[-1] if top_k is None else min(top_k, logits.shape[-1])
    kept = mx.sort(mx.topk(logits, count, axis=-1), axis=-1)[..., ::-1]
    if top_p is not None and top_p < 1:
        share = mx.softmax(kept, axis=-1)
        before = mx.cumsum(share, axis=-1) - share
        kept = mx.where(before < top_p, kept, mx.inf)
    return mx.where(logits < kept.min(axis=-1, keepdims=True), -mx.inf, logits)


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
        stream = mx.stack([mx.random.uniform(shape=(draws,), key=mx.random.key(s)) for s in seeds])
        spread = (stream.T[..., None] + mx.arange(drafts) / drafts) % 1  # (draws, B, drafts)
        self._places = iter(spread.reshape(draws, batch * drafts, 1) * BELOW_ONE)

    def doubled(self, x: mx.array) -> mx.array:
        """What both halves of a batch are given alike: (B, ...) -> (2B, ...) under guidance."""
        return mx.concatenate([x, x]) if self.guided else x

    def guide(self, logits: mx.array) -> mx.array:
        """Logits (B, ...) of both halves, (2B, ...) under guidance, in one."""
        if not self.guided:
            return logits
        conditional, free = mx.split(logits, 2)
        return free + self.guidance * (conditional - free)

    def draw(self, logits: mx.array, cooling: float = 1.0) -> mx.array:
        """Next codes for logits (B, K) -> uint32 (B,). `cooling` multiplies the temperature of this
        draw."""
        if self.temperature == 0:
            return mx.argmax(logits, axis=-1)
        logits = keep_likely(logits / (self.temperature * cooling), self.top_k, self.top_p)
        reached = mx.cumsum(mx.softmax(logits, axis=-1), axis=-1)  # (B, K)
        place = next(self._places) * reached[:, -1:]
        return mx.argmax(reached > place, axis=-1)

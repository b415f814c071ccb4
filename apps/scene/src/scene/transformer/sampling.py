"""From logits to codes: guidance, temperature, top-k, top-p, one random stream per picture."""

from collections.abc import Sequence

import mlx.core as mx
import numpy as np


def keep_top_k(logits: mx.array, k: int) -> mx.array:
    """Logits (..., K) with all but the `k` largest (and their equals) set to -inf."""
    if k >= logits.shape[-1]:
        return logits
    place = logits.shape[-1] - k
    limit = mx.partition(logits, place, axis=-1)[..., place : place + 1]
    return mx.where(logits < limit, -mx.inf, logits)


def keep_top_p(logits: mx.array, p: float) -> mx.array:
    """Nucleus (Holtzman et al. 2020): the likeliest codes that together reach probability `p`.

    The likeliest code always stays.
    """
    ordered = mx.sort(logits, axis=-1)[..., ::-1]
    share = mx.softmax(ordered, axis=-1)
    before = mx.cumsum(share, axis=-1) - share
    kept = mx.where(before < p, ordered, mx.inf)
    return mx.where(logits < kept.min(axis=-1, keepdims=True), -mx.inf, logits)


class Sampler:
    """Draws codes for a batch; with guidance the model's batch holds the unconditional half second.

    Sampling is by Gumbel-max: the largest of logits / temperature + Gumbel noise. Each picture
    has its own stream of noise, `draws` codes long, so it does not depend on the batch.
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
        vocab_size: int,
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
        self.guided = guidance != 1.0
        shape = (draws, vocab_size)
        noise = [mx.random.gumbel(shape, key=mx.random.key(seed)) for seed in seeds]
        # Scaling the noise once stands for dividing the logits at every draw.
        scaled = temperature * mx.stack(noise, axis=1)  # (draws, B, K)
        mx.eval(scaled)
        self._noise = iter(mx.split(scaled, draws))

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
        """Next codes for logits (B, K) -> uint32 (B,).

        K is at most `vocab_size`. `cooling` multiplies the temperature of this draw.
        """
        if self.temperature == 0:
            return mx.argmax(logits, axis=-1)
        if self.top_k is not None:
            logits = keep_top_k(logits, self.top_k)
        if self.top_p is not None and self.top_p < 1:
            heat = self.temperature * cooling
            logits = keep_top_p(logits / heat, self.top_p) * heat
        noise = next(self._noise)[0, :, : logits.shape[-1]]
        return mx.argmax(logits + cooling * noise, axis=-1)

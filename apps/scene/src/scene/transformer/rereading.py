"""Vectors of a drawn picture's positions, where patches of it have changed since it was drawn."""

from typing import TYPE_CHECKING

import mlx.core as mx
import numpy as np

from scene.transformer.around import NEAR
from scene.transformer.attention import KVCache
from scene.transformer.borders import Where
from scene.transformer.sampling import Sampler

if TYPE_CHECKING:
    from scene.transformer.image import ImageTransformer, Prompt


class Rereading:
    """B pictures that the model has drawn in the rows `best` int (B,) of R: `prompt` and `caches`
    are of R rows, 2R under guidance.

    What a patch changes is read anew where it is an input, two rows below and two columns beside
    it. What attention alone would bring to other positions stays as it was: to read every picture
    whole for every change would take twice as long, and tells hardly more.
    """

    def __init__(
        self,
        model: "ImageTransformer",
        prompt: "Prompt",
        caches: list[KVCache],
        sampler: Sampler,
        best: np.ndarray,
    ) -> None:
        self._model, self._sampler = model, sampler
        every = len(prompt.summary) // (2 if sampler.guided else 1)
        rows = [sampler.in_both_halves(row, every) for row in best[:, None]]
        self._prompts = [prompt.of(each) for each in rows]
        self._caches = [
            [KVCache(cache.both[each], cache.used) for cache in caches] for each in rows
        ]
        grid = len(best), model.max_seq_len // model.grid_width, model.grid_width
        self._stale = np.zeros(grid, dtype=bool)  # (B, h, w), since the last reading
        self.moved = self._stale.copy()  # and ever

    def change(self, changed: np.ndarray) -> np.ndarray:
        """Patches are others where bool (B, h, w) says so; where that is an input, likewise."""
        count, height, width = changed.shape
        before = changed.reshape(count, -1)[:, :-1]  # that of the row above, where a row begins
        inputs = np.pad(before, [(0, 0), (1, 0)]).reshape(changed.shape)
        for down, right in NEAR:  # a position reads what is that far from it
            left, beyond = max(-right, 0), max(right, 0)
            source = changed[:, : height + down, beyond : width - left]
            inputs[:, -down:, left : width - beyond] |= source
        self._stale |= inputs
        self.moved |= inputs
        return inputs

    def vectors(self, grid: np.ndarray, where: Where) -> mx.array:
        """Of the T positions `where` in pictures of codes int (B, h, w, 2), in the order of their
        pictures: (T, D), (2T, D) under guidance."""
        found = []
        for picture in np.unique(where[0]):
            asked = (where[1] * self._model.grid_width + where[2])[where[0] == picture]
            read = np.union1d(asked, np.flatnonzero(self._stale[picture]))
            self._stale[picture] = False
            tokens = mx.array(grid[picture].reshape(1, -1, 2).astype(np.int32))
            x = self._read(picture, self._sampler.doubled(tokens), mx.array(read))
            found.append(x[:, mx.array(np.searchsorted(read, asked))])
        return mx.concatenate(found, axis=1).reshape(-1, self._model.embed_dim)

    def _read(self, picture: int, tokens: mx.array, positions: mx.array) -> mx.array:
        """Vectors (1, n, D) or (2, n, D) of `positions` int (n,)."""
        model, prompt, caches = self._model, self._prompts[picture], self._caches[picture]
        x = model.inputs(tokens, at=positions) + prompt.summary[:, None]
        x = x if prompt.layout is None else x + prompt.layout[:, positions]
        for block, memory, cache in zip(model.blocks, prompt.memories, caches, strict=True):
            x = block.again(x, memory, cache, positions)
        mx.eval(x, [cache.both for cache in caches])
        return model.norm(x)

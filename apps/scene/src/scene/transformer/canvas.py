"""Pictures that are being drawn: what is there so far, and the next position."""

from typing import TYPE_CHECKING

import mlx.core as mx
import numpy as np

from scene.transformer.around import REACH
from scene.transformer.borders import Where
from scene.transformer.drafts import Drafts
from scene.transformer.drawing import Likely, draw_levels, draw_patch, look_ahead
from scene.transformer.layout import UNKNOWN
from scene.transformer.rereading import Rereading
from scene.transformer.revision import revise
from scene.transformer.sampling import Sampler

if TYPE_CHECKING:
    from scene.transformer.image import ImageTransformer


class Canvas:
    """The sampler's drafts of each of B pictures, as far as they are drawn.

    The model's batch is R = B * drafts rows, and under guidance as many again, without caption and
    layout. `text_tokens` int (B, T), `layout` int (B, N) or None. Raises ValueError for more than
    one draft of codes that name no patches, or without a layout.
    """

    def __init__(
        self,
        model: "ImageTransformer",
        text_tokens: mx.array,
        layout: mx.array | None,
        sampler: Sampler,
    ) -> None:
        drafts = sampler.drafts
        labels = None if layout is None or "sightings" not in model else np.asarray(layout)
        if drafts > 1:
            if layout is None or labels is None:
                raise ValueError(
                    "drafts are weighed by patches and a layout: give both or draw one"
                )
            text_tokens = mx.repeat(text_tokens, drafts, axis=0)
            layout, labels = mx.repeat(layout, drafts, axis=0), np.repeat(labels, drafts, axis=0)
        self.model, self.sampler, self.labels = model, sampler, labels
        self.drafts = Drafts(len(text_tokens) // drafts, drafts) if drafts > 1 else None
        self.rows = len(text_tokens)
        if sampler.guided:
            text_tokens = mx.concatenate([text_tokens, mx.zeros_like(text_tokens)])
            if layout is not None:
                layout = mx.concatenate([layout, mx.full(layout.shape, UNKNOWN)])
        self.prompt = model.remember(text_tokens, layout)
        self.caches = model.new_cache(len(text_tokens))
        self.places = model.places(self.prompt)
        memories = [(memory.keys, memory.values) for memory in self.prompt.memories]
        mx.eval(memories, self.places)
        self.company = (
            model.company.gathering(self.rows)
            if labels is not None and "company" in model
            else None
        )
        self.drawn: list[mx.array] = []  # codes (R, L) of each position
        self.likely: list[Likely] = []  # patches of each position, of the rows that were there then
        self.branches = np.zeros((self.rows, model.max_seq_len), dtype=np.int32)  # the first ones
        self.embedded: list[mx.array] = []  # their vectors, (R or 2R, D); old ones of any draft

    def draw(self, pull: np.ndarray | None) -> None:
        """The codes of the next position, with what words add to their logits."""
        touching = self._touching()
        x = self._vector(touching)
        if self.labels is not None and touching is not None:
            label = self.labels[:, len(self.drawn)]
            model = self.model
            strange = model.vicinity.lost(self.branches[:, : len(self.drawn)])
            known = model.sightings, model.meetings
            here = touching, label, strange, self.company
            outlook = look_ahead(model.depth, *known, x, self.sampler, *here)
            if self.drafts is not None:
                rows = self.drafts.weigh(outlook.promise)
                if rows is not None:
                    self._go_on_with(rows)
                    outlook = outlook.of(rows)
            codes = draw_patch(outlook, self.sampler, pull)
            self.likely.append(outlook.likely(codes))
            if self.company is not None:
                self.company.join(codes, label)
        elif self.model.num_levels == 1:
            codes = self.sampler.draw(self.sampler.guide(self.model.head(x)))[:, None]
        else:
            codes = draw_levels(self.model.depth, x, self.sampler, touching, pull)
        self.branches[:, len(self.drawn)] = codes[:, 0]
        self.drawn.append(mx.array(codes.astype(np.int32)))
        self.embedded.append(self.sampler.doubled(self.model.embed_codes(self.drawn[-1])))

    def finished(self, pull: np.ndarray | None) -> mx.array:
        """Codes int32 (B, N, L) of the best draft of each picture, revised if codes name patches
        and there is a layout; `pull` as in `draw`."""
        codes = mx.stack(self.drawn, axis=1)  # (R, N, L)
        best = np.arange(self.rows) if self.drafts is None else self.drafts.best()  # (B,)
        codes = codes[mx.array(best)]
        if self.labels is None:
            return codes
        if self.company is not None:
            self.company.go_on_with(best)
        reread = Rereading(self.model, self.prompt, self.caches, self.sampler, best)
        labels = self.labels[best].reshape(len(best), -1, self.model.grid_width)  # (B, h, w)
        grid = np.asarray(codes).reshape(*labels.shape, -1)
        given = self.company, self._recall, self.sampler, pull
        revised = revise(self.model, reread, grid, labels, *given)
        return mx.array(revised.reshape(codes.shape).astype(np.int32))

    def _recall(self, where: Where) -> Likely:
        """What was likely at positions in any of their pictures' drafts: those that were given up
        may have what the best one lacks."""
        found = []
        for number, (picture, row, column) in enumerate(zip(*where, strict=True)):
            likely = self.likely[row * self.model.grid_width + column]
            here = np.flatnonzero(likely.place // self.sampler.drafts == picture)
            here = here[np.argsort(-likely.scores[here], kind="stable")]
            names = likely.codes[here, 0] << 32 | likely.codes[here, 1]
            here = here[np.unique(names, return_index=True)[1]]  # the likelier of each two
            found.append((np.full(len(here), number), likely.codes[here], likely.scores[here]))
        return Likely(*(np.concatenate(each) for each in zip(*found, strict=True)))

    def _vector(self, touching: mx.array | None) -> mx.array:
        """Of the next position: (R or 2R, D)."""
        model, position = self.model, len(self.drawn)
        left = self.embedded[-1] if position else None
        above = self.embedded[-model.grid_width] if position >= model.grid_width else None
        around = None
        if "around" in model:
            around = model.around.beside(self.embedded, len(self.prompt.summary))
        place = self.places[position]
        return model.step(place, left, above, self.prompt, self.caches, touching, around)

    def _touching(self) -> mx.array | None:
        """Edges uint8 (R or 2R, 32) of the next position's neighbours, if codes name patches."""
        if "edges" not in self.model:
            return None
        width, position = self.model.grid_width, len(self.drawn)
        left = self.drawn[-1] if position % width else None
        above = self.drawn[-width] if position >= width else None
        return self.sampler.doubled(self.model.edges.beside(left, above, self.rows))

    def _go_on_with(self, rows: np.ndarray) -> None:
        """Replace drafts by copies: `rows` int (R,) says of which."""
        moved = np.flatnonzero(rows != np.arange(self.rows))
        to, source, every = (
            self.sampler.in_both_halves(some, self.rows) for some in (moved, rows[moved], rows)
        )
        kept = mx.array(rows)
        self.drawn = [codes[kept] for codes in self.drawn]
        self.branches = self.branches[rows]
        if self.company is not None:
            self.company.go_on_with(rows)
        # Further back nothing is looked at any more but by the caches.
        recent = REACH * self.model.grid_width + REACH
        self.embedded[-recent:] = [vectors[every] for vectors in self.embedded[-recent:]]
        for cache in self.caches:
            cache.copy(source, to)

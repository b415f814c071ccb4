"""The image transformer: codes of a picture in raster order, given a caption.

Logits at position t predict the codes of position t from the codes before t (a learned start
vector stands before the first). Each position knows its row and column, and its input is the
sum of what lies left of it and above it. Text comes in twice: its sum is added to every input,
which is learned within a few hundred steps, and cross-attention tells which word goes where.
A layout, one label per position, may say what stands where before any code is drawn.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import mlx.core as mx
import mlx.nn as nn
import numpy as np

from scene.transformer.around import EVERY, Around, Places
from scene.transformer.attention import Block, KVCache, Memory, Norm
from scene.transformer.canvas import Canvas
from scene.transformer.company import Company
from scene.transformer.depth import DepthModel
from scene.transformer.edges import Edges
from scene.transformer.layout import LayoutView
from scene.transformer.meetings import Meetings
from scene.transformer.sampling import Sampler
from scene.transformer.sightings import Sightings
from scene.transformer.text import TextEncoder, text_mask
from scene.transformer.vicinity import Vicinity

# Start size of what tells where a position is: near that of the codes, or it goes unheard at first.
PLACE_SCALE = 0.3


@dataclass(frozen=True)
class Prompt:
    """A caption as the blocks need it: a memory per block, and a summary (B, D); `layout`
    (B, N, D) if the model draws by layouts."""

    memories: list[Memory]
    summary: mx.array
    layout: mx.array | None = None

    def of(self, rows: mx.array) -> "Prompt":
        """That of some of the pictures, by their numbers int (B',)."""
        memories = [Memory(m.keys[rows], m.values[rows], m.mask[rows]) for m in self.memories]
        layout = None if self.layout is None else self.layout[rows]
        return Prompt(memories, self.summary[rows], layout)


class ImageTransformer(nn.Module):
    """`model(text_tokens, image_tokens) -> logits`.

    With `num_levels=1`, tokens are int (B, N) and logits (B, N, vocab_size); with L levels,
    tokens are (B, N, L) and logits (B, N, L, vocab_size), or as many as the largest level has. N is
    at most `max_seq_len`; the grid is `grid_width` positions wide.
    """

    def __init__(
        self,
        vocab_size: int | Sequence[int] = 512,
        text_vocab_size: int = 1000,
        max_seq_len: int = 240,
        embed_dim: int = 256,
        num_heads: int = 8,
        num_layers: int = 6,
        *,
        mlp_ratio: int = 4,
        dropout: float = 0.1,
        num_levels: int = 1,
        grid_width: int = 20,
        depth_layers: int = 2,
        text_embed_dim: int = 256,
        text_layers: int = 4,
        text_heads: int = 4,
        max_text_len: int = 128,
        view_dims: int = 0,
        pick_dims: int = 0,
        layout_labels: int = 0,
        textures: int = 0,
        around: bool = False,
    ) -> None:
        """`vocab_size`: codes of every level, or of each. `view_dims`, `pick_dims`: for codes that
        name patches, how many numbers of a patch its neighbours see, and how many it is chosen by;
        `look_at` then comes before all else.
        `layout_labels`: how many labels a layout has, 0 for a model that knows no layouts.
        `textures`: of how many a model with all these knows the company, 0 for none.
        `around`: whether a position's input holds more of its neighbours than left and above."""
        super().__init__()
        sizes = (vocab_size,) * num_levels if isinstance(vocab_size, int) else tuple(vocab_size)
        self.num_levels = num_levels
        self.max_seq_len = max_seq_len
        self.grid_width = grid_width
        self.num_heads = num_heads
        self.embed_dim = embed_dim
        self.text_encoder = TextEncoder(
            text_vocab_size, text_embed_dim, text_heads, text_layers, max_text_len, mlp_ratio
        )
        self.summary = nn.Linear(text_embed_dim, embed_dim, bias=False)
        self.start = mx.random.normal((embed_dim,)) * PLACE_SCALE
        self.rows = mx.random.normal((-(-max_seq_len // grid_width), embed_dim)) * PLACE_SCALE
        self.columns = mx.random.normal((grid_width, embed_dim)) * PLACE_SCALE
        self.codes = [nn.Embedding(size, embed_dim) for size in sizes]
        if view_dims:
            self.view = nn.Linear(view_dims, embed_dim, bias=False)
            self.edges = Edges(embed_dim)
        if layout_labels:
            self.layout = LayoutView(layout_labels, embed_dim, grid_width)
        if layout_labels and view_dims:
            self.sightings = Sightings(sizes[0], sizes[1], layout_labels)
            self.meetings = Meetings()
            self.vicinity = Vicinity(sizes[0], grid_width)
            if textures:
                self.company = Company(textures, layout_labels)
        self.above = nn.Linear(embed_dim, embed_dim, bias=False)
        if around:
            self.around = Around(embed_dim, grid_width)
        self.dropout = nn.Dropout(dropout)
        self.blocks = [
            Block(embed_dim, num_heads, mlp_ratio, dropout, text_embed_dim)
            for _ in range(num_layers)
        ]
        self.norm = Norm(embed_dim)
        if num_levels == 1:
            self.head = nn.Linear(embed_dim, sizes[0])
        else:
            self.depth = DepthModel(embed_dim, sizes, depth_layers, pick_dims)

    def look_at(
        self, views: mx.array, picks: mx.array, near: mx.array, far: mx.array, palette: mx.array
    ) -> None:
        """What the patches that two codes name look like: `views` float (K, J, view_dims), `picks`
        float32 (K, J, pick_dims) and edges uint8 (K, J, 32), as `Looks` has them; `palette` float32
        (C, 3) in [-1, 1]. `meetings` and `company` have a look of their own."""
        self._views = views
        self.edges.look_at(far, palette)
        self.depth.look_at(picks, near)

    def embed_codes(self, tokens: mx.array) -> mx.array:
        """Sum of the level embeddings, and of what their patch looks like: int (..., L) ->
        (..., D)."""
        total = self.codes[0](tokens[..., 0])
        for level in range(1, self.num_levels):
            total = total + self.codes[level](tokens[..., level])
        if "view" in self:
            views = self._views[tokens[..., 0], tokens[..., 1]]
            total = total + self.view(views.astype(mx.float32))
        return total

    def positions(self, n: int) -> mx.array:
        """Row plus column vectors of the first `n` positions: (n, D)."""
        where = mx.arange(n)
        return self.rows[where // self.grid_width] + self.columns[where % self.grid_width]

    def touching(self, tokens: mx.array, known: mx.array | None = None) -> mx.array | None:
        """Edges of every position's neighbours, int (B, N, L) -> uint8 (B, N, 32), for codes that
        name patches; `known` as in `inputs`."""
        return self.edges.grid(tokens, known, self.grid_width) if "edges" in self else None

    def inputs(
        self, tokens: mx.array, known: mx.array | None = None, at: Places = EVERY
    ) -> mx.array:
        """Input of those `at` n positions from the codes before each: int (B, N, L) -> (B, n, D).

        `known` bool (B, N) hides the codes where it is False; None hides nothing.
        """
        b, n, _ = tokens.shape
        codes = self.embed_codes(tokens)
        if known is not None:
            codes = mx.where(known[..., None], codes, 0)
        start = mx.broadcast_to(self.start, (b, 1, self.embed_dim))
        x = (mx.concatenate([start, codes[:, :-1]], axis=1) + self.positions(n))[:, at]
        if n > self.grid_width:
            upper = codes[:, : n - self.grid_width]
            x = x + self.above(mx.pad(upper, [(0, 0), (self.grid_width, 0), (0, 0)])[:, at])
        if "around" in self:
            x = x + self.around.grid(codes, at)
        touching = self.touching(tokens, known)
        return x if touching is None else x + self.edges(touching[:, at])

    def remember(self, text_tokens: mx.array, layout: mx.array | None = None) -> Prompt:
        """What the blocks need of a caption int (B, T) and of a layout int (B, N), made once per
        prompt."""
        text, mask = self.text_encoder(text_tokens), text_mask(text_tokens)
        words = mask[..., None]  # (B, 1 + T, 1)
        # Divided by the root of their number, a word weighs about the same in any caption.
        summary = self.summary(mx.where(words, text, 0).sum(axis=1) * words.sum(axis=1) ** -0.5)
        memories = [block.cross.remember(text, mask) for block in self.blocks]
        return Prompt(memories, summary, None if layout is None else self.layout(layout))

    def __call__(
        self, text_tokens: mx.array, image_tokens: mx.array, layout: mx.array | None = None
    ) -> mx.array:
        """`layout` int (B, N), UNKNOWN where there is none, for a model with `layout_labels`.

        Raises ValueError for a picture of more than `max_seq_len` positions.
        """
        tokens = image_tokens[..., None] if self.num_levels == 1 else image_tokens
        x = self.hidden(text_tokens, tokens, layout=layout)
        if self.num_levels == 1:
            return self.head(x)
        return self.depth(x, tokens, self.touching(tokens))

    def hidden(
        self,
        text_tokens: mx.array,
        tokens: mx.array,
        known: mx.array | None = None,
        layout: mx.array | None = None,
    ) -> mx.array:
        """Vector of every position before its codes are known: int (B, N, L) -> (B, N, D).

        `known` as in `inputs`, `layout` as in the call.
        """
        if tokens.shape[1] > self.max_seq_len:
            raise ValueError(f"{tokens.shape[1]} positions, at most {self.max_seq_len}")
        return self.vectors(self.remember(text_tokens, layout), tokens, known)

    def vectors(self, prompt: Prompt, tokens: mx.array, known: mx.array | None = None) -> mx.array:
        """As `hidden`, for a prompt that is remembered."""
        x = self.inputs(tokens, known) + prompt.summary[:, None]
        x = self.dropout(x if prompt.layout is None else x + prompt.layout)
        for block, memory in zip(self.blocks, prompt.memories, strict=True):
            x = block(x, "causal", memory)
        return self.norm(x)

    def settle(self) -> None:
        """Get the weights ready for drawing, once: the model says the same as before, sooner, and
        is no more to be trained or saved.

        Norms leave their weights to the layers behind them, and matrices lie column by column,
        where OpenBLAS need not turn them for a product of a few rows.
        """
        for block in self.blocks:
            block.settle()
        if self.num_levels == 1:
            self.norm.give(self.head)
        else:
            self.norm.give(self.depth.start)
            self.depth.settle()
        for layer in self.modules():
            if isinstance(layer, nn.Linear):
                layer.weight = mx.contiguous(layer.weight.T).T

    def new_cache(self, batch: int) -> list[KVCache]:
        """Empty caches for `batch` pictures."""
        shape = (batch, 2 * self.num_heads, self.max_seq_len, self.embed_dim // self.num_heads)
        return [KVCache(mx.zeros(shape)) for _ in self.blocks]

    def places(self, prompt: Prompt) -> list[mx.array]:
        """What is known beforehand of every position: N times (B, D)."""
        known = self.positions(self.max_seq_len)[:, None] + prompt.summary  # (N, B, D)
        if prompt.layout is not None:
            known = known + prompt.layout.swapaxes(0, 1)
        return list(known)

    def step(
        self,
        place: mx.array,
        left: mx.array | None,
        above: mx.array | None,
        prompt: Prompt,
        caches: list[KVCache],
        touching: mx.array | None = None,
        around: mx.array | None = None,
    ) -> mx.array:
        """Vector of the next position (B, D), filling the caches.

        `place` is that of `places`, (B, D); `left` and `above` are the embedded codes (B, D) of its
        neighbours, None where there is none; `touching` uint8 (B, 32) their edges, for codes that
        name patches; `around` (B, D) what `Around` says.
        """
        x = (self.start if left is None else left) + place  # (B, D)
        if above is not None:
            x = x + self.above(above)
        if touching is not None:
            x = x + self.edges(touching)
        if around is not None:
            x = x + around
        for block, memory, cache in zip(self.blocks, prompt.memories, caches, strict=True):
            x = block.step(x, memory, cache)
            mx.async_eval(x)  # while the next block is being put together
        return self.norm(x)

    def generate(
        self,
        text_tokens: mx.array,
        temperature: float = 1.0,
        top_k: int | None = None,
        *,
        top_p: float | None = None,
        guidance: float = 1.0,
        seeds: Sequence[int] | None = None,
        pull: mx.array | None = None,
        layout: mx.array | None = None,
        drafts: int = 1,
        on_position: Callable[[int], None] | None = None,
    ) -> mx.array:
        """Draw codes for captions int (B, T): int32 (B, N) or (B, N, L), N = max_seq_len.

        - `temperature` 0 takes the likeliest code; `top_k`, `top_p` leave the unlikely ones out;
        - `guidance` above 1 moves away from what the model draws without a caption
          (classifier-free guidance, arXiv:2207.12598);
        - `seeds`: one per picture, by default drawn from MLX's global state; the same seed
          gives the same picture, whatever else is in the batch;
        - `pull` float32 (B, K, J) is added to the logits of the second level, by the first code;
        - `layout` int (B, N) says what stands where; what is drawn without a caption has none.
          Patches that were never seen under the label of a position are unlikely there, and so
          are branches without likely ones that were; and once all are drawn, those that do not go
          together are chosen anew, see `revision`;
        - `drafts` of each picture are written side by side, see `Drafts`; ValueError if more than
          one without codes that name patches and a layout;
        - `on_position` is called after each position with its number.
        """
        was_training = self.training
        self.eval()
        try:
            draws = self.max_seq_len * self.num_levels
            sampler = Sampler(
                temperature, top_k, top_p, guidance, seeds, len(text_tokens), draws, drafts
            )
            canvas = Canvas(self, text_tokens, layout, sampler)
            wishes = None if pull is None else np.asarray(pull)
            for position in range(self.max_seq_len):
                canvas.draw(wishes)
                if on_position:
                    on_position(position)
            tokens = canvas.finished(wishes)  # int32 (B, N, L)
        finally:
            self.train(was_training)
        return tokens[..., 0] if self.num_levels == 1 else tokens

"""CodePrior: writes codes, column after column, or fills a masked part of a table of codes.

One transformer over columns does both: left to right it predicts the next column, in "fill"
mode it sees both sides and predicts what is masked (Chang et al. 2022, "MaskGIT"). Within a
column a small head per level sees the codes of the levels above it, as in the depth transformer
of Defossez et al. 2024, "Moshi".
"""

import torch
from torch import Tensor, nn

from distill.config import PriorConfig, VQVAEConfig
from distill.models.attention import AttentionBlock, LayerCache


class CodePrior(nn.Module):
    """Distribution over tables of codes (B, T, L).

    The null code -1 stands for "unknown" in the input of the fill mode.

    Args:
        config: size of the transformer.
        codes: the autoencoder whose codes it writes.
    """

    def __init__(self, config: PriorConfig, codes: VQVAEConfig) -> None:
        super().__init__()
        self.config = config
        self.levels, self.codes = codes.num_quantizers, codes.codebook_size
        width = config.width
        # One row more than codes: the unknown.
        self.embed = nn.ModuleList(nn.Embedding(self.codes + 1, width) for _ in range(self.levels))
        self.start = nn.Parameter(torch.zeros(width))
        self.fill_mode = nn.Parameter(torch.zeros(width))
        self.blocks = nn.ModuleList(
            AttentionBlock(width, config.heads, config.window) for _ in range(config.layers)
        )
        self.above = nn.ModuleList(nn.Embedding(self.codes, width) for _ in range(self.levels - 1))
        self.heads = nn.ModuleList(
            nn.Sequential(
                nn.LayerNorm(width),
                nn.Linear(width, width),
                nn.GELU(),
                nn.Linear(width, self.codes),
            )
            for _ in range(self.levels)
        )
        for name, parameter in self.named_parameters():
            if name.startswith(("embed.", "above.")):
                nn.init.normal_(parameter, std=0.02)

    def columns(self, indices: Tensor) -> Tensor:
        """(B, T, L) codes, -1 for unknown -> (B, T, width), the sum over levels."""
        known = torch.where(indices < 0, self.codes, indices)
        return torch.stack([e(known[..., k]) for k, e in enumerate(self.embed)]).sum(0)

    def causal_states(self, indices: Tensor, from_start: Tensor | None = None) -> Tensor:
        """States (B, T, width) that predict column t from the columns before it.

        Args:
            indices: (B, T, L); column T - 1 is never looked at.
            from_start: (B,) bool, whether column 0 begins a sound; None for all. Where it does
                not, column 0 is the context of column 1 and its own state means nothing.
        """
        x = self.columns(indices)
        x = torch.cat([self.start.expand(x.shape[0], 1, -1), x[:, :-1]], dim=1)
        if from_start is not None:
            x = torch.cat([x[:, :1] * from_start[:, None, None], x[:, 1:]], dim=1)
        return self._run(x, causal=True)

    def fill_states(self, indices: Tensor) -> Tensor:
        """States (B, T, width) that predict the unknown (-1) codes of column t from both sides."""
        return self._run(self.columns(indices) + self.fill_mode, causal=False)

    def logits(self, states: Tensor, indices: Tensor, level: int) -> Tensor:
        """Log-odds (..., K) of `level`, given states (..., width) and the codes (..., L) of the
        levels above it in the same column."""
        x = states
        for above in range(level):
            x = x + self.above[above](indices[..., above].clamp_min(0))
        return self.heads[level](x)

    def step(self, column: Tensor | None, position: int, caches: list[LayerCache | None]) -> Tensor:
        """State (B, width) that predicts the column after `column` (B, L), None at the start.

        `caches` has one entry per block and is brought up to date in place.
        """
        x = self.start[None, None] if column is None else self.columns(column[:, None])
        for index, block in enumerate(self.blocks):
            assert isinstance(block, AttentionBlock)  # a ModuleList forgets what it holds
            output = block.step(x, position, caches[index])
            x, caches[index] = output.x, output.cache
        return x[:, 0]

    def _run(self, x: Tensor, causal: bool) -> Tensor:
        for block in self.blocks:
            x = block(x, causal)
        return x

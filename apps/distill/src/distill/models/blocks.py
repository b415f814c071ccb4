"""The one residual block that all networks here are made of."""

import torch
from torch import Tensor, nn


class ConvNeXtBlock(nn.Module):
    """Depthwise convolution over time, then a per-step MLP, on a scaled residual path.

    One-dimensional form of Liu et al. 2022, "A ConvNet for the 2020s", figure 4.

    Args:
        width: channels.
        kernel: odd kernel over time; 1 leaves the convolution out, so no step sees another.
        expansion: hidden channels of the MLP per channel.
    """

    def __init__(self, width: int, kernel: int = 7, expansion: int = 3) -> None:
        super().__init__()
        self.depthwise = (
            nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=width)
            if kernel > 1
            else None
        )
        self.norm = nn.LayerNorm(width)
        self.expand = nn.Linear(width, expansion * width)
        self.project = nn.Linear(expansion * width, width)
        # 0.3 keeps a deep stack near the identity at the start without freezing it.
        self.scale = nn.Parameter(torch.full((width,), 0.3))

    def forward(self, x: Tensor) -> Tensor:
        """(B, width, T) -> (B, width, T)."""
        y = x if self.depthwise is None else self.depthwise(x)
        y = self.norm(y.transpose(1, 2))  # (B, T, width)
        y = self.project(nn.functional.gelu(self.expand(y))) * self.scale
        return x + y.transpose(1, 2)

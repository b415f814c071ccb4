"""The optimiser that all stages share: AdamW, warm-up, cosine, clipped gradients."""

import math

import torch
from torch import Tensor, nn

_LEARNING_RATE = 1e-3
_BETAS = (0.8, 0.99)
_WEIGHT_DECAY = 0.01
_WARM_UP_STEPS = 50
_FINAL_SHARE = 0.05
_CLIP = 1.0


def cosine_optimizer(module: nn.Module) -> torch.optim.AdamW:
    """AdamW over all parameters of `module`."""
    return torch.optim.AdamW(
        module.parameters(), lr=_LEARNING_RATE, betas=_BETAS, weight_decay=_WEIGHT_DECAY
    )


def optimizer_step(
    optimizer: torch.optim.AdamW, module: nn.Module, loss: Tensor, progress: float
) -> float:
    """Backward and one step at `progress` in [0, 1] of the schedule; the norm of the gradient.

    Nothing is changed when the gradient is not finite.
    """
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    norm = float(nn.utils.clip_grad_norm_(module.parameters(), _CLIP))
    if not math.isfinite(norm):
        return norm
    first = next(iter(optimizer.state.values()), None)
    done = 0 if first is None else int(first["step"])
    warm = min(1.0, (done + 1) / _WARM_UP_STEPS)
    cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
    for group in optimizer.param_groups:
        group["lr"] = _LEARNING_RATE * warm * (_FINAL_SHARE + (1 - _FINAL_SHARE) * cosine)
    optimizer.step()
    return norm

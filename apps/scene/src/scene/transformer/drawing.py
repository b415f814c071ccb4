"""The codes of one position, drawn level by level from the position's vector."""

from dataclasses import dataclass

import mlx.core as mx
import numpy as np

from scene.transformer.depth import DepthModel
from scene.transformer.sampling import Sampler, log_sum_exp
from scene.transformer.sightings import Sightings

# Levels after the first are drawn at this share of the temperature: they are close to noise, which
# shows as grain, while the first level decides what stands where.
FINE_COOLING = 0.5
# So many of the likeliest branches are looked into before one is drawn.
BRANCHES = 3
# Words choose among the second codes that are at most so many nats less likely than the likeliest:
# beyond, what they pull for is a scrap of some other picture.
PLAUSIBLE = 2.0


def draw_levels(
    depth: DepthModel,
    x: mx.array,
    sampler: Sampler,
    touching: mx.array | None,
    pull: np.ndarray | None,
) -> np.ndarray:
    """Codes int (B, L) of one position from its vector (B, D), (2B, D) under guidance.

    `touching` as in `DepthModel.logits`; `pull` (P, K, J), of P pictures of which each stands B / P
    times in a row, is added to the logits of the second code by the first, as far as these are
    `PLAUSIBLE`.
    """
    state = depth.begin(x)
    codes, known = [], None
    for level in range(depth.num_levels):
        logits = sampler.guide(depth.logits(state, level, known, touching))
        if level == 1 and pull is not None:
            logits = _pulled(logits, codes[0], pull)
        codes.append(sampler.draw(logits, FINE_COOLING if level else 1.0))
        if level + 1 < depth.num_levels:
            known = sampler.doubled(mx.array(codes[-1]))
            state = depth.advance(state, known, level)
    return np.stack(codes, axis=-1)


@dataclass(frozen=True)
class Outlook:
    """What may stand at a position of B pictures, under the label of its layout.

    `branches` int (B, n) are the likeliest, `odds` (B, n) what counts for each, as logarithms, and
    `patches` (B, n, J) the logits of the patches of each, less what they lose under the label.
    `promise` (B,) is the logarithm of the sum of all odds: 0 where the model is sure, far below
    where it is lost.
    """

    branches: np.ndarray
    odds: np.ndarray
    patches: np.ndarray
    promise: np.ndarray

    def of(self, rows: np.ndarray) -> "Outlook":
        """That of some of the pictures, by their numbers int (B',)."""
        return Outlook(self.branches[rows], self.odds[rows], self.patches[rows], self.promise[rows])


def look_ahead(
    depth: DepthModel,
    sightings: Sightings,
    x: mx.array,
    sampler: Sampler,
    touching: mx.array,
    label: np.ndarray,
) -> Outlook:
    """Of codes that name patches, from a position's vector (B, D), (2B, D) under guidance, and its
    `label` int (B,); `touching` as in `DepthModel.logits`.

    A branch counts by what is likely in it under the label: with p(patch | branch) times what
    patches keep there, p(branch) times the Euclidean norm of these over its patches, which stands
    for the second draw at half the temperature. Drawn by p(branch) alone, it is now and then one
    whose likely patches belong elsewhere, and then the patch is an odd one.
    """
    state = depth.begin(x)
    branches = sampler.guide(depth.logits(state, 0))  # (B, K)
    looked = min(BRANCHES, branches.shape[1])
    best = np.sort(np.argpartition(-branches, looked - 1, axis=1)[:, :looked], axis=1)  # (B, n)
    known = sampler.doubled(mx.array(best))
    within = depth.advance(state[:, None], known, 0)  # (B or 2B, n, D)
    logits = sampler.guide(depth.logits(within, 1, known, touching[:, None]))  # (B, n, J)
    patches = logits - sightings.lost(best, label[:, None])
    fit = log_sum_exp(2 * (patches - log_sum_exp(logits))) / 2  # (B, n, 1)
    odds = np.take_along_axis(branches, best, axis=1) - log_sum_exp(branches) + fit[..., 0]
    return Outlook(best, odds, patches, log_sum_exp(odds)[:, 0])


def draw_patch(outlook: Outlook, sampler: Sampler, pull: np.ndarray | None) -> np.ndarray:
    """Codes int (B, 2) of one position; `pull` as in `draw_levels`."""
    chosen = sampler.draw(outlook.odds)  # (B,)
    rows = np.arange(len(chosen))
    first = outlook.branches[rows, chosen]
    patches = outlook.patches[rows, chosen]  # (B, J)
    if pull is not None:
        patches = _pulled(patches, first, pull)
    return np.stack([first, sampler.draw(patches, FINE_COOLING)], axis=-1)


def _pulled(logits: np.ndarray, first: np.ndarray, pull: np.ndarray) -> np.ndarray:
    """Logits (B, J) in branches int (B,) with `pull` as in `draw_levels`, which helps none that is
    not `PLAUSIBLE` more than those that are."""
    wished = pull[np.arange(len(first)) // (len(first) // len(pull)), first]  # (B, J)
    plausible = logits >= logits.max(axis=-1, keepdims=True) - PLAUSIBLE
    least = np.where(plausible, wished, np.inf).min(axis=-1, keepdims=True)
    return logits + np.where(plausible, wished, np.minimum(wished, least))

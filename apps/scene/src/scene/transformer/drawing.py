"""The codes of one position, drawn level by level from the position's vector."""

import mlx.core as mx

from scene.transformer.depth import DepthModel
from scene.transformer.sampling import Sampler
from scene.transformer.sightings import Sightings

# Levels after the first are drawn at this share of the temperature: they are close to noise, which
# shows as grain, while the first level decides what stands where.
FINE_COOLING = 0.5
# So many of the likeliest branches are looked into before one is drawn.
BRANCHES = 8
# Words choose among the second codes that are at most so many nats less likely than the likeliest:
# beyond, what they pull for is a scrap of some other picture.
PLAUSIBLE = 2.0


def draw_levels(
    depth: DepthModel,
    x: mx.array,
    sampler: Sampler,
    touching: mx.array | None,
    pull: mx.array | None,
) -> mx.array:
    """Codes uint32 (B, L) of one position from its vector (B, D), (2B, D) under guidance.

    `touching` as in `DepthModel.logits`; `pull` (B, K, J) is added to the logits of the second code
    by the first, as far as these are `PLAUSIBLE`.
    """
    state = depth.begin(x)
    codes, known = [], None
    for level in range(depth.num_levels):
        logits = sampler.guide(depth.logits(state, level, known, touching))
        if level == 1 and pull is not None:
            logits = _pulled(logits, pull[mx.arange(len(logits)), codes[0]])
        codes.append(sampler.draw(logits, FINE_COOLING if level else 1.0))
        if level + 1 < depth.num_levels:
            known = sampler.doubled(codes[-1])
            state = depth.advance(state, known, level)
    return mx.stack(codes, axis=-1)


def draw_patch(
    depth: DepthModel,
    sightings: Sightings,
    x: mx.array,
    sampler: Sampler,
    touching: mx.array,
    pull: mx.array | None,
    label: mx.array,
) -> mx.array:
    """As `draw_levels`, for codes that name patches, under a `label` int (B,) of the layout.

    The branch is drawn by what is likely in it under that label: with p(patch | branch) less what
    patches lose there, p(branch) times the norm of these over its patches, sharpened as they will
    be for the second draw. Drawn by p(branch) alone, it is now and then one whose likely patches
    belong elsewhere, and then the patch is an odd one.
    """
    state = depth.begin(x)
    branches = sampler.guide(depth.logits(state, 0))  # (B, K)
    looked = min(BRANCHES, branches.shape[1])
    best = mx.argpartition(-branches, looked - 1, axis=1)[:, :looked]  # (B, n)
    known = sampler.doubled(best)
    within = depth.advance(state[:, None], known, 0)  # (B or 2B, n, D)
    patches = sampler.guide(depth.logits(within, 1, known, touching[:, None]))  # (B, n, J)
    rows = mx.arange(len(best))
    patches = patches - mx.logsumexp(patches, axis=-1, keepdims=True)
    patches = patches + sightings(best, label[:, None])
    fit = FINE_COOLING * mx.logsumexp(patches / FINE_COOLING, axis=-1)  # (B, n)
    odds = mx.take_along_axis(branches, best, axis=1) + fit
    first = sampler.draw(mx.put_along_axis(mx.full(branches.shape, -mx.inf), best, odds, axis=1))
    patches = patches[rows, mx.argmax(best == first[:, None], axis=1)]  # (B, J)
    if pull is not None:
        patches = _pulled(patches, pull[rows, first])
    return mx.stack([first, sampler.draw(patches, FINE_COOLING)], axis=-1)


def _pulled(logits: mx.array, pull: mx.array) -> mx.array:
    """Logits (B, J) with `pull` (B, J), which helps none that is not `PLAUSIBLE` more than those
    that are."""
    likely = logits >= logits.max(axis=-1, keepdims=True) - PLAUSIBLE
    least = mx.where(likely, pull, mx.inf).min(axis=-1, keepdims=True)
    return logits + mx.where(likely, pull, mx.minimum(pull, least))

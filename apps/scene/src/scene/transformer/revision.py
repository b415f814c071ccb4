"""Drawn pictures revised: where patches do not go together, they are chosen anew.

In raster order a patch knows what lies left of it and above it, and whatever comes then has to
live with it: a trunk may end above the ground because it was begun as something else. In a picture
that is there, every patch has four neighbours. So where a border joins edges that never met, or a
patch is in strange company, the patches that the model finds likely are weighed once more, beside
all their neighbours.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import mlx.core as mx
import numpy as np

from scene.transformer.company import Gathering
from scene.transformer.drawing import BRANCHES, WORTH_A_LOOK, Likely, Looked, logits_within
from scene.transformer.lines import best_together
from scene.transformer.meetings import Meetings
from scene.transformer.sampling import Sampler, log_sum_exp

if TYPE_CHECKING:
    from scene.transformer.image import ImageTransformer, Prompt

# So often the model is asked for what is likely beside what has changed, and so often the lines
# are gone over then.
SWEEPS = 3
ROUNDS = 2
# Of so many likely patches of a position those are chosen that go with what is there, so many with
# the one that is there, by which others have to be better by these nats.
WEIGHED = 64
CHOICES = 16
STAY = 0.5
# How many times the nats for strange company count: in a picture that is there hardly anything is
# yet to come that a patch might belong to. And from how many on they make a patch stand out.
KNOWN_BY_NOW = 2.0
STANDS_OUT = 0.25
# Borders that never met cost more the more of their 16 pixels differ, and less where those go on:
# nats for each pixel, and with how many they cost as much as when they are drawn.
FOR_A_PIXEL = 0.2
USUAL_PIXELS = 4
_ROWS = 128  # patches of so many branches are worked out at a time

# What lies left of something and that, what lies above something and that, of (B, h, w, ...).
_NEIGHBOURS = (
    (np.s_[:, :, :-1], np.s_[:, :, 1:]),
    (np.s_[:, :-1], np.s_[:, 1:]),
)


@dataclass(frozen=True)
class Choices:
    """Patches that may stand at every position of B pictures of h x w: `codes` int (B, h, w, M, 2),
    the first of them what is there, and what counts for each but for its neighbours, `scores`
    float32 (B, h, w, M), -inf where there are fewer."""

    codes: np.ndarray
    scores: np.ndarray


def revise(
    model: "ImageTransformer",
    prompt: "Prompt",
    codes: np.ndarray,
    labels: np.ndarray,
    company: Gathering | None,
    recall: Callable[[np.ndarray, np.ndarray], Likely],
    sampler: Sampler,
    pull: np.ndarray | None,
) -> np.ndarray:
    """Codes int (B, N, 2) of pictures that name patches, under labels int (B, N), as they look
    better.

    `prompt` is of B pictures, of 2B under guidance; `company`, if it counts, is that of all that is
    drawn, and is kept so; `recall` says what was likely at positions by their pictures int (T,) and
    numbers int (T,) when they were drawn; `pull` (B, K, J) as in `ImageTransformer.generate`.
    """
    width = model.grid_width
    grid = codes.reshape(len(codes), -1, width, 2).astype(np.int64)  # (B, h, w, 2)
    labels = labels.reshape(grid.shape[:-1])
    news = np.ones(labels.shape, dtype=bool)
    for sweep in range(SWEEPS):
        troubled = _troubled(model.meetings, company, grid, labels)
        where = np.nonzero(troubled & news)  # (T,) each
        if not len(where[0]):
            break
        if sweep:
            likely = _asked_again(model, prompt, grid, labels, where, sampler)
        else:
            likely = recall(where[0], where[1] * width + where[2])
        choices = _choices(likely, model.meetings, company, grid, labels, where, pull)
        revised = _best_together(choices, model.meetings)
        news = (revised != grid).any(axis=-1)
        if not news.any():
            break
        changed = np.nonzero(news)
        if company is not None:
            company.replace(changed[0], grid[changed], revised[changed], labels[changed])
        grid, news = revised, _with_neighbours(news)
    return grid.reshape(codes.shape)


def _troubled(
    meetings: Meetings, company: Gathering | None, grid: np.ndarray, labels: np.ndarray
) -> np.ndarray:
    """Where codes int (B, h, w, 2) do not go with a neighbour or with the picture: bool
    (B, h, w)."""
    near, far = meetings.edges_of(grid)
    troubled = np.zeros(labels.shape, dtype=bool)
    for side, (one, other) in enumerate(_NEIGHBOURS):
        strange = meetings.nats(far[one][..., side] + near[other][..., side]) > 0
        troubled[one] |= strange
        troubled[other] |= strange
    if company is not None:
        picture, row, column = (axis.reshape(-1) for axis in np.indices(labels.shape))
        first, second = grid.reshape(-1, 2).T
        lost = company.lost(picture, first, second, labels.reshape(-1))
        troubled[picture, row, column] |= lost > STANDS_OUT
    return troubled


def _with_neighbours(there: np.ndarray) -> np.ndarray:
    """Positions bool (B, h, w) and those left of them, right of them, above them and below."""
    wider = there.copy()
    for one, other in _NEIGHBOURS:
        wider[one] |= there[other]
        wider[other] |= there[one]
    return wider


def _choices(
    likely: Likely,
    meetings: Meetings,
    company: Gathering | None,
    grid: np.ndarray,
    labels: np.ndarray,
    where: tuple[np.ndarray, ...],
    pull: np.ndarray | None,
) -> Choices:
    """Of what is `likely` at the T positions `where`, those that are there among it, the best
    beside what is there; all other positions keep what is there."""
    picture, under, own = where[0], labels[where], grid[where]  # (T,), (T,), (T, 2)
    place, each, scores = likely.place, likely.codes, likely.scores
    if pull is not None:
        scores = scores + pull[picture[place], each[:, 0], each[:, 1]]
    mine = (each == own[place]).all(axis=-1)  # one for each of the T
    codes = np.repeat(own[:, None], CHOICES, axis=1)  # (T, M, 2)
    total = np.full((len(own), CHOICES), -np.inf, dtype=np.float32)  # (T, M)
    total[place[mine], 0] = scores[mine] + STAY
    best, _ = _first(np.where(mine, -np.inf, scores), place, WEIGHED)
    place, each, scores = place[best], each[best], scores[best]
    # Half of what neighbours cost, for half of them may change as well.
    rank = scores - _beside_neighbours(meetings, each, grid, where, place) / 2
    best, number = _first(rank, place, CHOICES - 1)
    codes[place[best], 1 + number], total[place[best], 1 + number] = each[best], scores[best]
    if company is not None:
        place, number = np.nonzero(np.isfinite(total))
        first, second = codes[place, number].T
        strange = company.lost(picture[place], first, second, under[place])
        total[place, number] -= KNOWN_BY_NOW * strange
    every = Choices(
        np.repeat(grid[..., None, :], CHOICES, axis=-2),
        np.full((*labels.shape, CHOICES), -np.inf, dtype=np.float32),
    )
    every.scores[..., 0] = 0
    every.codes[where], every.scores[where] = codes, total
    return every


def _first(rank: np.ndarray, place: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """So many at each `place` int (n,) that `rank` (n,) highest, if not -inf: which, int (m,), and
    their numbers at their place from 0, int (m,)."""
    order = np.lexsort([-rank, place])
    number = np.arange(len(order)) - np.searchsorted(place[order], place[order])
    kept = (number < count) & np.isfinite(rank[order])
    return order[kept], number[kept]


def _asked_again(
    model: "ImageTransformer",
    prompt: "Prompt",
    grid: np.ndarray,
    labels: np.ndarray,
    where: tuple[np.ndarray, ...],
    sampler: Sampler,
) -> Likely:
    """What is likely at the T positions `where`, and what is there."""
    (count, _, width, _), depth = grid.shape, model.depth
    flat = grid.reshape(count, -1, 2)  # (B, N, 2)
    picture, position, own = where[0], where[1] * width + where[2], grid[where]
    tokens = sampler.doubled(mx.array(flat.astype(np.int32)))
    rows = sampler.in_both_halves(picture, count)  # (T,), (2T,) under guidance
    columns = sampler.doubled(mx.array(position))
    state = depth.begin(model.vectors(prompt, tokens)[rows, columns])
    touching = model.edges.grid(tokens, None, width)[rows, columns]
    shares = sampler.guide(depth.logits(state, 0))  # (T, K)
    shares = shares - log_sum_exp(shares)
    for row, (b, n) in enumerate(zip(picture, position, strict=True)):
        shares[row] -= model.vicinity.lost(flat[b : b + 1, :n, 0])[0]
    worth = np.zeros(shares.shape, dtype=bool)
    np.put_along_axis(worth, np.argsort(-shares, axis=1)[:, :BRANCHES], True, axis=1)
    worth &= shares >= shares.max(axis=1, keepdims=True) - WORTH_A_LOOK
    worth[np.arange(len(own)), own[:, 0]] = True
    place, branch = np.nonzero(worth)  # (A,)
    found = []
    for start in range(0, len(place), _ROWS):
        some = np.s_[start : start + _ROWS]
        logits = logits_within(depth, state, touching, place[some], branch[some], sampler)
        found.append(logits - log_sum_exp(logits))
    scores = np.concatenate(found) + shares[place, branch][:, None]  # (A, J)
    scores -= model.sightings.lost(branch, labels[where][place])
    mine = np.flatnonzero(branch == own[place, 0])  # (T,), in their order
    return Looked(place, branch, scores).likely(mine, own[:, 1])


def _beside_neighbours(
    meetings: Meetings,
    codes: np.ndarray,
    grid: np.ndarray,
    where: tuple[np.ndarray, ...],
    place: np.ndarray,
) -> np.ndarray:
    """Nats that codes int (n, 2), each at the position number `place` int (n,) of `where`, lose
    beside all four neighbours there: float32 (n,)."""
    near, far = meetings.edges_of(codes)  # (n, 2)
    all_near, all_far = meetings.edges_of(grid)  # (B, h, w, 2)
    b, y, x = (axis[place] for axis in where)
    height, width = grid.shape[1:3]
    lost = np.zeros(len(codes), dtype=np.float32)
    for side, (down, right) in enumerate(((0, 1), (1, 0))):
        here = np.flatnonzero((y >= down) & (x >= right))
        there = b[here], y[here] - down, x[here] - right
        pairs = all_far[(*there, side)] + near[here, side]
        lost[here] += _seams(meetings, pairs, grid[there], codes[here], side)
        here = np.flatnonzero((y < height - down) & (x < width - right))
        there = b[here], y[here] + down, x[here] + right
        pairs = far[here, side] + all_near[(*there, side)]
        lost[here] += _seams(meetings, pairs, codes[here], grid[there], side)
    return lost


def _seams(
    meetings: Meetings, pairs: np.ndarray, first: np.ndarray, other: np.ndarray, side: int
) -> np.ndarray:
    """Nats of borders by the sums of their keys uint64 (n,) and the codes int (n, 2) on both sides,
    `side` 0 beside each other, 1 below: float32 (n,)."""
    nats = meetings.nats(pairs)
    odd = np.flatnonzero(nats)
    differing = meetings.differing(first[odd], other[odd], below=side == 1)
    nats[odd] += FOR_A_PIXEL * (differing - USUAL_PIXELS)
    return nats


def _best_together(choices: Choices, meetings: Meetings) -> np.ndarray:
    """Of choices those that are best beside each other: codes int (B, h, w, 2)."""
    codes, there = choices.codes, np.isfinite(choices.scores)
    near, far = meetings.edges_of(codes)  # (B, h, w, M, 2)
    together = []
    for side, (one, other) in enumerate(_NEIGHBOURS):
        both = there[one][..., :, None] & there[other][..., None, :]  # (B, ., ., M, M)
        *where, i, j = np.nonzero(both)
        first, second = (*where, i), (*where, j)
        pairs = far[one][(*first, side)] + near[other][(*second, side)]
        nats = np.zeros(both.shape, dtype=np.float32)
        nats[both] = -_seams(meetings, pairs, codes[one][first], codes[other][second], side)
        together.append(nats)
    picked = best_together(choices.scores, *together, rounds=ROUNDS)
    return np.take_along_axis(codes, picked[..., None, None], axis=3)[..., 0, :]

"""Drawn pictures revised: where patches do not go together, they are chosen anew.

In raster order a patch knows what lies left of it and above it, and whatever comes then has to
live with it: a trunk may end above the ground because it was begun as something else. In a picture
that is there, every patch has four neighbours. So where a border joins edges that never met, or a
patch is in strange company, the patches that the model finds likely are weighed once more, beside
all their neighbours.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import mlx.core as mx
import numpy as np

from scene.transformer.borders import Borders, Where
from scene.transformer.company import Gathering
from scene.transformer.drawing import BRANCHES, WORTH_A_LOOK, Likely, Looked, logits_within
from scene.transformer.lines import best_together
from scene.transformer.meetings import Meetings
from scene.transformer.rereading import Rereading
from scene.transformer.sampling import Sampler, log_sum_exp

if TYPE_CHECKING:
    from scene.transformer.image import ImageTransformer

# How many times the nats at borders count, first and then: with more at first, a tree that could be
# mended makes way for a clearing. So often at most patches are weighed by each, while the model is
# asked for what is likely beside what has changed, and so often the lines are gone over then.
STRICTER = (1.0, 1.5)
SWEEPS = 4
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


class _Known:
    """What is likely at positions that were asked about since their inputs changed."""

    def __init__(self) -> None:
        self._found: dict[tuple[int, ...], list[np.ndarray]] = {}  # codes, scores

    def learn(self, where: Where, ask: Callable[[Where], Likely]) -> None:
        """Ask about those of the positions `where` that are new."""
        places = list(zip(*(axis.tolist() for axis in where), strict=True))
        new = [number for number, place in enumerate(places) if place not in self._found]
        if new:
            likely = ask(tuple(axis[new] for axis in where))
            ends = np.searchsorted(likely.place, np.arange(1, len(new)))
            each = np.split(likely.codes, ends), np.split(likely.scores, ends)
            for number, *found in zip(new, *each, strict=True):
                self._found[places[number]] = found

    def at(self, where: Where) -> Likely:
        """At the T positions `where`, all of them known."""
        places = zip(*(axis.tolist() for axis in where), strict=True)
        codes, scores = zip(*(self._found[place] for place in places), strict=True)
        place = np.repeat(np.arange(len(codes)), [len(some) for some in codes])
        return Likely(place, np.concatenate(codes), np.concatenate(scores))

    def forget(self, changed: np.ndarray) -> None:
        """What was likely where bool (B, h, w) says so."""
        for place in zip(*(axis.tolist() for axis in np.nonzero(changed)), strict=True):
            self._found.pop(place, None)


def revise(
    model: "ImageTransformer",
    reread: Rereading,
    codes: np.ndarray,
    labels: np.ndarray,
    company: Gathering | None,
    recall: Callable[[Where], Likely],
    sampler: Sampler,
    pull: np.ndarray | None,
) -> np.ndarray:
    """Codes int (B, h, w, 2) of pictures that name patches, under labels int (B, h, w), as they
    look better.

    `reread` are the pictures as they were drawn; `company`, if it counts, is that of all that is
    drawn, and is kept so; `recall` says what was likely at positions when they were drawn; `pull`
    (B, K, J) as in `ImageTransformer.generate`.
    """
    grid, known = codes.astype(np.int64), _Known()
    for weight in STRICTER:
        borders = Borders(model.meetings, weight)
        news = np.ones(labels.shape, dtype=bool)
        for _ in range(SWEEPS):
            look = _troubled(model.meetings, company, grid, labels) & news
            if not look.any():
                break
            known.learn(np.nonzero(look & ~reread.moved), recall)
            ask = partial(_asked_again, model, reread, sampler, grid, labels)
            known.learn(np.nonzero(look & reread.moved), ask)
            where = np.nonzero(look)  # (T,) each
            choices = _choices(known.at(where), borders, company, grid, labels, where, pull)
            revised = _best_together(choices, borders)
            changed = (revised != grid).any(axis=-1)
            if not changed.any():
                break
            if company is not None:
                there = np.nonzero(changed)
                company.replace(there[0], grid[there], revised[there], labels[there])
            grid, news = revised, _with_neighbours(changed)
            known.forget(reread.change(changed))
    return grid


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
    borders: Borders,
    company: Gathering | None,
    grid: np.ndarray,
    labels: np.ndarray,
    where: Where,
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
    rank = scores - borders.around(each, grid, where, place) / 2
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
    reread: Rereading,
    sampler: Sampler,
    grid: np.ndarray,
    labels: np.ndarray,
    where: Where,
) -> Likely:
    """What is likely at the T positions `where`, and what is there."""
    depth, width, own = model.depth, model.grid_width, grid[where]
    flat = grid.reshape(len(grid), -1, 2)  # (B, N, 2)
    picture, position = where[0], where[1] * width + where[2]
    tokens = sampler.doubled(mx.array(flat.astype(np.int32)))
    rows = sampler.in_both_halves(picture, len(grid))  # (T,), (2T,) under guidance
    columns = sampler.doubled(mx.array(position))
    state = depth.begin(reread.vectors(grid, where))
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


def _best_together(choices: Choices, borders: Borders) -> np.ndarray:
    """Of choices those that are best beside each other: codes int (B, h, w, 2)."""
    codes, there = choices.codes, np.isfinite(choices.scores)
    near, far = borders.meetings.edges_of(codes)  # (B, h, w, M, 2)
    together = []
    for side, (one, other) in enumerate(_NEIGHBOURS):
        both = there[one][..., :, None] & there[other][..., None, :]  # (B, ., ., M, M)
        *where, i, j = np.nonzero(both)
        first, second = (*where, i), (*where, j)
        pairs = far[one][(*first, side)] + near[other][(*second, side)]
        nats = np.zeros(both.shape, dtype=np.float32)
        nats[both] = -borders.nats(pairs, codes[one][first], codes[other][second], side)
        together.append(nats)
    picked = best_together(choices.scores, *together, rounds=ROUNDS)
    return np.take_along_axis(codes, picked[..., None, None], axis=3)[..., 0, :]

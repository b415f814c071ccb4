"""The codes of one position, drawn level by level from the position's vector."""

from dataclasses import dataclass

import mlx.core as mx
import numpy as np

from scene.transformer.company import Gathering
from scene.transformer.depth import DepthModel
from scene.transformer.meetings import Meetings
from scene.transformer.sampling import Sampler, log_sum_exp
from scene.transformer.sightings import Sightings

# Levels after the first are drawn at this share of the temperature: they are close to noise, which
# shows as grain, while the first level decides what stands where.
FINE_COOLING = 0.5
# So many of the likeliest branches are looked into before one is drawn, those that are at most so
# many nats less likely than the likeliest, which may lose more than that beside two neighbours.
BRANCHES = 6
WORTH_A_LOOK = 5.0
# Nats behind the likeliest patch of a branch from where on it is not worth asking what a patch has
# met.
FAR_BEHIND = 10.0
# And nats behind the likeliest patch of all from where on, after that, it is not worth asking what
# company it keeps.
FAR_OFF = 5.0
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
class Likely:
    """Patches that are likely at some positions: `place` int (n,) says at which, `codes` int (n, 2)
    which they are, `scores` (n,) are as those of `Looked`."""

    place: np.ndarray
    codes: np.ndarray
    scores: np.ndarray


@dataclass(frozen=True)
class Looked:
    """A branches that are looked into: `place` int (A,) says at which of some positions, `branch`
    int (A,) which they are. `scores` (A, J) are the logarithms of the probabilities of their
    patches, less what these lose under the label of the layout and what branches do."""

    place: np.ndarray
    branch: np.ndarray
    scores: np.ndarray

    def likely(self, among: np.ndarray, patch: np.ndarray) -> Likely:
        """The patches `patch` int (B,) of the branches number `among` int (B,), one for each
        position, and those that are at most FAR_BEHIND the best of their position."""
        asked = within_reach(self.scores, self.place, len(among), FAR_BEHIND)
        asked[among, patch] = True
        among, patch = np.nonzero(asked)
        codes = np.stack([self.branch[among], patch], axis=-1)
        return Likely(self.place[among], codes, self.scores[among, patch])


@dataclass(frozen=True)
class Outlook:
    """What may stand at a position of B pictures, under the label of its layout.

    `branches` int (B, n) are the likeliest, `odds` (B, n) what counts for each, as logarithms,
    -inf for those that are too unlikely to be looked into. The A others have the logits `patches`
    (A, J), less what patches lose under the label, beside their neighbours and in the company of
    what is drawn; `places` int (B, n) says which are whose. `promise` (B,) is the logarithm of how
    much of the model's probability is kept under the label and in that company: 0 where they agree,
    far below where the model is lost. `looked` is what counts but for neighbours and company.
    """

    branches: np.ndarray
    odds: np.ndarray
    patches: np.ndarray
    places: np.ndarray
    promise: np.ndarray
    looked: Looked

    def of(self, rows: np.ndarray) -> "Outlook":
        """That of some of the pictures, by their numbers int (B',)."""
        each = (self.branches[rows], self.odds[rows], self.patches, self.places[rows])
        return Outlook(*each, self.promise[rows], self.looked)

    def likely(self, drawn: np.ndarray) -> Likely:
        """The patches that are likely, and those that are drawn, codes int (B, 2)."""
        chosen = (self.branches == drawn[:, :1]).argmax(axis=1)  # (B,)
        return self.looked.likely(self.places[np.arange(len(drawn)), chosen], drawn[:, 1])


def look_ahead(
    depth: DepthModel,
    sightings: Sightings,
    meetings: Meetings,
    x: mx.array,
    sampler: Sampler,
    touching: mx.array,
    label: np.ndarray,
    strange: np.ndarray,
    company: Gathering | None = None,
) -> Outlook:
    """Of codes that name patches, from a position's vector (B, D), (2B, D) under guidance, its
    `label` int (B,), what branches lose, float32 (B, K), and the `company` of the B pictures, if it
    counts; `touching` as in `DepthModel.logits`.

    A branch counts by what is likely in it under the label and beside what it touches: with
    p(patch | branch) times what patches keep there, p(branch) times the Euclidean norm of these
    over its patches, which stands for the second draw at half the temperature. Drawn by p(branch)
    alone, it is now and then one whose likely patches belong elsewhere, and then the patch is an
    odd one. The promise is the plain sum of what is kept but for what the patches touch: norms
    would make drafts poor where many patches are as likely as each other, and what they touch where
    borders are often new, as those of trees are (tried: banks begin abruptly, trees lose their
    trunks).
    """
    state = depth.begin(x)
    branches = sampler.guide(depth.logits(state, 0))  # (B, K)
    shares = branches - log_sum_exp(branches) - strange
    best = np.argsort(-shares, axis=1)[:, :BRANCHES]  # (B, n)
    shares = np.take_along_axis(shares, best, axis=1)  # (B, n)
    worth = shares >= shares[:, :1] - WORTH_A_LOOK
    row, place = np.nonzero(worth)  # (A,)
    looked = best[row, place]
    logits = logits_within(depth, state, touching, row, looked, sampler)  # (A, J)
    every = log_sum_exp(logits)  # (A, 1)
    patches = logits - sightings.lost(looked, label[row])
    asked = patches > patches.max(axis=-1, keepdims=True) - FAR_BEHIND
    met = meetings.lost(looked, np.asarray(touching)[row], asked)
    scores = patches - every + shares[worth][:, None]
    if company is not None:
        among, patch = np.nonzero(within_reach(scores - met, row, len(best), FAR_OFF))
        of = row[among]
        patches[among, patch] -= company.lost(of, looked[among], patch, label[of])
    fit = np.full(shares.shape, -np.inf)
    fit[worth] = log_sum_exp(patches - every)[:, 0]
    promise = log_sum_exp(shares + fit)[:, 0]
    patches -= met
    fit[worth] = log_sum_exp(2 * (patches - every))[:, 0] / 2
    places = worth.cumsum().reshape(worth.shape) - 1
    return Outlook(best, shares + fit, patches, places, promise, Looked(row, looked, scores))


def logits_within(
    depth: DepthModel,
    state: mx.array,
    touching: mx.array,
    place: np.ndarray,
    branch: np.ndarray,
    sampler: Sampler,
) -> np.ndarray:
    """Logits (A, J) of the patches of branches int (A,) at places int (A,), of places with the
    states (T, D) and the neighbours' edges `touching` (T, 32), 2T of each under guidance."""
    places = len(state) // 2 if sampler.guided else len(state)
    rows = sampler.in_both_halves(place, places)  # (A,), (2A,) under guidance
    known = sampler.doubled(mx.array(branch))
    within = depth.advance(state[rows], known, 0)  # (A or 2A, D)
    return sampler.guide(depth.logits(within, 1, known, touching[rows]))


def within_reach(scores: np.ndarray, place: np.ndarray, places: int, behind: float) -> np.ndarray:
    """Which of `scores` (A, J), at places int (A,), are at most so far behind the best there: bool
    (A, J)."""
    best = np.full(places, -np.inf)
    np.maximum.at(best, place, scores.max(axis=-1))
    return scores > best[place, None] - behind


def draw_patch(outlook: Outlook, sampler: Sampler, pull: np.ndarray | None) -> np.ndarray:
    """Codes int (B, 2) of one position; `pull` as in `draw_levels`."""
    chosen = sampler.draw(outlook.odds)  # (B,)
    rows = np.arange(len(chosen))
    first = outlook.branches[rows, chosen]
    patches = outlook.patches[outlook.places[rows, chosen]]  # (B, J)
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

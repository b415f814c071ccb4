"""New sound by the prior, in the background: one at a time per session, with progress."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor

from distill.errors import DistillError
from distill.inference.codes import column_samples
from distill.inference.generate import prior_of
from distill.models.attention import LayerCache
from distill.models.persistence import LoadedVQModel
from distill.models.prior import CodePrior
from distill.models.prior_sampling import SamplingSettings, write_codes
from distill.ui.clips import Clip
from distill.ui.library import labels_of
from distill.ui.sessions import Session


class GenerationError(DistillError):
    """Generating that cannot start, or was called off."""


@dataclass(frozen=True)
class Wish:
    """What to generate; `settings` as `distill generate` takes them, so that the same seed writes
    the same codes on the page and in the terminal."""

    seconds: float
    seed: int
    settings: SamplingSettings
    title: str


class Generation:
    """One run of the prior.

    Args:
        loaded: a model with a prior.
        wish: what to write.
        session: gets the finished clip.
    """

    def __init__(self, loaded: LoadedVQModel, wish: Wish, session: Session) -> None:
        prior_of(loaded)
        self._loaded, self.wish, self._session = loaded, wish, session
        self._samples = max(1, round(wish.seconds * loaded.spectrogram.config.sample_rate))
        self.columns = -(-self._samples // column_samples(loaded))
        self.done = 0
        self.clip_id = ""
        self.problem = ""
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._work, name="distill-generate", daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether it is still at it."""
        return self._thread.is_alive()

    def cancel(self) -> None:
        """Call it off; it ends at the next column."""
        self._cancelled.set()

    def _work(self) -> None:
        try:
            table = _written(self._loaded, self.columns, self.wish, self._tick)
            clip = Clip(
                name=self.wish.title,
                source="generated",
                loaded=self._loaded,
                codes=table.numpy().astype("int16"),
                samples=self._samples,
                original=None,
                labels=labels_of(self._loaded),
            )
            self.clip_id = self._session.add(clip).id
        except DistillError as error:
            self.problem = str(error)

    def _tick(self, done: int) -> None:
        self.done = done
        if self._cancelled.is_set():
            raise GenerationError("called off")


class _Watched:
    """A prior that tells each of its steps: how far a run has come, and where to call it off."""

    def __init__(self, prior: CodePrior, tick: Callable[[int], None]) -> None:
        self._prior, self._tick = prior, tick

    def __getattr__(self, name: str) -> Any:
        return getattr(self._prior, name)

    def step(self, column: Tensor | None, position: int, caches: list[LayerCache | None]) -> Tensor:
        self._tick(position)
        return self._prior.step(column, position, caches)


def _written(
    loaded: LoadedVQModel, columns: int, wish: Wish, tick: Callable[[int], None]
) -> Tensor:
    generator = torch.Generator().manual_seed(wish.seed)
    prior = cast(CodePrior, _Watched(prior_of(loaded), tick))
    return write_codes(prior, columns, generator, wish.settings)

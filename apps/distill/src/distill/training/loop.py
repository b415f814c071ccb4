"""The loop that all stages run in: budget, progress, metrics, checkpoints, stopping."""

import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from distill.errors import TrainingError
from distill.training.checkpoint import Stage
from distill.training.distributed import Processes

_LOG_EVERY = 25
_SAVE_EVERY_S = 60.0
_VALIDATIONS = 10


class TrainingStopped(Exception):
    """Training was asked to stop and has saved its state."""


@dataclass(frozen=True)
class Budget:
    """Length of a stage: a number of steps or, where `steps` is None, seconds."""

    steps: int | None
    seconds: float = math.inf

    def progress(self, step: int, seconds: float) -> float:
        """Share that is done, from 0 to 1."""
        if self.steps is not None:
            return min(1.0, step / max(1, self.steps))
        return min(1.0, seconds / max(1e-6, self.seconds))


@dataclass(frozen=True)
class Position:
    """Steps and seconds done in a stage."""

    step: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Monitor:
    """What surrounds a stage.

    metrics: JSONL file that is appended to; save(position, figures, stopping): writes a
    checkpoint; should_stop(): asked after every step; peers: the processes of the run, of which
    the first alone validates, logs and saves; show: whether to draw a progress bar.
    """

    metrics: Path
    save: Callable[[Position, Mapping[str, float], bool], None]
    should_stop: Callable[[], bool]
    peers: Processes
    show: bool = True


def run_stage(
    stage: Stage, budget: Budget, begin: Position, monitor: Monitor
) -> Mapping[str, float]:
    """Train until the budget is spent; the last validation figures (none but in the first process).

    Raises:
        TrainingStopped: `should_stop` said so; the state is saved.
        TrainingError: the loss is no longer finite; the last good state is saved.
    """
    step, clock = begin.step, _Clock(begin.seconds)
    validated = math.floor(budget.progress(step, begin.seconds) * _VALIDATIONS)
    figures: Mapping[str, float] = {}
    peers = monitor.peers

    def save(stopping: bool) -> None:
        if peers.first:
            monitor.save(Position(step, clock.seconds), figures, stopping)

    with _bar(stage.name, budget, begin, monitor.show and peers.first) as bar:
        while (progress := peers.first_says(budget.progress(step, clock.seconds))) < 1.0:
            losses = peers.mean(stage.step(progress))
            if not all(math.isfinite(value) for value in losses.values()):
                # A step whose gradient is not finite changes nothing, so this is the good state.
                save(stopping=False)
                raise TrainingError(
                    f"{stage.name}: the loss is no longer a number after step {step}; the last "
                    "good state is saved: look for damaged sounds, then train with --resume"
                )
            step += 1
            _advance(bar, budget, step, clock.seconds, losses["loss"])
            if step % _LOG_EVERY == 0 and peers.first:
                _log(monitor.metrics, stage.name, step, clock.seconds, losses)
            done = math.floor(budget.progress(step, clock.seconds) * _VALIDATIONS)
            if done > validated and peers.first:
                validated, figures = done, stage.validate()
                _log(monitor.metrics, stage.name, step, clock.seconds, figures)
            if peers.any(monitor.should_stop()):
                save(stopping=True)
                raise TrainingStopped
            if clock.due(_SAVE_EVERY_S):
                save(stopping=False)
    return figures or (stage.validate() if peers.first else {})


class _Clock:
    """Seconds spent training, over all sittings."""

    def __init__(self, before: float) -> None:
        self._start = time.monotonic() - before
        self._saved = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._start

    def due(self, interval: float) -> bool:
        now = time.monotonic()
        if now - self._saved < interval:
            return False
        self._saved = now
        return True


def _bar(name: str, budget: Budget, begin: Position, show: bool) -> tqdm:
    by_steps = budget.steps is not None
    return tqdm(
        desc=f"{name:<11}",
        total=budget.steps if by_steps else round(budget.seconds),
        initial=begin.step if by_steps else round(begin.seconds),
        unit="step" if by_steps else "s",
        bar_format="{desc} {percentage:3.0f}%|{bar}| {elapsed} so far, {remaining} left{postfix}",
        disable=not show,
        dynamic_ncols=True,
    )


def _advance(bar: tqdm, budget: Budget, step: int, seconds: float, loss: float) -> None:
    bar.set_postfix_str(f"step {step}, loss {loss:.4f}", refresh=False)
    at = step if budget.steps is not None else min(round(seconds), bar.total)
    bar.update(at - bar.n)


def _log(path: Path, stage: str, step: int, seconds: float, figures: Mapping[str, float]) -> None:
    row = {"stage": stage, "step": step, "seconds": round(seconds, 2)}
    row |= {key: round(value, 6) for key, value in figures.items()}
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")

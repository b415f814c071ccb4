"""Training without a page: the same engine, from settings to a run folder and a report."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
from tqdm import tqdm

from rq_vae_explorer.config import Hyper, RunConfig
from rq_vae_explorer.data import Digits
from rq_vae_explorer.training.engine import Engine
from rq_vae_explorer.training.evaluation import Evaluation, evaluate
from rq_vae_explorer.training.runs import SavedRun, save_run, versions

_CHUNK = 50  # steps per dispatch; no result depends on it
_SAVE_SECONDS = 15.0


@dataclass(frozen=True)
class Report:
    """What a headless run achieved."""

    steps: int
    steps_per_second: float  # without compilation
    seconds: float  # with compilation and evaluation
    test: Evaluation
    train_dead: tuple[int, ...]  # per level, by training usage at the end
    config: RunConfig
    hyper: Hyper

    def as_json(self) -> dict[str, Any]:
        """Plain dictionaries and numbers."""
        return {
            "steps": self.steps,
            "steps_per_second": round(self.steps_per_second, 2),
            "seconds": round(self.seconds, 2),
            "test": self.test.as_json(),
            "train": {"dead": list(self.train_dead)},
            "config": {**self.config.model_dump(), **self.hyper.model_dump()},
            "versions": versions(),
        }


def train_headless(
    config: RunConfig,
    hyper: Hyper,
    digits: Digits,
    steps: int,
    out: Path | None = None,
    resume: SavedRun | None = None,
) -> Report:
    """Train until step `steps`, with a progress bar, then evaluate on the whole test split.

    Each batch is split over all devices that JAX sees.

    With `out` the run is saved there now and then, when it ends, and when it is interrupted; a
    resumed run continues bit for bit as if it had never stopped.

    Raises:
        DivergedError: a loss was not finite.
        DevicesError: the batch cannot be split evenly over the devices.
        RunError: the run folder cannot be written or does not fit.
    """
    started = time.monotonic()
    engine = Engine(config, digits.train_images, jax.devices())
    if resume is not None:
        engine.state = resume.restore(engine.state)
    done = engine.step
    engine.compile(hyper)
    training_started = saved = time.monotonic()
    try:
        with tqdm(total=steps, initial=done, unit="step", desc="training") as bar:
            while engine.step < steps:
                rows = engine.run(min(_CHUNK, steps - engine.step), hyper)
                bar.update(len(rows))
                bar.set_postfix(recon=f"{rows[:, 1].mean():.4f}", refresh=False)
                if out is not None and time.monotonic() - saved > _SAVE_SECONDS:
                    save_run(out, config, hyper, engine.state)
                    saved = time.monotonic()
        seconds = time.monotonic() - training_started
    finally:
        if out is not None:
            save_run(out, config, hyper, engine.state)
    test = evaluate(engine, digits.test_images)
    return Report(
        steps=engine.step,
        steps_per_second=(engine.step - done) / seconds if engine.step > done else 0.0,
        seconds=time.monotonic() - started,
        test=test,
        train_dead=_dead_in_training(engine),
        config=config,
        hyper=hyper,
    )


def _dead_in_training(engine: Engine) -> tuple[int, ...]:
    since = engine.state.codebook.dead_since
    return tuple(int((row >= 0).sum()) for row in since)

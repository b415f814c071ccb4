"""The training loop that both stages share: progress, validation, checkpoints, interruption.

A run folder holds `last/` and `best/` (checkpoints), `metrics.jsonl` and `samples/`. All
randomness of a step follows from (seed, step), so a resumed run repeats the uninterrupted one
bit for bit.
"""

import json
import math
import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Protocol, TextIO

import scene.blas  # noqa: F401  isort: skip  (before mlx)

import mlx.core as mx
import numpy as np
from tqdm import tqdm

from scene.checkpoints import PROGRESS, read_document, settled
from scene.config import Training, parse_config
from scene.errors import SceneError
from scene.outputs import write_text
from scene.signals import Terminated
from scene.training.distributed import ALONE, Processes

DIVERGED = 1e6  # losses of these models begin below a hundred
LOG_EVERY = 10  # steps between lines of metrics.jsonl
SEED_STRIDE = 1_000_003  # keeps the random streams of runs with near seeds apart


def scalar(value: mx.array) -> float:
    """The number in an array of one element."""
    return float(np.asarray(value))


@dataclass(frozen=True)
class StepReport:
    """What one training step tells: `loss` and other figures; `codes_used` for the bar."""

    loss: float
    figures: dict[str, float]
    codes_used: int | None = None


@dataclass(frozen=True)
class Progress:
    """How far a run is. `best_loss` is the lowest validation loss; None before the first."""

    step: int = 0
    best_loss: float | None = None
    best_step: int = 0
    seconds: float = 0.0


class Trainer(Protocol):
    """What the loop needs of a stage."""

    name: str
    steps_per_epoch: int

    @property
    def training(self) -> Training: ...

    def train_step(self, step: int, learning_rate: float, done: float) -> StepReport: ...
    def validate(self) -> dict[str, float]: ...
    def save(self, folder: Path, progress: Mapping[str, object], full: bool) -> None: ...
    def load(self, folder: Path) -> None: ...
    def draw_samples(self, path: Path) -> None: ...


def total_steps(trainer: Trainer) -> int:
    """Steps of the whole run."""
    limit = trainer.training.max_steps
    steps = trainer.training.num_epochs * trainer.steps_per_epoch
    return min(steps, limit) if limit else steps


def learning_rate_at(step: int, total: int, training: Training) -> float:
    """Linear warm-up, then a cosine down to `final_rate_share`."""
    if step < training.warmup_steps:
        return training.learning_rate * (step + 1) / training.warmup_steps
    span = max(1, total - training.warmup_steps)
    cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, (step - training.warmup_steps) / span)))
    share = training.final_rate_share + (1 - training.final_rate_share) * cosine
    return training.learning_rate * share


def read_progress(folder: Path) -> Progress:
    """How far the run of a checkpoint is. Raises SceneError if that is missing or broken."""
    return parse_config(Progress, read_document(folder, PROGRESS), str(folder / PROGRESS))


def run_training(trainer: Trainer, out: Path, resume: bool, peers: Processes = ALONE) -> Progress:
    """Train to the end, or until Ctrl-C, which saves first. Returns where the run stands.

    Of several processes the first alone validates, writes and speaks, and knows the best loss.

    Raises SceneError when the loss has left all bounds (the last good checkpoint stays) and
    KeyboardInterrupt (Terminated after SIGTERM) after an interruption was saved.
    """
    progress = Progress()
    if resume:
        trainer.load(out / "last")
        progress = read_progress(out / "last")
    total = total_steps(trainer)
    bar = tqdm(
        total=total,
        initial=progress.step,
        desc=trainer.name,
        unit="step",
        disable=not peers.first,
    )
    started = time.monotonic() - progress.seconds
    with bar, _interruptible() as interrupted, _metrics_file(out, progress.step, peers) as log:
        while progress.step < total:
            step = progress.step
            mx.random.seed(trainer.training.seed * SEED_STRIDE + step)
            rate = learning_rate_at(step, total, trainer.training)
            report = _agreed(trainer.train_step(step, rate, step / total), peers)
            _check(report.loss, step, out)
            seconds = time.monotonic() - started
            progress = Progress(step + 1, progress.best_loss, progress.best_step, seconds)
            _show(bar, report, trainer.training.batch_size)
            if progress.step % LOG_EVERY == 0 or progress.step == total:
                _log(
                    log,
                    {"step": progress.step, "learning_rate": rate, "loss": report.loss}
                    | report.figures
                    | {"seconds": round(seconds, 2)},
                )
            if peers.first:
                progress = _milestones(trainer, out, progress, total, log)
            if peers.any(bool(interrupted)):
                if peers.first:
                    trainer.save(out / "last", asdict(progress), full=True)
                terminated = interrupted[:1] == [signal.SIGTERM]
                raise Terminated if terminated else KeyboardInterrupt
    peers.wait()
    return progress


def _check(loss: float, step: int, out: Path) -> None:
    """Raise SceneError, with what to do, for a loss that has left all bounds or is NaN."""
    if abs(loss) < DIVERGED:
        return
    last = settled(out / "last")
    kept = f"the last good checkpoint is {last}" if last.exists() else "no checkpoint was saved yet"
    raise SceneError(
        f"loss is {loss:.3g} at step {step}: stopped; {kept}. Mend: a lower learning_rate."
    )


def _agreed(report: StepReport, peers: Processes) -> StepReport:
    """The report of the whole batch, from each process's on its part."""
    figures = peers.mean({"loss": report.loss} | report.figures)
    return StepReport(figures.pop("loss"), figures, report.codes_used)


def _milestones(
    trainer: Trainer, out: Path, progress: Progress, total: int, log: TextIO
) -> Progress:
    """Samples, validation and checkpoints where an epoch that asks for them ends."""
    epoch, rest = divmod(progress.step, trainer.steps_per_epoch)
    at_end = progress.step == total
    if at_end or (rest == 0 and epoch % trainer.training.sample_every == 0):
        trainer.draw_samples(out / "samples" / f"step_{progress.step:06d}.png")
    if not at_end and (rest or epoch % trainer.training.save_every):
        return progress
    figures = trainer.validate()
    _check(figures["loss"], progress.step, out)  # a good step may leave bad weights
    _log(log, {"step": progress.step} | {f"val_{k}": v for k, v in figures.items()})
    tqdm.write(
        f"step {progress.step}: validation "
        + ", ".join(f"{name} {value:.4g}" for name, value in figures.items())
    )
    better = progress.best_loss is None or figures["loss"] < progress.best_loss
    if better:
        progress = Progress(progress.step, figures["loss"], progress.step, progress.seconds)
        trainer.save(out / "best", asdict(progress), full=False)
    trainer.save(out / "last", asdict(progress), full=True)
    return progress


def _show(bar: tqdm, report: StepReport, batch_size: int) -> None:
    bar.update(1)
    rate = bar.format_dict["rate"] or 0.0
    shown = {"loss": f"{report.loss:.3f}", "images/s": f"{rate * batch_size:.1f}"}
    if report.codes_used is not None:
        shown["codes"] = str(report.codes_used)
    bar.set_postfix(shown, refresh=False)


@contextmanager
def _metrics_file(out: Path, step: int, peers: Processes) -> Iterator[TextIO]:
    """Append to metrics.jsonl, dropping lines of steps that a resumed run will repeat."""
    if not peers.first:
        with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
            yield nowhere
        return
    out.mkdir(parents=True, exist_ok=True)
    path = out / "metrics.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() and step else []
    write_text(path, "".join(f"{line}\n" for line in lines if _is_kept(line, step)))
    with path.open("a", encoding="utf-8") as file:
        yield file


def _is_kept(line: str, step: int) -> bool:
    try:
        return json.loads(line)["step"] <= step
    except (ValueError, KeyError, TypeError):
        return False  # torn: the run was killed while it wrote this line


def _log(file: TextIO, record: Mapping[str, object]) -> None:
    print(json.dumps(record), file=file, flush=True)


@contextmanager
def _interruptible() -> Iterator[list[int]]:
    """Let the step in progress finish on Ctrl-C or SIGTERM; a second one stops at once."""
    received: list[int] = []

    def remember(number: int, frame: FrameType | None) -> None:
        if received:
            raise KeyboardInterrupt
        received.append(number)

    kinds = (signal.SIGINT, signal.SIGTERM)
    previous = {kind: signal.signal(kind, remember) for kind in kinds}
    try:
        yield received
    finally:
        for kind, handler in previous.items():
            signal.signal(kind, handler)

"""`distill train`: from a folder of sounds to a model."""

import argparse
import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from pydantic import ValidationError
from tqdm import tqdm

from distill.commands.checks import check_output
from distill.errors import UsageError
from distill.models.header import ModelMetadata
from distill.models.persistence import SUFFIX
from distill.signals import EXIT_INTERRUPTED, EXIT_TERMINATED
from distill.training.config import StageSteps, TrainingConfig
from distill.training.distributed import joined
from distill.training.export import health_in_words
from distill.training.job import Job
from distill.training.loop import TrainingStopped
from distill.training.pipeline import train


def run(args: argparse.Namespace) -> int:
    """Train, telling what happens; 130 when interrupted, 143 when terminated."""
    torch.set_num_threads(1)
    out = Path(args.out)
    if out.suffix != SUFFIX:
        raise UsageError(f"{args.out}: a model's name ends in {SUFFIX}")
    check_output(args.out)
    config = _config(args)
    with joined() as peers, _interruptible() as interrupted:
        job = Job(
            folder=Path(args.data),
            out=out,
            config=config,
            metadata=ModelMetadata(
                name=args.name or out.stem,
                # A run resumed is the run that was never stopped.
                command="distill " + shlex.join(a for a in sys.argv[1:] if a != "--resume"),
                licence=args.licence,
                origin=args.origin,
            ),
            resume=args.resume,
            should_stop=lambda: bool(interrupted),
            say=tqdm.write,
            peers=peers,
        )
        return _train(job, interrupted)


def _train(job: Job, interrupted: list[int]) -> int:
    try:
        loaded = train(job)
    except TrainingStopped:
        if job.peers.first:
            print(
                f"saved; go on with --resume ({job.out} plays what is learnt so far)",
                file=sys.stderr,
            )
        return EXIT_TERMINATED if interrupted == [signal.SIGTERM] else EXIT_INTERRUPTED
    if job.peers.first:
        print("\n".join(health_in_words(loaded.codebook_health)))
        size = job.out.stat().st_size / 1e6
        print(f"{job.out}: {size:.1f} MB, sound by {loaded.metadata.synthesis}")
    return 0


def _config(args: argparse.Namespace) -> TrainingConfig:
    size: Any = None if args.codebook_size == "auto" else args.codebook_size
    try:
        return TrainingConfig(
            minutes=args.minutes,
            steps=StageSteps(*args.steps) if args.steps else None,
            seed=args.seed,
            levels=args.levels,
            codebook_size=size,
        )
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]).replace("_", "-")
        raise UsageError(f"--{name}: {first['msg']} (got {first['input']})") from None


@contextmanager
def _interruptible() -> Iterator[list[int]]:
    """Ctrl-C and a polite kill ask for a stop at the next step; a second one insists."""
    interrupted: list[int] = []

    def ask(number: int, frame: FrameType | None) -> None:
        if interrupted:
            raise KeyboardInterrupt
        interrupted.append(number)

    kept = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interrupted
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)

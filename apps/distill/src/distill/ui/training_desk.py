"""The one training that the page can have under way: a `distill train` of its own process.

It runs outside every request, so that it survives reloads and any number of visitors can watch.
Losses come from the metrics file that training writes, sounds from the model that it leaves after
each stage.
"""

import json
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from distill.audio.io import AUDIO_SUFFIXES
from distill.errors import TrainingError
from distill.training.config import STAGES
from distill.ui.library import ModelLibrary, clean_title

_LOG_LINES = 12
_MOST_POINTS = 400  # of a curve
_STOP_S = 60.0
_LEAST_PREVIEW = 60_000  # bytes
_CONTROL = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclass(frozen=True)
class Plan:
    """What to train: sounds in `folder`, a model called `title` at `out`."""

    title: str
    folder: Path
    out: Path
    minutes: float
    levels: int
    seed: int


@dataclass
class _Run:
    plan: Plan
    process: subprocess.Popen[bytes]
    log: Path
    owner: str
    started: float = field(default_factory=time.monotonic)
    stopping: bool = False


class TrainingDesk:
    """Starts, watches and stops training.

    Args:
        library: where finished models go.
        sounds: folder for sounds that were dropped on the page.
        may_name_folders: whether the page may name any folder of this machine to learn from.
        command: `(plan, resume) -> command line`; the default runs `distill train`.
    """

    def __init__(
        self,
        library: ModelLibrary,
        sounds: Path,
        may_name_folders: bool = True,
        command: Callable[[Plan, bool], Sequence[str]] | None = None,
    ) -> None:
        self._library = library
        self._sounds = sounds
        self.may_name_folders = may_name_folders
        self._command = command or train_command
        self._run: _Run | None = None
        self._lock = threading.RLock()

    def start(self, plan: Plan, owner: str, resume: bool = False) -> None:
        """Begin, or go on with an interrupted training.

        Raises `TrainingError` while another one runs.
        """
        with self._lock:
            if self._run is not None and self._run.process.poll() is None:
                raise TrainingError(
                    f"“{self._run.plan.title}” is being trained: one training at a time"
                )
            plan.out.parent.mkdir(parents=True, exist_ok=True)
            log = plan.out.with_suffix(".log")
            with log.open("ab" if resume else "wb") as output:
                process = subprocess.Popen(
                    list(self._command(plan, resume)),
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    stdin=subprocess.DEVNULL,
                    # Ctrl-C in the terminal is for the page, which then stops this in order.
                    start_new_session=True,
                )
            self._run = _Run(plan, process, log, owner)

    def stop(self) -> None:
        """Ask the training to save and end. Raises `TrainingError` where none runs."""
        with self._lock:
            if self._run is None or self._run.process.poll() is not None:
                raise TrainingError("nothing is being trained")
            if not self._run.stopping:
                self._run.process.send_signal(signal.SIGINT)
            self._run.stopping = True

    def resume(self, owner: str) -> None:
        """Go on with the training that was stopped last. Raises `TrainingError` without one."""
        with self._lock:
            if self._run is None or not self.resumable:
                raise TrainingError("there is no interrupted training to go on with")
            self.start(self._run.plan, owner, resume=True)

    @property
    def resumable(self) -> bool:
        """Whether the last training left a state behind and does not run."""
        run = self._run
        return run is not None and run.process.poll() is not None and _state(run.plan).exists()

    @property
    def model(self) -> Path | None:
        """The model of the training shown, as far as it has come."""
        run = self._run
        return run.plan.out if run is not None and run.plan.out.exists() else None

    @property
    def preview_sound(self) -> Path | None:
        """A sound of the corpus to hear the model by: the first that is long enough to judge."""
        run = self._run
        if run is None:
            return None
        found = sorted(p for p in run.plan.folder.rglob("*") if p.suffix.lower() in AUDIO_SUFFIXES)
        return next(
            (p for p in found if p.stat().st_size > _LEAST_PREVIEW), next(iter(found), None)
        )

    def plan(self, title: str, folder: Path, minutes: float, levels: int, seed: int) -> Plan:
        """A plan for a new model. Raises `TrainingError` where the folder has no sounds."""
        if not folder.is_dir():
            raise TrainingError(f"{folder}: is no folder on the machine that runs distill")
        title = clean_title(title)
        return Plan(title, folder, self._library.free_path(title), minutes, levels, seed)

    def take_in(self, title: str, files: list[tuple[str, Path]]) -> Path:
        """Copy dropped sounds, (name, path), to a folder of their own."""
        if not files:
            raise TrainingError("drop some sounds first, or name a folder")
        folder = self._sounds / self._library.free_path(clean_title(title)).stem
        folder.mkdir(parents=True, exist_ok=True)
        for number, (name, path) in enumerate(files):
            suffix = Path(name).suffix.lower()
            stem = re.sub(r"[^A-Za-z0-9._-]+", "-", Path(name).stem).strip("-._")[:60]
            if suffix in AUDIO_SUFFIXES:
                shutil.copyfile(path, folder / f"{number:03d}-{stem or 'sound'}{suffix}")
        return folder

    def status(self, visitor: str) -> dict[str, Any]:
        """What every visitor sees: state, progress, curves, the last lines of the log."""
        with self._lock:
            run = self._run
            if run is None:
                return {"state": "idle"}
            code = run.process.poll()
            rows = read_metrics(run.plan.out.with_suffix(".metrics.jsonl"))
            done = sum(last_seconds(rows).values())
            total = run.plan.minutes * 60
            return {
                "state": _state_of(code, run.stopping),
                "title": run.plan.title,
                "mine": visitor == run.owner,
                "resumable": self.resumable,
                "model": run.plan.out.exists(),
                "stage": rows[-1]["stage"] if rows else "",
                "stages": list(STAGES),
                "progress": 1.0 if code == 0 else min(0.999, done / total),
                "eta_s": max(0.0, total - done),
                "elapsed_s": done,
                "curves": curves(rows),
                "log": tail(run.log),
            }

    def close(self) -> None:
        """End a training in order: it saves, and can be resumed."""
        with self._lock:
            run = self._run
        if run is None or run.process.poll() is not None:
            return
        run.process.send_signal(signal.SIGINT)
        try:
            run.process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            run.process.kill()
            run.process.wait()


def train_command(plan: Plan, resume: bool) -> list[str]:
    """`distill train` as a command line."""
    command = [
        *(sys.executable, "-m", "distill", "train", str(plan.folder), "--out", str(plan.out)),
        *("--name", plan.title, "--minutes", str(plan.minutes), "--levels", str(plan.levels)),
        *("--seed", str(plan.seed)),
    ]
    return [*command, "--resume"] if resume else command


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """The rows of a metrics file; a row that is still being written is left out."""
    if not path.exists():
        return []
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict) and row.get("stage") in STAGES:
            rows.append(row)
    return rows


def last_seconds(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Seconds spent in each stage."""
    return {row["stage"]: float(row["seconds"]) for row in rows}


def curves(rows: list[dict[str, Any]]) -> dict[str, dict[str, list[list[float]]]]:
    """Each figure of each stage as [step, value] points, thinned out."""
    found: dict[str, dict[str, list[list[float]]]] = {}
    for row in rows:
        for name, value in row.items():
            if name not in ("stage", "step", "seconds") and isinstance(value, int | float):
                points = found.setdefault(row["stage"], {}).setdefault(name, [])
                points.append([float(row["step"]), float(value)])
    return {
        stage: {
            name: points[:: -(-len(points) // _MOST_POINTS)] for name, points in by_name.items()
        }
        for stage, by_name in found.items()
    }


def tail(path: Path) -> list[str]:
    """The last lines of a log, as a terminal would show them."""
    if not path.exists():
        return []
    text = path.read_bytes()[-20_000:].decode("utf-8", "replace")
    lines = [_CONTROL.sub("", line.rsplit("\r", 1)[-1]).rstrip() for line in text.splitlines()]
    return [line for line in lines if line][-_LOG_LINES:]


def _state(plan: Plan) -> Path:
    return plan.out.with_name(plan.out.name + ".state")


def _state_of(code: int | None, stopping: bool) -> str:
    if code is None:
        return "stopping" if stopping else "running"
    return {0: "done", 130: "stopped"}.get(code, "failed")

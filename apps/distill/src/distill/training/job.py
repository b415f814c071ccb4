"""A training run as it was asked for."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from distill.models.header import ModelMetadata
from distill.training.config import TrainingConfig
from distill.training.distributed import ALONE, Processes


@dataclass(frozen=True)
class Job:
    """Folder in, model out, and who is told what meanwhile.

    folder: of sounds; out: model file to write; metadata: name, licence, origin, command;
    resume: go on from the saved state; should_stop: asked after every step; say: gets a line
    for each thing worth telling; show: draw progress bars; peers: the processes that train
    together, of which the first writes and speaks.
    """

    folder: Path
    out: Path
    config: TrainingConfig
    metadata: ModelMetadata = field(default_factory=ModelMetadata)
    resume: bool = False
    should_stop: Callable[[], bool] = lambda: False
    say: Callable[[str], None] = print
    show: bool = True
    peers: Processes = ALONE

    @property
    def state_path(self) -> Path:
        """Where the state of the unfinished run is kept."""
        return self.out.with_name(self.out.name + ".state")

    @property
    def metrics_path(self) -> Path:
        """JSON lines: losses and validation figures."""
        return self.out.with_suffix(".metrics.jsonl")

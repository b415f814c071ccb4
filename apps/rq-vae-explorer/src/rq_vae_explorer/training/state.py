"""`TrainingState`: the two loss weights and the last figures of a run, shared between threads.

The trainer reads the weights from here before each dispatch and writes its figures here after it.
Pages read the richer `Snapshot` instead; this is the plain interface for scripts.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rq_vae_explorer.config import Hyper

LOSS_NAMES = ("total", "recon", "commit", "codebook")
_MAX_RECORDS = 20_000
_FIGURES = (
    "codebook",
    "encoder_outputs",
    "encoder_labels",
    "reconstructions",
    "sample_inputs",
    "assignment_counts",
)


class TrainingState:
    """Loss weights, step, status and last arrays of one run.

    Every method takes one lock for its whole work, so no reader sees half an update. Arrays are
    copied in and handed out read-only. The loss history keeps every record up to 20,000 and
    then merges neighbours by their mean, so it never grows without bound.
    """

    def __init__(self, lambda_commit: float = 0.25, lambda_codebook: float = 1.0) -> None:
        self._lock = threading.RLock()
        self._lambda_commit = _weight("lambda_commit", lambda_commit)
        self._lambda_codebook = _weight("lambda_codebook", lambda_codebook)
        self._is_training = False
        self._should_stop = False
        self.reset()

    @property
    def lambda_commit(self) -> float:
        with self._lock:
            return self._lambda_commit

    @property
    def lambda_codebook(self) -> float:
        with self._lock:
            return self._lambda_codebook

    def set_lambda_commit(self, value: float) -> None:
        """Set the commitment weight; ValueError unless finite and 0 to 100."""
        with self._lock:
            self._lambda_commit = _weight("lambda_commit", value)

    def set_lambda_codebook(self, value: float) -> None:
        """Set the codebook weight; ValueError unless finite and 0 to 100."""
        with self._lock:
            self._lambda_codebook = _weight("lambda_codebook", value)

    def get_lambdas(self) -> tuple[float, float]:
        """`(lambda_commit, lambda_codebook)` of one moment."""
        with self._lock:
            return self._lambda_commit, self._lambda_codebook

    @property
    def step(self) -> int:
        with self._lock:
            return self._step

    @property
    def is_training(self) -> bool:
        with self._lock:
            return self._is_training

    @property
    def should_stop(self) -> bool:
        """A stop was asked for and the worker has not stopped yet."""
        with self._lock:
            return self._should_stop

    def set_training(self, is_training: bool) -> None:
        """Set by the trainer's worker alone; a stop that was asked for is then answered."""
        with self._lock:
            self._is_training, self._should_stop = is_training, False

    def request_stop(self) -> None:
        """Note that a stop was asked for, if anything is training."""
        with self._lock:
            self._should_stop = self._is_training

    def add_losses(self, losses: dict[str, float]) -> None:
        """Append one record of the four losses."""
        self.add_loss_rows(np.array([[losses[name] for name in LOSS_NAMES]]))

    def add_loss_rows(self, rows: ArrayLike) -> None:
        """Append records (n, 4) in the order of `LOSS_NAMES`."""
        with self._lock:
            for row in np.asarray(rows, float):
                if self._used == _MAX_RECORDS:
                    self._used //= 2
                    pairs = self._records.reshape(self._used, 2, len(LOSS_NAMES))
                    self._records[: self._used] = pairs.mean(axis=1)
                self._records[self._used] = row
                self._used += 1

    def get_loss_history(self) -> dict[str, list[float]]:
        """Records so far, oldest first, as one list per loss."""
        with self._lock:
            columns = self._records[: self._used].T.tolist()
            return dict(zip(LOSS_NAMES, columns, strict=True))

    def get_codebook(self) -> NDArray[np.float32] | None:
        """(L, K, D), or None before the first update."""
        with self._lock:
            return self._figures["codebook"]

    def get_encoder_outputs(self) -> tuple[NDArray | None, NDArray | None]:
        """`(outputs (N, D), labels (N,))`."""
        with self._lock:
            return self._figures["encoder_outputs"], self._figures["encoder_labels"]

    def get_reconstructions(self) -> tuple[NDArray | None, NDArray | None]:
        """`(reconstructions, inputs)`, each (S, 28, 28, 1) in [0, 1]."""
        with self._lock:
            return self._figures["reconstructions"], self._figures["sample_inputs"]

    def get_assignment_counts(self) -> NDArray[np.int64] | None:
        """(L, K) assignments over the last 100 batches."""
        with self._lock:
            return self._figures["assignment_counts"]

    def update(self, *, step: int | None = None, **figures: ArrayLike | None) -> None:
        """Set the step and any of codebook, encoder_outputs, encoder_labels, reconstructions,
        sample_inputs, assignment_counts, all at once; what is not given, or None, stays.

        Raises:
            TypeError: an unknown name.
        """
        unknown = set(figures) - set(_FIGURES)
        if unknown:
            raise TypeError(f"unknown figure {sorted(unknown)[0]!r}; known are {_FIGURES}")
        given = {name: _frozen(value) for name, value in figures.items() if value is not None}
        with self._lock:
            if step is not None:
                self._step = int(step)
            self._figures.update(given)

    def reset(self) -> None:
        """Back to step 0 with empty histories; the loss weights and the status stay."""
        with self._lock:
            self._step = 0
            # As large as it ever gets from the start: an hour of training must not grow.
            self._records = np.zeros((_MAX_RECORDS, len(LOSS_NAMES)))
            self._used = 0
            self._figures: dict[str, Any] = dict.fromkeys(_FIGURES)


def _weight(name: str, value: float) -> float:
    return float(getattr(Hyper().replace(**{name: value}), name))


def _frozen(value: ArrayLike) -> NDArray:
    array = np.array(value)
    array.setflags(write=False)
    return array

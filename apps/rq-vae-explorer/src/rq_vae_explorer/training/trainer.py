"""The live trainer: one worker thread owns the device; others send commands and read snapshots.

Commands run between dispatches of 50-100 ms, in the order in which they were sent. Those that
change the run return when the worker has carried them out (`wait=False`: at once). After every
dispatch and every command the worker publishes one immutable `Snapshot` by a single assignment.
A reset starts a new generation: nothing of the old run can appear in a later snapshot.
"""

from __future__ import annotations

import atexit
import weakref
from pathlib import Path
from typing import Any

import jax
import numpy as np
from numpy.typing import ArrayLike

from rq_vae_explorer.config import Hyper, RunConfig, split_settings
from rq_vae_explorer.data import load_digits
from rq_vae_explorer.training.engine import Engine, build_model
from rq_vae_explorer.training.live_run import LiveRun, Loader
from rq_vae_explorer.training.runs import load_run
from rq_vae_explorer.training.snapshot import U8, Encoding, Snapshot, View
from rq_vae_explorer.training.state import TrainingState
from rq_vae_explorer.training.step import MAX_STEPS
from rq_vae_explorer.training.views import encode_one, to_bytes
from rq_vae_explorer.training.worker import Worker

_FARTHEST = 1e4  # for codes moved by hand: squares stay well within float32

_live: weakref.WeakSet[Trainer] = weakref.WeakSet()


class Trainer:
    """Trains one RQ-VAE in the background.

    `settings` are fields of `RunConfig` and `Hyper`; the named arguments are the common ones.
    Construction is cheap: data and networks are made by the worker, on first use. With a `state`
    of your own, its two loss weights are the ones in force, now and later.

    Raises:
        ValueError: an unknown or invalid setting.
    """

    def __init__(
        self,
        state: TrainingState | None = None,
        latent_dim: int = 2,
        num_codes: int = 16,
        num_levels: int = 2,
        learning_rate: float = 1e-3,
        batch_size: int = 64,
        *,
        load: Loader = load_digits,
        **settings: Any,
    ) -> None:
        named = {
            "latent_dim": latent_dim,
            "num_codes": num_codes,
            "num_levels": num_levels,
            "learning_rate": learning_rate,
            "batch_size": batch_size,
        }
        config, hyper = split_settings({**named, **settings})
        self.state = state or TrainingState(hyper.lambda_commit, hyper.lambda_codebook)
        self._load = load
        self._run = LiveRun(self.state, config, hyper, load)
        self._worker = Worker(self._run)
        _live.add(self)

    # ---- reading

    def snapshot(self) -> Snapshot:
        """The newest snapshot; never waits."""
        return self._run.snapshot

    def timeline(self) -> tuple[View, ...]:
        """At most 240 views of this run, evenly thinned, oldest first."""
        return self._run.timeline

    @property
    def config(self) -> RunConfig:
        return self._run.snapshot.config

    @property
    def hyper(self) -> Hyper:
        """The live knobs as they will hold at the next dispatch."""
        return self._run.live_hyper()

    @property
    def model(self) -> Any:
        """The Flax module; `model.apply(trainer.params, x)` runs it."""
        return build_model(self._run.snapshot.config)

    @property
    def params(self) -> dict[str, Any]:
        """A copy of the variables `{"params": ...}` at a dispatch boundary."""
        return self._worker.call(
            lambda: {"params": jax.tree.map(np.array, self._run.ready().params)}
        )

    # ---- life cycle

    def prepare(self, wait: bool = False) -> None:
        """Load the data, build the networks and compile, so that there is something to see."""
        self._worker.call(self._run.prepare, wait=False)
        if wait:
            self._worker.call(self._run.ready)

    def start(self, wait: bool = True) -> None:
        """Train until `stop`; nothing happens if it already does."""
        self._worker.call(self._run.start, wait)

    def stop(self, wait: bool = True) -> None:
        """Stop at the next dispatch boundary; nothing happens if it is not training."""
        self.state.request_stop()
        self._worker.call(self._run.stop, wait)

    def step_once(self, steps: int = 1, wait: bool = True) -> None:
        """Pause, then make exactly `steps` steps (1 to 256)."""
        if not 1 <= steps <= MAX_STEPS:
            raise ValueError(f"steps must be 1 to {MAX_STEPS}, not {steps}")
        self._worker.call(lambda: self._run.steps(steps), wait)

    def train_step(self) -> None:
        """One optimiser step, finished on return."""
        self.step_once()

    def reset(self, wait: bool = True, **settings: Any) -> None:
        """Stop and begin a new run at step 0, with `settings` (RunConfig, Hyper) changed.

        Raises:
            ValueError: an unknown or invalid setting; the old run goes on untouched.
        """
        config, hyper = split_settings(
            {**self.config.model_dump(), **self.hyper.model_dump(), **settings}
        )
        self._worker.call(lambda: self._run.reset(config, hyper), wait)

    def fork(self) -> Trainer:
        """A paused copy of this run that goes its own way; with its own worker, to be closed."""
        settings = {**self.config.model_dump(), **self.hyper.model_dump()}
        copy = Trainer(load=self._load, **settings)
        if self._run.snapshot.view is None:  # it follows from its settings: nothing to copy
            copy.prepare()
        else:
            saved = self._worker.call(self._run.pack)
            copy._worker.call(lambda: copy._run.load(saved))
        return copy

    def close(self) -> None:
        """Stop and end the worker; the trainer cannot be used afterwards."""
        self._worker.close()

    # ---- live knobs

    def set_hyper(self, **knobs: Any) -> Hyper:
        """Change live knobs from the next dispatch on; returns all of them.

        Raises:
            ValueError: an unknown knob or a bad value; nothing changes.
        """
        unknown = set(knobs) - set(Hyper.model_fields)
        if unknown:
            raise ValueError(f"unknown knob {sorted(unknown)[0]!r}")
        _, checked = split_settings({**self.hyper.model_dump(), **knobs})
        if "lambda_commit" in knobs:
            self.state.set_lambda_commit(checked.lambda_commit)
        if "lambda_codebook" in knobs:
            self.state.set_lambda_codebook(checked.lambda_codebook)
        changes = {name: getattr(checked, name) for name in knobs}
        self._worker.call(lambda: self._run.change(changes))
        return self.hyper

    def set_speed_limit(self, steps_per_second: float | None) -> None:
        """Slow motion: at most so many steps a second (0.1 or more), one per dispatch."""
        if steps_per_second is not None and not 0.1 <= steps_per_second <= 1e6:
            raise ValueError(f"steps per second must be at least 0.1, not {steps_per_second}")
        self._worker.call(lambda: self._run.limit(steps_per_second))

    # ---- hands on the codes (level 1-based, code 0-based)

    def kmeans_now(self) -> None:
        """Refit all codes by k-means on fresh latents."""
        self._worker.call(self._run.kmeans)

    def restart_dead_now(self) -> int:
        """Restart the dead codes; returns how many there were."""
        return self._worker.call(self._run.restart_dead)

    def move_code(self, level: int, code: int, position: ArrayLike) -> None:
        """Put a code at `position` (D,)."""
        place = np.asarray(position, np.float32)

        def move(engine: Engine) -> None:
            dim = engine.config.latent_dim
            if place.shape != (dim,) or not (np.abs(place) <= _FARTHEST).all():
                raise ValueError(f"a position has {dim} numbers of at most {_FARTHEST:g}")
            engine.move_code(level - 1, code, place)

        self._worker.call(
            lambda: self._run.on_code(level, code, "moved", "was moved by hand", move)
        )

    def kill_code(self, level: int, code: int) -> None:
        """Put a code where nothing chooses it; only a restart brings it back."""
        self._worker.call(
            lambda: self._run.on_code(
                level, code, "killed", "was killed by hand", lambda e: e.kill_code(level - 1, code)
            )
        )

    def reseed_code(self, level: int, code: int) -> None:
        """Put a code on a random residual of its level."""
        self._worker.call(
            lambda: self._run.on_code(
                level, code, "reseeded", "was re-seeded", lambda e: e.reseed_code(level - 1, code)
            )
        )

    # ---- questions to the model

    def encode_image(self, image: ArrayLike) -> Encoding:
        """Codes, residuals and reconstructions of one image (28, 28), uint8 or float in [0, 1].

        Raises:
            ValueError: another shape, or values that are not finite.
        """
        array = np.asarray(image)
        if array.shape != (28, 28):
            raise ValueError(f"an image is (28, 28), not {array.shape}")
        if array.dtype != np.uint8:
            array = array.astype(np.float32)
            if not np.isfinite(array).all():
                raise ValueError("an image needs finite values in [0, 1]")
            array = to_bytes(array)
        return self._worker.call(lambda: encode_one(self._run.ready(), array))

    def decode_point(self, z: ArrayLike) -> U8:
        """The picture (28, 28) that the decoder draws for one latent (D,)."""

        def decode() -> U8:
            engine = self._run.ready()
            point = np.asarray(z, np.float32)
            if point.shape != (engine.config.latent_dim,) or not np.isfinite(point).all():
                raise ValueError(f"a latent has {engine.config.latent_dim} finite numbers")
            return to_bytes(engine.decode(point[None]))[0]

        return self._worker.call(decode)

    def decode_codes(self, indices: ArrayLike) -> U8:
        """Pictures (N, 28, 28) of codes (N, L'), the first L' <= L levels, at most 4096 at once."""

        def decode() -> U8:
            engine = self._run.ready()
            codes = np.asarray(indices)
            levels, count, _ = engine.codebook.shape
            fits = codes.ndim == 2 and 1 <= codes.shape[1] <= levels and len(codes) <= 4096
            integral = np.issubdtype(codes.dtype, np.integer)
            if not (fits and integral and codes.size) or codes.min() < 0 or codes.max() >= count:
                raise ValueError(f"codes are integers (N, 1..{levels}) from 0 to {count - 1}")
            z = sum(engine.codebook[level][column] for level, column in enumerate(codes.T))
            return to_bytes(engine.decode(np.asarray(z, np.float32)))

        return self._worker.call(decode)

    # ---- runs on disk

    def save(self, folder: str | Path) -> None:
        """Write the run (weights, settings, optimiser) to a run folder, atomically."""
        self._worker.call(lambda: self._run.save(Path(folder)))

    def load(self, folder: str | Path) -> None:
        """Replace the run by one from a run folder, paused at its step."""
        saved = load_run(Path(folder))
        self._worker.call(lambda: self._run.load(saved))


@atexit.register
def _close_all() -> None:
    # A thread inside the compiler at interpreter exit would crash the process.
    for trainer in list(_live):
        trainer.close()

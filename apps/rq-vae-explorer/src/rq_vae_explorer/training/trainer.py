"""The live trainer: one worker thread owns the device; others send commands and read snapshots.

Commands run between dispatches of 50-100 ms, in the order in which they were sent. Those that
change the run return when the worker has carried them out (`wait=False`: at once). After every
dispatch and every command the worker publishes one immutable `Snapshot` by a single assignment.
A reset starts a new generation: nothing of the old run can appear in a later snapshot.
"""

from __future__ import annotations

import atexit
import queue
import threading
import time
import uuid
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

import jax
import numpy as np
from numpy.typing import ArrayLike

from rq_vae_explorer.config import Hyper, RunConfig, split_settings
from rq_vae_explorer.data import DataError, Digits, load_digits
from rq_vae_explorer.data.sources import BUNDLED
from rq_vae_explorer.training.engine import DivergedError, Engine, build_model
from rq_vae_explorer.training.recorder import Recorder
from rq_vae_explorer.training.runs import load_run, save_run
from rq_vae_explorer.training.snapshot import (
    F32,
    U8,
    Encoding,
    EvaluationSet,
    Gallery,
    Snapshot,
    Status,
    View,
)
from rq_vae_explorer.training.state import LOSS_NAMES, TrainingState
from rq_vae_explorer.training.step import MAX_STEPS
from rq_vae_explorer.training.views import (
    Sample,
    encode_one,
    first_of_class,
    make_gallery,
    make_view,
    test_figures,
    to_bytes,
)

_CHUNK_SECONDS = 0.07  # short enough for Stop and sliders, long enough to hide dispatch
_VIEW_SECONDS = 0.1  # at most ten views a second,
_VIEW_BUDGET = 12  # and at most a twelfth of the time spent on them
_GALLERY_SECONDS = 1.0
_GALLERY_BUDGET = 30
_RATE_MEMORY = 0.8
_FARTHEST = 1e4  # for codes moved by hand: squares stay well within float32

Result = TypeVar("Result")
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
        load: Callable[[str, Callable[[str], None]], Digits] = load_digits,
        **settings: Any,
    ) -> None:
        named = {
            "latent_dim": latent_dim,
            "num_codes": num_codes,
            "num_levels": num_levels,
            "learning_rate": learning_rate,
            "batch_size": batch_size,
        }
        self._config, self._hyper = split_settings({**named, **settings})
        self.state = state or TrainingState(self._hyper.lambda_commit, self._hyper.lambda_codebook)
        self._hyper = self._live_hyper()
        self._load = load
        self._commands: queue.Queue[tuple[Callable[[], Any], Future[Any]]] = queue.Queue()
        self._thread: threading.Thread | None = None
        self._thread_lock = threading.Lock()
        self._closed = False

        # Everything below belongs to the worker once it runs.
        self._engine: Engine | None = None
        self._dataset: EvaluationSet | None = None
        self._digits: Digits | None = None
        self._sample: Sample | None = None
        self._training = False
        self._preparing = False
        self._speed_limit: float | None = None
        self._generation = 0
        self._version = 0
        self._message = ""
        self._fresh_run()
        self._snapshot = self._compose()
        _live.add(self)

    # ---- reading

    def snapshot(self) -> Snapshot:
        """The newest snapshot; never waits."""
        return self._snapshot

    def timeline(self) -> tuple[View, ...]:
        """At most 240 views of this run, evenly thinned, oldest first."""
        return self._timeline

    @property
    def config(self) -> RunConfig:
        return self._snapshot.config

    @property
    def hyper(self) -> Hyper:
        """The live knobs as they will hold at the next dispatch."""
        return self._live_hyper()

    @property
    def model(self) -> Any:
        """The Flax module; `model.apply(trainer.params, x)` runs it."""
        return build_model(self._snapshot.config)

    @property
    def params(self) -> dict[str, Any]:
        """A copy of the variables `{"params": ...}` at a dispatch boundary."""
        return self._call(lambda: {"params": jax.tree.map(np.array, self._ready().params)})

    # ---- life cycle

    def prepare(self, wait: bool = False) -> None:
        """Load the data, build the networks and compile, so that there is something to see."""
        self._call(self._do_prepare, wait=False)
        if wait:
            self._call(self._ready)

    def start(self, wait: bool = True) -> None:
        """Train until `stop`; nothing happens if it already does."""
        self._call(self._do_start, wait)

    def stop(self, wait: bool = True) -> None:
        """Stop at the next dispatch boundary; nothing happens if it is not training."""
        self.state.request_stop()
        self._call(self._do_stop, wait)

    def step_once(self, steps: int = 1, wait: bool = True) -> None:
        """Pause, then make exactly `steps` steps (1 to 256)."""
        if not 1 <= steps <= MAX_STEPS:
            raise ValueError(f"steps must be 1 to {MAX_STEPS}, not {steps}")
        self._call(lambda: self._do_steps(steps), wait)

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
        self._call(lambda: self._do_reset(config, hyper), wait)

    def close(self) -> None:
        """Stop and end the worker; the trainer cannot be used afterwards."""
        with self._thread_lock:
            thread, self._closed = self._thread, True
        if thread is not None:
            self._commands.put((_END, Future()))
            thread.join()

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
        self._call(lambda: self._do_change(changes))
        return self.hyper

    def set_speed_limit(self, steps_per_second: float | None) -> None:
        """Slow motion: at most so many steps a second (0.1 or more), one per dispatch."""
        if steps_per_second is not None and not 0.1 <= steps_per_second <= 1e6:
            raise ValueError(f"steps per second must be at least 0.1, not {steps_per_second}")
        self._call(lambda: self._do_limit(steps_per_second))

    # ---- hands on the codes (level 1-based, code 0-based)

    def kmeans_now(self) -> None:
        """Refit all codes by k-means on fresh latents."""
        self._call(self._do_kmeans)

    def restart_dead_now(self) -> int:
        """Restart the dead codes; returns how many there were."""
        return self._call(self._do_restart_dead)

    def move_code(self, level: int, code: int, position: ArrayLike) -> None:
        """Put a code at `position` (D,)."""
        place = np.asarray(position, np.float32)

        def move(engine: Engine) -> None:
            dim = engine.config.latent_dim
            if place.shape != (dim,) or not (np.abs(place) <= _FARTHEST).all():
                raise ValueError(f"a position has {dim} numbers of at most {_FARTHEST:g}")
            engine.move_code(level - 1, code, place)

        self._call(lambda: self._do_code(level, code, "moved", "was moved by hand", move))

    def kill_code(self, level: int, code: int) -> None:
        """Put a code where nothing chooses it; only a restart brings it back."""
        self._call(
            lambda: self._do_code(
                level, code, "killed", "was killed by hand", lambda e: e.kill_code(level - 1, code)
            )
        )

    def reseed_code(self, level: int, code: int) -> None:
        """Put a code on a random residual of its level."""
        self._call(
            lambda: self._do_code(
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
        return self._call(lambda: encode_one(self._ready(), array))

    def decode_point(self, z: ArrayLike) -> U8:
        """The picture (28, 28) that the decoder draws for one latent (D,)."""

        def decode() -> U8:
            engine = self._ready()
            point = np.asarray(z, np.float32)
            if point.shape != (engine.config.latent_dim,) or not np.isfinite(point).all():
                raise ValueError(f"a latent has {engine.config.latent_dim} finite numbers")
            return to_bytes(engine.decode(point[None]))[0]

        return self._call(decode)

    def decode_codes(self, indices: ArrayLike) -> U8:
        """Pictures (N, 28, 28) of codes (N, L'), the first L' <= L levels, at most 4096 at once."""

        def decode() -> U8:
            engine = self._ready()
            codes = np.asarray(indices)
            levels, count, _ = engine.codebook.shape
            fits = codes.ndim == 2 and 1 <= codes.shape[1] <= levels and len(codes) <= 4096
            integral = np.issubdtype(codes.dtype, np.integer)
            if not (fits and integral and codes.size) or codes.min() < 0 or codes.max() >= count:
                raise ValueError(f"codes are integers (N, 1..{levels}) from 0 to {count - 1}")
            z = sum(engine.codebook[level][column] for level, column in enumerate(codes.T))
            return to_bytes(engine.decode(np.asarray(z, np.float32)))

        return self._call(decode)

    # ---- runs on disk

    def save(self, folder: str | Path) -> None:
        """Write the run (weights, settings, optimiser) to a run folder, atomically."""
        self._call(lambda: self._do_save(Path(folder)))

    def load(self, folder: str | Path) -> None:
        """Replace the run by one from a run folder, paused at its step."""
        saved = load_run(Path(folder))
        self._call(lambda: self._do_load(saved))

    # ---- commands, carried out by the worker

    def _do_prepare(self) -> None:
        self._preparing = True

    def _do_start(self) -> None:
        self._training = True
        self._message = ""
        self._failed = False
        self.state.set_training(True)
        self._publish()

    def _do_stop(self) -> None:
        was_training, self._training = self._training, False
        self.state.set_training(False)
        if was_training:
            self._renew_view()
        self._publish()

    def _do_steps(self, steps: int) -> None:
        self._training = self._failed = False
        self._message = ""
        self.state.set_training(False)
        try:
            self._ready()
            self._advance(steps)
        except Exception as error:
            self._fail(error)
            raise
        self._renew_view()
        self._publish()

    def _do_reset(self, config: RunConfig, hyper: Hyper) -> None:
        same_data = self._digits is not None and config.data == self._config.data
        self._training = False
        self._generation += 1
        self._config, self._hyper = config, hyper
        self.state.set_lambda_commit(hyper.lambda_commit)
        self.state.set_lambda_codebook(hyper.lambda_codebook)
        self.state.set_training(False)
        self.state.reset()
        self._engine = None
        if not same_data:
            self._digits, self._dataset = None, None
        self._fresh_run()
        self._publish()
        if self._digits is not None:
            self._ready()
        else:
            self._preparing = True

    def _do_change(self, changes: dict[str, Any]) -> None:
        self._hyper = self._hyper.replace(**changes)
        self._note_hyper()
        self._publish()

    def _do_limit(self, steps_per_second: float | None) -> None:
        self._speed_limit = steps_per_second
        self._publish()

    def _do_kmeans(self) -> None:
        engine = self._ready()
        engine.kmeans_now()
        self._recorder.tell(engine.step, "kmeans", f"k-means placed all codes at {_at(engine)}")
        self._after_hand()

    def _do_restart_dead(self) -> int:
        engine = self._ready()
        dead = engine.restart_dead_now()
        for level, code in np.argwhere(dead):
            text = f"level {level + 1} code {code} was restarted at {_at(engine)}"
            self._recorder.tell(engine.step, "restarted", text, int(level) + 1, int(code))
        self._after_hand()
        return int(dead.sum())

    def _do_code(
        self, level: int, code: int, kind: str, words: str, act: Callable[[Engine], None]
    ) -> None:
        engine = self._ready()
        levels, codes, _ = engine.codebook.shape
        if not (1 <= level <= levels and 0 <= code < codes):
            raise ValueError(f"levels are 1 to {levels}, codes 0 to {codes - 1}")
        act(engine)
        text = f"level {level} code {code} {words} at {_at(engine)}"
        self._recorder.tell(engine.step, kind, text, level, code)
        self._after_hand()

    def _after_hand(self) -> None:
        engine = self._ready()
        self._recorder.accept_codes(engine.state.codebook)
        self._renew_view()
        self._publish()

    def _do_save(self, folder: Path) -> None:
        engine = self._ready()
        save_run(folder, engine.config, self._live_hyper(), engine.state)

    def _do_load(self, saved: Any) -> None:
        self._do_reset(saved.config, saved.hyper)
        engine = self._ready()
        engine.state = saved.restore(engine.state)
        self.state.update(step=engine.step)
        self._recorder.accept_codes(engine.state.codebook)
        self._renew_view()
        self._publish()

    # ---- the worker

    def _call(self, command: Callable[[], Result], wait: bool = True) -> Result:
        """Send a command; with `wait`, its result or its exception comes back here."""
        future: Future[Any] = Future()
        with self._thread_lock:
            if self._closed:
                raise RuntimeError("this trainer was closed")
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._work, name="rq-vae-trainer", daemon=True
                )
                self._thread.start()
            self._commands.put((command, future))
        return future.result() if wait else None  # type: ignore[return-value]

    def _work(self) -> None:
        while True:
            try:
                command, future = self._commands.get(timeout=self._patience())
            except queue.Empty:
                self._carry_on()
                continue
            if command is _END:
                self._training = False
                self.state.set_training(False)
                self._abandon_commands()
                self._publish()
                return
            try:
                future.set_result(command())
            except BaseException as error:
                future.set_exception(error)

    def _abandon_commands(self) -> None:
        while True:
            try:
                _, future = self._commands.get_nowait()
            except queue.Empty:
                return
            future.set_exception(RuntimeError("this trainer was closed"))

    def _patience(self) -> float | None:
        """How long to wait for a command: for ever when paused, not at all at full speed."""
        if self._preparing:
            return 0.0
        if not self._training:
            return None
        return max(0.0, self._next_step_at - time.monotonic()) if self._speed_limit else 0.0

    def _carry_on(self) -> None:
        """One stretch of training: load, compile, or one dispatch; failures go to the page."""
        try:
            if self._engine is None:
                self._ready()
            elif not self._compiled:
                self._compile()
                self._preparing = False
            elif not self._training:
                self._preparing = False
            else:
                self._advance(self._chunk_length())
                self._renew_view_if_due()
                self._publish()
        except Exception as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        self._training = self._preparing = False
        self._failed = True
        self.state.set_training(False)
        known = isinstance(error, DataError | DivergedError)
        text = str(error) if known else f"{type(error).__name__}: {error}"
        self._message = text.splitlines()[0][:300]
        step = self._engine.step if self._engine else 0
        kind = "nan" if isinstance(error, DivergedError) else "error"
        self._recorder.tell(step, kind, self._message)
        self._publish()

    def _ready(self) -> Engine:
        """The engine, made first where there is none yet."""
        if self._engine is None:
            self._phase = Status.LOADING
            self._publish()
            try:
                if self._digits is None:
                    self._load_data()
                assert self._digits is not None
                self._engine = Engine(self._config, self._digits.train_images)
            finally:
                self._phase = Status.PAUSED
            self._recorder.accept_codes(self._engine.state.codebook)
            self._message = ""
            self._renew_view()
            self._publish()
        return self._engine

    def _load_data(self) -> None:
        notice = ""
        try:
            digits = self._load(self._config.data, self._tell_progress)
        except DataError as error:
            if self._config.data == BUNDLED:
                raise
            # The page must stay useful without a network: fall back, and say so.
            notice = f"{error}; training on the bundled digits"
            digits = self._load(BUNDLED, self._tell_progress)
            self._config = self._config.replace(data=BUNDLED)
            self._recorder.tell(0, "error", notice)
        images, labels = digits.stratified_test()
        self._digits = digits
        self._dataset = EvaluationSet(
            name=digits.name,
            images=images,
            labels=labels.astype(np.int32),
            train_size=len(digits.train_images),
            test_size=len(digits.test_images),
            classes=digits.classes,
            notice=notice,
        )
        self._sample = first_of_class(self._dataset)

    def _tell_progress(self, line: str) -> None:
        self._message = line
        self._publish()

    def _compile(self) -> None:
        if self._training:
            self._phase = Status.COMPILING
            self._publish()
        try:
            self._ready().compile(self._live_hyper())
        finally:
            self._phase = Status.PAUSED
        self._compiled = True

    def _chunk_length(self) -> int:
        if self._speed_limit:
            self._next_step_at = max(
                self._next_step_at + 1 / self._speed_limit, time.monotonic() - 0.5
            )
            return 1
        return int(np.clip(_CHUNK_SECONDS / self._seconds_per_step, 1, MAX_STEPS))

    def _advance(self, count: int) -> None:
        engine = self._ready()
        if not self._compiled:
            self._compile()
        self._note_hyper()
        first_step, before = engine.step + 1, engine.codebook
        started = time.monotonic()
        rows = engine.run(count, self._noted_hyper)
        seconds = time.monotonic() - started
        self._seconds += seconds
        self._measure(count, seconds)
        self._motion = (engine.codebook - before) / np.float32(count)
        self._recorder.add_steps(first_step, rows)
        self._recorder.watch_codes(engine.state.codebook, engine.step)
        self.state.add_loss_rows(rows[:, : len(LOSS_NAMES)])
        self.state.update(
            step=engine.step,
            codebook=engine.codebook,
            assignment_counts=engine.window_counts(),
        )

    def _measure(self, count: int, seconds: float) -> None:
        per_step = seconds / count
        if self._measured:
            per_step = _RATE_MEMORY * self._seconds_per_step + (1 - _RATE_MEMORY) * per_step
        self._seconds_per_step, self._measured = per_step, True
        now = time.monotonic()
        elapsed = now - self._last_advance if self._last_advance else seconds
        self._last_advance = now
        # A pause in between is no slowness of training.
        rate = count / (elapsed if elapsed < 10 * seconds + 1.5 else seconds)
        memory = _RATE_MEMORY if self._rate else 0.0
        self._rate = memory * self._rate + (1 - memory) * rate

    def _live_hyper(self) -> Hyper:
        commit, codebook = self.state.get_lambdas()
        return self._hyper.replace(lambda_commit=commit, lambda_codebook=codebook)

    def _note_hyper(self) -> None:
        """Take the knobs for the next dispatch and mark what changed."""
        hyper = self._live_hyper()
        if hyper != self._noted_hyper:
            step = self._engine.step if self._engine else 0
            self._recorder.add_change(step, self._noted_hyper, hyper)
            self._noted_hyper = hyper

    # ---- publishing

    def _fresh_run(self) -> None:
        self._run_id = uuid.uuid4().hex[:12]
        self._phase = Status.PAUSED
        self._failed = False
        self._message = ""
        self._compiled = False
        self._recorder = Recorder(self._config.num_levels)
        self._noted_hyper = self._live_hyper()
        self._seconds = 0.0
        self._seconds_per_step, self._measured = 0.02, False
        self._rate = 0.0
        self._last_advance = 0.0
        self._next_step_at = 0.0
        self._motion: F32 | None = None
        self._view: View | None = None
        self._gallery: Gallery | None = None
        self._timeline: tuple[View, ...] = ()
        self._view_due, self._gallery_due = 0.0, 0.0

    def _renew_view_if_due(self) -> None:
        if time.monotonic() >= self._view_due:
            self._renew_view(also_gallery=time.monotonic() >= self._gallery_due)

    def _renew_view(self, also_gallery: bool = True) -> None:
        if self._engine is None or self._dataset is None or self._sample is None:
            return
        started = time.monotonic()
        view = make_view(self._engine, self._dataset, self._sample, self._motion)
        self._view = view
        self._recorder.add_view(view)
        self._timeline = self._recorder.timeline()
        done = time.monotonic()
        self._view_due = done + max(_VIEW_SECONDS, _VIEW_BUDGET * (done - started))
        if also_gallery:
            self._gallery = make_gallery(self._engine, self._dataset, view, self._noted_hyper)
            self._recorder.add_test(view.step, test_figures(self._engine, self._dataset, view))
            now = time.monotonic()
            self._gallery_due = now + max(_GALLERY_SECONDS, _GALLERY_BUDGET * (now - done))
        self.state.update(
            encoder_outputs=view.z_e,
            encoder_labels=self._dataset.labels,
            codebook=view.codebook,
            reconstructions=view.sample_recons[-1][..., None].astype(np.float32) / 255,
            sample_inputs=view.sample_inputs[..., None].astype(np.float32) / 255,
        )

    def _status(self) -> Status:
        if self._phase in (Status.LOADING, Status.COMPILING):
            return self._phase
        if self._failed:
            return Status.FAILED
        return Status.TRAINING if self._training else Status.PAUSED

    def _compose(self) -> Snapshot:
        config = self._config
        shape = (config.num_levels, config.num_codes, config.latent_dim)
        self._version += 1
        return Snapshot(
            version=self._version,
            generation=self._generation,
            run_id=self._run_id,
            status=self._status(),
            message=self._message,
            step=self._engine.step if self._engine else 0,
            steps_per_second=self._rate if self._training else 0.0,
            seconds=self._seconds,
            config=config,
            hyper=self._noted_hyper,
            speed_limit=self._speed_limit,
            dataset=self._dataset,
            view=self._view,
            gallery=self._gallery,
            curves=self._recorder.curves(),
            trails=self._recorder.trails(shape),
            events=self._recorder.events(),
        )

    def _publish(self) -> None:
        self._snapshot = self._compose()


def _END() -> None:
    """Not a command: its arrival ends the worker."""


def _at(engine: Engine) -> str:
    return f"step {engine.step:,}"


@atexit.register
def _close_all() -> None:
    # A thread inside the compiler at interpreter exit would crash the process.
    for trainer in list(_live):
        trainer.close()

"""The run that the worker owns: engine, data, memory and pace, and every command on them.

Nothing here is thread-safe, and nothing needs to be: `Worker` calls all of it from one thread.
Only `snapshot` and `timeline` are read by others; they are replaced whole, never changed.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from rq_vae_explorer.config import Hyper, RunConfig
from rq_vae_explorer.data import DataError, Digits
from rq_vae_explorer.data.sources import BUNDLED
from rq_vae_explorer.training.engine import DivergedError, Engine
from rq_vae_explorer.training.pace import Pace
from rq_vae_explorer.training.recorder import Recorder
from rq_vae_explorer.training.runs import SavedRun, pack_run, save_run
from rq_vae_explorer.training.snapshot import (
    F32,
    EvaluationSet,
    Gallery,
    Snapshot,
    Status,
    View,
)
from rq_vae_explorer.training.state import LOSS_NAMES, TrainingState
from rq_vae_explorer.training.views import (
    Sample,
    first_of_class,
    make_gallery,
    make_view,
    test_figures,
)

# Views take about a twelfth of the time and pictures a thirtieth, within these pauses in seconds:
# the longest ones bound what a first call with its compilation, or a busy machine, may hold up.
_VIEW_SECONDS, _VIEW_BUDGET = (0.1, 0.4), 12
_GALLERY_SECONDS, _GALLERY_BUDGET = (1.0, 4.0), 30


def _pause(spent: float, budget: float, shortest: float, longest: float) -> float:
    """Seconds until work that took `spent` seconds is due again."""
    return min(longest, max(shortest, budget * spent))


Loader = Callable[[str, Callable[[str], None]], Digits]


class LiveRun:
    """One run at a time, from data to snapshots."""

    def __init__(self, state: TrainingState, config: RunConfig, hyper: Hyper, load: Loader) -> None:
        self._state = state
        self._config, self._hyper = config, hyper
        self._load = load
        self._engine: Engine | None = None
        self._digits: Digits | None = None
        self._dataset: EvaluationSet | None = None
        self._sample: Sample | None = None
        self._training = False
        self._preparing = False
        self._generation = 0
        self._version = 0
        self._pace = Pace()
        self._fresh_run()
        self.snapshot = self._compose()

    def prepare(self) -> None:
        self._preparing = True

    def start(self) -> None:
        self._training = True
        self._message = ""
        self._failed = False
        self._state.set_training(True)
        self._publish()

    def stop(self) -> None:
        was_training, self._training = self._training, False
        self._state.set_training(False)
        if was_training:
            self._renew_view()
        self._publish()

    def steps(self, steps: int) -> None:
        self._training = self._failed = False
        self._message = ""
        self._state.set_training(False)
        try:
            self.ready()
            self._advance(steps)
        except Exception as error:
            self._fail(error)
            raise
        self._renew_view()
        self._publish()

    def reset(self, config: RunConfig, hyper: Hyper) -> None:
        same_data = self._digits is not None and config.data == self._config.data
        self._training = False
        self._generation += 1
        self._config, self._hyper = config, hyper
        self._state.set_lambda_commit(hyper.lambda_commit)
        self._state.set_lambda_codebook(hyper.lambda_codebook)
        self._state.set_training(False)
        self._state.reset()
        self._engine = None
        if not same_data:
            self._digits, self._dataset = None, None
        self._fresh_run()
        self._publish()
        if self._digits is not None:
            self.ready()
        else:
            self._preparing = True

    def change(self, changes: dict[str, Any]) -> None:
        self._hyper = self._hyper.replace(**changes)
        self._note_hyper()
        self._publish()

    def limit(self, steps_per_second: float | None) -> None:
        self._pace.limit = steps_per_second
        self._publish()

    def kmeans(self) -> None:
        engine = self.ready()
        engine.kmeans_now()
        self._recorder.tell(engine.step, "kmeans", f"k-means placed all codes at {_at(engine)}")
        self._after_hand()

    def restart_dead(self) -> int:
        engine = self.ready()
        dead = engine.restart_dead_now()
        for level, code in np.argwhere(dead):
            text = f"level {level + 1} code {code} was restarted at {_at(engine)}"
            self._recorder.tell(engine.step, "restarted", text, int(level) + 1, int(code))
        self._after_hand()
        return int(dead.sum())

    def on_code(
        self, level: int, code: int, kind: str, words: str, act: Callable[[Engine], None]
    ) -> None:
        engine = self.ready()
        levels, codes, _ = engine.codebook.shape
        if not (1 <= level <= levels and 0 <= code < codes):
            raise ValueError(f"levels are 1 to {levels}, codes 0 to {codes - 1}")
        act(engine)
        text = f"level {level} code {code} {words} at {_at(engine)}"
        self._recorder.tell(engine.step, kind, text, level, code)
        self._after_hand()

    def _after_hand(self) -> None:
        engine = self.ready()
        self._recorder.accept_codes(engine.state.codebook)
        self._renew_view()
        self._publish()

    def save(self, folder: Path) -> None:
        engine = self.ready()
        save_run(folder, engine.config, self.live_hyper(), engine.state)

    def pack(self) -> SavedRun:
        engine = self.ready()
        return pack_run(engine.config, self.live_hyper(), engine.state)

    def load(self, saved: SavedRun) -> None:
        self.reset(saved.config, saved.hyper)
        engine = self.ready()
        engine.state = saved.restore(engine.state)
        self._state.update(step=engine.step)
        self._recorder.accept_codes(engine.state.codebook)
        self._renew_view()
        self._publish()

    # ---- between commands

    def patience(self) -> float | None:
        """How long to wait for a command: for ever when paused, not at all at full speed."""
        if self._preparing:
            return 0.0
        return self._pace.wait() if self._training else None

    def carry_on(self) -> None:
        """One stretch of training: load, compile, or one dispatch; failures go to the page."""
        try:
            if self._engine is None:
                self.ready()
            elif not self._compiled:
                self._compile()
                self._preparing = False
            elif not self._training:
                self._preparing = False
            else:
                self._advance(self._pace.next_length())
                self._renew_view_if_due()
                self._publish()
        except Exception as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        self._training = self._preparing = False
        self._failed = True
        self._state.set_training(False)
        known = isinstance(error, DataError | DivergedError)
        text = str(error) if known else f"{type(error).__name__}: {error}"
        self._message = text.splitlines()[0][:300]
        step = self._engine.step if self._engine else 0
        kind = "nan" if isinstance(error, DivergedError) else "error"
        self._recorder.tell(step, kind, self._message)
        self._publish()

    def ready(self) -> Engine:
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
            self.ready().compile(self.live_hyper())
        finally:
            self._phase = Status.PAUSED
        self._compiled = True

    def _advance(self, count: int) -> None:
        engine = self.ready()
        if not self._compiled:
            self._compile()
        self._note_hyper()
        first_step, before = engine.step + 1, engine.codebook
        started = time.monotonic()
        rows = engine.run(count, self._noted_hyper)
        seconds = time.monotonic() - started
        self._pace.note(count, seconds)
        self._motion = (engine.codebook - before) / np.float32(count)
        self._recorder.add_steps(first_step, rows)
        self._recorder.watch_codes(engine.state.codebook, engine.step)
        self._state.add_loss_rows(rows[:, : len(LOSS_NAMES)])
        self._state.update(
            step=engine.step,
            codebook=engine.codebook,
            assignment_counts=engine.window_counts(),
        )

    def live_hyper(self) -> Hyper:
        commit, codebook = self._state.get_lambdas()
        return self._hyper.replace(lambda_commit=commit, lambda_codebook=codebook)

    def _note_hyper(self) -> None:
        """Take the knobs for the next dispatch and mark what changed."""
        hyper = self.live_hyper()
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
        self._noted_hyper = self.live_hyper()
        self._pace = Pace(self._pace.limit)
        self._motion: F32 | None = None
        self._view: View | None = None
        self._gallery: Gallery | None = None
        self.timeline: tuple[View, ...] = ()
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
        self.timeline = self._recorder.timeline()
        done = time.monotonic()
        self._view_due = done + _pause(done - started, _VIEW_BUDGET, *_VIEW_SECONDS)
        if also_gallery:
            self._gallery = make_gallery(self._engine, self._dataset, view, self._noted_hyper)
            self._recorder.add_test(view.step, test_figures(self._engine, self._dataset, view))
            now = time.monotonic()
            self._gallery_due = now + _pause(now - done, _GALLERY_BUDGET, *_GALLERY_SECONDS)
        self._state.update(
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
            steps_per_second=self._pace.rate if self._training else 0.0,
            seconds=self._pace.seconds,
            config=config,
            hyper=self._noted_hyper,
            speed_limit=self._pace.limit,
            dataset=self._dataset,
            view=self._view,
            gallery=self._gallery,
            curves=self._recorder.curves(),
            trails=self._recorder.trails(shape),
            events=self._recorder.events(),
        )

    def shut(self) -> None:
        """The end: nothing trains any more."""
        self._training = self._preparing = False
        self._state.set_training(False)
        self._publish()

    def _publish(self) -> None:
        self.snapshot = self._compose()


def _at(engine: Engine) -> str:
    return f"step {engine.step:,}"

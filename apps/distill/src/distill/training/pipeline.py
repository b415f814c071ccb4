"""Training as one command sees it: folder in, `.distill` file out, three stages between.

Each stage has its own seeded generator and ends in a usable model file, so that an interrupted
run leaves something that plays.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from pydantic import TypeAdapter
from torch import Tensor
from tqdm import tqdm

from distill.audio.spectrogram import AudioSpectrogram
from distill.config import VQVAEConfig
from distill.errors import TrainingError
from distill.models.persistence import LoadedVQModel, save_model
from distill.training.autoencoder import AutoencoderStage, crop_frames
from distill.training.banks import MelBank, WaveBank
from distill.training.checkpoint import Checkpoint, Stage, capture, restore
from distill.training.config import STAGES, TrainingConfig, automatic_codebook_size
from distill.training.corpus import Corpus, load_corpus
from distill.training.distributed import Processes
from distill.training.export import assemble_model
from distill.training.job import Job
from distill.training.loop import Budget, Monitor, Position, run_stage
from distill.training.prior import PriorStage
from distill.training.vocoder import VocoderStage

_SHARES = {"autoencoder": 0.45, "vocoder": 0.43, "prior": 0.12}
_CONFIG = TypeAdapter(TrainingConfig)


def train(job: Job) -> LoadedVQModel:
    """Train all stages and write the model.

    Raises:
        CorpusError, TrainingError, ModelFileError: each with one line that says what to do.
        TrainingStopped: `should_stop` said so; the state and a model so far are saved.
    """
    _check_batches(job.peers)
    before = Checkpoint.load(job.state_path) if job.resume else None
    run = _Run.prepare(job)
    if not job.peers.same(f"{run.identity} {before and (before.stage, before.step)}"):
        job.peers.refuse(
            "the processes were given different sounds, options or saved states; "
            "start them alike, on copies of one folder"
        )
    if before is None:
        if job.peers.first:
            job.metrics_path.unlink(missing_ok=True)
    elif before.run != run.identity:
        raise TrainingError(
            f"{job.state_path}: belongs to another run (other sounds, seed or sizes); "
            "resume with the options it was started with, or start without --resume"
        )
    with _private_randomness(job.config.seed):
        for name in STAGES:
            before = run.stage(name, before)
        loaded = run.write_model()
    if job.peers.first:
        job.state_path.unlink(missing_ok=True)
    return loaded


@dataclass
class _Run:
    """A run under way: what is prepared once, and what the stages leave behind."""

    job: Job
    corpus: Corpus
    spectrogram: AudioSpectrogram
    vqvae: VQVAEConfig
    waves: WaveBank
    mels: MelBank
    identity: Mapping[str, Any]
    finished: dict[str, dict[str, Tensor]]
    figures: dict[str, dict[str, float]]

    @classmethod
    def prepare(cls, job: Job) -> "_Run":
        c = job.config
        bar = _progress(job.show and job.peers.first)
        corpus = load_corpus(job.folder, c.spectrogram.sample_rate, bar)
        say = job.say if job.peers.first else _silent
        for remark in corpus.remarks:
            say(remark)
        spectrogram = AudioSpectrogram(c.spectrogram)
        frame_rate = c.spectrogram.sample_rate / c.spectrogram.hop_length
        seconds = corpus.seconds(c.spectrogram.sample_rate)
        columns = int(seconds * frame_rate / c.vqvae.stride)
        vqvae = replace(
            c.vqvae,
            n_mels=c.spectrogram.n_mels,
            mel_floor=spectrogram.floor_value,
            num_quantizers=c.levels,
            codebook_size=c.codebook_size or automatic_codebook_size(columns),
        )
        say(
            f"{len(corpus.train)} sounds to learn from ({seconds:.0f} s), {len(corpus.held_out)} "
            f"held out; {vqvae.num_quantizers} levels of {vqvae.codebook_size} codes"
        )
        longest = max(crop_frames(vqvae, frame_rate), VocoderStage.crop_hops)
        waves = WaveBank.of(corpus, spectrogram, at_least=longest)
        return cls(
            job,
            corpus,
            spectrogram,
            vqvae,
            waves,
            MelBank.of(waves, spectrogram),
            {"config": _CONFIG.dump_python(c, mode="json"), "corpus": _corpus_hash(corpus)},
            {},
            {},
        )

    def stage(self, name: str, before: Checkpoint | None) -> Checkpoint | None:
        """Run one stage, or take it over from a checkpoint; what is left of the checkpoint."""
        if before is not None and name in before.finished:
            self.finished[name] = dict(before.finished[name])
            self.figures[name] = dict(before.figures.get(name, {}))
            return before
        stage, begin = self._build(name), Position()
        if before is not None and before.stage == name:
            restore(stage, before.tensors)
            begin = Position(before.step, before.seconds)
        else:
            stage.start()
        self.job.peers.agree(stage.module)

        heard: Mapping[str, float] = {}

        def save(position: Position, figures: Mapping[str, float], stopping: bool) -> None:
            nonlocal heard
            self._save(stage, position)
            if stopping or (figures is not heard and figures):
                heard = figures
                self._keep(stage, figures or stage.validate())
                self.write_model()

        job = self.job
        monitor = Monitor(job.metrics_path, save, job.should_stop, job.peers, job.show)
        self._keep(stage, run_stage(stage, self._budget(name), begin, monitor))
        if job.peers.first:
            job.say(_summary(name, self.figures[name]))
            if name != STAGES[-1]:
                self.write_model()
        return None

    def write_model(self) -> LoadedVQModel:
        """The model as far as it has learnt; the first process writes it to its file."""
        # Building modules draws random numbers, which training must not miss.
        with torch.random.fork_rng(devices=[]):
            model = assemble_model(
                self.job,
                self.corpus,
                self.spectrogram.config,
                self.vqvae,
                self.finished,
                self.figures,
            )
        return save_model(self.job.out, model) if self.job.peers.first else model

    def _keep(self, stage: Stage, figures: Mapping[str, float]) -> None:
        self.finished[stage.name] = {k: v.clone() for k, v in stage.module.state_dict().items()}
        self.figures[stage.name] = dict(figures)

    def _save(self, stage: Stage, position: Position) -> None:
        Checkpoint(
            run=self.identity,
            stage=stage.name,
            step=position.step,
            seconds=position.seconds,
            finished={k: v for k, v in self.finished.items() if k != stage.name},
            tensors=capture(stage),
            figures=self.figures,
        ).save(self.job.state_path)

    def _budget(self, name: str) -> Budget:
        c = self.job.config
        steps = getattr(c.steps, name) if c.steps else None
        return Budget(steps, c.minutes * 60 * _SHARES[name])

    def _build(self, name: str) -> Stage:
        c = self.job.config
        generator = torch.Generator().manual_seed(c.seed * len(STAGES) + STAGES.index(name))
        torch.manual_seed(generator.initial_seed())
        waves = tuple(clip.waveform for clip in self.corpus.held_out)
        frame_rate = c.spectrogram.sample_rate / c.spectrogram.hop_length
        if name == "autoencoder":
            mels = tuple(self.spectrogram.waveform_to_mel(w[None, None])[0, 0] for w in waves)
            return AutoencoderStage(
                self.vqvae, self.mels, mels, frame_rate, generator, self.job.peers
            )
        autoencoder = assemble_model(
            self.job, self.corpus, self.spectrogram.config, self.vqvae, self.finished, {}
        ).model
        if name == "vocoder":
            return VocoderStage(
                c.vocoder,
                self.spectrogram,
                autoencoder,
                self.waves,
                waves,
                generator,
                self.job.peers,
            )
        return PriorStage(
            c.prior, autoencoder, self.corpus, self.spectrogram, generator, self.job.peers
        )


def _check_batches(peers: Processes) -> None:
    batches = [stage.batch for stage in (AutoencoderStage, VocoderStage, PriorStage)]
    if any(batch % peers.size for batch in batches):
        fit = [n for n in range(1, min(batches) + 1) if not any(b % n for b in batches)]
        peers.refuse(
            f"{peers.size} processes cannot share batches of {', '.join(map(str, batches))} "
            f"evenly; start one of {', '.join(map(str, fit))}"
        )


@contextmanager
def _private_randomness(seed: int) -> Iterator[None]:
    """Weights start from a seeded global generator, which is given back as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def _progress(show: bool) -> Callable[[list[Path]], Iterable[Path]]:
    return lambda files: tqdm(files, desc="reading", unit="file", disable=not show, leave=False)


def _silent(line: str) -> None:
    """What all processes but the first say."""


def _corpus_hash(corpus: Corpus) -> str:
    names = [f"{c.name} {c.sha256}" for part in (corpus.train, corpus.held_out) for c in part]
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def _summary(name: str, figures: Mapping[str, float]) -> str:
    told = ", ".join(f"{key.replace('_', ' ')} {value:.3f}" for key, value in figures.items())
    return f"{name} done: {told}"

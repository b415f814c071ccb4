"""What all tabs work with: models, sessions, examples, and how a sound becomes a clip."""

import threading
import warnings
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from torch import Tensor

from distill.audio.io import AudioWarning, load_audio, to_mono
from distill.errors import AudioFileError, DistillError
from distill.inference import encode_audio_file
from distill.models.persistence import LoadedVQModel
from distill.ui.audio_payload import to_pcm
from distill.ui.clips import Clip, Codes
from distill.ui.library import ModelLibrary, labels_of
from distill.ui.sessions import Session, SessionStore
from distill.ui.training_desk import TrainingDesk

LONGEST_S = 3600.0
_MOST_ENCODED = 200


@dataclass(frozen=True)
class Example:
    """A sound that ships with distill: id, title, path."""

    id: str
    name: str
    path: Path


@dataclass(frozen=True)
class Workshop:
    """Everything that outlives a request.

    examples: sounds one click away, the first is open at the start; upload_dir: the only folder
    that uploaded files are read from; desk: the one training.
    """

    library: ModelLibrary
    examples: list[Example]
    upload_dir: Path
    desk: TrainingDesk
    sessions: SessionStore = field(default_factory=SessionStore)
    _encoded: dict[tuple[str, str], Clip] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def model_of(self, session: Session) -> LoadedVQModel:
        """The model that a session works with; the default where its own is gone."""
        try:
            return self.library.load(session.model_id or self.library.default_id)
        except DistillError:
            session.model_id = self.library.default_id
            return self.library.load(session.model_id)

    def open_example(self, session: Session, example_id: str) -> Clip:
        """An example as a fresh clip; encoded once per model, however many open it."""
        loaded = self.model_of(session)
        known = self._example(loaded, example_id)
        return session.add(
            Clip(
                name=known.name,
                source=known.source,
                loaded=loaded,
                codes=known.codes.copy(),
                samples=known.samples,
                original=known.original,
                labels=labels_of(loaded),
            )
        )

    def warm_up(self) -> None:
        """Load the model and encode the first example, so that the first page need not wait."""
        with suppress(DistillError, IndexError):
            self._example(self.library.load(self.library.default_id), self.examples[0].id)

    def example_codes(self, loaded: LoadedVQModel, example_id: str) -> Codes:
        """The codes (W, L) that a model gives an example."""
        return self._example(loaded, example_id).codes

    def _example(self, loaded: LoadedVQModel, example_id: str) -> Clip:
        example = next((e for e in self.examples if e.id == example_id), None)
        if example is None:
            raise AudioFileError("there is no such example")
        with self._lock:
            key = (loaded.model_id, example.id)
            if key not in self._encoded:
                if len(self._encoded) > _MOST_ENCODED:
                    self._encoded.clear()
                self._encoded[key] = encode(
                    example.path, example.name, f"example:{example.id}", loaded
                )
            return self._encoded[key]

    def uploaded(self, path: str) -> Path:
        """The file behind an upload; refuses everything outside the upload folder."""
        found = Path(path).resolve()
        if not found.is_relative_to(self.upload_dir.resolve()) or not found.is_file():
            raise AudioFileError("that upload is gone: drop the file again")
        return found


def encode(path: Path, name: str, source: str, loaded: LoadedVQModel) -> Clip:
    """Read a sound file and turn it into codes. Raises `AudioFileError`."""
    rate = loaded.spectrogram.config.sample_rate
    try:
        with warnings.catch_warnings():
            # What the mono mix cancels is heard on the page at once, A against B.
            warnings.simplefilter("ignore", AudioWarning)
            original = to_mono(load_audio(path, rate).waveform, name)
            if len(original) > LONGEST_S * rate:
                raise AudioFileError(
                    f"{path}: {len(original) / rate / 60:.0f} minutes are too long for this page; "
                    "use `distill encode`"
                )
            encoded = encode_audio_file(path, loaded)
    except AudioFileError as error:
        raise AudioFileError(str(error).replace(str(path), name)) from None
    return Clip(
        name=name,
        source=source,
        loaded=loaded,
        codes=codes_of(encoded["indices"]),
        samples=len(original),
        original=to_pcm(original),
        labels=labels_of(loaded),
    )


def codes_of(indices: Tensor) -> Codes:
    """(1, W, L) indices -> (W, L) int16."""
    return np.ascontiguousarray(indices[0].cpu().numpy().astype(np.int16))

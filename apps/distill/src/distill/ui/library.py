"""The models that the page offers: those that ship with distill and those in one folder.

The browser names a model by its id (a hash in its header) and never by a path, so nothing
outside the folder can be read, renamed or deleted. Cards are made from headers alone.
"""

import re
import shutil
import threading
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from pathlib import Path

from distill.atomic import replacing
from distill.errors import ModelFileError
from distill.labels import get_level_labels
from distill.models.header import ModelHeader, read_header
from distill.models.persistence import (
    SUFFIX,
    LoadedVQModel,
    list_models,
    load_model,
    save_model,
)

_MOST_LOADED = 4
_MOST_BYTES = 2**30
_NAME_LENGTH = 80


@dataclass(frozen=True)
class Entry:
    """A model on the shelf.

    id: names it in the browser; own: in the user's folder (and so may be renamed and deleted);
    problem: why it cannot be used, where `header` is None.
    """

    id: str
    path: Path
    own: bool
    header: ModelHeader | None
    problem: str = ""

    @property
    def name(self) -> str:
        """Its title: what the header says, or the file's name."""
        return (self.header.metadata.name if self.header else "") or self.path.stem


@dataclass(frozen=True)
class ModelKey:
    """A loaded model as a key of caches: two are equal when their ids are."""

    id: str
    loaded: LoadedVQModel = field(compare=False)


class ModelLibrary:
    """Models by id.

    Args:
        shipped: files that come with distill, the first is the default; never changed.
        folder: the user's models; made when the first one is added.
    """

    def __init__(self, shipped: list[Path], folder: Path) -> None:
        self._shipped = shipped
        self.folder = folder
        self._loaded: OrderedDict[str, LoadedVQModel] = OrderedDict()
        self._lock = threading.RLock()

    def entries(self) -> list[Entry]:
        """All models, shipped ones first."""
        shipped = [_entry(path, False) for path in self._shipped]
        known = {entry.id for entry in shipped}
        listed = list_models(self.folder) if self.folder.is_dir() else []
        own = [_entry(model.path, True) for model in listed]
        return shipped + [entry for entry in own if entry.id not in known]

    def entry(self, model_id: str) -> Entry:
        """The model of that id. Raises `ModelFileError` where there is none."""
        for entry in self.entries():
            if entry.id == model_id:
                return entry
        raise ModelFileError("there is no such model any more: reload the page")

    @property
    def default_id(self) -> str:
        """The model that a new session starts with. Raises `ModelFileError` without any."""
        for entry in self.entries():
            if entry.header is not None:
                return entry.id
        raise ModelFileError("there is no model yet: train one on the Train tab, or import one")

    def load(self, model_id: str) -> LoadedVQModel:
        """The model ready for use; the last few stay in memory, shared by all sessions."""
        with self._lock:
            if model_id not in self._loaded:
                self._loaded[model_id] = load_model(self.entry(model_id).path)
                while len(self._loaded) > _MOST_LOADED:
                    self._loaded.popitem(last=False)
            self._loaded.move_to_end(model_id)
            return self._loaded[model_id]

    def rename(self, model_id: str, name: str) -> str:
        """Give an own model another title; returns its id, which changes with its header."""
        with self._lock:
            entry = self._own(model_id)
            title = clean_title(name)
            loaded = load_model(entry.path)
            named = replace(loaded, metadata=replace(loaded.metadata, name=title))
            saved = save_model(entry.path, named)
            self._loaded.pop(model_id, None)
            return saved.model_id

    def delete(self, model_id: str) -> None:
        """Remove an own model's file."""
        with self._lock:
            self._own(model_id).path.unlink(missing_ok=True)
            self._loaded.pop(model_id, None)

    def add(self, source: Path, title: str | None = None) -> Entry:
        """Copy a model file into the folder, after checking all of it; `title` names its file.

        Raises `ModelFileError` where it is not a whole distill model.
        """
        if source.stat().st_size > _MOST_BYTES:
            raise ModelFileError("that file is larger than any distill model")
        name = title or source.stem
        try:
            load_model(source)
        except ModelFileError as error:
            # The message names the upload's temporary path, which means nothing to the reader.
            raise ModelFileError(str(error).replace(str(source), name)) from None
        with self._lock:
            path = self.free_path(name)
            with replacing(path) as temporary:
                shutil.copyfile(source, temporary)
        return _entry(path, True)

    def free_path(self, title: str) -> Path:
        """A path in the folder for a new model of that title."""
        self.folder.mkdir(parents=True, exist_ok=True)
        stem = re.sub(r"[^A-Za-z0-9._-]+", "-", title).strip("-._")[:_NAME_LENGTH] or "model"
        path = self.folder / f"{stem}{SUFFIX}"
        for number in range(2, 10_000):
            if not path.exists():
                break
            path = self.folder / f"{stem}-{number}{SUFFIX}"
        return path

    def _own(self, model_id: str) -> Entry:
        entry = self.entry(model_id)
        if not entry.own:
            raise ModelFileError("the model that ships with distill stays as it is")
        return entry


def labels_of(loaded: LoadedVQModel) -> list[str]:
    """Names of a model's levels: its own, or the defaults."""
    return get_level_labels(loaded.model.num_quantizers, loaded.metadata.level_labels)


def clean_title(name: str) -> str:
    """One line of at most 80 printable characters. Raises `ModelFileError` if nothing is left."""
    title = " ".join("".join(c if c.isprintable() else " " for c in name).split())[:_NAME_LENGTH]
    if not title:
        raise ModelFileError("a name has at least one letter")
    return title


def _entry(path: Path, own: bool) -> Entry:
    try:
        header = read_header(path)
    except ModelFileError as error:
        return Entry(
            f"broken-{path.name}", path, own, None, str(error).replace(str(path), path.name)
        )
    return Entry(header.metadata.sha256[:16], path, own, header)

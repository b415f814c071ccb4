"""idx files and the cache of downloads, for the explorer's `train --data` and its remote sets."""

from __future__ import annotations

import functools
import gzip
import hashlib
import http.server
import io
import lzma
import os
import resource
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from faults import commands
from faults.outcome import Tried
from faults.zoo.keeper import show
from rq_vae_explorer.cli import main
from rq_vae_explorer.data import DataError, Digits
from rq_vae_explorer.data.cache import CACHE_VARIABLE
from rq_vae_explorer.data.idx import write_idx
from rq_vae_explorer.data.remote import RemoteSource, load_source

_COUNT = 80
_MOST_EXTRA_MEMORY = 300_000  # kilobytes
_LONGEST = 60.0  # seconds; a library that tries again takes its time
_RNG = np.random.default_rng(0)
_IMAGES = _RNG.integers(0, 256, (_COUNT, 28, 28), np.uint8)
_LABELS = (np.arange(_COUNT) % 10).astype(np.uint8)
_WHOLE = write_idx(_IMAGES)
_ZEROS = bytes(10_000_000)


def _labels(changed: int) -> bytes:
    labels = _LABELS.copy()
    labels[3] = changed
    return write_idx(labels)


def _bomb(compress: Callable[[bytes], bytes]) -> bytes:
    """An honest beginning, then two gigabytes of nothing."""
    return compress(_WHOLE) + compress(_ZEROS) * 200


# Which file of the training split it stands for, its content (None: a folder), whether it is good.
IDX: dict[str, tuple[str, bytes | None, bool]] = {
    "plain": ("images", _WHOLE, True),
    "gzip": ("images", gzip.compress(_WHOLE), True),
    "xz": ("images", lzma.compress(_WHOLE), True),
    "empty": ("images", b"", False),
    "a folder": ("images", None, False),
    "text": ("images", b"no digits here\n" * 99, False),
    "a picture": ("images", b"\x89PNG\r\n\x1a\n" + bytes(99), False),
    "wrong magic": ("images", b"\1\2" + _WHOLE[2:], False),
    "type of floats": ("images", b"\0\0\x0d" + _WHOLE[3:], False),
    "labels for images": ("images", write_idx(_LABELS), False),
    "images for labels": ("labels", _WHOLE, False),
    "rank 255": ("images", b"\0\0\x08\xff" + _WHOLE[4:], False),
    "header cut short": ("images", _WHOLE[:9], False),
    "header alone": ("images", _WHOLE[:16], False),
    "cut short": ("images", _WHOLE[:-1], False),
    "more than it says": ("images", _WHOLE + b"x", False),
    "claims 4,294,967,295 images": ("images", _WHOLE[:4] + b"\xff" * 4 + _WHOLE[8:], False),
    "claims 2**96 bytes": ("images", _WHOLE[:4] + b"\xff" * 12 + _WHOLE[16:], False),
    "no images": ("images", write_idx(_IMAGES[:0]), False),
    "27x28": ("images", write_idx(_IMAGES[:, 1:]), False),
    "gzip cut short": ("images", gzip.compress(_WHOLE)[:-20], False),
    "gzip's header alone": ("images", gzip.compress(_WHOLE)[:10], False),
    "gzip with a wrong checksum": ("images", gzip.compress(_WHOLE)[:-8] + bytes(8), False),
    "gzip of text": ("images", gzip.compress(b"no digits"), False),
    "gzip bomb": ("images", _bomb(gzip.compress), False),
    "gzip bomb, honest header": ("images", gzip.compress(_WHOLE[:4] + _ZEROS) * 200, False),
    "xz cut short": ("images", lzma.compress(_WHOLE)[:-20], False),
    "xz bomb": ("images", _bomb(lzma.compress), False),
    "gzip in gzip": ("images", gzip.compress(gzip.compress(_WHOLE)), False),
    "label 10": ("labels", _labels(10), False),
    "label 255": ("labels", _labels(255), False),
    "a label too few": ("labels", write_idx(_LABELS[1:]), False),
    "no labels": ("labels", write_idx(_LABELS[:0]), False),
}
_RESULT = "taken where whole, else refused in one line; memory bounded, none over 10 s"


def idx_files(subject: ModuleType, count: int) -> Tried:
    """Each specimen in a folder of idx files that is otherwise whole."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ[CACHE_VARIABLE] = str(folder / "cache")

        def take(specimen: str) -> str:
            part, content, good = IDX[specimen]
            data = folder / "data"
            shutil.rmtree(data, ignore_errors=True)
            _write(data, "")
            path = data / f"train-{part}-idx{3 if part == 'images' else 1}-ubyte"
            path.unlink()
            path.mkdir() if content is None else path.write_bytes(content)
            memory = _memory()
            ran = commands.run(main, ["train", "--steps", "1", "--data", str(data)])
            if not good and _memory() - memory > _MOST_EXTRA_MEMORY:
                return f"memory grew by {(_memory() - memory) // 1000} MB"
            lines = len(ran.said.strip().splitlines())
            if not good and lines != 1:
                return f"{lines} lines: {ran.said[-200:]!r}"
            return ran.problem((0,) if good else (1,))

        return show(IDX, count, take, _RESULT)


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _write(folder: Path, suffix: str) -> None:
    folder.mkdir()
    pack = gzip.compress if suffix else bytes
    for split in ("train", "t10k"):
        (folder / f"{split}-images-idx3-ubyte{suffix}").write_bytes(pack(_WHOLE))
        (folder / f"{split}-labels-idx1-ubyte{suffix}").write_bytes(pack(write_idx(_LABELS)))


class _Site(http.server.SimpleHTTPRequestHandler):
    """Serves a folder. `manner`: how it misbehaves."""

    manner = ""

    def log_message(self, *_: Any) -> None:
        pass

    def do_HEAD(self) -> None:
        if self.manner == "an error page":
            self.send_error(503)
        else:
            super().do_HEAD()

    def do_GET(self) -> None:
        if self.manner == "hangs up":
            self.send_response(200)
            self.send_header("Content-Length", "999999")
            self.end_headers()
            self.wfile.write(b"\x1f\x8b")
        elif self.manner == "a page for everything":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>Log in</title>")
        elif self.manner == "a redirect in a circle":
            self.send_response(302)
            self.send_header("Location", self.path)
            self.end_headers()
        else:
            super().do_GET()


@contextmanager
def _site(folder: Path, manner: str) -> Iterator[str]:
    kind = type("Site", (_Site,), {"manner": manner})
    handler = functools.partial(kind, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def _wrong_sums(files: Path) -> None:
    for path in files.glob("*.gz"):
        path.write_bytes(path.read_bytes() + b"x")


def _cut_short(files: Path) -> None:
    for path in files.glob("*.gz"):
        path.write_bytes(path.read_bytes()[:-20])


def _gone(files: Path) -> None:
    (files / "train-labels-idx1-ubyte.gz").unlink()


def _records(cache: Path) -> list[Path]:
    return sorted(p for p in cache.rglob("*array_record*") if p.is_file())


def _change_records(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def damage(cache: Path) -> None:
        for path in _records(cache):
            path.write_bytes(change(path.read_bytes()))

    return damage


def _change_json(content: bytes) -> Callable[[Path], None]:
    def damage(cache: Path) -> None:
        for path in cache.rglob("*.json"):
            path.write_bytes(content)

    return damage


def _half_done(cache: Path) -> None:
    """As a kill in the middle leaves it: folders, without what they are for."""
    for path in _records(cache):
        path.unlink()


_Damage = Callable[[Path], object]
# How the site misbehaves, what is done to its files, what is done to a cache made before.
CACHE: dict[str, tuple[str, _Damage | None, _Damage | None]] = {
    "whole": ("", None, None),
    "whole, a second time": ("", None, lambda cache: None),
    "wrong checksums": ("", _wrong_sums, None),
    "files cut short": ("", _cut_short, None),
    "a file is gone": ("", _gone, None),
    "the site hangs up": ("hangs up", None, None),
    "an error page": ("an error page", None, None),
    "a page for everything": ("a page for everything", None, None),
    "a redirect in a circle": ("a redirect in a circle", None, None),
    "records cut short": ("", None, _change_records(lambda whole: whole[: len(whole) // 2])),
    "records empty": ("", None, _change_records(lambda whole: b"")),
    "records of noise": ("", None, _change_records(lambda whole: os.urandom(len(whole)))),
    "records flipped": ("", None, _change_records(lambda w: bytes(b ^ 1 for b in w))),
    "records are gone": ("", None, _half_done),
    "descriptions are no JSON": ("", None, _change_json(b"{")),
    "descriptions of something else": ("", None, _change_json(b"[]")),
    "the cache is a file": ("", None, lambda cache: (shutil.rmtree(cache), cache.touch())),
}


def download_cache(subject: ModuleType, count: int) -> Tried:
    """A data set fetched from a site of this machine: bad sites, bad files, a damaged cache."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        before = folder / "before"
        _write(folder / "files", ".gz")
        with _site(folder / "files", "") as address:
            expected = _load(_source(address, folder / "files"), before)

        def take(specimen: str) -> str:
            manner, spoil, damage = CACHE[specimen]
            files, cache = folder / "served", folder / "cache"
            for path in (files, cache):
                shutil.rmtree(path, ignore_errors=True)
                path.unlink(missing_ok=True)
            shutil.copytree(folder / "files", files)
            source = functools.partial(_source, folder=folder / "files")
            if spoil:
                spoil(files)
            if damage:
                shutil.copytree(before, cache)
                damage(cache)
            started = time.monotonic()
            with _site(files, manner) as address:
                told = _loaded(source(address), cache, expected, good=specimen.startswith("whole"))
            took = time.monotonic() - started
            return told or (f"took {took:.0f} s" if took > _LONGEST else "")

        result = "loaded as it is, or refused in one line; no other digits than the ones asked for"
        return show(CACHE, count, take, result)


def _source(address: str, folder: Path) -> RemoteSource:
    files = {
        path.name: (path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in folder.glob("*.gz")
    }
    return RemoteSource("tiny", "Tiny digits", address, files)


def _load(source: RemoteSource, cache: Path) -> Digits:
    quiet = io.StringIO()  # the library announces itself, and draws bars
    with redirect_stdout(quiet), redirect_stderr(quiet):
        return load_source(source, cache, lambda _: None)


def _loaded(source: RemoteSource, cache: Path, expected: Digits, good: bool) -> str:
    try:
        found = _load(source, cache)
    except DataError as error:
        return str(error)[:300] if good or "\n" in str(error) else ""
    except Exception as error:  # anything else is the finding
        return f"{type(error).__name__}: {error}"[:300]
    same = np.array_equal(found.train_images, expected.train_images)
    return "" if same else "it loaded other digits"

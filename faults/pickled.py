"""Pickles that would run a shell command, in every protocol and in every usual wrapping."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path


class _Bomb:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch '{self.mark}'",)


def payloads(mark: Path, count: int) -> Iterator[tuple[str, bytes]]:
    """`count` payloads with their names; each would touch `mark` if it were unpickled."""
    protocols = pickle.HIGHEST_PROTOCOL + 1
    for number in range(count):
        wrap = _WRAPPINGS[number // protocols % len(_WRAPPINGS)]
        bomb = {"weights": [_Bomb(mark)] * (1 + number // 30)}
        yield f"{wrap.__name__} {number}", wrap(pickle.dumps(bomb, protocol=number % protocols))


def bare(payload: bytes) -> bytes:
    """A pickle, as old .pt and .pkl files are."""
    return payload


def torch_zip(payload: bytes) -> bytes:
    """As `torch.save` writes a .pt file."""
    return _zip({"archive/data.pkl": payload, "archive/version": b"3\n"})


def numpy_zip(payload: bytes) -> bytes:
    """As `np.savez` writes an array of objects in a .npz file."""
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    array = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + payload
    return _zip({"weights.npy": array})


def compressed(payload: bytes) -> bytes:
    """As joblib and many scripts write."""
    return gzip.compress(payload)


def tar(payload: bytes) -> bytes:
    """As old .pt files of several parts are."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        entry = tarfile.TarInfo("pickle")
        entry.size = len(payload)
        archive.addfile(entry, io.BytesIO(payload))
    return packed.getvalue()


def _zip(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


_WRAPPINGS = (bare, torch_zip, numpy_zip, compressed, tar)

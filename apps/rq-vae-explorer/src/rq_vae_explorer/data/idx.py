"""The idx format of MNIST: a big-endian header (type, rank, dimensions), then bytes.

Files may be plain, gzip or xz; which one is read from their first bytes. Everything about a file is
checked before it is believed: magic, dimensions, length, labels.
"""

from __future__ import annotations

import gzip
import lzma
import math
import os
import zlib
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rq_vae_explorer.data.digits import SIDE, DataError, Digits

_UNSIGNED_BYTE = 8
_MAX_BYTES = 1 << 30  # 1.3 million images; a header that promises more is damage or an attack
_OPENERS = {b"\x1f\x8b": gzip.open, b"\xfd7zXZ\x00": lzma.open}
_SUFFIXES = ("", ".gz", ".xz")


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def read_idx(path: str | Path, rank: int) -> NDArray[np.uint8]:
    """The array of an idx file of unsigned bytes with `rank` dimensions (3 images, 1 labels).

    Reads no more than the header promises, so a compressed bomb costs nothing.

    Raises:
        DataError: the file is missing, unreadable, of another kind, damaged, or too long.
    """
    path = Path(path)
    try:
        with path.open("rb") as raw:
            magic = raw.read(6)
        opener = next((o for m, o in _OPENERS.items() if magic.startswith(m)), None)
        with opener(path, "rb") if opener else path.open("rb") as stream:
            return _parse(stream, path, rank)
    except FileNotFoundError:
        raise DataError(f"{path} does not exist") from None
    except (EOFError, lzma.LZMAError, gzip.BadGzipFile, zlib.error):
        raise DataError(f"{path} is damaged or cut short; download it again") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from None


def _parse(stream: _Readable, path: Path, rank: int) -> NDArray[np.uint8]:
    header = stream.read(4)
    if len(header) < 4 or header[:2] != b"\x00\x00" or header[2] != _UNSIGNED_BYTE:
        raise DataError(f"{path} is not an idx file of unsigned bytes")
    if header[3] != rank:
        kind = {1: "labels", 3: "images"}
        found, wanted = kind.get(header[3], f"rank {header[3]}"), kind.get(rank, f"rank {rank}")
        raise DataError(f"{path} holds {found} where {wanted} are needed")
    sizes = stream.read(4 * rank)
    if len(sizes) < 4 * rank:
        raise DataError(f"{path} is damaged or cut short; download it again")
    shape = tuple(int(size) for size in np.frombuffer(sizes, ">u4"))
    length = math.prod(shape)
    if length > _MAX_BYTES:
        raise DataError(f"{path} claims {length:,} bytes of data, more than the limit of 1 GiB")
    content = stream.read(length + 1)
    if len(content) != length:
        problem = "cut short" if len(content) < length else "longer than its header says"
        raise DataError(f"{path} is {problem}; download it again")
    return np.frombuffer(content, np.uint8).reshape(shape)


def read_split(
    images_path: str | Path, labels_path: str | Path
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Images (N, 28, 28) and labels (N,) of one split; `DataError` when they do not fit."""
    images, labels = read_idx(images_path, 3), read_idx(labels_path, 1)
    if images.shape[1:] != (SIDE, SIDE):
        height, width = images.shape[1:]
        raise DataError(f"{images_path} holds {height}x{width} images, not {SIDE}x{SIDE}")
    if len(images) != len(labels):
        raise DataError(
            f"{images_path} holds {len(images)} images but {labels_path} {len(labels)} labels"
        )
    if len(images) == 0:
        raise DataError(f"{images_path} holds no images")
    if labels.max() > 9:
        raise DataError(f"{labels_path} holds the label {labels.max()}; labels are 0 to 9")
    return images, labels


def write_idx(array: NDArray[np.uint8]) -> bytes:
    """The idx file of an array of bytes."""
    sizes = np.array(array.shape, ">u4").tobytes()
    return bytes([0, 0, _UNSIGNED_BYTE, array.ndim]) + sizes + array.tobytes()


def read_idx_folder(folder: str | Path, name: str | None = None) -> Digits:
    """The four files of a folder under their usual names, plain, .gz or .xz.

    Raises:
        DataError: the folder or one of its files is missing, damaged or inconsistent.
    """
    folder = Path(folder)
    if not os.path.isdir(folder):  # noqa: PTH112  (Path's own raises for a name that is too long)
        raise DataError(f"{folder} is not a folder of idx files")
    splits = [
        read_split(_find(folder, f"{split}-images-idx3"), _find(folder, f"{split}-labels-idx1"))
        for split in ("train", "t10k")
    ]
    return Digits(name or str(folder), *splits[0], *splits[1])


def _find(folder: Path, stem: str) -> Path:
    dotted = stem.replace("-idx", ".idx")
    for base in (stem, dotted):
        for suffix in _SUFFIXES:
            path = folder / f"{base}-ubyte{suffix}"
            if path.is_file():
                return path
    raise DataError(f"{folder} lacks {stem}-ubyte (plain, .gz or .xz)")

"""Where digits come from: bundled, a folder of idx files, or a data set fetched on request."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import as_file, files

import numpy as np
from numpy.typing import NDArray

from rq_vae_explorer.data.digits import DataError, Digits
from rq_vae_explorer.data.idx import read_idx_folder

BUNDLED = "bundled"
REMOTE_NAMES = ("mnist", "fashion_mnist", "kmnist")
Split = tuple[NDArray[np.float32], NDArray[np.int32]]


def _ignore(_: str) -> None:
    pass


def load_digits(source: str = BUNDLED, progress: Callable[[str], None] = _ignore) -> Digits:
    """The data set `source`: bundled, mnist, fashion_mnist, kmnist, or a folder of idx files.

    A remote set is downloaded on first use (checksums verified) and cached; `progress` gets
    one line per stage.

    Raises:
        DataError: no such set, damaged files, or no connection.
    """
    if source == BUNDLED:
        with as_file(files("rq_vae_explorer.data") / "bundled") as folder:
            return read_idx_folder(folder, BUNDLED)
    if source in REMOTE_NAMES:
        # Imported here: tensorflow-datasets takes seconds, and most runs never need it.
        from rq_vae_explorer.data.remote import load_remote

        return load_remote(source, progress)
    try:
        return read_idx_folder(source)
    except DataError as error:
        if str(error).endswith("is not a folder of idx files"):
            names = ", ".join((BUNDLED, *REMOTE_NAMES))
            raise DataError(
                f"no data set {source!r}: use one of {names}, or a folder of idx files"
            ) from None
        raise


def load_mnist(source: str = BUNDLED) -> tuple[Split, Split]:
    """`((train_images, train_labels), (test_images, test_labels))` of a source of `load_digits`.

    Images are float32 (N, 28, 28, 1) in [0, 1], labels int32 (N,).
    """
    digits = load_digits(source)

    def split(images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> Split:
        return images[..., None].astype(np.float32) / np.float32(255), labels.astype(np.int32)

    return (
        split(digits.train_images, digits.train_labels),
        split(digits.test_images, digits.test_labels),
    )

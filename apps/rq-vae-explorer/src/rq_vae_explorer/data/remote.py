"""MNIST, Fashion-MNIST and KMNIST through tensorflow-datasets, without TensorFlow.

The library's own MNIST builder needs TensorFlow to open files and to encode images; this one parses
the idx files with NumPy and stores plain tensors as array_record. The library still does the
download, the check of the checksums, the progress bars and the cache.
"""

from __future__ import annotations

import logging
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow_datasets as tfds
from tensorflow_datasets.core.download.checksums import UrlInfo

from rq_vae_explorer.data.cache import cache_folder
from rq_vae_explorer.data.digits import DIGIT_NAMES, SIDE, DataError, Digits
from rq_vae_explorer.data.idx import read_split

# Remarks on folders and on tries of a download say nothing to whoever waits for a data set.
for _library in ("absl", "urllib3"):
    logging.getLogger(_library).setLevel(logging.ERROR)

_CONNECT_SECONDS = 10
_CLOTHES = (
    "T-shirt",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Boot",
)
_FILES = {
    "train_images": "train-images-idx3-ubyte.gz",
    "train_labels": "train-labels-idx1-ubyte.gz",
    "test_images": "t10k-images-idx3-ubyte.gz",
    "test_labels": "t10k-labels-idx1-ubyte.gz",
}


@dataclass(frozen=True)
class RemoteSource:
    """Four idx files behind one address. `files` maps file name to (bytes, sha256)."""

    name: str
    title: str
    base_url: str
    files: dict[str, tuple[int, str]]
    classes: tuple[str, ...] = DIGIT_NAMES

    @property
    def megabytes(self) -> float:
        return sum(size for size, _ in self.files.values()) / 1e6


def _library_files(name: str, base_url: str) -> dict[str, tuple[int, str]]:
    """Sizes and checksums that tensorflow-datasets itself records for these addresses."""
    listing = tfds.core.tfds_path() / "url_checksums" / f"{name}.txt"
    found = {}
    for line in listing.read_text().splitlines():
        url, size, checksum, filename = line.split("\t")
        if url.startswith(base_url):
            found[filename] = (int(size), checksum)
    return found


def remote_source(name: str) -> RemoteSource:
    """The description of mnist, fashion_mnist or kmnist."""
    title, base_url, classes = {
        "mnist": ("MNIST", "https://storage.googleapis.com/cvdf-datasets/mnist/", DIGIT_NAMES),
        "fashion_mnist": (
            "Fashion-MNIST",
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            _CLOTHES,
        ),
        "kmnist": (
            "KMNIST",
            "http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
            ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
        ),
    }[name]
    return RemoteSource(name, title, base_url, _library_files(name, base_url), classes)


class IdxDigits(tfds.core.GeneratorBasedBuilder):
    """Builds any `RemoteSource` into array_record files of single images."""

    VERSION = tfds.core.Version("1.0.0")

    def __init__(self, *, source: RemoteSource, data_dir: Path) -> None:
        self._source = source
        config = tfds.core.BuilderConfig(name=source.name, version=self.VERSION)
        super().__init__(config=config, data_dir=data_dir, file_format="array_record")

    @property
    def url_infos(self) -> dict[str, UrlInfo]:  # pyrefly: ignore[bad-override]
        return {
            self._source.base_url + name: UrlInfo(
                size=tfds.core.units.Size(size), checksum=checksum, filename=name
            )
            for name, (size, checksum) in self._source.files.items()
        }

    def _info(self) -> tfds.core.DatasetInfo:
        features = tfds.features.FeaturesDict(
            {
                "image": tfds.features.Tensor(shape=(SIDE, SIDE), dtype=np.uint8),
                "label": tfds.features.Scalar(dtype=np.uint8),
            }
        )
        return self.dataset_info_from_configs(features=features, supervised_keys=("image", "label"))

    def _split_generators(self, dl_manager: Any) -> dict[str, Iterator[tuple[int, dict[str, Any]]]]:
        urls = {part: self._source.base_url + name for part, name in _FILES.items()}
        paths = dl_manager.download(urls)
        return {
            split: self._generate_examples(paths[f"{split}_images"], paths[f"{split}_labels"])
            for split in ("train", "test")
        }

    def _generate_examples(
        self, images_path: Path, labels_path: Path
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        images, labels = read_split(Path(images_path), Path(labels_path))
        for index, (image, label) in enumerate(zip(images, labels, strict=True)):
            yield index, {"image": image, "label": label}


def load_remote(name: str, progress: Callable[[str], None]) -> Digits:
    """A remote data set from the cache, downloaded and prepared first where it is not there yet."""
    return load_source(remote_source(name), cache_folder(), progress)


def load_source(source: RemoteSource, cache: Path, progress: Callable[[str], None]) -> Digits:
    """As `load_remote`, for any source and cache folder. Raises `DataError` with one line."""
    try:
        builder = IdxDigits(source=source, data_dir=cache)
        if not builder.is_prepared():
            _check_connection(source)
            _prepare(builder, source, cache, progress)
        progress(f"Reading {source.title}")
        arrays = [array for split in ("train", "test") for array in _read_split(builder, split)]
    except DataError:
        raise
    except Exception as error:  # the library raises many kinds; the user needs one line
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise DataError(f"{source.title} could not be prepared in {cache}: {reason}") from error
    return Digits(source.name, *arrays, classes=source.classes)


def _check_connection(source: RemoteSource) -> None:
    # The library retries for minutes when there is no network; one quick request tells.
    url = source.base_url + _FILES["test_labels"]
    try:
        urllib.request.urlopen(
            urllib.request.Request(url, method="HEAD"), timeout=_CONNECT_SECONDS
        ).close()
    except (urllib.error.URLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise DataError(
            f"{source.title} could not be downloaded from {source.base_url} ({reason}); "
            "connect to the network, or use the bundled digits (--data bundled)"
        ) from None


def _prepare(
    builder: IdxDigits, source: RemoteSource, cache: Path, progress: Callable[[str], None]
) -> None:
    downloads = cache / "downloads"
    done = threading.Event()

    def report() -> None:
        while not done.wait(0.5):
            files = [path for path in downloads.rglob("*.gz*") if path.is_file()]
            got = sum(path.stat().st_size for path in files if path.exists()) / 1e6
            progress(
                f"Downloading {source.title}: {min(got, source.megabytes):.1f} of "
                f"{source.megabytes:.1f} MB, then preparing"
            )

    progress(f"Downloading {source.title}: {source.megabytes:.1f} MB")
    reporter = threading.Thread(target=report, daemon=True)
    reporter.start()
    try:
        config = tfds.download.DownloadConfig(
            try_download_gcs=False, force_checksums_validation=True
        )
        builder.download_and_prepare(download_dir=downloads, download_config=config)
    finally:
        done.set()
        reporter.join()


def _read_split(builder: IdxDigits, split: str) -> tuple[np.ndarray, np.ndarray]:
    records = builder.as_data_source(split=split)
    examples = records.__getitems__(list(range(len(records))))
    images = np.stack([example["image"] for example in examples])
    labels = np.array([example["label"] for example in examples], np.uint8)
    return images, labels

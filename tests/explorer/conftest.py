"""Small real digits, and caches that never touch the home folder."""

import os
import tempfile
from pathlib import Path

import numpy as np
import pytest

# Before any import of the app: commands started by tests inherit it.
_CACHE = tempfile.TemporaryDirectory(prefix="rq-vae-explorer-tests-")
os.environ["RQ_VAE_EXPLORER_CACHE"] = _CACHE.name


@pytest.fixture(scope="session")
def digits():
    """1,000 training and 200 test digits of the bundled ones."""
    from rq_vae_explorer.data import Digits, load_digits

    whole = load_digits()
    return Digits(
        "small",
        whole.train_images[:1000],
        whole.train_labels[:1000],
        whole.test_images[:200],
        whole.test_labels[:200],
    )


@pytest.fixture(scope="session")
def idx_folder(tmp_path_factory, digits):
    """The small digits as a folder of gzip idx files."""
    import gzip

    from rq_vae_explorer.data.idx import write_idx

    folder = tmp_path_factory.mktemp("idx")
    for name, array in (
        ("train-images-idx3", digits.train_images),
        ("train-labels-idx1", digits.train_labels),
        ("t10k-images-idx3", digits.test_images),
        ("t10k-labels-idx1", digits.test_labels),
    ):
        (folder / f"{name}-ubyte.gz").write_bytes(gzip.compress(write_idx(array), mtime=0))
    return folder


@pytest.fixture
def make_trainer(digits):
    """Trainers on the small digits, closed when the test ends."""
    from rq_vae_explorer.training import Trainer

    made = []

    def make(state=None, load=lambda name, progress: digits, **settings):
        trainer = Trainer(state, load=load, **settings)
        made.append(trainer)
        return trainer

    yield make
    for trainer in made:
        trainer.close()


@pytest.fixture(scope="session")
def cache_folder_path():
    return Path(_CACHE.name)


@pytest.fixture
def rng():
    return np.random.default_rng(0)

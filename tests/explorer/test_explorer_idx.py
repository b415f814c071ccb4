"""Idx files: every kind of damage is one line, and the bundle rebuilds from them bit for bit."""

import gzip
import hashlib
import lzma
import re
from importlib.resources import files

import numpy as np
import pytest

from rq_vae_explorer.data import DataError, create_data_iterator, load_digits, load_mnist
from rq_vae_explorer.data.build_bundle import build
from rq_vae_explorer.data.idx import read_idx, read_idx_folder, read_split, write_idx


@pytest.fixture
def images(rng):
    return rng.integers(0, 256, (5, 28, 28), dtype=np.uint8)


def _write(path, content):
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lzma.compress])
def test_reads_plain_gzip_and_xz_whatever_the_name(tmp_path, images, pack):
    path = _write(tmp_path / "file", pack(write_idx(images)))
    np.testing.assert_array_equal(read_idx(path, 3), images)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (lambda b: b"", "not an idx file"),
        (lambda b: b"\x00\x00\x0d\x03" + b[4:], "not an idx file"),
        (lambda b: b"<html>404</html>", "not an idx file"),
        (lambda b: b[:9], "damaged or cut short"),
        (lambda b: b[:-1], "cut short"),
        (lambda b: b + b"x", "longer than its header"),
        (lambda b: gzip.compress(b)[:-20], "damaged or cut short"),
        (lambda b: gzip.compress(b)[:30] + b"\xff" * 30, "damaged or cut short"),
        (lambda b: lzma.compress(b)[:-40], "damaged or cut short"),
        (lambda b: b"\x1f\x8bnot gzip at all", "damaged or cut short"),
        (lambda b: write_idx(np.zeros(5, np.uint8)), "holds labels where images"),
        (lambda b: b[:4] + b"\xff" * 12 + b[16:], "more than the limit"),
    ],
)
def test_damage_is_named_in_one_line(tmp_path, images, content, said):
    path = _write(tmp_path / "bad", content(write_idx(images)))
    with pytest.raises(DataError, match=re.escape(said)) as caught:
        read_idx(path, 3)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_bomb_is_not_unpacked(tmp_path):
    header = write_idx(np.zeros((1, 28, 28), np.uint8))
    path = _write(tmp_path / "bomb", gzip.compress(header + bytes(200_000_000), compresslevel=1))
    with pytest.raises(DataError, match="longer than its header"):
        read_idx(path, 3)


def test_mismatches_between_images_and_labels(tmp_path, images):
    image_path = _write(tmp_path / "i", write_idx(images))
    labels = _write(tmp_path / "l", write_idx(np.zeros(4, np.uint8)))
    with pytest.raises(DataError, match=r"5 images but .* 4 labels"):
        read_split(image_path, labels)
    labels = _write(tmp_path / "l", write_idx(np.full(5, 10, np.uint8)))
    with pytest.raises(DataError, match="label 10"):
        read_split(image_path, labels)
    small = _write(tmp_path / "s", write_idx(images[:, :20, :20].copy()))
    with pytest.raises(DataError, match="20x20"):
        read_split(small, labels)
    none = _write(tmp_path / "n", write_idx(images[:0]))
    empty = _write(tmp_path / "e", write_idx(np.zeros(0, np.uint8)))
    with pytest.raises(DataError, match="no images"):
        read_split(none, empty)


def test_folder_needs_all_four_files(idx_folder, tmp_path):
    assert len(read_idx_folder(idx_folder).train_images) == 1000
    with pytest.raises(DataError, match="lacks train-images-idx3-ubyte"):
        read_idx_folder(tmp_path)
    with pytest.raises(DataError, match="use one of bundled, mnist"):
        load_digits("nowhere")


def test_bundle_is_built_from_idx_files_the_same_each_time(idx_folder, tmp_path, digits):
    first, second = tmp_path / "a", tmp_path / "b"
    build(idx_folder, first, train_per_class=50, test_per_class=10)
    build(idx_folder, second, train_per_class=50, test_per_class=10)
    for path in sorted(first.iterdir()):
        assert path.read_bytes() == (second / path.name).read_bytes()
    built = read_idx_folder(first)
    assert (np.bincount(built.train_labels) == 50).all()
    rows = np.sort(
        np.concatenate([np.flatnonzero(digits.train_labels == c)[:50] for c in range(10)])
    )
    np.testing.assert_array_equal(built.train_images, digits.train_images[rows])
    with pytest.raises(DataError, match="where 500 are wanted"):
        build(idx_folder, tmp_path / "c", train_per_class=500, test_per_class=1)


def test_shipped_bundle_is_balanced_small_and_as_its_card_says():
    folder = files("rq_vae_explorer.data") / "bundled"
    card = (folder / "CARD.md").read_text()
    total = 0
    for line in card.splitlines():
        if match := re.match(r"\| (\S+\.xz) \| ([\d,]+) \| (\w{64}) \|", line):
            content = (folder / match[1]).read_bytes()
            assert len(content) == int(match[2].replace(",", ""))
            assert hashlib.sha256(content).hexdigest() == match[3]
            total += len(content)
    assert 0 < total <= 3_000_000
    whole = load_digits()
    assert (np.bincount(whole.train_labels) == 1800).all()
    assert (np.bincount(whole.test_labels) == 200).all()
    images, labels = whole.stratified_test()
    assert images.shape == (1000, 28, 28)
    assert (np.bincount(labels[:50]) == 5).all()


def test_load_mnist_gives_floats_with_a_channel():
    (train, train_labels), (test, _) = load_mnist()
    assert train.shape == (18_000, 28, 28, 1)
    assert train.dtype == test.dtype == np.float32
    assert train_labels.shape == (18_000,)
    assert float(train.min()) == 0
    assert float(train.max()) == 1


def test_batches_are_full_endless_and_visit_every_image_once_a_pass():
    images = np.arange(10, dtype=np.float32).reshape(10, 1, 1, 1)
    batches = create_data_iterator((images, np.arange(10)), batch_size=4, rng=0)
    seen = []
    for _ in range(5):
        batch, labels = next(batches)
        assert batch.shape == (4, 1, 1, 1)
        np.testing.assert_array_equal(np.asarray(batch)[:, 0, 0, 0], labels)
        seen.extend(np.asarray(labels).tolist())
    assert sorted(seen[:10]) == sorted(seen[10:]) == list(range(10))
    assert seen[:10] != list(range(10))


def test_batches_without_shuffle_keep_order_and_small_sets_fill_a_batch():
    images = np.zeros((3, 28, 28, 1), np.float32)
    _, labels = next(create_data_iterator((images, np.arange(3)), batch_size=7, shuffle=False))
    assert np.asarray(labels).tolist() == [0, 1, 2, 0, 1, 2, 0]
    with pytest.raises(ValueError, match="3 images but 2 labels"):
        create_data_iterator((images, np.arange(2)))

"""Picture folders and captions files, as the contract names them."""

import json

import mlx.core as mx
import numpy as np
import pytest
from PIL import Image

from scene.colours import PaletteIndex, collect_palette
from scene.dataset import CaptionDataset, ImageDataset, batch_indices, create_dataloader
from scene.errors import SceneError


@pytest.fixture
def folder(tmp_path):
    images = tmp_path / "images"
    images.mkdir()
    rng = np.random.default_rng(0)
    for number in range(5):
        pixels = rng.integers(0, 256, (200, 320, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(images / f"{number}.png")
    return images


def captions_file(folder, *lines):
    path = folder.parent / "captions.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def line(image, caption="a scene"):
    return json.dumps({"image": image, "caption": caption})


def test_items_are_floats_in_range(folder):
    dataset = ImageDataset(folder)
    assert len(dataset) == 5
    assert dataset[0].shape == (200, 320, 3)
    assert dataset[0].dtype == np.float32
    assert -1 <= dataset[0].min() < dataset[0].max() <= 1
    assert ImageDataset(folder, (320, 192))[0].shape == (192, 320, 3)


def test_loader_is_endless_and_gives_mlx_batches(folder):
    loader = create_dataloader(ImageDataset(folder, (320, 192)), batch_size=2)
    batches = [next(loader) for _ in range(5)]
    assert all(isinstance(b, mx.array) and b.shape == (2, 192, 320, 3) for b in batches)


def test_captions_come_with_their_pictures(folder):
    path = captions_file(folder, line("1.png", "one"), "", line("0.png", "zero"), line("1.png"))
    dataset = CaptionDataset(folder, path, (320, 192))
    image, caption = dataset[1]
    assert caption == "zero"
    assert np.array_equal(image, ImageDataset(folder, (320, 192))[0])
    pictures, captions = next(create_dataloader(dataset, 2, shuffle=False))
    assert captions == ["one", "zero"]
    assert pictures.shape == (2, 192, 320, 3)


def test_fewer_pictures_than_a_batch_is_an_error_at_once(folder):
    with pytest.raises(SceneError, match="5 pictures are fewer than batch_size 8"):
        create_dataloader(ImageDataset(folder), 8)


def test_a_caption_without_its_picture_is_named(folder):
    path = captions_file(folder, line("0.png"), line("gone.png"))
    with pytest.raises(SceneError, match=r"caption 2: no picture .*gone\.png"):
        CaptionDataset(folder, path)


@pytest.mark.parametrize(
    "bad", ["{", "[]", '{"image": "0.png"}', '{"image": 3, "caption": "x"}', '"text"']
)
def test_a_malformed_line_is_named(folder, bad):
    path = captions_file(folder, line("0.png"), bad)
    with pytest.raises(SceneError, match="line 2"):
        CaptionDataset(folder, path)


def test_empty_sets_are_refused(folder, tmp_path):
    with pytest.raises(SceneError, match="no captions"):
        CaptionDataset(folder, captions_file(folder, ""))
    (tmp_path / "empty").mkdir()
    with pytest.raises(SceneError, match="no pictures"):
        ImageDataset(tmp_path / "empty")


def test_batches_of_an_epoch_hold_every_item_once_in_an_order_that_the_step_fixes():
    epoch = [batch_indices(10, 3, step, seed=1) for step in range(3)]
    assert len(set(np.concatenate(epoch).tolist())) == 9
    assert np.array_equal(batch_indices(10, 3, 4, 1), batch_indices(10, 3, 4, 1))
    assert not np.array_equal(batch_indices(10, 3, 0, 1), batch_indices(10, 3, 3, 1))
    assert batch_indices(10, 3, 1, None).tolist() == [3, 4, 5]


def test_few_colours_are_kept_exactly():
    colours = np.array([[0, 0, 0], [255, 128, 1], [9, 9, 200]], np.uint8)
    pixels = colours[np.random.default_rng(0).integers(0, 3, (2, 8, 8))]
    palette = collect_palette(pixels, 64)
    assert {tuple(c) for c in palette.tolist()} == {tuple(c) for c in colours.tolist()}
    index = PaletteIndex(palette)
    assert np.array_equal(palette[index.classes(pixels)], pixels)


def test_many_colours_are_reduced_to_near_ones():
    pixels = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3)).astype(np.uint8)
    palette = collect_palette(pixels, 32)
    assert len(palette) <= 32
    drawn = palette[PaletteIndex(palette).classes(pixels)]
    error = np.abs(drawn.astype(int) - pixels).mean()
    assert error < np.abs(pixels.mean((0, 1, 2)) - pixels).mean() / 1.5

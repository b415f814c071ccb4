"""Opening, fitting and saving pictures of every kind."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from scene.errors import SceneError
from scene.images import fit, list_images, open_image, save_png, to_float, to_uint8


def pattern(width=32, height=16):
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (height, width, 3)).astype(np.uint8)


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "1", "RGBA", "LA", "CMYK", "I;16"])
def test_every_mode_becomes_rgb(tmp_path, mode):
    path = tmp_path / ("x.tif" if mode in ("CMYK", "LA") else "x.png")
    Image.fromarray(pattern()).convert("L" if mode == "I;16" else mode).save(path)
    image = open_image(path)
    assert (image.mode, image.size) == ("RGB", (32, 16))


def test_eight_bit_palette_keeps_its_exact_colours(tmp_path):
    path = tmp_path / "p.png"
    image = Image.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16), mode="L").copy()
    palette = np.random.default_rng(1).integers(0, 256, (256, 3)).astype(np.uint8)
    image.putpalette(palette.tobytes())
    image.save(path)
    assert np.array_equal(np.asarray(open_image(path)).reshape(-1, 3), palette)


def test_transparency_lies_on_black(tmp_path):
    path = tmp_path / "t.png"
    Image.new("RGBA", (4, 4), (200, 100, 50, 0)).save(path)
    assert not np.asarray(open_image(path)).any()


def test_of_an_animation_the_first_frame_counts(tmp_path):
    path = tmp_path / "a.gif"
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    frames[0].save(path, save_all=True, append_images=frames[1:])
    assert np.asarray(open_image(path))[0, 0].tolist() == [255, 0, 0]


def png_header(width, height):
    body = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + body
    return (
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    )


@pytest.mark.parametrize("size", [(12_000, 9_000), (60_000, 60_000)])
def test_a_decompression_bomb_is_refused(tmp_path, size):
    path = tmp_path / "bomb.png"
    path.write_bytes(png_header(*size))
    with pytest.raises(SceneError, match=r"bomb\.png"):
        open_image(path)


@pytest.mark.parametrize("content", [b"", b"not a picture", png_header(8, 8), b"\x89PNG\r\n"])
def test_a_broken_file_is_refused_by_name_in_one_line(tmp_path, content):
    path = tmp_path / "broken.png"
    path.write_bytes(content)
    with pytest.raises(SceneError, match=r"broken\.png") as error:
        open_image(path)
    assert "\n" not in str(error.value)


def test_a_truncated_picture_is_refused(tmp_path):
    path = tmp_path / "cut.png"
    Image.fromarray(pattern(64, 64)).save(path)
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(SceneError, match="broken picture"):
        open_image(path)


def test_200_rows_become_192_by_a_centre_crop():
    pixels = pattern(320, 200)
    assert np.array_equal(fit(Image.fromarray(pixels), (320, 192)), pixels[4:-4])


@pytest.mark.parametrize("size", [(640, 400), (100, 400), (17, 9), (320, 192), (335, 207)])
def test_other_sizes_are_fitted_without_new_colours(size):
    pixels = pattern(*size)
    fitted = fit(Image.fromarray(pixels), (64, 48))
    assert fitted.shape == (48, 64, 3)
    known = set(map(tuple, pixels.reshape(-1, 3).tolist()))
    assert set(map(tuple, fitted.reshape(-1, 3).tolist())) <= known


def test_bytes_survive_the_way_to_floats_and_back():
    every = np.arange(256, dtype=np.uint8)
    floats = to_float(every)
    assert floats.dtype == np.float32
    assert (floats.min(), floats.max()) == (-1, 1)
    assert np.array_equal(to_uint8(floats), every)


def test_floats_are_clipped_and_rounded():
    values = np.array([-3.0, 9.0, 254.999 / 127.5 - 1, 0.4 / 127.5 - 1])
    assert to_uint8(values).tolist() == [0, 255, 255, 0]


def test_listing_takes_every_letter_case_and_only_pictures(tmp_path):
    for name in ("b.PNG", "a.Jpeg", "c.gif", "notes.txt", ".hidden"):
        (tmp_path / name).touch()
    assert [p.name for p in list_images(tmp_path)] == ["a.Jpeg", "b.PNG", "c.gif"]
    with pytest.raises(SceneError, match="no folder"):
        list_images(tmp_path / "nowhere")


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "new" / "x.png"
    save_png(path, Image.new("RGB", (2, 2), "red"), {"scene": "Grüße"})
    with Image.open(path) as image:
        assert image.info["scene"] == "Grüße"
    old = path.read_bytes()

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("scene.outputs.os.fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        save_png(path, Image.new("RGB", (2, 2), "blue"))
    assert path.read_bytes() == old
    assert [p.name for p in path.parent.iterdir()] == ["x.png"]

"""Fixed palettes, palette files, and locking a picture to a palette."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from scene.errors import SceneError
from scene.palettes import (
    PALETTES,
    adaptive_palette,
    get_palette,
    indexed_image,
    map_to_palette,
    read_palette,
)

BLANK = np.zeros((4, 4, 3), np.uint8)
PICTURES = arrays(np.uint8, (8, 12, 3))


@pytest.mark.parametrize(
    ("name", "size"),
    [("vga", 256), ("ega", 16), ("cga", 4), ("c64", 16), ("gameboy", 4), ("pico8", 16)],
)
def test_classic_palettes_have_their_size(name, size):
    assert PALETTES[name].shape == (size, 3)
    assert PALETTES[name].dtype == np.uint8


def test_vga_palette_has_the_known_entries_of_mode_13h():
    six = PALETTES["vga"] >> 2
    assert (PALETTES["vga"][:16] == PALETTES["ega"]).all()
    assert six[16:32, 0].tolist() == [0, 5, 8, 11, 14, 17, 20, 24, 28, 32, 36, 40, 45, 50, 56, 63]
    assert six[32:48].tolist()[::4] == [[0, 0, 63], [63, 0, 63], [63, 0, 0], [63, 63, 0]]
    assert (six[248:] == 0).all()


@pytest.mark.parametrize("name", ["Game Boy", "PICO-8", " EGA "])
def test_names_are_found_as_people_write_them(name):
    assert len(get_palette(name, BLANK)) in (4, 16)


@pytest.mark.parametrize("choice", ["atari", "", "1", "257", "0", "-5", "nofile.gpl", "x.png"])
def test_an_unknown_choice_is_one_line(choice):
    with pytest.raises(SceneError) as caught:
        get_palette(choice, BLANK)
    assert "\n" not in str(caught.value)


@given(PICTURES, st.sampled_from(sorted(PALETTES)), st.sampled_from(["none", "bayer"]))
@settings(max_examples=40, deadline=None)
def test_pixels_of_the_palette_stay_as_they_are(picture, name, dither):
    palette = PALETTES[name]
    exact = palette[picture[..., 0].astype(int) % len(palette)]
    indices = map_to_palette(exact, palette, dither)
    assert (palette[indices] == exact).all()


@given(PICTURES, st.integers(2, 256))
@settings(max_examples=30, deadline=None)
def test_adaptive_palettes_hold_dac_colours_only(picture, size):
    palette = adaptive_palette(picture, size)
    assert 1 <= len(palette) <= size
    assert (palette == ((palette >> 2 << 2) | (palette >> 6))).all()


def test_adaptive_palette_keeps_the_light_of_a_picture():
    picture = np.zeros((32, 32, 3), np.uint8)
    picture[:, :16] = (200, 80, 40)
    picture[:, 16:] = (20, 60, 220)
    palette = adaptive_palette(picture, 2)
    locked = palette[map_to_palette(picture, palette)]
    assert np.abs(locked.astype(int) - picture).max() <= 4


def test_bayer_is_closer_on_average_than_nearest_and_repeats_every_four_pixels():
    picture = np.full((16, 16, 3), 110, np.uint8)
    palette = PALETTES["cga"][[0, 3]]
    mixed = palette[map_to_palette(picture, palette, "bayer")].astype(float)
    plain = palette[map_to_palette(picture, palette, "none")].astype(float)
    assert abs(mixed.mean() - 110) < 20 < abs(plain.mean() - 110)
    assert (mixed[:4, :4] == mixed[4:8, 8:12]).all()


def test_an_unknown_dither_is_refused():
    with pytest.raises(SceneError, match="none or bayer"):
        map_to_palette(BLANK, PALETTES["ega"], "floyd")


def test_indexed_png_keeps_the_indices_and_the_palette():
    indices = np.arange(16, dtype=np.uint8).reshape(4, 4)
    file = io.BytesIO()
    indexed_image(indices, PALETTES["c64"]).save(file, "PNG")
    with Image.open(file) as again:
        assert again.mode == "P"
        assert (np.asarray(again) == indices).all()
        assert (np.asarray(again.convert("RGB")) == PALETTES["c64"][indices]).all()


def test_gpl_and_hex_files_give_the_same_colours(tmp_path):
    gpl, hexa = tmp_path / "a.gpl", tmp_path / "b.HEX"
    gpl.write_text(
        "GIMP Palette\nName: two\nColumns: 2\n# note\n255 0 16 red\n  0 32 64\n0 32 64\n"
    )
    hexa.write_text("\ufeff#ff0010\n\n002040\n", encoding="utf-8")
    assert read_palette(gpl).tolist() == [[255, 0, 16], [0, 32, 64]]
    assert (read_palette(hexa) == read_palette(gpl)).all()


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.gpl", "255 0 0\n", "first line"),
        ("a.gpl", "GIMP Palette\n1 2\n", "line 2"),
        ("a.gpl", "GIMP Palette\n1 2 300\n", "line 2"),
        ("a.gpl", "GIMP Palette\n", "0 colours"),
        ("a.hex", "ff00\n", "line 1"),
        ("a.hex", "00ff00\ngg0000\n", "line 2"),
        ("a.hex", "\n".join(f"{k:06x}" for k in range(257)), "257 colours"),
    ],
)
def test_a_broken_palette_file_names_the_fault(tmp_path, name, text, words):
    (tmp_path / name).write_text(text)
    with pytest.raises(SceneError, match=words) as caught:
        read_palette(tmp_path / name)
    assert "\n" not in str(caught.value)

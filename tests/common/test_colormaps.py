"""Colours of codes are stable, complete and readable."""

import matplotlib
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_rgb

from vq_common.colormaps import code_color, code_palette, text_color


def contrast(first: str, second: str) -> float:
    """WCAG 2.2 contrast ratio, written independently of the package."""

    def luminance(color: str) -> float:
        channels = []
        for value in to_rgb(color):
            channels.append(value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4)
        r, g, b = channels
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    dark, light = sorted([luminance(first), luminance(second)])
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("cmap", sorted(matplotlib.colormaps))
def test_text_is_readable_on_every_palette_colour(cmap):
    for color in set(code_palette(256, cmap)):
        assert contrast(color, text_color(color)) >= 4.5


@given(st.integers(0, 0xFFFFFF))
def test_text_is_readable_on_any_colour(value):
    color = f"#{value:06x}"
    assert contrast(color, text_color(color)) >= 4.5


def test_tab20_colours_are_matplotlibs_own_and_repeat_after_twenty():
    expected = [matplotlib.colors.to_hex(c) for c in matplotlib.colormaps["tab20"].colors]
    assert [code_color(i) for i in range(20)] == expected
    assert code_color(27) == expected[7]
    assert code_palette(45)[40:] == expected[:5]


def test_a_continuous_map_is_stretched_over_the_codes():
    palette = code_palette(5, "viridis")
    viridis = matplotlib.colormaps["viridis"]
    assert palette[0] == matplotlib.colors.to_hex(viridis(0))
    assert palette[-1] == matplotlib.colors.to_hex(viridis(255))
    assert len(set(palette)) == 5


@given(st.integers(0, 300))
def test_a_palette_has_one_colour_per_code(n):
    assert len(code_palette(n)) == len(code_palette(n, "viridis")) == n


def test_null_codes_and_unknown_maps_are_refused():
    with pytest.raises(ValueError, match="null code"):
        code_color(-1)
    with pytest.raises(ValueError, match="unknown colormap"):
        code_color(0, "no-such-map")
    with pytest.raises(ValueError, match="0 or greater"):
        code_palette(-1)

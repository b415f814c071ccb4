"""The code grid: right cells, right events, and no text of a caller ever becomes markup."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vq_common.colormaps import code_color, text_color
from vq_common.grid_html import render_grid

XSS_PAYLOADS = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    "<svg/onload=alert(1)>",
    "<body onload=alert(1)>",
    "<iframe src=javascript:alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    '" onmouseover="alert(1)',
    "' onfocus='alert(1)' autofocus='",
    "<style>*{background:url(javascript:alert(1))}</style>",
    "</td></tr></table><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "<!--<script>alert(1)//-->",
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<math><mtext></mtext><script>alert(1)</script></math>",
    "{{constructor.constructor('alert(1)')()}}<b>",
    "\x00<script\x00>alert(1)</script>",
]


class Elements(HTMLParser):
    """All start tags with their attributes, as a browser would see them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.append(data)

    def with_class(self, name: str) -> list[dict[str, str | None]]:
        return [a for _, a in self.tags if name in (a.get("class") or "").split()]


def grid(**options):
    return render_grid(np.array([[0, 1, 2], [3, -1, 27]]), ["Structure", "Detail"], **options)


def test_there_is_one_cell_per_code_with_its_event():
    cells = Elements(grid()).with_class("code-cell")
    assert [cell["data-event"] for cell in cells] == [
        f"cell,{row},{column}" for row in range(2) for column in range(3)
    ]


def test_cells_carry_the_colour_of_their_code_and_readable_text():
    cells = Elements(grid()).with_class("code-cell")
    for cell, code in zip(cells, [0, 1, 2, 3, None, 27], strict=True):
        if code is None:
            assert cell.get("style") is None
        else:
            background = code_color(code)
            assert cell["style"] == f"background:{background};color:{text_color(background)}"


def test_a_null_code_is_an_empty_cell():
    html = grid()
    assert len(Elements(html).with_class("null")) == 1
    assert re.search(r'data-event="cell,1,1"></td>', html)


def test_headers_and_row_buttons_have_their_events():
    page = Elements(grid(column_headers={0: "0 s", 2: "1 s"}, play_buttons=True))
    assert [m["data-event"] for m in page.with_class("time-marker")] == ["col,0", "col,1", "col,2"]
    assert [b["data-event"] for b in page.with_class("play-row")] == ["row,0", "row,1"]
    assert {"0 s", "1 s", "Structure", "Detail"} <= set(page.texts)


def test_the_selected_cell_is_marked_and_is_the_only_tab_stop():
    cells = Elements(grid(selected=(1, 2))).with_class("code-cell")
    assert [c["data-event"] for c in cells if c["tabindex"] == "0"] == ["cell,1,2"]
    assert [c["data-event"] for c in cells if "selected" in c["class"].split()] == ["cell,1,2"]


def test_without_a_selection_the_first_cell_is_the_tab_stop():
    cells = Elements(grid()).with_class("code-cell")
    assert [c["data-event"] for c in cells if c["tabindex"] == "0"] == ["cell,0,0"]


def test_the_playhead_is_there_when_asked_for():
    assert len(Elements(grid(playhead=True)).with_class("playhead-line")) == 1
    assert not Elements(grid()).with_class("playhead-line")


@pytest.mark.parametrize("nothing", [None, [], np.zeros((2, 0), int)])
def test_nothing_to_show_gives_the_placeholder(nothing):
    html = render_grid(nothing, placeholder="Upload <b>a file</b>")
    assert "Upload &lt;b&gt;a file&lt;/b&gt;" in html


def test_values_that_are_no_grid_are_refused():
    with pytest.raises(ValueError, match="rows, columns"):
        render_grid(np.zeros((1, 2, 3), int))
    with pytest.raises(ValueError, match="rows, columns"):
        render_grid(np.zeros((2, 3)))


@pytest.mark.parametrize("payload", XSS_PAYLOADS)
def test_no_text_of_a_caller_becomes_markup(payload):
    plain = Elements(everywhere("harmless"))
    attacked = Elements(everywhere(payload))
    shape = [(tag, sorted(attributes)) for tag, attributes in plain.tags]
    assert [(tag, sorted(attributes)) for tag, attributes in attacked.tags] == shape


@given(st.text())
def test_any_text_leaves_the_elements_as_they_are(text):
    plain = Elements(everywhere("harmless"))
    attacked = Elements(everywhere(text))
    assert [(t, sorted(a)) for t, a in attacked.tags] == [(t, sorted(a)) for t, a in plain.tags]


def everywhere(text: str) -> str:
    """A grid with `text` in every place that takes a text, and an empty one for the placeholder."""
    full = render_grid(
        np.array([[0, 1]]),
        [text],
        column_headers={0: text},
        cell_title=lambda row, column: text,
        grid_label=text,
        play_buttons=True,
    )
    return full + render_grid(None, placeholder=text)


@given(st.integers(1, 5), st.integers(1, 30))
def test_every_size_has_all_its_cells(rows, columns):
    html = render_grid(np.zeros((rows, columns), int), cell_title=lambda r, c: f"{r} {c}")
    assert len(Elements(html).with_class("code-cell")) == rows * columns

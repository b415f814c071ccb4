"""Doing things to a run in a real browser: hover, drag, kill, decode, draw, scrub, keys."""

from __future__ import annotations

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.e2e

_SLOW = 150_000  # milliseconds; a loaded machine compiles for long


@pytest.fixture
def page(open_explorer) -> Page:
    """A paused run that has learned for a moment."""
    page = open_explorer(height=2600)
    if _read(page, "frame.step") < 60:
        page.get_by_role("button", name="Start Training").click()
        _wait(page, "frame.step > 60 && frame.view")
        page.get_by_role("button", name="Stop", exact=True).click()
    _wait(page, "frame.status === 'paused' && planes && planes[0] && gallery")
    return page


def _read(page: Page, path: str):
    page.wait_for_function("document.querySelector('.rq')?.rqState?.frame", timeout=_SLOW)
    return page.eval_on_selector(".rq", f"root => root.rqState.{path}")


def _wait(page: Page, condition: str) -> None:
    page.wait_for_function(
        "() => { const {frame, planes, gallery, past, probe} = "
        "document.querySelector('.rq').rqState;"
        f" return frame && ({condition}); }}",
        timeout=_SLOW,
    )


def _plane(page: Page, level: int) -> Locator:
    return page.locator(f".rq-planes canvas[data-level='{level}']")


def _code_at(page: Page, level: int, code: int) -> dict[str, float]:
    """Where a code is drawn, in pixels of its canvas."""
    x, y = page.eval_on_selector(
        f".rq-planes canvas[data-level='{level}']",
        f"""canvas => {{ const {{codes}} = document.querySelector('.rq').rqState.planes[{level}];
            return canvas.scale.toScreen(codes[{2 * code}], codes[{2 * code + 1}]); }}""",
    )
    return {"x": x, "y": y}


def _outermost_code(page: Page) -> int:
    """A code of level 1 that no other disc covers."""
    return page.eval_on_selector(
        ".rq",
        """root => { const {codes, alive} = root.rqState.planes[0];
            let best = 0, far = -1;
            for (let k = 0; k < alive.length; k++) {
              let near = Infinity;
              for (let j = 0; j < alive.length; j++) if (j !== k)
                near = Math.min(near, Math.hypot(codes[2*k]-codes[2*j], codes[2*k+1]-codes[2*j+1]));
              if (near > far) [best, far] = [k, near];
            } return best; }""",
    )


def test_hovering_over_a_code_tells_what_it_means(page):
    code = _outermost_code(page)
    _plane(page, 0).hover(position=_code_at(page, 0, code))
    expect(page.locator(".rq-tip")).to_contain_text(f"Level 1, code {code}")
    expect(page.locator(".rq-tip canvas")).to_be_visible(timeout=_SLOW)


def test_dragging_a_code_moves_it_in_the_run_and_is_told(page):
    code = _outermost_code(page)
    start = _code_at(page, 0, code)
    box = _plane(page, 0).bounding_box()
    page.mouse.move(box["x"] + start["x"], box["y"] + start["y"])
    page.mouse.down()
    page.mouse.move(box["x"] + start["x"] / 2 + 60, box["y"] + 40, steps=4)
    page.mouse.up()
    _wait(page, f"frame.events.some(e => e.kind === 'moved' && e.text.includes('code {code} '))")
    page.wait_for_timeout(700)  # the drag lets go of the code
    now = _code_at(page, 0, code)
    assert now["x"] == pytest.approx(start["x"] / 2 + 60, abs=4)
    assert now["y"] == pytest.approx(40, abs=4)
    expect(page.locator(".rq-events")).to_contain_text(f"level 1 code {code} was moved by hand")


def test_a_chosen_code_can_be_killed_and_reseeded(page):
    code = _outermost_code(page)
    _plane(page, 0).click(position=_code_at(page, 0, code))
    expect(page.locator(".rq-chosen")).to_contain_text(f"Level 1, code {code}")
    page.get_by_role("button", name="Kill it").click()
    _wait(page, f"frame.events.some(e => e.kind === 'killed' && e.text.includes('code {code} '))")
    page.get_by_role("button", name="Re-seed it").click()
    _wait(page, f"frame.events.some(e => e.kind === 'reseeded' && e.text.includes('code {code} '))")
    page.get_by_role("button", name="Kill it").click()
    _wait(page, f"frame.view.alive[{code}] === 0")
    page.get_by_role("button", name="Restart dead now").click()
    _wait(page, f"frame.view.alive[{code}] === 1 && frame.events.some(e => e.kind === 'restarted')")


def test_a_click_in_the_decoded_map_decodes_that_point(page):
    page.locator("[data-rq=map]").click(position={"x": 30, "y": 30})
    _wait(page, "probe && probe.picture.length === 784")
    expect(page.locator("[data-rq=probe]")).to_contain_text("decoded from")


def test_a_drawn_digit_is_seen_through_every_level(page):
    pad = page.locator("[data-rq=pad]")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    empty = page.eval_on_selector("[data-rq=sketch]", "canvas => canvas.toDataURL()")
    page.mouse.move(box["x"] + 84, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + 84, box["y"] + 140, steps=8)
    page.mouse.up()
    page.wait_for_function(
        "before => document.querySelector('[data-rq=sketch]').toDataURL() !== before",
        arg=empty,
        timeout=_SLOW,
    )


def test_an_uploaded_picture_is_seen_through_every_level(page, tmp_path):
    photo = Image.new("L", (60, 90), 240)
    ImageDraw.Draw(photo).line((30, 15, 30, 75), fill=20, width=9)
    photo.save(tmp_path / "one.png")
    empty = page.eval_on_selector("[data-rq=sketch]", "canvas => canvas.toDataURL()")
    page.locator("[data-rq=upload]").set_input_files(tmp_path / "one.png")
    page.wait_for_function(
        "before => document.querySelector('[data-rq=sketch]').toDataURL() !== before",
        arg=empty,
        timeout=_SLOW,
    )
    (tmp_path / "none.png").write_text("not a picture")
    page.locator("[data-rq=upload]").set_input_files(tmp_path / "none.png")
    expect(page.locator("[data-rq=refusal]")).to_contain_text("not a picture", timeout=_SLOW)


def test_play_runs_through_the_past_and_can_be_paused(page):
    page.get_by_role("button", name="Play", exact=True).click()
    _wait(page, "past && past.step < frame.step")
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page.locator("[data-rq=past]")).to_contain_text("of")
    page.get_by_role("button", name="Live", exact=True).click()
    expect(page.locator("[data-rq=past]")).to_have_text("now")


def test_scrubbing_shows_a_past_step_and_live_comes_back(page):
    page.locator("[data-rq=timeline]").fill("0")
    _wait(page, "past && past.step < frame.step")
    expect(page.locator("[data-rq=past]")).to_contain_text("of")
    page.get_by_role("button", name="Live", exact=True).click()
    expect(page.locator("[data-rq=past]")).to_have_text("now")


def test_keys_step_and_toggle(page):
    step = _read(page, "frame.step")
    page.locator("h1").click()
    page.keyboard.press("s")
    _wait(page, f"frame.step === {step + 1}")
    for key, name in (("c", "voronoi"), ("t", "trails"), ("g", "arrows"), ("d", "sprites")):
        before = _read(page, f"view.{name}")
        page.keyboard.press(key)
        assert _read(page, f"view.{name}") is not before
    page.keyboard.press("?")
    expect(page.locator(".rq-keyhelp")).to_be_visible()
    page.keyboard.press("k")
    _wait(page, "frame.events.some(e => e.kind === 'kmeans')")
    page.keyboard.press("Space")
    _wait(page, "frame.status === 'training'")
    page.keyboard.press("Space")
    _wait(page, "frame.status === 'paused'")
    page.keyboard.press("r")
    _wait(page, "frame.step === 0 && frame.status === 'paused'")


def test_every_view_is_drawn_and_every_toggle_changes_the_planes(page):
    views = (
        ".rq-pictures",
        ".rq-bars",
        ".rq-heat",
        *("[data-rq=map]", "[data-rq=atlas]", "[data-rq=pairs]"),
    )
    for view in views:
        assert _colors_on(page, view) > 8, view
    for toggle in ("Cells", "Trails", "Gradients", "Digits", "Same scale"):
        before = _pixels(page, 1)
        page.get_by_role("button", name=toggle, exact=True).click()
        page.wait_for_function(
            "before => document.querySelector(\".rq-planes canvas[data-level='1']\").toDataURL()"
            " !== before",
            arg=before,
            timeout=_SLOW,
        )


def test_every_chart_tab_draws(page):
    for tab in ("Error", "Distortion", "Perplexity", "Rate", "Motion", "Losses"):
        page.get_by_role("button", name=tab, exact=True).click()
        page.wait_for_timeout(300)
        assert _colors_on(page, "[data-rq=chart]") > 8, tab


def _pixels(page: Page, level: int) -> str:
    return _plane(page, level).evaluate("canvas => canvas.toDataURL()")


def _colors_on(page: Page, selector: str) -> int:
    """How many opaque colours a canvas shows."""
    return page.eval_on_selector(
        selector,
        """canvas => { const {data} = canvas.getContext('2d')
             .getImageData(0, 0, canvas.width, canvas.height);
           const colors = new Set();
           for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 200)
             colors.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
           return colors.size; }""",
    )

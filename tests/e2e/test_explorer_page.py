"""The explorer's page in a real browser: knobs, slow motion, several tabs, small screens."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.e2e

_SLOW = 150_000  # milliseconds; a loaded machine compiles for long


@pytest.fixture
def page(open_explorer) -> Page:
    return open_explorer()


def _frame(page: Page, path: str) -> object:
    """A value of the frame on screen, e.g. `frame.hyper.lambda_commit`."""
    return page.eval_on_selector(".rq", f"root => root.rqState.{path}")


def _wait(page: Page, condition: str) -> None:
    page.wait_for_function(
        f"() => {{ const {{frame, curves, frames}} = document.querySelector('.rq').rqState;"
        f" return frame && ({condition}); }}",
        timeout=_SLOW,
    )


def _set_slider(page: Page, elem_id: str, value: str) -> None:
    page.locator(f"#{elem_id} input[type=range]").fill(value)


def test_slow_motion_is_shared_and_kept_in_the_link(open_explorer, page):
    page.locator("#speed input").click()
    page.get_by_role("option", name="10 steps/s").click()
    _wait(page, "frame.speed_limit === 10")
    page.wait_for_function("location.hash.includes('speed=10')", timeout=_SLOW)
    step = _frame(page, "frame.step")
    page.get_by_role("button", name="Start Training").click()
    _wait(page, f"frame.status === 'training' && frame.step > {step + 2}")
    other = open_explorer("/?second")
    expect(other.locator("#speed input")).to_have_value("10 steps/s", timeout=_SLOW)
    page.get_by_role("button", name="Stop", exact=True).click()
    _wait(page, "frame.status === 'paused'")


def test_a_new_tab_shows_the_live_values_and_follows_another_tab(open_explorer, page):
    _set_slider(page, "lambda-codebook", "0.4")
    _wait(page, "frame.hyper.lambda_codebook === 0.4")
    other = open_explorer("/?second")
    number = other.locator("#lambda-codebook input[type=number]")
    expect(number).to_have_value("0.4", timeout=_SLOW)
    _set_slider(page, "lambda-codebook", "0.7")
    expect(number).to_have_value("0.7", timeout=_SLOW)
    step = _frame(page, "frame.step") + 1
    page.get_by_role("button", name="Step", exact=True).click()
    expect(other.locator("[data-rq=step]")).to_have_text(f"{step:,}", timeout=_SLOW)


def test_tabs_of_one_browser_take_turns_and_all_of_them_move(open_explorer, page):
    tabs = [page, open_explorer("/?second"), open_explorer("/?third")]
    page.get_by_role("button", name="Start Training").click()
    for tab in tabs:
        _wait(tab, f"frame.status === 'training' && frames > {_frame(tab, 'frames') + 3}")
    # In the seconds after a button its tab does not wait.
    page.wait_for_function(
        """async () => {
            const { held, pending } = await navigator.locks.query();
            return held.length === 1 && pending.length > 0;
        }""",
        timeout=_SLOW,
    )
    page.get_by_role("button", name="Stop", exact=True).click()
    for tab in tabs:
        _wait(tab, "frame.status === 'paused'")


@pytest.mark.parametrize("dark", [False, True])
def test_a_narrow_screen_needs_no_sideways_scrolling(open_explorer, dark):
    page = open_explorer(width=400, dark=dark)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400

"""The explorer's page in a real browser: train, watch, turn a knob, stop, reset."""

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


def _picture(page: Page, selector: str) -> str:
    return page.eval_on_selector(selector, "canvas => canvas.toDataURL()")


def _wait(page: Page, condition: str) -> None:
    page.wait_for_function(
        f"() => {{ const {{frame, curves, frames}} = document.querySelector('.rq').rqState;"
        f" return frame && ({condition}); }}",
        timeout=_SLOW,
    )


def _set_slider(page: Page, elem_id: str, value: str) -> None:
    page.locator(f"#{elem_id} input[type=range]").fill(value)


def test_a_run_from_start_to_reset(page):
    assert page.title() == "RQ-VAE Explorer"
    page.get_by_role("button", name="Start Training").click()
    _wait(
        page,
        "frame.status === 'training' && frame.step > 100 && curves.test_steps.length > 1",
    )
    first_step = _frame(page, "frame.step")
    planes = ".rq-planes canvas[data-level='{}']"
    before = [
        _picture(page, s) for s in (planes.format(0), planes.format(1), ".rq-loss", ".rq-pictures")
    ]
    _wait(page, f"frame.step > {first_step + 200}")
    after = [
        _picture(page, s) for s in (planes.format(0), planes.format(1), ".rq-loss", ".rq-pictures")
    ]
    assert all(old != new for old, new in zip(before, after, strict=True))
    expect(page.locator("[data-rq=step]")).not_to_have_text("0")

    _set_slider(page, "lambda-commit", "1.5")
    _wait(page, "frame.hyper.lambda_commit === 1.5")
    _wait(page, "curves.marks.some(mark => mark.name === 'lambda_commit' && mark.new === 1.5)")

    page.get_by_role("button", name="Stop", exact=True).click()
    _wait(page, "frame.status === 'paused'")
    stopped = _frame(page, "frame.step")
    frames = _frame(page, "frames")
    page.wait_for_timeout(1500)
    assert _frame(page, "frame.step") == stopped
    assert _frame(page, "frames") <= frames + 2  # nothing moves: no frames are sent

    page.get_by_role("button", name="Step", exact=True).click()
    _wait(page, f"frame.step === {stopped + 1}")

    page.get_by_role("button", name="Reset", exact=True).click()
    _wait(page, "frame.step === 0 && frame.status === 'paused'")
    expect(page.locator("[data-rq=step]")).to_have_text("0")


def test_a_new_tab_shows_the_live_values_and_follows_another_tab(open_explorer, page):
    _set_slider(page, "lambda-codebook", "0.4")
    _wait(page, "frame.hyper.lambda_codebook === 0.4")
    other = open_explorer("/?second")
    number = other.locator("#lambda-codebook input[type=number]")
    expect(number).to_have_value("0.4", timeout=_SLOW)
    _set_slider(page, "lambda-codebook", "0.7")
    expect(number).to_have_value("0.7", timeout=_SLOW)


@pytest.mark.parametrize("dark", [False, True])
def test_a_narrow_screen_needs_no_sideways_scrolling(open_explorer, dark):
    page = open_explorer(width=400, dark=dark)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400

"""A private fork in a real browser: its own way, with the shared run beside it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.e2e

_SLOW = 150_000  # milliseconds; a loaded machine compiles for long


def _wait(page: Page, condition: str) -> None:
    page.wait_for_function(
        "() => { const {frame} = document.querySelector('.rq')?.rqState || {};"
        f" return frame && ({condition}); }}",
        timeout=_SLOW,
    )


def _step(page: Page) -> int:
    return page.eval_on_selector(".rq", "root => root.rqState.frame.step")


def test_a_fork_trains_alone_and_shows_the_shared_run_beside_it(open_explorer):
    page = open_explorer()
    shared = _step(page) + 1
    page.get_by_role("button", name="Step", exact=True).click()
    _wait(page, f"frame.step === {shared} && frame.status === 'paused' && frame.view")
    page.get_by_role("button", name="Fork a private run").click()
    expect(page.get_by_text("private run, ends when its tab is gone")).to_be_visible(timeout=_SLOW)
    _wait(page, f"frame.step === {shared} && frame.view")

    page.locator("#lambda-commit input[type=range]").fill("1.2")
    _wait(page, "frame.hyper.lambda_commit === 1.2")
    page.get_by_role("button", name="Step", exact=True).click()
    _wait(page, f"frame.step === {shared + 1}")
    expect(page.locator("[data-rq=other-text]")).to_contain_text(
        f"B: the shared run at step {shared:,}", timeout=_SLOW
    )
    expect(page.locator("[data-rq=other-planes] canvas")).to_have_count(2)

    page.get_by_role("button", name="Back to the shared run").click()
    page.wait_for_url("**/")
    _wait(page, f"frame.step === {shared} && frame.hyper.lambda_commit === 0.25")

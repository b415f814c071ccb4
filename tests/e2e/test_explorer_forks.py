"""A private fork in a real browser: its own way, with the shared run beside it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from rq_vae_explorer.training.trainer import Trainer
from rq_vae_explorer.ui import app
from rq_vae_explorer.ui.runs import SHARED, Runs

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

    page.get_by_role("button", name="Both from step 0").click()
    _wait(page, f"frame.status === 'training' && frame.step !== {shared + 1}")
    page.get_by_role("button", name="Stop both").click()
    _wait(page, "frame.status === 'paused'")
    page.get_by_role("button", name="Back to the shared run").click()
    page.wait_for_url("**/")
    _wait(page, "frame.status === 'paused' && frame.hyper.lambda_commit === 0.25")


@pytest.fixture
def own_server(monkeypatch) -> Iterator[tuple[str, Runs]]:
    """Address of a page that this process serves, and its runs."""
    trainer = Trainer(num_codes=4, batch_size=8)
    runs = Runs(trainer)
    monkeypatch.setattr(app, "Runs", lambda _: runs)
    page = app.create_app(trainer)
    _, url, _ = page.launch(
        server_name="127.0.0.1", prevent_thread_lock=True, quiet=True, inbrowser=False
    )
    yield url, runs
    page.close(verbose=False)
    trainer.close()


def test_a_fork_ends_when_its_tab_is_gone(open_page, own_server):
    url, runs = own_server
    page = open_page(url)
    page.get_by_role("button", name="Fork a private run").click()
    expect(page.get_by_text("private run, ends when its tab is gone")).to_be_visible(timeout=_SLOW)
    token = page.evaluate("new URLSearchParams(location.search).get('run')")
    fork = runs.run(token)
    address = page.url
    page.close()
    runs._lease = 1.0  # instead of five minutes
    deadline = time.monotonic() + _SLOW / 1000
    while token in runs.tokens() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert runs.tokens() == [SHARED]
    with pytest.raises(RuntimeError, match="closed"):
        fork.start()
    late = open_page(address)
    expect(late.locator("[data-rq=message]")).to_contain_text(
        "this private run has ended", timeout=_SLOW
    )
    late.close()  # before its server

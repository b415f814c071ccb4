"""`make explorer` as a newcomer runs it: it serves the page; train, turn a knob, stop, reset."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.e2e

_ROOT = Path(__file__).parents[2]
_SLOW = 150_000  # milliseconds; a loaded machine compiles for long


@pytest.fixture
def made(browser, tmp_path: Path) -> Iterator[str]:
    """Address of the page that `make explorer` serves; its whole process group ends afterwards."""
    if shutil.which("make") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no make found")
        pytest.skip("no make found")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path / "output.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["make", "explorer"],
            cwd=_ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
            # A browser window is opened by a command that does nothing.
            env={**os.environ, "GRADIO_SERVER_PORT": str(port), "BROWSER": "true"},
            start_new_session=True,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_it_answers(url, process, log)
        yield url
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def _wait_until_it_answers(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _SLOW / 1000
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"no answer:\n{log.read_text()}")


def _frame(page: Page, path: str) -> object:
    """A value of what is on screen, e.g. `frame.hyper.lambda_commit`."""
    return page.eval_on_selector(".rq", f"root => root.rqState.{path}")


def _picture(page: Page, selector: str) -> str:
    return page.eval_on_selector(selector, "canvas => canvas.toDataURL()")


def _wait(page: Page, condition: str) -> None:
    page.wait_for_function(
        f"() => {{ const {{frame, curves, frames}} = document.querySelector('.rq').rqState;"
        f" return frame && ({condition}); }}",
        timeout=_SLOW,
    )


def test_make_explorer_serves_a_page_that_trains(made, open_page):
    page = open_page(made)
    page.wait_for_function("document.querySelector('.rq')?.rqState?.planes", timeout=_SLOW)
    assert page.title() == "RQ-VAE Explorer"
    page.get_by_role("button", name="Start Training").click()
    _wait(
        page,
        "frame.status === 'training' && frame.step > 100 && curves.test_steps.length > 1",
    )
    first_step = _frame(page, "frame.step")
    planes = ".rq-planes canvas[data-level='{}']"
    views = (planes.format(0), planes.format(1), ".rq-loss", ".rq-pictures")
    before = [_picture(page, view) for view in views]
    _wait(page, f"frame.step > {first_step + 200}")
    for view, old in zip(views, before, strict=True):
        # Views take turns: on a fast machine the last one comes more than 200 steps later.
        page.wait_for_function(
            "([view, old]) => document.querySelector(view).toDataURL() !== old",
            arg=[view, old],
            timeout=10_000,
        )
    expect(page.locator("[data-rq=step]")).not_to_have_text("0")

    page.locator("#lambda-commit input[type=range]").fill("1.5")
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

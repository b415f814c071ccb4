"""The explorer's page under the clock; `explorer.py` runs this.

Serves the page in this process, trains the default run, and opens tabs in a headless Chromium on
the same machine, in windows that are all in view: their drawing competes with training for its
cores. Numbers of tabs are measured in turn and several times over: other load then hits all of
them alike.
"""

from __future__ import annotations

import shutil
import socket
import statistics
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psutil
from playwright.sync_api import BrowserContext, Page, sync_playwright

from rq_vae_explorer.training.cores import leave_a_core
from rq_vae_explorer.training.trainer import Trainer
from rq_vae_explorer.ui.app import create_app
from rq_vae_explorer.ui.serve import serve

_FRAMES = "document.querySelector('.rq').rqState.frames"
_HEAP = "performance.memory.usedJSHeapSize"
_OPEN_WINDOW = "url => void window.open(url, '_blank', 'popup,noopener,width=1400,height=1000')"
_ROUND_TRIP = """async () => {
    const times = [];
    for (let i = 0; i < 15; i++) {
        const begun = performance.now();
        await document.querySelector('.rq').rqAct({do: 'past', step: 0});
        times.push(performance.now() - begun);
    }
    return times.sort((a, b) => a - b)[7];
}"""


@dataclass(frozen=True)
class Sample:
    """One measurement with some tabs open; per tab unless said otherwise."""

    steps_per_second: float  # of the run
    updates_per_second: float | None = None  # frames that a tab got and painted
    round_trip_ms: float | None = None  # of a request for a past view, median of 15


@dataclass(frozen=True)
class Memory:
    """What the process holds after some minutes of training with an open page, in MiB."""

    minute: int
    step: int
    server: float
    page: float  # JavaScript heap of the tab


def measure_tabs(counts: Sequence[int], seconds: float, rounds: int) -> dict[int, Sample]:
    """Median over rounds for each number of open tabs."""
    samples: dict[int, list[Sample]] = {count: [] for count in counts}
    with _training_page() as (url, trainer, browser):
        for _ in range(rounds):
            for count in counts:
                samples[count].append(_measure(browser, url, trainer, count, seconds))
    return {count: _median(taken) for count, taken in samples.items()}


def measure_memory(minutes: int) -> Iterator[Memory]:
    """Once a minute, from a minute after the start on."""
    with _training_page() as (url, trainer, browser):
        page = _open(browser, url)
        for minute in range(1, minutes + 1):
            time.sleep(60)
            server = psutil.Process().memory_info().rss / 2**20
            yield Memory(minute, trainer.snapshot().step, server, page.evaluate(_HEAP) / 2**20)


@contextmanager
def _training_page() -> Iterator[tuple[str, Trainer, BrowserContext]]:
    leave_a_core()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    trainer = Trainer()
    threading.Thread(
        target=serve, args=(lambda: trainer, create_app, "127.0.0.1", port, False), daemon=True
    ).start()
    url = f"http://127.0.0.1:{port}"
    _wait_for(url)
    trainer.start()
    while trainer.snapshot().step < 200:
        time.sleep(0.2)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-gpu", "--enable-precise-memory-info"],
        )
        yield url, trainer, browser.new_context()  # of one visitor, whose tabs take turns
        browser.close()
    trainer.stop()


def _wait_for(url: str) -> None:
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            time.sleep(0.2)


def _open(browser: BrowserContext, url: str) -> Page:
    """A page in a window of its own: those behind others in one window are hardly painted."""
    opener = browser.new_page()
    with browser.expect_page() as opened:
        opener.evaluate(_OPEN_WINDOW, url)
    opener.close()
    page = opened.value
    page.wait_for_function("document.querySelector('.rq')?.rqState?.frames > 3", timeout=120_000)
    return page


def _measure(
    browser: BrowserContext, url: str, trainer: Trainer, tabs: int, seconds: float
) -> Sample:
    pages = [_open(browser, url) for _ in range(tabs)]
    time.sleep(2)
    frames = [page.evaluate(_FRAMES) for page in pages]
    step, begun = trainer.snapshot().step, time.monotonic()
    time.sleep(seconds)
    elapsed = time.monotonic() - begun
    speed = (trainer.snapshot().step - step) / elapsed
    if not pages:
        return Sample(speed)
    seen = [page.evaluate(_FRAMES) for page in pages]
    updates = statistics.mean(now - then for now, then in zip(seen, frames, strict=True)) / elapsed
    round_trip = pages[0].evaluate(_ROUND_TRIP)
    for page in pages:
        page.close()
    return Sample(speed, updates, round_trip)


def _median(samples: list[Sample]) -> Sample:
    def middle(name: str) -> float | None:
        values = [v for sample in samples if (v := getattr(sample, name)) is not None]
        return statistics.median(values) if values else None

    speed = statistics.median(sample.steps_per_second for sample in samples)
    return Sample(speed, middle("updates_per_second"), middle("round_trip_ms"))

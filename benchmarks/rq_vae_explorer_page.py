"""What an open page costs the training that it shows, and how often it is renewed.

    uv run python benchmarks/rq_vae_explorer_page.py [--seconds 10] [--rounds 3] [--tabs 0 1 8]

Serves the explorer in this process, trains the default run, and opens 0, 1 and 8 visible tabs in a
headless Chromium on the same machine, in turn and several times over, so that other load hits all
of them alike. Prints, per number of tabs, steps per second (median over rounds), their ratio to no
tab, updates per second that a tab painted, the median round trip of a request for the newest frame,
and the memory of this process.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import statistics
import threading
import time
import urllib.request

import psutil
from playwright.sync_api import Browser, Page, sync_playwright

from rq_vae_explorer.training.trainer import Trainer
from rq_vae_explorer.ui.app import create_app
from rq_vae_explorer.ui.serve import serve

_FRAMES = "document.querySelector('.rq').rqState.frames"
_ROUND_TRIP = """async () => {
    const times = [];
    for (let i = 0; i < 15; i++) {
        const begun = performance.now();
        await document.querySelector('.rq').rqAct({do: 'past', step: 0});
        times.push(performance.now() - begun);
    }
    return times.sort((a, b) => a - b)[7];
}"""


def main():
    arguments = _parse()
    url, trainer = _serve()
    trainer.start()
    while trainer.snapshot().step < 200:
        time.sleep(0.2)
    rows = {tabs: [] for tabs in arguments.tabs}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=arguments.chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        for _ in range(arguments.rounds):
            for tabs in arguments.tabs:
                rows[tabs].append(_measure(browser, url, trainer, tabs, arguments.seconds))
        browser.close()
    trainer.stop()
    _print(rows)


def _parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10, help="length of one measurement")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tabs", type=int, nargs="+", default=[0, 1, 8])
    parser.add_argument("--chromium", default=shutil.which("chromium"))
    return parser.parse_args()


def _serve():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    trainer = Trainer()
    threading.Thread(
        target=serve, args=(lambda: trainer, create_app, "127.0.0.1", port, False), daemon=True
    ).start()
    url = f"http://127.0.0.1:{port}"
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return url, trainer
        except OSError:
            time.sleep(0.2)


def _measure(browser: Browser, url: str, trainer: Trainer, tabs: int, seconds: float):
    pages: list[Page] = []
    for _ in range(tabs):
        page = browser.new_context(viewport={"width": 1400, "height": 1000}).new_page()
        page.goto(url, wait_until="domcontentloaded")
        page.wait_for_function(
            "document.querySelector('.rq')?.rqState?.frames > 3", timeout=120_000
        )
        pages.append(page)
    time.sleep(2)
    frames = [page.evaluate(_FRAMES) for page in pages]
    step, begun = trainer.snapshot().step, time.monotonic()
    time.sleep(seconds)
    elapsed = time.monotonic() - begun
    speed = (trainer.snapshot().step - step) / elapsed
    seen = [page.evaluate(_FRAMES) for page in pages]
    updates = [(now - then) / elapsed for now, then in zip(seen, frames, strict=True)]
    round_trip = pages[0].evaluate(_ROUND_TRIP) if pages else None
    for page in pages:
        page.context.close()
    return speed, statistics.mean(updates) if updates else None, round_trip


def _print(rows):
    base = statistics.median(speed for speed, _, _ in rows[min(rows)])
    print(f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}")
    print(f"{'tabs':>4} {'steps/s':>9} {'ratio':>6} {'updates/s':>10} {'round trip':>11}")
    for tabs, measured in rows.items():
        speed = statistics.median(m[0] for m in measured)
        line = f"{tabs:>4} {speed:>9.0f} {speed / base:>6.2f}"
        if tabs:
            updates = statistics.median(m[1] for m in measured)
            trip = statistics.median(m[2] for m in measured)
            line += f" {updates:>10.1f} {trip:>8.0f} ms"
        print(line)
    print(f"memory of the server: {psutil.Process().memory_info().rss / 2**20:.0f} MiB")


if __name__ == "__main__":
    main()

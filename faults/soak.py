"""`python -m faults.soak --minutes 60`: training for an hour with an open page; what grows?

The explorer trains in the page's slow motion, so that a shared machine is not starved; memory,
threads and open files of the server are read every quarter of a minute. Its figures are written
into docs/reliability.md.
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from playwright.sync_api import Page

from faults.serving import Server, chromium, serving

_PAGE = Path(__file__).parents[1] / "docs" / "reliability.md"
_BEGIN, _END = "<!-- soak: begin -->", "<!-- soak: end -->"
_EVERY = 15.0  # seconds
_SPEED = "10 steps/s"
_SLOW = 180_000  # milliseconds


@dataclass(frozen=True)
class Sample:
    """The server at a moment: hours since the start, MiB of resident memory, and of the page's
    JavaScript heap."""

    hours: float
    step: int
    memory: float
    heap: float
    threads: int
    files: int


def main() -> int:
    """Soak, print a line a minute, write the figures."""
    parser = argparse.ArgumentParser(prog="python -m faults.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    minutes = parser.parse_args().minutes
    samples = []
    for number, sample in enumerate(soak(minutes)):
        samples.append(sample)
        if number % 4 == 0:
            print(
                f"{60 * sample.hours:5.1f} min, step {sample.step:7,}: {sample.memory:7.1f} MiB, "
                f"page {sample.heap:5.1f} MiB, {sample.threads} threads, {sample.files} files",
                flush=True,
            )
    text = report(samples)
    print(text)
    page = _PAGE.read_text("utf-8")
    before, _, rest = page.partition(_BEGIN)
    after = rest.partition(_END)[2]
    _PAGE.write_text(f"{before}{_BEGIN}\n{text}\n{_END}{after}", "utf-8")
    return 0


def soak(minutes: float) -> Iterator[Sample]:
    """A sample every quarter of a minute."""
    with serving("rq-vae-explorer") as server, chromium(["--enable-precise-memory-info"]) as web:
        page = web.new_context(viewport={"width": 1400, "height": 1000}).new_page()
        page.goto(server.url, wait_until="domcontentloaded")
        page.wait_for_function("document.querySelector('.rq')?.rqState?.planes", timeout=_SLOW)
        page.locator("#speed input").click()
        page.get_by_role("option", name=_SPEED).click()
        page.get_by_role("button", name="Start Training").click()
        page.wait_for_function(
            "document.querySelector('.rq').rqState.frame?.step > 20", timeout=_SLOW
        )
        started = time.monotonic()
        while (seconds := time.monotonic() - started) < 60 * minutes:
            yield _read(server, page, seconds / 3600)
            page.wait_for_timeout(1000 * _EVERY)


def _read(server: Server, page: Page, hours: float) -> Sample:
    usage = server.usage
    return Sample(
        hours,
        page.evaluate("document.querySelector('.rq').rqState.frame?.step ?? 0"),
        usage.memory_info().rss / 2**20,
        page.evaluate("performance.memory.usedJSHeapSize") / 2**20,
        usage.num_threads(),
        usage.num_fds(),
    )


def slope(samples: list[Sample]) -> float:
    """MiB an hour of the second half, by Theil and Sen: the median over pairs of samples."""
    late = [s for s in samples if s.hours >= samples[-1].hours / 2]
    rates = [
        (b.memory - a.memory) / (b.hours - a.hours)
        for i, a in enumerate(late)
        for b in late[i + 1 :]
    ]
    return median(rates) if rates else 0.0


def report(samples: list[Sample]) -> str:
    """The figures as a Markdown list."""
    last = samples[-1]
    middle = min(samples, key=lambda s: abs(s.hours - last.hours / 2))
    fifth = min(samples, key=lambda s: abs(s.hours - min(5 / 60, last.hours)))
    threads, files = sorted({s.threads for s in samples}), sorted({s.files for s in samples})
    return "\n".join(
        [
            f"Measured on {datetime.now(UTC):%Y-%m-%d} on {platform.system()} "
            f"{platform.machine()}, {60 * last.hours:.0f} minutes at {_SPEED} "
            f"({last.step:,} steps) with one open page:",
            "",
            f"- resident memory of the server: {fifth.memory:.0f} MiB after 5 minutes, "
            f"{middle.memory:.0f} MiB half-way, {last.memory:.0f} MiB at the end; slope of the "
            f"second half {slope(samples):+.1f} MiB an hour",
            f"- JavaScript heap of the page: {middle.heap:.0f} MiB half-way, "
            f"{last.heap:.0f} MiB at the end",
            f"- threads: {threads[0]} to {threads[-1]}, {last.threads} at the end",
            f"- open files and sockets: {files[0]} to {files[-1]}, {last.files} at the end",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())

"""A tab that is closed or reloaded again and again: the server keeps nothing of it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from types import ModuleType

from playwright.sync_api import Browser, Page

from faults.outcome import Tried
from faults.serving import Server, chromium, serving

_WARM_UP = 6  # tabs after which the server has all the threads and files that it keeps
_SETTLING = 120.0  # seconds in which idle threads and sockets go
_QUIET = 15.0  # seconds without a change: settled
_READY = 180_000  # milliseconds


@dataclass(frozen=True)
class _Held:
    threads: int
    files: int

    @classmethod
    def of(cls, server: Server) -> _Held:
        return cls(server.usage.num_threads(), server.usage.num_fds())


def reloaded(subject: ModuleType, count: int) -> Tried:
    """`count` times, by turns, a tab is reloaded and another one opened and closed."""
    failures = []
    with serving(subject.COMMAND) as server, chromium() as browser:
        for _ in range(_WARM_UP):
            _visit(subject, server, browser)
        before = _settled(server, _Held(0, 0))
        page = _open(subject, server, browser)
        for number in range(count):
            if number % 2:
                _visit(subject, server, browser)
            else:
                page.reload(wait_until="domcontentloaded")
                page.wait_for_function(subject.PAGE_READY, timeout=_READY)
        page.context.close()
        after = _settled(server, before)
    if after.threads > before.threads or after.files > before.files:
        failures = [f"before: {before}, after: {after}"] * count
    result = (
        f"threads {before.threads} before and {after.threads} after, open files and sockets "
        f"{before.files} and {after.files}"
    )
    return Tried(count, tuple(failures), result)


def _open(subject: ModuleType, server: Server, browser: Browser) -> Page:
    page = browser.new_context().new_page()
    page.goto(server.url, wait_until="domcontentloaded")
    page.wait_for_function(subject.PAGE_READY, timeout=_READY)
    return page


def _visit(subject: ModuleType, server: Server, browser: Browser) -> None:
    _open(subject, server, browser).context.close()


def _settled(server: Server, goal: _Held) -> _Held:
    """What is held once nothing changes any more, or as soon as it is no more than `goal`."""
    last, since, deadline = _Held.of(server), time.monotonic(), time.monotonic() + _SETTLING
    while time.monotonic() < deadline:
        time.sleep(0.5)
        now = _Held.of(server)
        if now.threads <= goal.threads and now.files <= goal.files:
            return now
        if now != last:
            last, since = now, time.monotonic()
        if not goal.threads and time.monotonic() - since > _QUIET:
            break
    return _Held.of(server)

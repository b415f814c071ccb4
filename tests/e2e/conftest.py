"""What every browser test needs: a Chromium, a server on a free port, and a page that is watched.

A watched page refuses and records every request to another host and records every console error;
when its test is over, either is a failure. Where no Chromium is found the tests are skipped with
the reason, unless `CI=true`, where that is an error.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
import soundfile
from playwright.sync_api import Browser, Page, Route, sync_playwright
from tests.e2e.instrument import Instrument

_CHROMIUM_NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
)
_CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-gpu",
]
_START_SECONDS = 300
_STOP_SECONDS = 15


def _find_chromium() -> str | None:
    """`$CHROMIUM`, or the first browser on the path."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named
    return next((path for name in _CHROMIUM_NAMES if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One headless Chromium for the whole session."""
    executable = _find_chromium()
    if executable is None:
        reason = "no Chromium found: install `chromium` or set CHROMIUM to its path"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=_CHROMIUM_ARGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def xss_payloads() -> tuple[str, ...]:
    """Twenty texts that set `window.hacked` where a page takes them for markup or code."""
    return (
        "<script>window.hacked=1</script>",
        "<img src=x onerror=window.hacked=1>",
        '"><svg onload=window.hacked=1>',
        "'><iframe srcdoc='<script>parent.hacked=1</script>'>",
        "javascript:window.hacked=1",
        "${window.hacked=1}",
        "{{constructor.constructor('window.hacked=1')()}}",
        "`;window.hacked=1;`",
        "</style><script>window.hacked=1</script>",
        "<body onload=window.hacked=1>",
        "<details open ontoggle=window.hacked=1>",
        "<video><source onerror=window.hacked=1>",
        "<a href=javascript:window.hacked=1>click</a>",
        "<math><mtext></p><img src onerror=window.hacked=1>",
        "&lt;img src=x onerror=window.hacked=1&gt;",
        "\\u003cimg src=x onerror=window.hacked=1\\u003e",
        "<input autofocus onfocus=window.hacked=1>",
        "<object data=javascript:window.hacked=1>",
        "'-window.hacked=1-'",
        "<template><script>window.hacked=1</script></template>",
    )


@dataclass
class WatchedPage:
    """A page and what went wrong in it."""

    page: Page
    foreign_requests: list[str] = field(default_factory=list)
    console_errors: list[str] = field(default_factory=list)

    def watch(self, home: str) -> None:
        """Let through only requests to the host of `home`, and note errors."""

        def guard(route: Route) -> None:
            address = urlsplit(route.request.url)
            if address.scheme in ("data", "blob", "file") or address.netloc == home:
                route.continue_()
            else:
                self.foreign_requests.append(route.request.url)
                route.abort()

        self.page.route("**/*", guard)
        self.page.on(
            "pageerror", lambda error: self.console_errors.append(error.stack or str(error))
        )
        self.page.on(
            "console",
            lambda message: (
                self.console_errors.append(message.text) if message.type == "error" else None
            ),
        )


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """`open_page(url, width=1280, height=900, dark=False)` opens a watched page.

    Every call has its own context (cookies, storage). After the test, console errors and requests
    to other hosts in any of the pages fail it.
    """
    opened: list[WatchedPage] = []

    def open_one(url: str, width: int = 1280, height: int = 900, dark: bool = False) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            accept_downloads=True,
        )
        watched = WatchedPage(context.new_page())
        watched.watch(urlsplit(url).netloc)
        opened.append(watched)
        watched.page.goto(url, wait_until="domcontentloaded")
        return watched.page

    yield open_one
    for watched in opened:
        watched.page.context.close()
    assert not [url for watched in opened for url in watched.foreign_requests]
    assert not [text for watched in opened for text in watched.console_errors]


def free_port() -> int:
    """A TCP port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Server:
    """A running command that serves HTTP on this machine."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def wait_until_ready(self) -> None:
        """Ask until it answers; raise with its output if it ends or takes too long."""
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended:\n{self.log.read_text()}")
            try:
                with urllib.request.urlopen(self.url, timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise RuntimeError(f"no answer in {_START_SECONDS} s:\n{self.log.read_text()}")

    def stop(self) -> None:
        """Ctrl-C; after a while, kill."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """`serve(["rq-vae-explorer", "--port", "{port}", ...])` starts a command of this environment.

    It waits until the server answers. `{port}` is replaced by a free port; more keywords are
    environment variables. The same call again gives the same server: starting costs seconds. All
    servers end with the session.
    """
    servers: dict[tuple[object, ...], Server] = {}

    def start(arguments: list[str], **environment: str) -> Server:
        asked = (*arguments, *sorted(environment.items()))
        if asked not in servers:
            servers[asked] = _launch(arguments, environment, tmp_path_factory.mktemp("server"))
            servers[asked].wait_until_ready()
        return servers[asked]

    yield start
    for server in servers.values():
        server.stop()


def _launch(arguments: list[str], environment: dict[str, str], folder: Path) -> Server:
    port = free_port()
    script = Path(sys.executable).with_name(arguments[0])
    command = [str(script), *(a.replace("{port}", str(port)) for a in arguments[1:])]
    log = folder / "output.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "GRADIO_ANALYTICS_ENABLED": "False", **environment},
            cwd=folder,
        )
    return Server(f"http://127.0.0.1:{port}", process, log)


_EXPLORER_DEFAULTS = """async () => {
    const {rqState, rqAct} = document.querySelector('.rq');
    const named = Object.entries(rqState.description.defaults).map(([k, v]) => [k, String(v)]);
    await rqAct({do: 'apply', settings: Object.fromEntries(named)});
}"""

_EXPLORER_HAS_DEFAULTS = """() => {
    const {frame, planes, description} = document.querySelector('.rq').rqState;
    return frame && planes && Object.entries(description.config)
        .every(([name, value]) => description.defaults[name] === value);
}"""


@pytest.fixture
def open_explorer(
    open_page: Callable[..., Page], serve: Callable[..., Server]
) -> Callable[..., Page]:
    """`open_explorer(path="/", ...)` opens the explorer's page and waits until it is painted.

    All tests share one server and so one run; each begins with the default settings, at the step
    where the last test left it.
    """
    url = serve(["rq-vae-explorer", "--port", "{port}", "--no-browser"]).url

    def open_one(path: str = "/", **screen: Any) -> Page:
        page = open_page(url + path, **screen)
        page.wait_for_function(
            "document.querySelector('.rq')?.rqState?.planes", timeout=_START_SECONDS * 1000
        )
        if path == "/":
            page.evaluate(_EXPLORER_DEFAULTS)
            page.wait_for_function(_EXPLORER_HAS_DEFAULTS, timeout=_START_SECONDS * 1000)
        return page

    return open_one


@pytest.fixture(scope="session")
def url(serve, tmp_path_factory) -> str:
    home = tmp_path_factory.mktemp("home")
    arguments = ["distill", "--no-browser", "--port", "{port}"]
    return serve(arguments, DISTILL_HOME=str(home), OMP_NUM_THREADS="1").url


@pytest.fixture(scope="session")
def wav(tmp_path_factory) -> Path:
    """One second: three falling tones, peak 0.25."""
    t = np.arange(48_000) / 48_000
    wave = sum(
        np.where(t >= start, np.sin(2 * np.pi * f * t) * np.exp(-9 * (t - start)), 0)
        for start, f in ((0.05, 880), (0.35, 440), (0.65, 220))
    )
    path = tmp_path_factory.mktemp("sounds") / "three tones.wav"
    soundfile.write(path, 0.25 * wave / np.abs(wave).max(), 48_000)
    return path


@pytest.fixture
def tab(open_page, url) -> Instrument:
    return Instrument(open_page(url, height=1100)).ready()


@pytest.fixture
def tones(tab, wav) -> Instrument:
    """The instrument with the three tones, all of it in view."""
    tab.open_file(wav)
    tab.do("fit")
    tab.sound()
    return tab

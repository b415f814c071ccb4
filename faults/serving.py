"""A page under test: an app's server as a process of its own, and a browser where one is needed."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import Browser, sync_playwright

_START_SECONDS = 600
_STOP_SECONDS = 20
_CHROMIUM_ARGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")


@dataclass(frozen=True)
class Server:
    """A running server. home: a folder of its own, which it takes for the user's."""

    url: str
    port: int
    process: subprocess.Popen[bytes]
    home: Path
    log: Path

    @property
    def usage(self) -> psutil.Process:
        """Memory, threads and files of the process."""
        return psutil.Process(self.process.pid)

    def get(self, path: str) -> bytes:
        """The body of a page."""
        with urllib.request.urlopen(self.url + path, timeout=120) as reply:
            return reply.read()

    def functions(self) -> dict[str, int]:
        """The component that serves each server function."""
        config = json.loads(self.get("/config"))
        return {
            name: component["id"]
            for component in config["components"]
            for name in component["props"].get("server_fns") or ()
        }


def script(name: str) -> str:
    """The console command `name` of this environment."""
    return str(Path(sys.executable).with_name(name))


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def private_environment(home: Path) -> dict[str, str]:
    """Variables that keep an app out of the user's folders."""
    return {
        **os.environ,
        "HOME": str(home),
        "DISTILL_HOME": str(home / "distill"),
        "RQ_VAE_EXPLORER_CACHE": str(home / "cache"),
        "GRADIO_TEMP_DIR": str(home / "uploads"),
        "NO_PROXY": "127.0.0.1",
    }


@contextmanager
def serving(
    command: str, *wrapper: str, flags: Sequence[str] = ("--no-browser",)
) -> Iterator[Server]:
    """Serve the page of `command` on a free port of 127.0.0.1; `wrapper` is put before it."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        home, port = Path(name), free_port()
        log = home / "server.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*wrapper, script(command), *flags, "--port", str(port)],
                stdout=output,
                stderr=subprocess.STDOUT,
                env=private_environment(home),
                cwd=home,
            )
        server = Server(f"http://127.0.0.1:{port}", port, process, home, log)
        try:
            _wait(server)
            yield server
        finally:
            stop(process)


def stop(process: subprocess.Popen[Any]) -> None:
    """Ctrl-C, and after a while kill, for the process and what it started."""
    family = []
    with suppress(psutil.NoSuchProcess):
        family = psutil.Process(process.pid).children(recursive=True)
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    for child in family:
        with suppress(psutil.NoSuchProcess):
            child.kill()


def _wait(server: Server) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and server.process.poll() is None:
        try:
            server.get("/config")
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"no server: {server.log.read_text(errors='replace')[-500:]}")


def component_call(server: Server, component: int, name: str, data: Any) -> bytes:
    """What a page sends for a call of a server function."""
    body = {"data": data, "component_id": component, "fn_name": name, "session_hash": _session()}
    return json.dumps(body).encode()


def _session() -> str:
    return uuid.uuid4().hex[:11]


def steps_shown(text: str) -> int:
    """The step in a text such as "1,234"."""
    return int(re.sub(r"\D", "", text) or 0)


@contextmanager
def chromium(extra: Sequence[str] = ()) -> Iterator[Browser]:
    """A headless Chromium: `$CHROMIUM`, or the one on the path."""
    executable = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, args=[*_CHROMIUM_ARGS, *extra]
        )
        yield browser
        browser.close()

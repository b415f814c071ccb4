"""A stop-watch from clone to first result, app by app, as on a machine that has only uv and git.

    uv run python benchmarks/first_minutes.py              # with uv's own cache, as it is here
    uv run python benchmarks/first_minutes.py --cold       # an empty cache for each app: downloads

For each app: clone into a temporary folder, run the README's command, wait for the first result,
delete all of it. First results are a picture on disk (scene), a test digit drawn again by a model
in training (explorer), and the sound of a clicked cell (distill); both pages are opened and clicked
by a headless Chromium. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Error, Page, sync_playwright

_ROOT = Path(__file__).parents[1]
_PATIENCE_MS = 900_000
_CHROMIUM_ARGS = ["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"]
_DISTILL = "document.querySelector('#distill-codes [data-ds=root]')"


@dataclass(frozen=True)
class Times:
    """Seconds, and the bytes that were put into a cache that was empty before."""

    app: str
    clone: float
    first_result: float  # from the start of the clone on
    again: float  # the same command a second time
    cache_bytes: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--cold", action="store_true", help="empty uv cache for each app (downloads)"
    )
    parser.add_argument("--app", choices=sorted(_FIRST), action="append", help="only this app")
    arguments = parser.parse_args()
    cache = "empty" if arguments.cold else "warm"
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, "
        f"{cache} cache\n"
    )
    print("| app | clone | clone to first result | the same command again | uv cache |")
    print("|---|---|---|---|---|")
    for app in arguments.app or list(_FIRST):
        times = _measure(app, arguments.cold)
        held = f"{times.cache_bytes / 1e9:.1f} GB" if arguments.cold else "warm"
        print(
            f"| {app} | {times.clone:.0f} s | {times.first_result:.0f} s"
            f" | {times.again:.0f} s | {held} |",
            flush=True,
        )


def _measure(app: str, cold: bool) -> Times:
    with tempfile.TemporaryDirectory(prefix="first-minutes-") as name:
        folder = Path(name)
        environment = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"}
        environment["DISTILL_HOME"] = str(folder / "home")
        if cold:
            environment["UV_CACHE_DIR"] = str(folder / "cache")
        begun = time.perf_counter()
        subprocess.run(
            ["git", "clone", "--quiet", _ROOT.as_uri(), folder / "vq-lab"], check=True, timeout=600
        )
        cloned = time.perf_counter()
        _FIRST[app](folder / "vq-lab", environment)
        first = time.perf_counter()
        _FIRST[app](folder / "vq-lab", environment)
        again = time.perf_counter()
        held = sum(file.stat().st_size for file in (folder / "cache").rglob("*") if file.is_file())
        return Times(app, cloned - begun, first - begun, again - first, held)


def _uv_run(package: str, *command: str) -> list[str]:
    return [shutil.which("uv") or str(_ROOT / ".uv/bin/uv"), "run", "--package", package, *command]


def _draw(clone: Path, environment: dict[str, str]) -> None:
    picture = clone / "output.png"
    picture.unlink(missing_ok=True)
    command = _uv_run("scene", "generate", "a cozy tavern interior with a roaring fireplace")
    subprocess.run(
        command, cwd=clone, env=environment, check=True, capture_output=True, timeout=1800
    )
    if not picture.exists():
        sys.exit("scene drew nothing")


def _train_a_digit(clone: Path, environment: dict[str, str]) -> None:
    with _page("rq-vae-explorer", clone, environment) as page:
        page.get_by_role("button", name="Start Training").click(timeout=_PATIENCE_MS)
        page.wait_for_function(
            "() => { const s = document.querySelector('.rq')?.rqState;"
            " return s?.frame?.step > 0 && s.gallery?.step > 0; }",
            timeout=_PATIENCE_MS,
        )


def _hear_a_cell(clone: Path, environment: dict[str, str]) -> None:
    with _page("distill", clone, environment) as page:
        page.locator("#distill-codes [data-ds=root][data-state=ready]").wait_for(
            timeout=_PATIENCE_MS
        )
        box = page.locator("#distill-codes [data-ds=grid]").bounding_box()
        page.mouse.click(box["x"] + 160, box["y"] + 60)
        page.wait_for_function(
            f"() => {_DISTILL}.debug.shots.some(shot => shot.peak > 0)", timeout=_PATIENCE_MS
        )


@contextmanager
def _page(app: str, clone: Path, environment: dict[str, str]) -> Iterator[Page]:
    """The app's page, opened as soon as it answers; the server ends with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = _uv_run(app, app, "--no-browser", "--port", str(port))
    with (clone.parent / "log").open("wb") as log, sync_playwright() as playwright:
        server = subprocess.Popen(
            command, cwd=clone, env=environment, stdout=log, stderr=log, start_new_session=True
        )
        try:
            browser = playwright.chromium.launch(
                executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"),
                args=_CHROMIUM_ARGS,
            )
            page = browser.new_page(viewport={"width": 1360, "height": 1000})
            _open(page, f"http://127.0.0.1:{port}", server)
            yield page
            browser.close()
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(timeout=60)


def _open(page: Page, url: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(9000):
        if server.poll() is not None:
            sys.exit("the server ended before it answered")
        try:
            page.goto(url, wait_until="domcontentloaded")
        except Error:
            time.sleep(0.2)
        else:
            return
    sys.exit("the server did not answer within half an hour")


_FIRST: dict[str, Callable[[Path, dict[str, str]], None]] = {
    "scene": _draw,
    "rq-vae-explorer": _train_a_digit,
    "distill": _hear_a_cell,
}

if __name__ == "__main__":
    main()

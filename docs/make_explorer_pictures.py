"""Take the pictures of the explorer in `docs/images/` from the running page.

Needs the development tools (Playwright) and a Chromium. Run from the repository root:

    uv run python docs/make_explorer_pictures.py [--steps 1500] [--chromium /usr/bin/chromium]

The page serves on a free port of this machine, trains the default run and is photographed while it
trains. Nothing but the pictures is written.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Error, Page, sync_playwright

from rq_vae_explorer.training.trainer import Trainer
from rq_vae_explorer.ui.app import create_app
from rq_vae_explorer.ui.serve import serve

_IMAGES = Path(__file__).parent / "images"
_PATIENCE = 500_000


def main() -> None:
    arguments = _parse()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    trainer = Trainer()
    server = threading.Thread(
        target=serve,
        args=(lambda: trainer, create_app, "127.0.0.1", port, False),
        daemon=True,
    )
    server.start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=arguments.chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        _take_all(browser, f"http://127.0.0.1:{port}", arguments.steps)
        browser.close()
    trainer.stop()


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=1500, help="training step of the pictures")
    parser.add_argument("--chromium", default=shutil.which("chromium"), help="path of a Chromium")
    return parser.parse_args()


def _take_all(browser: Browser, url: str, steps: int) -> None:
    page = _open(browser, url, (1480, 1180), dark=False)
    page.get_by_role("button", name="Start Training").click()
    _wait_for_step(page, steps)
    _shoot(page, "explorer-page", lambda: page.screenshot())
    _draw_a_seven(page)
    _shoot(page, "explorer-laboratory", lambda: page.screenshot(full_page=True))
    page.context.close()
    page = _open(browser, url, (1480, 1180), dark=True)
    _wait_for_step(page, steps)
    _shoot(page, "explorer-dark", lambda: page.screenshot())
    page.context.close()
    page = _open(browser, url, (400, 900), dark=False)
    _wait_for_step(page, steps)
    _shoot(page, "explorer-phone", lambda: page.screenshot())
    page.context.close()
    page = _open(browser, url, (1480, 1180), dark=False)
    _compare_with_collapse(page, steps // 4)
    _shoot(page, "explorer-versus", lambda: page.screenshot())
    page.context.close()
    page = _open(browser, url, (1480, 1180), dark=False)
    _play_the_film(page, steps // 4)


def _open(browser: Browser, url: str, size: tuple[int, int], dark: bool) -> Page:
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme="dark" if dark else "light"
    )
    page = context.new_page()
    for _ in range(60):
        try:
            page.goto(url, wait_until="domcontentloaded")
            break
        except Error:  # the server is still starting
            page.wait_for_timeout(1000)
    page.locator(".rq-planes canvas").first.wait_for(timeout=_PATIENCE)
    return page


def _wait_for_step(page: Page, step: int) -> None:
    """Until that step is on screen, with decoded pictures that are not much older."""
    page.wait_for_function(
        "step => { const {frame, curves, gallery} = document.querySelector('.rq').rqState;"
        " return frame?.step >= step && curves && gallery?.step >= step / 2; }",
        arg=step,
        timeout=_PATIENCE,
    )
    page.wait_for_timeout(1500)


def _draw_a_seven(page: Page) -> None:
    pad = page.locator("[data-rq=pad]")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    page.mouse.move(box["x"] + 45, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 120, box["y"] + 40, steps=6)
    page.mouse.move(box["x"] + 80, box["y"] + 140, steps=6)
    page.mouse.up()
    page.wait_for_timeout(2500)


def _compare_with_collapse(page: Page, step: int) -> None:
    """A private fork with another lesson, started together with the shared run."""
    page.get_by_role("button", name="Fork a private run").click()
    page.get_by_text("private run, ends when its tab is gone").wait_for(timeout=_PATIENCE)
    page.locator("#lesson input").click()
    page.get_by_role("option", name="Collapse", exact=True).click()
    page.get_by_role("button", name="Run this lesson").click()
    _wait_for_step(page, 1)
    page.get_by_role("button", name="Both from step 0").click()
    page.wait_for_function(
        "document.querySelector('.rq').rqState.frame?.step < 50", timeout=_PATIENCE
    )
    _wait_for_step(page, step)


def _play_the_film(page: Page, step: int) -> None:
    """The experiment of the explorer's tutorial: one table of 64 codes, its replay from disk."""
    page.get_by_role("button", name="New run").click()
    for knob, value in (("num_levels", "1"), ("num_codes", "64")):
        page.locator(f"#recipe-{knob} input[type=range]").fill(value)
    page.locator("#apply-button").click()
    page.wait_for_function(
        "(({codes, levels}) => codes === 64 && levels === 1)"
        "(document.querySelector('.rq').rqState.description)",
        timeout=_PATIENCE,
    )
    page.get_by_role("button", name="Start Training").click()
    _wait_for_step(page, step)
    page.get_by_role("button", name="Stop", exact=True).click()
    with (
        tempfile.TemporaryDirectory() as folder,
        page.expect_download(timeout=_PATIENCE) as waiting,
    ):
        page.locator("[data-what=replay]").click()
        film = Path(folder) / "film.html"
        waiting.value.save_as(film)
        disk = page.context.new_page()
        disk.context.set_offline(True)
        disk.goto(film.as_uri(), wait_until="domcontentloaded")
        disk.wait_for_function("document.querySelector('.rq')?.rqState?.frame", timeout=_PATIENCE)
        disk.locator("[data-rq=timeline]").fill(str(step // 4))
        disk.wait_for_timeout(1500)
        _shoot(disk, "explorer-replay", lambda: disk.screenshot())


def _shoot(page: Page, name: str, take: Callable[[], bytes]) -> None:
    path = _IMAGES / f"{name}.png"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(take())
    print(f"{path}: {path.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()

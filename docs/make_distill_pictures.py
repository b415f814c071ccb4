"""Photograph the running distill page for docs/distill-page.md.

    uv run distill --no-browser --port 7999 &
    uv run python docs/make_distill_pictures.py http://127.0.0.1:7999

Needs a Chromium (`$CHROMIUM`, or `chromium` on the path).
"""

import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

IMAGES = Path(__file__).parent / "images"
SLOW = 180_000


def open_codes(browser: Browser, url: str, width: int, height: int, dark: bool = False) -> Page:
    """The Codes tab, ready."""
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.set_default_timeout(SLOW)
    page.goto(url, wait_until="domcontentloaded")
    expect(page.locator("#distill-codes [data-ds=root]")).to_have_attribute(
        "data-state", "ready", timeout=SLOW
    )
    wait_for_sound(page)
    return page


def wait_for_sound(page: Page) -> None:
    """Until the decoded waveform of the first seconds is drawn."""
    page.wait_for_function(
        "() => document.querySelector('#distill-codes [data-ds=root]').debug.soundAt("
        "document.querySelector('#distill-codes [data-ds=root]').debug.track, 0)"
    )
    page.wait_for_timeout(800)


def cell(page: Page, level: int, column: int) -> tuple[float, float]:
    """Where a cell is."""
    box = page.locator("#distill-codes [data-ds=grid]").bounding_box()
    debug = "document.querySelector('#distill-codes [data-ds=root]').debug"
    scale, scroll, row, header = page.evaluate(
        f"() => [{debug}.scale, {debug}.scroll, {debug}.row, {debug}.header]"
    )
    return box["x"] + (column + 0.5 - scroll) * scale, box["y"] + header + (level + 0.5) * row


def save(page: Page, name: str) -> None:
    """One picture."""
    page.screenshot(path=IMAGES / f"distill-{name}.png")
    print(f"docs/images/distill-{name}.png")


def photograph(browser: Browser, url: str) -> None:
    """All pictures."""
    page = open_codes(browser, url, 1360, 900)
    page.mouse.click(*cell(page, 1, 8))
    page.wait_for_timeout(1500)
    page.mouse.move(0, 0)
    save(page, "codes")
    page.mouse.move(*cell(page, 0, 12))
    page.mouse.down()
    page.mouse.move(*cell(page, 3, 20), steps=6)
    page.mouse.up()
    page.locator("#distill-codes [data-do=loop]").click()
    page.locator("#distill-codes [data-heat=here]").click()
    page.locator("#distill-codes [data-mute='3']").click()
    page.wait_for_timeout(500)
    wait_for_sound(page)
    page.mouse.move(0, 0)
    save(page, "selection")
    dark = open_codes(browser, url, 1360, 900, dark=True)
    chip = dark.locator("#distill-codes .ds-chip").nth(2)
    chip.click()
    expect(chip).to_have_attribute("aria-pressed", "true", timeout=SLOW)
    wait_for_sound(dark)
    dark.mouse.click(*cell(dark, 2, 6))
    dark.wait_for_timeout(1500)
    dark.mouse.move(0, 0)
    save(dark, "dark")
    for name in ("Generate", "Train", "Models"):
        page.get_by_role("tab", name=name).click()
        page.wait_for_timeout(1500)
        save(page, name.lower())
    save(open_codes(browser, url, 400, 860, dark=True), "phone")


def main() -> None:
    """Take them."""
    executable = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--disable-gpu"]
        )
        photograph(browser, sys.argv[1])
        browser.close()


if __name__ == "__main__":
    main()

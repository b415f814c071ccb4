"""The Codes tab in a browser as the tests drive it: where cells are, what is heard and changed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from playwright.sync_api import Locator, Page, expect

SLOW = 60_000  # milliseconds
_DEBUG = "document.querySelector('#distill-codes [data-ds=root]').debug"


@dataclass(frozen=True)
class Instrument:
    """The Codes tab of one page."""

    page: Page

    @property
    def root(self) -> Locator:
        return self.page.locator("#distill-codes")

    def debug(self, what: str):
        return self.page.evaluate(f"() => {_DEBUG}.{what}")

    def until(self, condition: str) -> None:
        """Wait for a condition on the debug state `d`."""
        self.page.wait_for_function(
            f"() => {{ const d = {_DEBUG}; return {condition}; }}", timeout=SLOW
        )

    def ready(self) -> Instrument:
        expect(self.root.locator("[data-ds=root]")).to_have_attribute(
            "data-state", "ready", timeout=SLOW
        )
        return self

    def settled(self) -> None:
        self.until("d.pending === 0")

    def codes(self) -> np.ndarray:
        """(L, W)."""
        return np.array(self.debug("codes")).reshape(self.debug("levels"), -1)

    def sound(self, track: str = "m:15") -> np.ndarray:
        """All samples that the page holds of a track."""
        chunks = []
        for index in range(-(-self.debug("samples") // 65536)):
            self.page.wait_for_function(
                f"([t, i]) => {_DEBUG}.soundAt(t, i)", arg=[track, index], timeout=SLOW
            )
            chunks.append(self.page.evaluate(f"([t, i]) => {_DEBUG}.soundAt(t, i)", [track, index]))
        return np.concatenate(chunks)

    def at(self, level: int, column: int) -> tuple[float, float]:
        """Where a cell is on the page."""
        box = self.root.locator("[data-ds=grid]").bounding_box()
        scale, scroll = self.debug("scale"), self.debug("scroll")
        row, header = self.debug("row"), self.debug("header")
        return box["x"] + (column + 0.5 - scroll) * scale, box["y"] + header + (level + 0.5) * row

    def click(self, level: int, column: int, **how) -> None:
        self.page.mouse.click(*self.at(level, column), **how)

    def drag(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        self.page.mouse.move(*self.at(*start))
        self.page.mouse.down()
        self.page.mouse.move(*self.at(*end), steps=8)
        self.page.mouse.up()

    def key(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def do(self, name: str) -> None:
        self.root.locator(f"[data-do={name}]").click()

    def silence(self) -> None:
        """End what plays after an edit, so that nothing moves."""
        if self.debug("playing"):
            self.do("play")
        self.until("!d.playing")

    def open_file(self, path: Path) -> None:
        self.root.locator("[data-ds=file]").set_input_files(path)
        expect(self.root.locator("[data-ds=name]")).to_have_text(path.name, timeout=SLOW)
        self.ready()

"""What a visitor of the explorer's page may give it as a digit: picture files, and raw pixels.

The browser decodes a file and sends 112 x 112 bytes of grey, so that a bomb meets the browser
alone; whatever else is sent in their place meets the server.
"""

from __future__ import annotations

import base64
from types import ModuleType
from typing import Any

from playwright.sync_api import Page

from faults.outcome import Tried
from faults.requests import state_of
from faults.serving import chromium, serving
from faults.zoo.keeper import show
from faults.zoo.picture_files import ZOO

_SIDE = 112
_WHOLE = base64.b64encode(bytes(range(112)) * 112).decode()
_SLOW = 120_000  # milliseconds; a bomb takes its time on a busy machine

# What is sent as pixels, and whether it is good.
PIXELS: dict[str, tuple[Any, bool]] = {
    "grey": (_WHOLE, True),
    "black": (base64.b64encode(bytes(_SIDE**2)).decode(), True),
    "one dot": (base64.b64encode(bytes(6000) + b"\xff" + bytes(_SIDE**2 - 6001)).decode(), True),
    "empty": ("", False),
    "a byte too few": (base64.b64encode(bytes(_SIDE**2 - 1)).decode(), False),
    "a byte too many": (base64.b64encode(bytes(_SIDE**2 + 1)).decode(), False),
    "a megabyte": (base64.b64encode(bytes(2**20)).decode(), False),
    "no base64": ("!" * 16_724, False),
    "padding alone": ("====", False),
    "a data address": (f"data:image/png;base64,{_WHOLE}", False),
    "lines": ("\n".join(_WHOLE[i : i + 76] for i in range(0, len(_WHOLE), 76)), False),
    "not ASCII": ("\u00e9" * 16_724, False),
    "NUL": ("\0" * 16_724, False),
    "null": (None, False),
    "a number": (1e308, False),
    "true": (True, False),
    "a list": ([0] * _SIDE**2, False),
    "an object": ({"length": _SIDE**2}, False),
    "nested": ([[[[[]]]]] * 100, False),
    "markup": ("<script>alert(1)</script>", False),
}


def drawings(subject: ModuleType, count: int) -> Tried:
    """Each picture file through the page's own button, each odd set of pixels to its server."""
    with serving(subject.COMMAND) as server, chromium() as browser:
        page = browser.new_page()
        page.goto(server.url, wait_until="domcontentloaded")
        page.wait_for_function(subject.PAGE_READY, timeout=_SLOW)
        sent: list[str] = []
        page.on("requestfinished", lambda request: sent.append(request.post_data or ""))
        page.on("pageerror", lambda error: sent.append(f"pageerror {error}"))

        def send(name: str) -> str:
            pixels, good = PIXELS[name]
            told = state_of(server, "act", {"do": "encode", "pixels": pixels, "run": ""})
            words = str(told.get("error", ""))
            if len(words) > 300 or "Traceback" in words:
                return f"not fit to read: {words[:200]}"
            return "" if good != bool(words) else f"good: {good}, but it said {words!r}"

        def take(name: str) -> str:
            return _give(page, sent, name) if name in ZOO else send(name)

        result = "taken, or refused in words by the page; it stays alive, and so does the server"
        return show([*ZOO, *PIXELS], count, take, result)


def _give(page: Page, sent: list[str], name: str) -> str:
    """A file by the page's button: it comes to a drawing that is sent, or to a refusal."""
    sent.clear()
    page.evaluate("document.querySelector('[data-rq=refusal]').hidden = true")
    file = {"name": "digit.png", "mimeType": "image/png", "buffer": ZOO[name]()}
    page.locator("[data-rq=upload]").set_input_files(file)
    for _ in range(_SLOW // 100):
        if any(text.startswith("pageerror") for text in sent):
            return next(text for text in sent if text.startswith("pageerror"))[:200]
        refused = page.evaluate("!document.querySelector('[data-rq=refusal]').hidden")
        if refused or any('"encode"' in text for text in sent):
            return ""
        page.wait_for_timeout(100)
    return "neither drawn nor refused"

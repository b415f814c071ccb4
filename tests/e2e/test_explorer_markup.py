"""Texts that would run as code, wherever a text reaches the explorer's page."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.e2e

_SLOW = 150_000  # milliseconds; a loaded machine compiles for long
_BAD = "script:not([src]):not([type]), img[src=x], svg[onload], iframe, object, video, template"


def _ran(page: Page) -> bool:
    page.wait_for_timeout(200)
    return page.evaluate("window.hacked") is not None


def _elements(page: Page, inside: str) -> int:
    return page.locator(inside).locator(_BAD).count()


def test_settings_and_their_refusals_are_never_markup(open_explorer, xss_payloads):
    page = open_explorer()
    for start in range(0, len(xss_payloads), 5):
        text = f"set {start:02}: " + " ".join(xss_payloads[start : start + 5])
        # The run falls back to the digits that ship, and says why in the page's own words.
        page.evaluate(
            "data => document.querySelector('.rq').rqAct({do: 'apply', settings: {data}})", text
        )
        page.wait_for_function(
            "data => document.querySelector('.rq').rqState.frame?.view"
            " && document.querySelector('.rq').innerText.includes(data.slice(0, 7))",
            arg=text,
            timeout=_SLOW,
        )
    assert not _ran(page)
    assert _elements(page, ".rq") == 0
    for payload in xss_payloads[:4]:
        page = open_explorer(f"/?lambda_commit={quote(payload)}&data={quote(payload)}#{payload}")
        assert not _ran(page)
        assert _elements(page, ".rq") == 0

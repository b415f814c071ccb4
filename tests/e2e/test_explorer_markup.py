"""Texts that would run as code, wherever a text reaches the explorer's page."""

from __future__ import annotations

import io
import json
import zipfile
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect
from safetensors.numpy import load, save

from rq_vae_explorer.training.runs import ARRAYS, SETTINGS, _digest
from rq_vae_explorer.training.trainer import Trainer
from rq_vae_explorer.ui.exports import run_zip

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


def _run_with_a_setting(packed: bytes, name: str) -> bytes:
    """The same run with one more setting, and a checksum that fits."""
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        arrays = load(archive.read(ARRAYS))
        settings = json.loads(archive.read(SETTINGS))
    del settings["sha256"]
    settings["config"][name] = 1
    text = json.dumps(settings | {"sha256": _digest(arrays, settings)})
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr(SETTINGS, text)
        archive.writestr(ARRAYS, save(arrays, metadata={"run": text}))
    return written.getvalue()


def test_what_a_refused_import_says_is_never_markup(open_explorer, xss_payloads):
    run = Trainer(num_codes=2)
    packed = run_zip(run)
    run.close()
    page = open_explorer()
    toast = page.get_by_test_id("toast-body")
    for start in range(0, len(xss_payloads), 5):
        text = f"set {start:02}: " + " ".join(xss_payloads[start : start + 5])
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Import a run").click()
        chooser.value.set_files(
            {
                "name": f"{text.replace('/', '∕')[:200]}.zip",
                "mimeType": "application/zip",
                "buffer": _run_with_a_setting(packed, text),
            }
        )
        expect(toast.filter(has_text=f"set {start:02}: ")).to_have_count(1, timeout=_SLOW)
        assert _elements(page, "[data-testid=toast-body]") == 0
        assert not _ran(page)

"""Lessons, links, exports, import and the replay page, in a real browser."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.e2e

_SLOW = 150_000  # milliseconds; a loaded machine compiles for long


@pytest.fixture
def page(open_explorer) -> Page:
    """A paused run that has learned for a moment."""
    page = open_explorer()
    if page.eval_on_selector(".rq", "root => root.rqState.frame.step") < 30:
        page.get_by_role("button", name="Start Training").click()
        _wait(page, "frame.step > 30 && frame.view")
    page.get_by_role("button", name="Stop", exact=True).click()
    _wait(page, "frame.status === 'paused' && frame.view && gallery")
    return page


def _wait(page: Page, condition: str) -> None:
    page.wait_for_function(
        "() => { const {frame, description, gallery, past} ="
        " document.querySelector('.rq')?.rqState || {};"
        f" return frame && ({condition}); }}",
        timeout=_SLOW,
    )


def _download(page: Page, what: str, folder: Path) -> Path:
    with page.expect_download(timeout=_SLOW) as waiting:
        page.locator(f"[data-what={what}]").click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


def test_every_view_is_saved_as_png(page, tmp_path):
    names = set()
    for what in ("planes", "chart", "reconstructions", "usage", "map", "atlas", "pairs"):
        picture = _download(page, what, tmp_path)
        assert picture.read_bytes().startswith(b"\x89PNG")
        names.add(picture.name.rsplit("-", 1)[0])
    assert len(names) == 7
    page.get_by_role("button", name="Rate", exact=True).click()
    assert _download(page, "chart", tmp_path).name.startswith("rq-vae-rate-")


def test_an_exported_run_comes_back_by_import(page, tmp_path):
    step = page.eval_on_selector(".rq", "root => root.rqState.frame.step")
    packed = _download(page, "run", tmp_path)
    assert sorted(zipfile.ZipFile(packed).namelist()) == ["run.json", "run.safetensors"]
    page.get_by_role("button", name="Reset", exact=True).click()
    _wait(page, "frame.step === 0")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Import a run").click()
    chooser.value.set_files(packed)
    _wait(page, f"frame.step === {step} && frame.status === 'paused'")


def test_the_replay_opens_from_disk_without_network_and_scrubs(page, open_page, tmp_path):
    replay = _download(page, "replay", tmp_path)
    step = page.eval_on_selector(".rq", "root => root.rqState.frame.step")
    disk = open_page(replay.as_uri())
    disk.context.set_offline(True)
    disk.reload(wait_until="domcontentloaded")
    _wait(disk, f"frame.step === {step} && frame.view")
    before = disk.eval_on_selector(".rq-planes canvas", "canvas => canvas.toDataURL()")
    disk.locator("[data-rq=timeline]").fill("0")
    _wait(disk, "past && past.step < frame.step")
    disk.wait_for_timeout(300)
    after = disk.eval_on_selector(".rq-planes canvas", "canvas => canvas.toDataURL()")
    assert after != before
    expect(disk.locator("[data-rq=pad]")).to_be_hidden()


def test_a_lesson_resets_to_its_recipe_trains_and_the_widgets_follow(page):
    page.locator("#lesson input").click()
    page.get_by_role("option", name="Four levels of 4 codes").click()
    expect(page.locator("#lesson-text")).to_contain_text("16 stored vectors")
    page.get_by_role("button", name="Run this lesson").click()
    _wait(page, "description.codes === 4 && frame.step > 0 && frame.view.health.length === 4")
    page.get_by_role("button", name="New run").click()
    expect(page.locator("#recipe-num_codes input[type=number]")).to_have_value("4", timeout=_SLOW)
    page.wait_for_function("location.hash.includes('num_codes=4')", timeout=_SLOW)


def test_a_link_with_other_settings_asks_first_and_then_applies_them(open_explorer):
    open_explorer()  # the run has its defaults
    page = open_explorer("/#lambda_commit=10&num_codes=8&voronoi=0")
    expect(page.locator("[data-rq=link]")).to_contain_text("lambda_commit = 10", timeout=_SLOW)
    assert page.eval_on_selector(".rq", "root => root.rqState.view.voronoi") is False
    page.get_by_role("button", name="Apply to the run").click()
    _wait(page, "description.codes === 8 && frame.hyper.lambda_commit === 10")
    expect(page.locator("[data-rq=link]")).to_be_hidden()
    # The slider ends at 2; it widens for what the link says and can be moved there.
    expect(page.locator("#lambda-commit input[type=number]")).to_have_value("10", timeout=_SLOW)
    page.locator("#lambda-commit input[type=range]").fill("5")
    _wait(page, "frame.hyper.lambda_commit === 5")

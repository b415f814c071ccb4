"""The Generate, Train and Models tabs, on the shipped model, in a real browser."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from playwright.sync_api import Page, expect

from distill.models.persistence import load_model, save_model
from distill.shipped import SHIPPED_MODEL

pytestmark = pytest.mark.e2e

_SLOW = 60_000


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def url(serve, home) -> str:
    arguments = ["distill", "--no-browser", "--port", "{port}"]
    return serve(arguments, DISTILL_HOME=str(home), OMP_NUM_THREADS="1").url


@pytest.fixture(scope="module")
def shipped(tmp_path_factory) -> Path:
    return Path(shutil.copy(SHIPPED_MODEL, tmp_path_factory.mktemp("copies") / "copy.distill"))


def open_tab(page: Page, name: str) -> None:
    expect(page.locator("#distill-codes [data-ds=root]")).to_have_attribute(
        "data-state", "ready", timeout=_SLOW
    )
    page.get_by_role("tab", name=name).click()


def codes_of(page: Page) -> list[int]:
    root = page.locator("#distill-codes [data-ds=root]")
    return root.evaluate("root => root.debug.codes")


def test_generated_sound_opens_in_codes_and_its_seed_repeats_it(open_page, url):
    page = open_page(url)
    seen = []
    for _ in range(2):
        open_tab(page, "Generate")
        tab = page.locator("#distill-generate")
        tab.get_by_role("slider", name="Seconds").fill("1")
        tab.get_by_role("spinbutton", name="Seed").fill("5")
        tab.get_by_role("button", name="Generate").click()
        expect(page.locator("#distill-codes [data-ds=name]")).to_have_text(
            "Generated 5", timeout=_SLOW
        )
        expect(page.locator("#distill-codes [data-ab=original]")).to_be_disabled(timeout=_SLOW)
        seen.append(codes_of(page))
    assert seen[0] == seen[1]
    assert len(seen[0]) == 4 * 47
    page.locator("#distill-codes [data-do=play]").click()
    page.wait_for_function(
        "() => document.querySelector('#distill-codes [data-ds=root]').debug.peak > 0",
        timeout=_SLOW,
    )
    open_tab(page, "Generate")
    expect(page.locator("#distill-generate .ds-result")).to_have_count(2, timeout=_SLOW)


def test_a_wrong_seed_is_told_in_one_line(open_page, url):
    page = open_page(url)
    open_tab(page, "Generate")
    tab = page.locator("#distill-generate")
    tab.get_by_role("spinbutton", name="Seed").fill("-3")
    tab.get_by_role("button", name="Generate").click()
    expect(tab.get_by_role("alert")).to_contain_text("whole number", timeout=_SLOW)


def test_models_are_imported_used_renamed_exported_and_deleted(
    open_page, url, shipped, tmp_path, xss_payloads
):
    loaded = load_model(shipped)
    mine = tmp_path / "mine.distill"
    save_model(mine, replace(loaded, metadata=replace(loaded.metadata, name="Mine")))
    page = open_page(url)
    open_tab(page, "Models")
    tab = page.locator("#distill-models")
    expect(tab.locator(".ds-model")).to_have_count(1, timeout=_SLOW)
    expect(tab.get_by_role("button", name="Delete…")).to_have_count(0, timeout=_SLOW)
    tab.locator("[data-ds=file]").set_input_files(mine)
    card = tab.locator(".ds-model", has_text="mine.distill")
    expect(card).to_contain_text("Mine", timeout=_SLOW)
    card.get_by_role("button", name="Use it").click()
    expect(page.locator("#distill-codes [data-ds=facts]")).to_contain_text("Mine", timeout=_SLOW)
    open_tab(page, "Models")
    with page.expect_download(timeout=_SLOW) as waiting:
        card.get_by_role("button", name="Export").click()
    assert Path(waiting.value.path()).read_bytes() == mine.read_bytes()
    for payload in xss_payloads:
        card.get_by_role("button", name="Rename…").click()
        card.get_by_role("textbox", name="New name").fill(payload)
        card.get_by_role("button", name="Save").click()
        expect(card.get_by_role("heading")).to_have_text(payload, timeout=_SLOW)
    assert page.evaluate("window.hacked") is None
    card.get_by_role("button", name="Delete…").click()
    dialog = tab.get_by_role("dialog")
    dialog.get_by_role("button", name="Keep it").click()
    expect(card).to_have_count(1, timeout=_SLOW)
    card.get_by_role("button", name="Delete…").click()
    dialog.get_by_role("button", name="Delete", exact=True).click()
    expect(tab.locator(".ds-model")).to_have_count(1, timeout=_SLOW)
    assert page.evaluate("window.hacked") is None


def test_a_file_that_is_no_model_is_refused(open_page, url, tmp_path, home):
    bad = tmp_path / "bad.distill"
    bad.write_bytes(b"\x80\x04pickle")
    page = open_page(url)
    open_tab(page, "Models")
    page.locator("#distill-models [data-ds=file]").set_input_files(bad)
    expect(page.locator("#distill-models").get_by_role("alert")).to_contain_text(
        "not a distill", timeout=_SLOW
    )
    assert not list((home / "models").glob("bad*"))


@pytest.mark.slow
def test_training_runs_outside_the_page_one_at_a_time(open_page, url, tmp_path):
    rng = np.random.default_rng(0)
    files = []
    for number in range(4):
        t = np.arange(30_000) / 48_000
        wave = np.sin(2 * np.pi * (110 * 2**number) * t) * np.exp(-4 * t)
        files.append(tmp_path / f"tone {number}.wav")
        soundfile.write(files[-1], 0.3 * wave + 0.01 * rng.normal(size=len(t)), 48_000)
    page = open_page(url)
    open_tab(page, "Train")
    tab = page.locator("#distill-train")
    tab.locator("[data-ds=files]").set_input_files(files)
    tab.get_by_role("textbox", name="Name").fill("Four <b>tones</b>")
    tab.get_by_role("slider", name="Minutes").fill("5")
    tab.get_by_role("button", name="Start training").click()
    root = tab.locator("[data-ds=root]")
    expect(root).to_have_attribute("data-state", "running", timeout=_SLOW)
    expect(tab.locator("[data-ds=state]")).to_have_text(
        "Training “Four <b>tones</b>”", timeout=_SLOW
    )
    # A second visitor sees it and cannot start another.
    other = open_page(url)
    open_tab(other, "Train")
    theirs = other.locator("#distill-train")
    expect(theirs.locator("[data-ds=whose]")).to_be_visible(timeout=_SLOW)
    expect(theirs.get_by_role("button", name="One training at a time")).to_be_disabled(
        timeout=_SLOW
    )
    # A reload finds it again, with its curves.
    page.reload(wait_until="domcontentloaded")
    open_tab(page, "Train")
    expect(root).to_have_attribute("data-state", "running", timeout=_SLOW)
    expect(tab.locator("[data-ds=whose]")).to_be_hidden(timeout=_SLOW)
    expect(tab.locator("figure[data-stage=autoencoder]")).to_be_visible(timeout=2 * _SLOW)
    tab.get_by_role("button", name="Stop and save").click()
    expect(root).to_have_attribute("data-state", "stopped", timeout=_SLOW)
    # It goes on from there: the points of the curve stay and more are added.
    points = "number(//figure[@data-stage='autoencoder']/@data-points)"
    before = page.evaluate(f"document.evaluate({points!r}, document).numberValue")
    tab.get_by_role("button", name="Go on").click()
    expect(root).to_have_attribute("data-state", "running", timeout=_SLOW)
    page.wait_for_function(
        f"document.evaluate({points!r}, document).numberValue > {before}", timeout=2 * _SLOW
    )
    tab.get_by_role("button", name="Stop and save").click()
    expect(root).to_have_attribute("data-state", "stopped", timeout=_SLOW)
    # What it has learnt so far can be heard and is on the shelf.
    expect(tab.locator("audio")).to_have_count(2, timeout=_SLOW)
    tab.get_by_role("button", name="See the model").click()
    expect(page.locator("#distill-models .ds-model")).to_have_count(2, timeout=_SLOW)
    # Sounds may also lie in a folder of this machine.
    open_tab(page, "Train")
    tab.get_by_role("textbox", name="or a folder on this machine").fill(str(tmp_path / "none"))
    tab.get_by_role("button", name="Start training").click()
    expect(tab.get_by_role("alert")).to_contain_text("is no folder", timeout=_SLOW)
    tab.get_by_role("textbox", name="or a folder on this machine").fill(str(tmp_path))
    tab.get_by_role("textbox", name="Name").fill("From a folder")
    tab.get_by_role("button", name="Start training").click()
    expect(tab.locator("[data-ds=state]")).to_have_text("Training “From a folder”", timeout=_SLOW)
    expect(tab.locator("[data-ds=log]")).to_contain_text("3 sounds to learn", timeout=_SLOW)
    tab.get_by_role("button", name="Stop and save").click()
    expect(root).to_have_attribute("data-state", "stopped", timeout=_SLOW)

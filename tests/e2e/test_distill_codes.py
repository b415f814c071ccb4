"""The Codes tab as a person uses it: on the shipped model, in a real browser, asserting on what is
heard and on what changed."""

from __future__ import annotations

import itertools
import os
import statistics

import numpy as np
import pytest
import soundfile
from playwright.sync_api import expect
from tests.e2e.instrument import SLOW

pytestmark = pytest.mark.e2e


def test_the_page_opens_with_an_example_that_plays(tab):
    assert tab.debug("columns") > 0
    for name in ("Codes", "Generate", "Train", "Models"):
        expect(tab.page.get_by_role("tab", name=name)).to_be_visible(timeout=SLOW)
    tab.do("play")
    tab.until("d.playing && d.place > 0 && d.peak > 0.001")
    tab.root.locator(".ds-chip").nth(1).click()
    tab.until("!d.playing")
    expect(tab.root.locator(".ds-chip").nth(1)).to_have_attribute(
        "aria-pressed", "true", timeout=SLOW
    )


def test_clicks_and_keys_sound_and_the_delay_is_measured(tones):
    columns = tones.debug("columns")
    for column in range(4, min(20, columns)):
        tones.click(column % 4, column)
        tones.until(f"d.shots.length >= {column - 3}")
    first = [shot["ms"] for shot in tones.debug("shots") if not shot["cached"]]
    tones.page.mouse.move(0, 0)
    said = len(tones.debug("shots"))
    for column in range(4, min(20, columns)):
        tones.click(column % 4, column)
        tones.until(f"d.shots.length > {said}")
        said = len(tones.debug("shots"))
    cached = [shot["ms"] for shot in tones.debug("shots") if shot["cached"] and shot["ms"]]
    print(
        f"\nclick to sound, median: {statistics.median(cached):.1f} ms cached, "
        f"{statistics.median(first or [0]):.1f} ms first time; load {os.getloadavg()[0]:.1f}"
    )
    assert len(cached) >= 10
    # The same cell again, by pointer and by key: it is heard each time.
    tones.click(0, 5)
    for number, key in enumerate(("Enter", "Space", "Enter", "c"), start=1):
        tones.until(f"d.shots.length >= {said + number} && d.shots.at(-1).peak > 0")
        tones.key(key)
    tones.until(f"d.shots.length >= {said + 5} && d.shots.at(-1).peak > 0")


def test_the_original_is_heard_at_its_exact_level(tones, wav):
    samples = soundfile.read(wav, dtype="float32")[0]
    assert np.array_equal(tones.sound("original").astype(np.float32), samples)


def test_a_sound_that_is_dropped_on_the_page_opens(tab, wav):
    transfer = tab.page.evaluate_handle(
        """bytes => {
          const transfer = new DataTransfer();
          const type = "audio/wav";
          transfer.items.add(new File([new Uint8Array(bytes)], "dropped.wav", { type }));
          return transfer;
        }""",
        list(wav.read_bytes()),
    )
    stage = tab.root.locator(".ds-stage")
    stage.dispatch_event("dragover", {"dataTransfer": transfer})
    stage.dispatch_event("drop", {"dataTransfer": transfer})
    expect(tab.root.locator("[data-ds=name]")).to_have_text("dropped.wav", timeout=SLOW)
    assert tab.debug("samples") == 48_000


def test_playing_seeking_looping_and_switching_share_one_playhead(tones):
    tones.do("play")
    tones.until("d.playing && d.place > 4000")
    place = tones.debug("place")
    tones.page.keyboard.press("Tab")
    tones.root.locator("[data-ab=original]").click()
    tones.until("d.heard === 'original' && d.playing")
    assert tones.debug("place") >= place
    tones.root.locator("[data-ab=decoded]").click()
    tones.until("d.heard === 'm:15'")
    tones.silence()
    tones.drag((0, 10), (3, 15))
    assert tones.debug("selection") == {"c0": 10, "c1": 16, "l0": 0, "l1": 4}
    tones.do("loop")
    tones.do("play")
    tones.until("d.playing && d.peak > 0")
    seen = []
    for _ in range(12):
        tones.page.wait_for_timeout(40)
        seen.append(tones.debug("place"))
    assert tones.debug("loop") == [10 * 1024, 16 * 1024]
    assert all(10 * 1024 <= place <= 16 * 1024 for place in seen), seen
    assert any(b < a for a, b in itertools.pairwise(seen))  # it went round


def test_levels_are_muted_soloed_and_heard_cumulatively(tones):
    tones.root.locator("[data-mute='1']").click()
    assert tones.debug("track") == "m:13"
    tones.root.locator("[data-mute='1']").click()
    tones.root.locator("[data-solo='2']").click()
    assert tones.debug("track") == "d:2"
    tones.root.locator("[data-solo='2']").click()
    tones.root.locator(".ds-row-play").nth(0).click()
    tones.until("d.track === 'm:1' && d.playing && d.peak > 0")


def test_painting_changes_its_stroke_and_nothing_else_and_undo_restores_every_byte(tones):
    codes, sound = tones.codes(), tones.sound()
    start, stop = 20, 23
    tones.click(1, start)
    brush = next(code for code in range(256) if code not in codes[1])
    tones.root.locator(f".ds-tile[data-code='{brush}']").click()
    tones.root.locator("[data-tool=paint]").click()
    tones.drag((1, start), (1, stop))
    tones.settled()
    tones.silence()
    painted, heard = tones.codes(), tones.sound()
    changed = np.argwhere(painted != codes)
    assert len(changed)
    assert all(level == 1 and start <= column <= stop for level, column in changed)
    assert (painted[1, start : stop + 1] == brush).all()
    different = np.flatnonzero(heard != sound)
    assert len(different)
    assert different[0] >= 0
    tones.do("undo")
    tones.settled()
    assert np.array_equal(tones.codes(), codes)
    assert np.array_equal(tones.sound(), sound)
    tones.do("redo")
    tones.settled()
    assert np.array_equal(tones.codes(), painted)
    assert np.array_equal(tones.sound(), heard)


def test_codes_are_typed_erased_copied_moved_and_repeated(tones):
    tones.click(2, 3)
    tones.key("F2")
    tones.page.keyboard.type("7")
    tones.key("Enter")
    tones.settled()
    assert tones.codes()[2, 3] == 7
    tones.key("9", "Enter")
    tones.settled()
    assert tones.codes()[2, 3] == 9
    tones.key("Delete")
    tones.settled()
    assert tones.codes()[2, 3] == -1
    tones.silence()
    before = tones.codes()
    tones.drag((0, 4), (3, 7))
    tones.key("Control+c")
    tones.click(0, 12)
    tones.key("Control+v")
    tones.settled()
    assert np.array_equal(tones.codes()[:, 12:16], before[:, 4:8])
    tones.key("Alt+ArrowRight")
    tones.settled()
    assert np.array_equal(tones.codes()[:, 13:17], before[:, 4:8])
    tones.key("Control+d")
    tones.settled()
    longer = tones.codes()
    assert longer.shape[1] == before.shape[1] + 4
    assert np.array_equal(longer[:, 17:21], before[:, 4:8])
    tones.key("Shift+Delete")
    tones.settled()
    assert tones.codes().shape == before.shape
    for _ in range(4):
        tones.key("Control+z")
        tones.settled()
    assert np.array_equal(tones.codes(), before)


def test_a_code_that_the_model_lacks_is_refused(tones):
    before = tones.codes()
    tones.click(0, 2)
    tones.key("F2")
    tones.page.keyboard.type("9999")
    tones.key("Enter")
    expect(tones.root.locator("[data-ds=toast]")).to_contain_text(
        "a number from 0 to", timeout=SLOW
    )
    assert np.array_equal(tones.codes(), before)


def test_everything_is_reached_by_keyboard_and_told_to_a_screen_reader(tones):
    grid = tones.root.get_by_role("grid")
    assert grid.get_attribute("tabindex") == "0"
    grid.focus()
    tones.key("Control+Home", "ArrowRight", "ArrowDown")
    assert tones.debug("cursor") == {"level": 1, "col": 1}
    code = tones.codes()[1, 1]
    expect(tones.root.locator("[data-ds=live]")).to_contain_text(
        f"Timbre, 0.02 s, code {code}", timeout=SLOW
    )
    active = grid.get_attribute("aria-activedescendant")
    cell = tones.page.locator(f"#{active}")
    assert cell.get_attribute("role") == "gridcell"
    assert f"code {code}" in cell.get_attribute("aria-label")
    tones.key("End")
    assert tones.debug("cursor")["col"] == tones.debug("columns") - 1
    tones.key("Home", "PageDown")
    assert tones.debug("cursor")["col"] > 1
    tones.key("Home", "Shift+ArrowRight", "Shift+ArrowDown")
    assert tones.debug("selection") == {"c0": 0, "c1": 2, "l0": 1, "l1": 3}
    tones.key("f")
    assert tones.debug("found") is not None
    tones.key("Escape")
    assert tones.debug("selection") is None


def _contains(text: str):
    import re

    return re.compile(re.escape(text))


def test_the_codebook_is_heard_painted_with_and_seen_by_use(tones):
    tones.click(0, 6)
    tile = tones.root.locator(".ds-tile").nth(5)
    said = len(tones.debug("shots"))
    tile.click()
    tones.until(f"d.shots.length > {said} && d.shots.at(-1).peak > 0")
    assert tones.debug("brush")[0] == int(tile.get_attribute("data-code"))
    colour = tile.evaluate("tile => tile.style.background")
    tones.root.locator("[data-heat=here]").click()
    used = tones.root.locator(f".ds-tile[data-code='{tones.codes()[0, 6]}']")
    expect(used).to_have_attribute("aria-label", _contains("used"))
    assert tile.evaluate("tile => tile.style.background") != colour
    expect(tones.root.locator("[data-ds=health]")).to_contain_text("codes in use", timeout=SLOW)

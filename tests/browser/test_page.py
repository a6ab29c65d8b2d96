"""The page in a real browser: what is seen, heard, clicked and kept. Two models that recite; no training."""

from __future__ import annotations

import io
import itertools
import re
import time
from pathlib import Path
from typing import Any

import mido
import pytest

from tests.browser.conftest import HOSTILE

# What the player shows now, read through its shadow root.
STATE = """() => {
  const player = [...document.querySelectorAll('*')].map((e) => e.shadowRoot?.querySelector('.player')).find(Boolean);
  if (!player?.sound) return null;
  const { sound } = player;
  const ids = [...player.querySelectorAll('.sheet .sounding')].map((e) => e.id);
  const text = [...player.querySelectorAll('.abc .sounding')];
  return {
    time: sound.currentTime, paused: sound.paused, duration: sound.duration, rate: sound.playbackRate,
    ready: sound.ready, svg: player.querySelector('.sheet svg') !== null,
    text: player.querySelector('.abc').textContent, valued: player.classList.contains('valued'),
    ids, at: text.map((e) => Number(e.dataset.at)), chosen: player.querySelectorAll('.cell.chosen').length,
    cells: [...player.querySelectorAll('.cell')].map((e) => e.dataset.id),
    colours: [...player.querySelectorAll('.abc span')].map((e) => e.style.backgroundColor),
  };
}"""


def ready(page: Any, address: str, query: str = "") -> dict[str, Any]:
    """Open the page and wait for the score and its sound."""
    page.goto(address + query)
    page.locator(".player .sheet svg").first.wait_for()
    return heard(page)


def heard(page: Any) -> dict[str, Any]:
    """Wait until the sound of the tune has come, and the player of the page before has gone."""
    end = time.monotonic() + 30
    while page.locator(".player").count() != 1:  # a page that is left stays for a moment
        assert time.monotonic() < end
        page.wait_for_timeout(30)
    until(page, lambda state: state["svg"] and state["ready"])
    return page.evaluate(STATE)


def until(page: Any, law: Any, seconds: float = 30) -> dict[str, Any]:
    """Wait for a law of the player's state; the state."""
    end = time.monotonic() + seconds
    while True:
        state = page.evaluate(STATE)
        if state and law(state):
            return state
        assert time.monotonic() < end, {k: v for k, v in (state or {}).items() if k not in ("cells", "colours")}
        page.wait_for_timeout(30)


def test_without_a_click_there_is_a_score_that_can_be_played_and_kept(page: Any, address: str) -> None:
    state = ready(page, address)
    assert len(state["cells"]) > 10
    with page.expect_download() as download:
        page.get_by_role("button", name="MIDI").click()
    file = mido.MidiFile(file=io.BytesIO(Path(download.value.path()).read_bytes()))
    notes = [message for message in file if message.type == "note_on" and message.velocity]
    assert len(notes) > len(state["cells"])  # the repeat is played out
    page.get_by_role("button", name="Files").click()
    for label in ("ABC", "MusicXML", "WAV"):
        with page.expect_download() as download:
            page.get_by_role("button", name=label, exact=True).click()
        assert Path(download.value.path()).stat().st_size > 100
    assert page.evaluate(STATE)["svg"]  # keeping a file draws nothing again


def test_the_sound_plays_and_the_cursor_is_on_the_note_that_sounds(page: Any, address: str) -> None:
    ready(page, address, "/?model=hostile")
    page.locator(".play").click()
    until(page, lambda state: state["time"] > 0.3)
    seen = set()
    for _ in range(12):
        state = page.evaluate(STATE)
        assert len(state["ids"]) == 1
        assert state["ids"][0] == f"e{state['at'][0]}"  # note and characters are the same event
        seen.add(state["ids"][0])
        page.wait_for_timeout(100)
    assert len(seen) > 2
    page.keyboard.press("Space")
    until(page, lambda state: state["paused"])
    # The event under the clock, counted by hand: eighths at 120 quarters a minute, 0.25 s each; d2 has two.
    body = HOSTILE.index("d2fd") + 4  # "X:1\n" stands before
    for clock, offset in ((0.1, 0), (0.4, 0), (0.6, 2), (0.8, 3)):
        page.locator(".seek").evaluate(
            "(e, share) => { e.value = share; e.dispatchEvent(new Event('input')); }",
            1000 * clock / page.evaluate(STATE)["duration"],
        )
        state = until(page, lambda state, clock=clock: abs(state["time"] - clock) < 0.03)
        assert state["at"][0] == body + offset


def test_a_click_on_a_note_and_on_a_character_plays_from_there(page: Any, address: str) -> None:
    ready(page, address, "/?model=hostile")
    page.locator(".cell").nth(5).click()
    state = until(page, lambda state: not state["paused"])
    assert state["time"] == pytest.approx(6 * 0.25, abs=0.5)  # the sixth note: d2 f d A d before it
    page.keyboard.press("Escape")
    state = until(page, lambda state: state["paused"] and state["time"] == 0)
    assert state["ids"] == []
    at = 4 + HOSTILE.index("bafd")
    page.locator(f'.abc [data-at="{at}"]').click()
    state = until(page, lambda state: not state["paused"])
    assert state["time"] == pytest.approx((8 + 8 + 4) * 0.25, abs=0.5)


def test_two_notes_with_shift_are_played_over_and_over(page: Any, address: str) -> None:
    ready(page, address, "/?model=hostile")
    page.locator(".cell").nth(2).click()
    page.locator(".cell").nth(4).click(modifiers=["Shift"])
    state = until(page, lambda state: state["chosen"] == 3)
    times = []
    for _ in range(30):
        times.append(page.evaluate(STATE)["time"])
        page.wait_for_timeout(50)
    assert max(times) < 1.6  # the fifth note ends at 1.5 s
    assert any(later < earlier for earlier, later in itertools.pairwise(times))
    page.locator(".loop").click()
    assert page.evaluate(STATE)["chosen"] == 0
    assert state["svg"]


def test_the_speed_changes_at_once_and_stays_for_the_next_tune(page: Any, address: str) -> None:
    ready(page, address, "/?model=reciter&seed=1")
    page.locator(".tempo").fill("50")
    assert page.evaluate(STATE)["rate"] == 0.5
    page.get_by_role("button", name="Another tune").click()
    page.wait_for_url("**seed=2**")
    heard(page)
    assert page.evaluate(STATE)["rate"] == 0.5


def test_fast_clicks_before_the_first_tune_is_there_end_at_a_later_one(page: Any, address: str) -> None:
    """Streamlit makes one of clicks that come at once: each counts at most once."""
    page.goto(f"{address}/?model=reciter&seed=7")
    button = page.get_by_role("button", name="Another tune")
    button.wait_for()
    for _ in range(5):
        button.click()
    page.wait_for_url(re.compile("seed=(8|9|10|11|12)&"))
    heard(page)
    page.locator('[data-test-script-state="notRunning"]').first.wait_for(state="attached")
    seed = page.get_by_role("spinbutton", name="Seed").input_value()
    assert f"seed={seed}&" in page.url
    assert page.get_by_test_id("stException").count() == 0


def test_the_address_brings_the_same_tune_back(page: Any, address: str) -> None:
    first = ready(page, address)
    page.wait_for_url("**seed=**")
    url = page.url
    page.get_by_role("button", name="Another tune").click()
    page.wait_for_url(lambda new: new != url)
    page.goto("about:blank")
    page.goto(url)
    assert heard(page)["text"] == first["text"]


def test_a_hostile_tune_is_shown_as_text(page: Any, address: str) -> None:
    state = ready(page, address, "/?model=hostile")
    assert state["text"] == "X:1\n" + HOSTILE
    heading = page.get_by_test_id("stMain").get_by_role("heading").first.inner_text()
    assert heading.replace("\u2060", "") == HOSTILE[2:].split("\n")[0]  # which keeps an address from being a link
    page.goto(f"{address}/neurons?model=hostile")
    heard(page)  # the page's own fixture looks for what ran and what was fetched


def test_the_heatmap_changes_with_the_neuron_and_a_second_run_still_draws_the_score(page: Any, address: str) -> None:
    ready(page, address, "/?model=hostile")
    page.get_by_role("link", name="Neurons").click()
    page.get_by_role("heading", name="Neuron 0").wait_for()
    first = heard(page)
    assert first["valued"]
    assert len(first["colours"]) == len(HOSTILE)
    page.locator('.abc [data-at="0"]').hover()
    page.locator(".readout").filter(has_text="Neuron 0").filter(has_text="after “T”: ").wait_for()
    page.locator(".sheet svg").first.evaluate("(svg) => { svg.dataset.mark = 'kept'; }")
    page.get_by_label("Neuron by number").fill("5")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Neuron 5").wait_for()
    until(page, lambda state: state["colours"] != first["colours"] and state["cells"] == first["cells"])
    assert page.locator(".sheet svg").first.get_attribute("data-mark") == "kept"  # coloured, not drawn again
    with page.expect_download() as download:
        page.get_by_role("button", name="Save picture").click()
    assert Path(download.value.path()).read_bytes().startswith(b"\x89PNG")
    page.get_by_role("link", name="Compose").click()
    page.get_by_role("button", name="Another tune").wait_for()
    assert not heard(page)["valued"]


def test_changing_the_neuron_does_not_stop_the_sound(page: Any, address: str) -> None:
    ready(page, address, "/neurons?model=hostile")
    page.locator(".play").click()
    until(page, lambda state: state["time"] > 0.2)
    page.get_by_label("Neuron by number").fill("7")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Neuron 7").wait_for()
    state = until(page, lambda state: state["time"] > 0.6)
    assert not state["paused"]


def test_the_score_fits_a_phone(page: Any, address: str) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    ready(page, address, "/?model=reciter&seed=1")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator(".player .sheet svg").first.bounding_box()["width"] > 300
    assert page.locator(".player .play").bounding_box()["height"] >= 44


def test_the_keys_work_and_the_focus_is_seen(page: Any, address: str) -> None:
    ready(page, address, "/?model=hostile")
    page.locator(".play").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    assert page.locator(".play").evaluate("(e) => getComputedStyle(e).outlineStyle") == "solid"
    page.locator(".sheet").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(100)
    state = page.evaluate(STATE)
    assert state["paused"]
    assert len(state["ids"]) == 1
    page.keyboard.press("Space")
    until(page, lambda state: not state["paused"])


def test_each_control_has_a_name(page: Any, address: str) -> None:
    ready(page, address, "/?model=reciter")
    for name in ("Play", "Repeat"):
        assert page.get_by_role("button", name=name, exact=True).count() == 1
    for name in ("Position in the tune", "Speed in percent", "Volume in percent"):
        assert page.get_by_role("slider", name=name).count() == 1


def test_the_tab_has_the_name_of_the_tune_or_of_the_page(page: Any, address: str) -> None:
    ready(page, address, "/?model=hostile")
    page.wait_for_function("() => document.title.startsWith('<script>') && document.title.endsWith(' · charlstm')")
    page.get_by_role("link", name="Library").click()
    page.wait_for_function("() => document.title === 'Library · charlstm'")
    main = page.get_by_test_id("stMainBlockContainer").element_handle()
    page.wait_for_function("(e) => e.clientWidth > 1000", arg=main)  # as wide as before, once the drawer has gone


def test_on_a_phone_the_drawer_closes_when_its_tune_comes(page: Any, address: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    before = ready(page, address, "/?model=reciter&seed=1")["text"]
    for name in ("Play", "Another tune"):  # in reach without a drawer
        assert page.get_by_role("button", name=name, exact=True).bounding_box()["y"] < 844
    assert page.get_by_role("slider", name="Temperature").first.is_visible()
    page.get_by_test_id("stExpandSidebarButton").click()
    page.get_by_role("textbox", name="Title").fill("The Cold Cold")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Compose", exact=True).click()
    until(page, lambda state: state["text"] != before and "The Cold Cold" in state["text"])
    page.locator('[data-testid="stSidebar"][data-collapsed="false"]').wait_for(state="detached")


@pytest.mark.parametrize("page_name", ["Neurons", "Train", "Experiments"])
def test_one_press_of_back_leaves_a_page_that_writes_its_own_address(page: Any, address: str, page_name: str) -> None:
    ready(page, address, "/?model=reciter&seed=1")
    page.get_by_role("link", name=page_name, exact=True).click()
    page.wait_for_function("(start) => !location.href.startsWith(start) && location.search !== ''", arg=f"{address}/?")
    page.wait_for_timeout(1500)  # whatever else it writes of its own accord
    page.go_back()
    page.wait_for_function("(start) => location.href.startsWith(start)", arg=f"{address}/?")
    page.get_by_role("button", name="Another tune").wait_for()

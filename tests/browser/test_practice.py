"""The player's sound in a real browser, as samples; practice by bars, rounds and address; the music stand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.browser.test_page import ready, until
from tests.browser.test_player import PLAYERS, seen

RATE = 22_050
RENDERED = f"async () => Array.from(await {PLAYERS}[0].sound.rendered(4))"
SOUND = f"() => {{ const {{ sound }} = {PLAYERS}[0]; return [sound.currentTime, sound.round, sound.playbackRate]; }}"


def strongest(sound: NDArray[np.float64]) -> int:
    """The MIDI pitch, among those of a tune, whose own frequency is the strongest."""
    pitches = range(60, 90)
    times = np.arange(len(sound)) / RATE
    waves = [np.exp(-2j * np.pi * times * 440 * 2 ** ((pitch - 69) / 12)) for pitch in pitches]
    return pitches[int(np.argmax([abs(wave @ (sound * np.hanning(len(sound)))) for wave in waves]))]


def loudness(sound: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(sound**2)))


@pytest.mark.parametrize("instrument", ["piano", "flute"])
def test_every_note_is_heard_at_its_time_with_its_pitch(page: Any, address: str, instrument: str) -> None:
    """In the samples of the browser's own rendering: d2fd Adfd, a quarter and six eighths, at half a second."""
    ready(page, address, f"/?model=hostile&instrument={instrument}")
    sound = np.array(page.evaluate(RENDERED))
    assert 0.1 < np.abs(sound).max() < 1
    at = 0.0
    for eighths, pitch in ((2, 74), (1, 78), (1, 74), (1, 69), (1, 74), (1, 78), (1, 74)):
        lasts = eighths / 4
        note = sound[round((at + 0.1) * RATE) : round((at + lasts - 0.02) * RATE)]
        assert strongest(note) == pitch
        assert loudness(note) > 0.02
        at += lasts


def test_bars_of_the_address_repeat_and_get_faster_to_the_target(page: Any, address: str) -> None:
    """Bar 2 at double speed is a second; each round is 50 % faster, up to 200 %; the second and fourth are silent."""
    ready(page, address, "/?model=hostile&speed=100&loop=2-2&stepup=50,1,200&silent=2")
    (player,) = seen(page, lambda players: len(players[0]["cells"]) > 0)
    assert page.locator("input.first-bar").input_value() == "2"
    page.locator(".play").click()
    page.wait_for_function(f"() => {PLAYERS}[0].sound.round >= 3", timeout=60_000)
    time, rounds, rate = page.evaluate(SOUND)
    assert 2 <= time <= 4
    assert rounds >= 3
    assert rate == 2
    page.keyboard.press("Escape")
    state = until(page, lambda state: state["paused"] and state["chosen"] == 0)
    assert state["time"] == 0
    page.locator("summary", has_text="Practise").click()
    page.locator("input.first-bar").fill("1")
    page.locator("input.first-bar").press("Enter")
    seen(page, lambda players: len(players[0]["cells"]) == 7)
    page.wait_for_url("**loop=1-1**")
    assert player["text"]


def test_the_stand_shows_the_score_alone_and_turns_its_pages(page: Any, address: str) -> None:
    page.set_viewport_size({"width": 1000, "height": 400})
    ready(page, address, "/?model=hostile")
    page.get_by_role("button", name="Music stand").click()
    player = page.locator(".player.on-stand")
    player.wait_for()
    assert not page.locator(".abc").is_visible()
    top = f"() => {PLAYERS}[0].querySelector('.sheet').scrollTop"
    page.keyboard.press("PageDown")
    page.wait_for_function(f"{top} > 100")
    page.keyboard.press("PageUp")
    page.wait_for_function(f"{top} === 0")
    page.get_by_role("button", name="Stage colours").click()
    assert player.evaluate("(e) => getComputedStyle(e).backgroundColor") == "rgb(12, 11, 9)"
    page.keyboard.press("Escape")
    page.wait_for_function(f"() => !{PLAYERS}[0].classList.contains('on-stand')")
    assert page.locator(".abc").is_visible()

"""The player in a real browser: instruments, keys, the metronome, parts, choices, curves, two players on a page."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest

from benchmarks.serving import ROOT, served
from tests.browser.conftest import HOSTILE
from tests.browser.players_page import BOX, MARKS, ONE
from tests.browser.test_page import STATE, heard, ready, until

PLAYERS = (
    """[...document.querySelectorAll('*')].map((e) => e.shadowRoot?.querySelector('.player')).filter((p) => p?.sound)"""
)
SEEN = f"""() => {PLAYERS}.map((player) => {{
  const {{ sound }} = player;
  const hand = player.querySelector('.hand');
  return {{
    classes: [...player.classList],
    clicks: Number(player.dataset.clicks ?? 0), accents: Number(player.dataset.accents ?? 0),
    count: player.querySelector('.count').textContent, counting: Boolean(sound.counting), paused: sound.paused,
    source: sound.ready ? [sound.programs.melody, ...sound.notes.map((note) => note.pitch)].join(' ') : '',
    time: sound.currentTime, ready: sound.ready, text: player.querySelector('.abc').textContent,
    at: [...player.querySelectorAll('.abc .sounding')].map((e) => Number(e.dataset.at)),
    ids: [...player.querySelectorAll('.sheet .sounding')].map((e) => e.id),
    chosen: [...player.querySelectorAll('.abc .chosen')].map((e) => Number(e.dataset.at)),
    cells: [...player.querySelectorAll('.cell.chosen')].map((e) => e.dataset.id),
    marked: [...player.querySelectorAll('.abc .marked')].map((e) => Number(e.dataset.at)),
    outlined: player.querySelectorAll('.mark.shown').length,
    hand: hand && [Number(hand.getAttribute('x')), Number(hand.getAttribute('width'))],
    trace: player.querySelector('.trace').hidden ? null : player.querySelectorAll('.trace path').length,
    legend: player.querySelector('.legend-low').textContent, readout: player.querySelector('.readout').textContent,
    signs: player.querySelector('.keySig')?.querySelectorAll('.keyAccid').length ?? 0,
    kept: player.querySelector('.sheet svg')?.dataset.mark ?? '',
  }};
}})"""
RENDERED = f"async () => Array.from(await {PLAYERS}[0].sound.rendered(1.5))"  # samples, 22,050 a second


def seen(page: Any, law: Callable[[list[dict[str, Any]]], Any], seconds: float = 60) -> list[dict[str, Any]]:
    """Wait for a law of all players on the page; what they show."""
    end = time.monotonic() + seconds
    while True:
        players = page.evaluate(SEEN)
        if players and law(players):
            return players
        assert time.monotonic() < end, [{**player, "text": ""} for player in players]
        page.wait_for_timeout(30)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the page with two players."""
    home = tmp_path_factory.mktemp("two")
    with served(str(ROOT / "tests" / "browser" / "players_page.py"), home) as at:
        yield at


def both(page: Any, address: str) -> list[dict[str, Any]]:
    """Open the page with two players, and wait for their scores and sounds."""
    page.route("**/*", lambda route: route.continue_() if "//localhost" in route.request.url else route.abort())
    page.goto(address)
    return seen(page, lambda players: len(players) == 2 and all(player["ready"] for player in players))


def choose(page: Any, label: str, option: str) -> None:
    """Take an option of a select box beside the player."""
    page.get_by_test_id("stMain").get_by_role("combobox", name=label).click()
    page.get_by_role("option", name=option, exact=True).click()


# ---- beside the player ----------------------------------------------------------------------------------------------


def test_another_instrument_is_another_sound_and_the_same_score(page: Any, address: str) -> None:
    ready(page, address, "/?model=hostile")
    page.locator(".sheet svg").first.evaluate("(svg) => { svg.dataset.mark = 'kept'; }")
    (first,) = seen(page, lambda players: players[0]["ready"])
    piano = np.array(page.evaluate(RENDERED))
    choose(page, "Instrument", "Flute")
    (flute,) = seen(page, lambda players: players[0]["source"] != first["source"] and players[0]["ready"])
    assert flute["kept"] == "kept"  # nothing is drawn again
    assert np.abs(np.array(page.evaluate(RENDERED)) - piano).max() > 0.1
    page.wait_for_url("**instrument=flute**")
    with page.expect_download() as download:
        page.get_by_role("button", name="MIDI", exact=True).click()
    messages = [message for track in mido.MidiFile(download.value.path()).tracks for message in track]
    assert {message.program for message in messages if message.type == "program_change"} == {73}
    choose(page, "Instrument", "Piano")
    seen(page, lambda players: players[0]["source"] not in ("", flute["source"]) and players[0]["ready"])
    assert np.allclose(page.evaluate(RENDERED), piano, atol=1e-4)


def test_another_key_is_drawn_written_kept_and_in_the_address(page: Any, address: str) -> None:
    ready(page, address, "/?model=hostile")
    (in_d,) = seen(page, lambda players: players[0]["signs"] == 2)  # D: two sharps
    choose(page, "Transpose to", "Key: B♭ (down 4 semitones)")
    (player,) = seen(page, lambda players: "K:Bb\n" in players[0]["text"] and players[0]["ready"])
    assert player["signs"] == 2
    assert '"B2dB FBdB|c2ec Acec|' in player["text"]
    assert player["source"] != in_d["source"]
    with page.expect_download() as download:
        page.get_by_role("button", name="MIDI", exact=True).click()
    file = mido.MidiFile(file=io.BytesIO(Path(download.value.path()).read_bytes()))
    notes = [message.note for message in file if message.type == "note_on" and message.velocity]
    assert notes[:4] == [70, 74, 70, 65]
    choose(page, "Transpose to", "Key: A (down 5 semitones)")
    seen(page, lambda players: players[0]["signs"] == 3 and "K:A\n" in players[0]["text"])
    page.wait_for_url("**transpose=-5**")
    url = page.url
    page.goto("about:blank")
    page.goto(url)
    (back,) = seen(page, lambda players: players[0]["ready"])
    assert "K:A\n" in back["text"]
    page.get_by_role("link", name="Neurons").click()  # a page that shows what the model wrote
    seen(page, lambda players: len(players) == 1 and "K:D\n" in players[0]["text"])
    page.get_by_role("link", name="Compose").click()
    seen(page, lambda players: len(players) == 1 and "K:A\n" in players[0]["text"] and players[0]["ready"])


def test_the_sound_goes_on_in_another_key(page: Any, address: str) -> None:
    ready(page, address, "/?model=hostile")
    page.locator(".loop").click()  # so that it never ends while a slow machine works
    page.locator(".cell").nth(8).click()
    until(page, lambda state: not state["paused"] and state["time"] > 2)
    choose(page, "Transpose to", "Key: E (up 2 semitones)")
    (player,) = seen(page, lambda players: "K:E\n" in players[0]["text"] and not players[0]["paused"])
    assert player["signs"] == 4


@pytest.mark.parametrize(
    "query", ["&instrument=<script>&transpose=1e9", "&instrument=Piano&transpose=13", "&transpose=²"]
)
def test_a_bad_instrument_or_key_in_an_address_is_as_none(page: Any, address: str, query: str) -> None:
    assert ready(page, address, "/?model=hostile" + query)["text"] == "X:1\n" + HOSTILE


def test_every_file_is_made_when_it_is_asked_for(page: Any, address: str) -> None:
    ready(page, address, "/?model=hostile&transpose=5")
    begins = {
        "ABC": b"X:1\nT:<script>",
        "MusicXML": b"<?xml",
        "PDF": b"%PDF",
        "PNG": b"\x89PNG",
        "SVG": b"<svg",
        "WAV": b"RIFF",
    }
    page.get_by_role("button", name="Files").click()
    for label, start in begins.items():
        with page.expect_download() as download:
            page.get_by_role("button", name=label, exact=True).click()
        data = Path(download.value.path()).read_bytes()
        assert data.startswith(start)
        if label == "ABC":
            assert b"\nK:G\n" in data


def test_the_piano_roll_is_drawn_on_demand(page: Any, address: str) -> None:
    ready(page, address, "/?model=hostile")
    assert page.get_by_test_id("stImage").count() == 0
    page.get_by_text("Piano roll", exact=True).click()
    image = page.get_by_test_id("stImage").locator("img")
    image.wait_for()
    page.wait_for_function("(e) => e.naturalWidth > 500", arg=image.element_handle())


# ---- the metronome --------------------------------------------------------------------------------------------------


def test_the_metronome_counts_a_bar_in_and_strikes_on(page: Any, address: str) -> None:
    """Hostile's tune is in 4/4 without a pickup: four clicks and the first beat, then the sound, then more clicks."""
    ready(page, address, "/?model=hostile")
    button = page.locator("button.metronome")
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    page.locator(".play").click()
    (player,) = seen(page, lambda players: players[0]["count"] != "")
    assert (player["counting"], player["time"], player["clicks"], player["accents"]) == (True, 0, 4, 1)
    (player,) = seen(page, lambda players: not players[0]["counting"] and players[0]["clicks"] >= 9)
    assert player["accents"] >= 3
    page.locator(".play").click()
    (player,) = seen(page, lambda players: players[0]["paused"])
    button.click()
    page.locator(".play").click()  # without it, at once
    (later,) = seen(page, lambda players: not players[0]["paused"])
    assert later["clicks"] == player["clicks"]


def test_the_beats_stay_in_step_after_a_jump_and_in_a_part(page: Any, address: str) -> None:
    """A part of one bar is struck on its own beats only: 0, 0.5, 1 and 1.5 s, whatever the speed."""
    ready(page, address, "/?model=hostile")
    page.locator(".tempo").fill("150")
    page.locator("button.metronome").click()
    page.locator(".cell").nth(0).click()
    page.locator(".cell").nth(6).click(modifiers=["Shift"])  # d2fd Adfd: seven notes
    seen(page, lambda players: len(players[0]["cells"]) == 7)
    beats = set()
    end = time.monotonic() + 60
    while len(beats) < 4:
        assert time.monotonic() < end
        beats.add(page.locator(".player").get_attribute("data-click").split()[0])
        page.wait_for_timeout(50)
    assert beats <= {"0.000", "0.500", "1.000", "1.500"}
    first = page.evaluate(SEEN)[0]["clicks"]
    seen(page, lambda players: players[0]["clicks"] > first + 4)  # and over again


def test_escape_ends_the_count(page: Any, address: str) -> None:
    ready(page, address, "/?model=hostile")
    page.locator("button.metronome").click()
    page.locator(".tempo").fill("50")  # a count of four seconds
    page.locator(".play").click()
    seen(page, lambda players: "counting" in players[0]["classes"])
    page.keyboard.press("Escape")
    seen(page, lambda players: "counting" not in players[0]["classes"] and players[0]["paused"])


# ---- parts and choices ----------------------------------------------------------------------------------------------


def test_a_part_is_chosen_by_two_clicks_without_a_key(page: Any, address: str) -> None:
    ready(page, address, "/?model=hostile")
    page.get_by_role("button", name="Repeat a part").click()
    page.locator(".cell").nth(2).click()
    page.get_by_role("button", name="Click the last note of the part").wait_for()
    page.locator(".cell").nth(4).click()
    state = until(page, lambda state: state["chosen"] == 3)
    assert state["paused"]  # a choice is not a call to play
    page.locator(".play").click()
    state = until(page, lambda state: not state["paused"] and state["time"] > 0.7)
    assert 0.7 < state["time"] < 1.6
    page.get_by_role("button", name="Repeat a part").click()
    until(page, lambda state: state["chosen"] == 0)


def test_what_is_chosen_comes_back_and_stops_nothing(page: Any, two: str) -> None:
    both(page, two)
    page.locator(".sheet svg").first.evaluate("(svg) => { svg.dataset.mark = 'kept'; }")
    page.locator(".loop").first.click()
    page.locator(".play").first.click()
    seen(page, lambda players: not players[0]["paused"])
    start, end = ONE.index("Adfd"), ONE.index(" cege")
    characters = page.locator(".abc").first.locator("span")
    characters.nth(start).hover()
    page.mouse.down()
    characters.nth(start + 3).hover()
    characters.nth(end - 1).hover()
    page.mouse.up()
    page.get_by_text("Chosen: Adfd|e2ge.", exact=True).wait_for()
    (player, other) = seen(page, lambda players: len(players[0]["chosen"]) == end - start)
    assert player["chosen"] == list(range(start, end))
    assert len(player["cells"]) == 7
    assert (player["kept"], player["paused"], other["chosen"]) == ("kept", False, [])
    characters.nth(ONE.index("dfaf")).click(modifiers=["Shift"])  # from the place clicked last: the beginning
    page.get_by_text(f"Chosen: {ONE[: ONE.index('dfaf') + 1]}.".splitlines()[0]).wait_for()
    page.keyboard.press("Escape")
    page.get_by_text("Chosen: nothing.", exact=True).wait_for()
    seen(page, lambda players: players[0]["chosen"] == [] and players[0]["kept"] == "kept")


# ---- values, the curve, outlines ------------------------------------------------------------------------------------


def test_cursor_curve_and_text_are_on_the_same_note(page: Any, two: str) -> None:
    both(page, two)
    page.locator(".loop").first.click()
    page.locator(".play").first.click()
    places = set()
    end = time.monotonic() + 60
    while len(places) < 5:
        assert time.monotonic() < end
        player = page.evaluate(SEEN)[0]
        if player["at"]:
            assert player["ids"] == [f"e{player['at'][0]}"]
            assert player["hand"][0] == player["at"][0]
            assert player["hand"][1] == len(player["at"])
            places.add(player["at"][0])
        page.wait_for_timeout(50)


def test_a_click_on_the_curve_plays_from_there(page: Any, two: str) -> None:
    both(page, two)
    curve = page.locator(".trace").first
    box = curve.bounding_box()
    at = ONE.index("bafd")
    curve.click(position={"x": (at + 0.5) * box["width"] / len(ONE), "y": 20})
    seen(page, lambda players: not players[0]["paused"] and players[0]["time"] > 4.9)  # (1 + 8 + 8 + 4) eighths: 5.25 s
    curve.hover(position={"x": 0.5 * box["width"] / len(ONE), "y": 20})
    seen(page, lambda players: players[0]["readout"] == "<i>Sine</i> after “X”: +0.00")


def test_another_scale_paints_without_drawing(page: Any, two: str) -> None:
    (player, other) = both(page, two)
    assert (player["legend"], player["trace"], other["trace"]) == ("−1", 4, None)
    page.locator(".sheet svg").first.evaluate("(svg) => { svg.dataset.mark = 'kept'; }")
    page.get_by_text("Unit", exact=True).click()
    (player, _) = seen(page, lambda players: players[0]["legend"] == "0")
    assert (player["kept"], player["trace"]) == ("kept", 3)
    colours = page.locator(".abc").first.evaluate("(e) => [...e.children].map((c) => c.style.backgroundColor)")
    assert {json.dumps(colour.split(" /")[0]) for colour in colours if colour != "transparent"}  # painted
    assert not any("33, 102, 172" in colour for colour in colours)  # nothing is below nothing


def test_what_differs_is_outlined_in_text_and_score(page: Any, two: str) -> None:
    (player, other) = both(page, two)
    assert player["marked"] == [place for start, end in MARKS for place in range(start, end)]
    assert player["outlined"] == 3  # d2, e2, g
    assert (other["marked"], other["outlined"]) == ([], 0)
    boxed = page.locator(".abc .boxed")  # within the outline, where something is said
    assert boxed.evaluate_all("(e) => e.map((c) => [c.dataset.at, c.title])") == [[str(BOX[0]), BOX[2]]]
    assert page.locator(".sheet .mark.boxed.shown").count() == 1


# ---- two players on a page ------------------------------------------------------------------------------------------


def test_one_of_two_players_sounds_and_the_keys_are_for_the_one_used_last(page: Any, two: str) -> None:
    (one, other) = both(page, two)
    assert one["source"] != other["source"]
    page.locator(".loop").first.click()
    assert page.locator("button.loop").nth(1).get_attribute("aria-pressed") == "true"  # one taste for all
    page.locator(".play").nth(0).click()
    seen(page, lambda players: not players[0]["paused"])
    page.locator(".play").nth(1).click()
    seen(page, lambda players: players[0]["paused"] and not players[1]["paused"])
    page.locator(".tempo").nth(0).fill("50")
    assert page.evaluate(f"{PLAYERS}.map((p) => p.sound.playbackRate)") == [0.5, 0.5]
    page.locator(".cell").first.click()
    seen(page, lambda players: not players[0]["paused"] and players[1]["paused"])
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Space")
    (one, other) = seen(page, lambda players: players[0]["paused"])
    assert other["paused"]
    page.locator(".play").nth(1).click()
    seen(page, lambda players: not players[1]["paused"])
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Space")
    (one, other) = seen(page, lambda players: players[1]["paused"])
    assert one["paused"]


def test_a_page_left_and_found_again_plays_its_tune(page: Any, address: str) -> None:
    first = ready(page, address, "/?model=reciter&seed=1")
    page.get_by_role("link", name="Neurons").click()
    seen(page, lambda players: len(players) == 1 and "valued" in players[0]["classes"] and players[0]["ready"])
    page.get_by_role("link", name="Compose").click()
    seen(page, lambda players: len(players) == 1 and "valued" not in players[0]["classes"] and players[0]["ready"])
    assert heard(page)["text"] == first["text"]
    page.locator(".play").click()
    until(page, lambda state: state["time"] > 0.2 and state["ids"])
    assert page.evaluate(STATE)["duration"] == first["duration"]

"""Compose in a real browser: a tune is seen and heard while it is written, and others are taken."""

from __future__ import annotations

from typing import Any

LONG = 60_000  # ms that a busy machine may take
TUNE = "/?model=reciter&seed=1&temperature=0.8"
# Notes of the score and characters of the text that are seen, and where the score stands.
SEEN = """() => {
  const player = [...document.querySelectorAll('*')].map((e) => e.shadowRoot?.querySelector('.player')).find(Boolean);
  const all = (name) => [...player.querySelectorAll(name)];
  return {
    covered: all('.cover.shown').length, rows: all('.cover').length, unwritten: all('.abc .unwritten').length,
    text: player.querySelector('.abc').textContent.length,
    top: player.querySelector('.sheet').getBoundingClientRect().top,
  };
}"""


def test_it_is_seen_and_heard_being_written_and_stands_there_at_the_end(page: Any, address: str) -> None:
    page.goto(address + TUNE)
    page.locator(".player .sheet svg").first.wait_for(timeout=LONG)
    page.evaluate("window.sounded = 0; document.addEventListener('charlstm:note', () => (window.sounded += 1))")
    page.get_by_text("Watch it write").click()
    page.wait_for_function("window.sounded > 2", timeout=LONG)
    during = page.evaluate(SEEN)
    assert 0 < during["unwritten"] < during["text"]
    assert 0 < during["covered"] <= during["rows"]
    page.get_by_role("button", name="Skip to the end").click()
    after = page.evaluate(SEEN)
    assert (after["covered"], after["unwritten"]) == (0, 0)
    assert after["top"] == during["top"]  # nothing moves
    assert page.get_by_role("button", name="Watch again").count() == 1


def test_a_temperature_is_taken_from_its_small_score(page: Any, address: str) -> None:
    page.goto(address + TUNE)
    page.locator(".player .sheet svg").first.wait_for(timeout=LONG)
    page.get_by_text("Compare temperatures").click()
    page.locator(".cards .card").nth(4).wait_for(timeout=LONG)
    assert page.locator(".cards .sheet > svg").count() == 5
    page.locator(".cards").get_by_role("button", name="Take this one").nth(3).click()
    page.wait_for_url("**temperature=1.5**")
    page.go_back()
    page.wait_for_url("**temperature=0.8**")
    page.locator(".cards .card").first.wait_for(timeout=LONG)  # the panel is as it was


def test_a_card_and_the_player_do_not_sound_together(page: Any, address: str) -> None:
    page.goto(address + TUNE)
    page.locator(".player .sheet svg").first.wait_for(timeout=LONG)
    page.get_by_text("Compare temperatures").click()
    page.locator(".cards .card").nth(4).wait_for(timeout=LONG)
    player, card = page.locator(".player .play").first, page.locator(".cards .card button.play").first
    player.click()
    page.locator(".player.playing").first.wait_for(timeout=LONG)
    card.click()
    page.locator(".player:not(.playing)").first.wait_for(timeout=LONG)
    assert card.inner_text() == "Stop"
    player.click()
    page.locator(".player.playing").first.wait_for(timeout=LONG)
    assert card.inner_text() == "Play"


def test_a_tune_that_is_being_written_stands_in_place_of_the_one_before(page: Any, address: str) -> None:
    """Its text, while the model is slow: no score and no title of another tune beside it; the sound can be stopped."""
    page.goto(address + TUNE)
    page.locator(".player .sheet svg").first.wait_for(timeout=LONG)
    parts = [page.locator(".player .sheet"), page.locator(".st-key-compose-top h1"), page.get_by_text("Composed by")]
    assert all(part.first.is_visible() for part in parts)
    page.locator(".st-key-compose-score > :first-child").evaluate(
        "(place) => place.insertAdjacentHTML('beforebegin', '<div><p data-testid=stText>T:The Next</p></div>')"
    )
    assert not any(part.first.is_visible() for part in parts)
    assert page.locator(".player .play").first.is_visible()
    assert page.get_by_text("T:The Next").is_visible()

"""Intervene in a real browser: ablated, clamped, steered, asked why, twice. Models that recite; seven tunes."""

from __future__ import annotations

from typing import Any

OPEN = "/neurons?view=cause&model=reciter&seed=3"
# The text of each player on the page, and what is outlined in it.
TEXTS = """() => [...document.querySelectorAll('*')].map((e) => e.shadowRoot?.querySelector('.player')).filter(Boolean)
  .map((p) => p.querySelector('.abc')?.textContent ?? '')"""


def settled(page: Any) -> None:
    """No run is going on, and nothing was shown as an error."""
    page.wait_for_function("!document.querySelector('[data-testid=stStatusWidget]')")
    page.wait_for_function("!document.querySelector('[data-testid=stException]')")


def choose(page: Any, name: str) -> None:
    page.get_by_role("radio", name=name, exact=True).evaluate("(e) => e.click()")
    page.wait_for_function(
        "(name) => [...document.querySelectorAll('[role=radio]')]"
        ".some((e) => e.textContent.trim() === name && e.getAttribute('aria-checked') === 'true')",
        arg=name,
    )
    settled(page)


def test_each_way_to_change_a_tune_is_clicked_twice(page: Any, address: str) -> None:
    page.goto(address + OPEN)
    page.get_by_role("heading", name="Tune B").wait_for()
    page.wait_for_function(f"({TEXTS})().filter((text) => text.length > 20).length === 2")
    for _ in range(2):
        choose(page, "Steer")
        page.get_by_text("Neuron 0 steered by +2 standard deviations").wait_for()
        choose(page, "Clamp")
        page.get_by_text("Neuron 0 clamped at +1").wait_for()
        choose(page, "Ablate")
        page.get_by_text("Neuron 0 ablated").wait_for()
    for _ in range(2):
        choose(page, "Concept")
        page.get_by_text("A standard deviation along the direction is").wait_for()
        choose(page, "Neurons")
        page.get_by_text("Neuron 0 ablated").wait_for()


def test_a_hundred_pairs_and_what_they_cost(page: Any, address: str) -> None:
    page.goto(address + OPEN)
    page.get_by_role("heading", name="Tune B").wait_for()
    write = page.get_by_role("button", name="Write 100 pairs")
    write.click()
    page.get_by_text("1 intervention tried in this visit").wait_for()
    settled(page)
    assert write.is_disabled()  # they are there
    for _ in range(2):
        page.get_by_role("button", name="Read tunes with the intervention").click()
        page.get_by_text("Loss added by the intervention").wait_for()
        settled(page)


def test_why_a_character_came_is_asked_twice(page: Any, address: str) -> None:
    page.goto(address + OPEN)
    page.get_by_role("heading", name="Tune B").wait_for()
    choose(page, "Why this character?")
    for number in ("20", "25"):
        field = page.get_by_label("Character", exact=True)
        field.fill(number)
        field.press("Enter")
        page.get_by_text(f"Character {number} is").wait_for()
        page.get_by_text("it adds up to").wait_for()
        settled(page)
    choose(page, "Replaced")
    page.get_by_text("it adds up to").wait_for()
    target = page.locator('.abc [data-at="29"]').first
    target.scroll_into_view_if_needed()
    target.click()
    page.locator('.abc [data-at="30"]').first.click(modifiers=["Shift"])
    page.get_by_text("Character 30 is").wait_for()
    settled(page)


def test_intervene_fits_a_phone(page: Any, address: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(address + OPEN)
    page.get_by_role("heading", name="Tune B").wait_for()
    settled(page)
    page.wait_for_function("document.documentElement.scrollWidth <= innerWidth")

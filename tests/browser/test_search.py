"""Search in a real browser: dragged, found, seen and heard, twice. Models that recite; a corpus of seven tunes."""

from __future__ import annotations

from typing import Any

from tests.browser.conftest import HOSTILE

OPEN = "/neurons?view=search&model=hostile&seed=1"
MARKED = """() => [...document.querySelectorAll('*')].map((e) => e.shadowRoot?.querySelector('.player')).filter(Boolean)
  .map((p) => [...p.querySelectorAll('.abc .marked')].map((e) => e.textContent).join(''))"""


def settled(page: Any) -> None:
    """No run is going on, and nothing was shown as an error."""
    page.wait_for_function("!document.querySelector('[data-testid=stStatusWidget]')")
    page.wait_for_function("!document.querySelector('[data-testid=stException]')")


def read_collection(page: Any, says: str) -> None:
    """Whoever comes first lets the collection be read; `says` is what stands there where it has been read."""
    button = page.get_by_role("button", name="Read the collection")
    button.or_(page.get_by_text(says)).first.wait_for()
    if button.count():
        button.click()
        settled(page)


def at_character(page: Any, number: int) -> None:
    """Choose one character by the widgets; the two fields follow each other, so the lower end is set first or last."""
    for name in ("From character", "to") * 2:
        field = page.get_by_label(name, exact=True)
        if field.input_value() != str(number):
            field.fill(str(number))
            field.press("Enter")
            page.wait_for_function("(n) => document.activeElement.value === n", arg=str(number))
            settled(page)


def test_a_part_is_chosen_twice_and_found_in_the_corpus(page: Any, address: str) -> None:
    page.goto(address + OPEN)
    page.get_by_role("heading", name="Search").wait_for()
    page.get_by_label("From character", exact=True).wait_for()
    for place in (HOSTILE.index("d2fd") + 1, HOSTILE.index("dfaf") + 1):
        at_character(page, place)
        page.get_by_text("One neuron is on there").wait_for()
        settled(page)
        read_collection(page, "It is on at 1 place in")
        page.get_by_text("It is on at 1 place in").wait_for()
        page.wait_for_function(f"({MARKED})().filter((text) => text === {HOSTILE[place - 1]!r}).length === 2")


def test_dragging_over_the_text_chooses_characters(page: Any, address: str) -> None:
    page.goto(address + OPEN)
    page.get_by_label("From character", exact=True).wait_for()
    for start, end in (("d2fd", 4), ("dfaf", 2)):
        first = HOSTILE.index(start)
        a, b = (page.locator(f'.abc [data-at="{k}"]').first for k in (first, first + end - 1))
        a.wait_for()
        a.scroll_into_view_if_needed()
        a.click()
        b.click(modifiers=["Shift"])
        page.wait_for_function(
            "([n, m]) => [...document.querySelectorAll('input')].filter((e) => e.getAttribute('aria-label') === 'to' "
            "|| e.getAttribute('aria-label') === 'From character').map((e) => e.value).join() === `${n},${m}`",
            arg=[first + 1, first + end],
        )
        settled(page)


def test_each_way_to_search_is_clicked_twice(page: Any, address: str) -> None:
    page.goto(address + OPEN)
    page.get_by_label("From character", exact=True).wait_for()
    ways = {
        "Concept": "places here have the concept",
        "Neurons": "It is not on anywhere",
        "Example": "Paste a tune in ABC notation",
    }
    for _ in range(2):
        for way, says in ways.items():
            page.get_by_role("radio", name=way, exact=True).evaluate("(e) => e.click()")
            settled(page)
            read_collection(page, says)
            page.get_by_text(says).first.wait_for()
            settled(page)
    page.get_by_label("ABC", exact=True).fill("K:D\n" + HOSTILE.split("K:D\n")[1][:30])
    page.get_by_label("ABC", exact=True).press("Control+Enter")
    settled(page)
    read_collection(page, "The nearest place of each tune")
    page.get_by_text("The nearest place of each tune").wait_for()
    settled(page)


def test_search_fits_a_phone(page: Any, address: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(address + OPEN)
    page.get_by_label("From character", exact=True).wait_for()
    settled(page)
    page.wait_for_function("document.documentElement.scrollWidth <= innerWidth")

"""Every button of every page, five times as fast as a finger can: nothing breaks, and no visitor sees a traceback."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

playwright = pytest.importorskip("playwright.sync_api")

LONG = 120_000  # ms that a run may take on a machine that does much else
SOON = 10_000  # ms after which a button that was there a moment ago is gone
TUNE = "?model=reciter&seed=7"
PAGES = [
    f"/{TUNE}", f"/{TUNE}&watch=1&panel=temperatures", f"/{TUNE}&panel=many&first=8", f"/your_tune{TUNE}", "/library",
    f"/neurons{TUNE}", "/train", "/experiments",
]  # fmt: skip
# They begin work of minutes that outlives the visit.
SLOW = ("Run it here", "Start", "Build", "Measure", "Write", "Read tunes")


def still(page: Any) -> None:
    page.wait_for_timeout(300)
    page.locator('[data-test-script-state="notRunning"]').first.wait_for(state="attached", timeout=LONG)


def where(page: Any) -> tuple[str, list[str]]:
    """The page, and its view where it has several."""
    address = urlsplit(page.url)
    return address.path, parse_qs(address.query).get("view", [])


def visit(page: Any, address: str, place: str) -> None:
    if place == "/library":
        page.goto(f"{address}/{TUNE}")
        page.locator(".player .sheet svg").first.wait_for(timeout=LONG)
        page.get_by_role("link", name="Library").click()
    else:
        page.goto(address + place)
    still(page)


@pytest.mark.parametrize("place", PAGES)
def test_five_fast_clicks_on_every_button(page: Any, address: str, place: str) -> None:
    visit(page, address, place)
    start = where(page)
    buttons = page.get_by_test_id("stMain").get_by_role("button")
    names = dict.fromkeys(name for button in buttons.all() if (name := button.inner_text().strip()))
    for name in names:
        if any(words in name for words in SLOW):
            continue
        if where(page) != start:  # a button that leads to another page or view
            visit(page, address, place)
        for _ in range(5):
            button = buttons.filter(has_text=name).first
            try:
                if button.count() and button.is_enabled(timeout=SOON):
                    button.click(force=True, timeout=SOON, no_wait_after=True)
            except playwright.TimeoutError:
                assert not button.count(), name  # the click before has led to where it is no more
        still(page)
        assert page.get_by_test_id("stException").count() == 0, name
        page.keyboard.press("Escape")  # a popover that stayed open


def test_a_tune_that_is_kept_with_fast_clicks_stays_kept(page: Any, address: str) -> None:
    visit(page, address, f"/{TUNE}")
    keep = page.locator(".st-key-compose-keep")
    keep.get_by_role("button").wait_for()
    keep.evaluate(
        "(place) => [0, 120, 240, 400, 900].map((at) => setTimeout(() => place.querySelector('button')?.click(), at))"
    )
    page.get_by_role("button", name="Kept", exact=True).wait_for(timeout=LONG)
    page.wait_for_timeout(2200)
    still(page)
    assert "Kept" in keep.inner_text()
    keep.get_by_role("button").click()  # another wish, later
    page.get_by_role("button", name="Keep", exact=True).wait_for(timeout=LONG)

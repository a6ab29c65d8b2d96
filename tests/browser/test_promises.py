"""What a visitor may rely on: a link shows the tune to a stranger, a pickup is no bar, bars are chosen by touch."""

from __future__ import annotations

import re
from typing import Any

import pytest

from charlstm.tunes.views.bar_numbers import printed_bars

api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = api.expect
LONG = 120_000  # ms that a law may take on a machine that does much else
OWN = "X:1\nT:Nobody's Polka\nM:2/4\nL:1/8\nK:D\n|:A|dA FA|dA FA|ed cd|eA A:|"  # written for this test, with a pickup


def written(page: Any, address: str, text: str) -> None:
    """Your tune with a text in its editor, and its score."""
    page.goto(f"{address}/your_tune")
    editor = page.locator(".editor .text")
    editor.fill(text)
    editor.blur()
    shown(page, text)
    page.locator('[data-test-script-state="notRunning"]').first.wait_for(state="attached", timeout=LONG)


def shown(page: Any, text: str) -> None:
    page.locator(".player .sheet svg").first.wait_for(timeout=LONG)
    expect(page.locator(".player .abc").first).to_have_text(text, timeout=LONG, use_inner_text=False)


def test_a_link_shows_a_tune_of_ones_own_to_a_stranger(browser: Any, page: Any, address: str) -> None:
    written(page, address, OWN)
    page.get_by_role("button", name="Share").click()
    link = page.get_by_text(re.compile(r"/your_tune\?")).first.inner_text().strip()
    stranger = browser.new_context()
    try:
        visit = stranger.new_page()
        visit.goto(link)
        shown(visit, OWN)
        expect(visit.locator(".editor .text")).to_have_value(OWN, timeout=LONG)
    finally:
        stranger.close()


def test_rewrite_counts_bars_as_the_score_prints_them(page: Any, address: str) -> None:
    written(page, address, OWN)
    page.get_by_text("Rewrite bars", exact=True).click()
    field = page.get_by_role("spinbutton", name="To bar")
    field.wait_for(timeout=LONG)
    field.fill("2")
    field.press("Enter")
    printed = printed_bars(OWN)
    first, last = printed.between(1, 2)
    start, end = printed.bars[first].start, printed.bars[last].end
    assert OWN[start:end].strip("|").startswith("dA FA|dA FA")  # not the pickup
    page.wait_for_function(
        """([start, end]) => {
          const player = [...document.querySelectorAll('*')]
            .map((e) => e.shadowRoot?.querySelector('.player')).find(Boolean);
          const at = [...player.querySelectorAll('.abc .marked')].map((e) => Number(e.dataset.at));
          return at.length > 0 && Math.min(...at) === start && Math.max(...at) === end - 1;
        }""",
        arg=[start, end],
        timeout=LONG,
    )


def test_bars_are_chosen_by_touch(browser: Any, address: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    context.set_default_timeout(LONG)
    try:
        page = context.new_page()
        written(page, address, OWN)
        page.get_by_text("Rewrite bars", exact=True).tap()
        page.get_by_role("spinbutton", name="To bar").wait_for()
        page.get_by_role("button", name="A–B: repeat a part").tap()
        third = printed_bars(OWN).between(3, 3)[0]
        start = printed_bars(OWN).bars[third].start
        page.locator(f'.abc [data-at="{start}"]').first.tap()
        page.locator(f'.abc [data-at="{start + 3}"]').first.tap()
        expect(page.get_by_role("spinbutton", name="From bar")).to_have_value("3")
        expect(page.get_by_role("spinbutton", name="To bar")).to_have_value("3")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    finally:
        context.close()


def test_a_draft_is_asked_about_before_another_page_opens_a_tune_over_it(page: Any, address: str) -> None:
    written(page, address, OWN)
    page.get_by_role("link", name="Compose").click()
    page.get_by_role("button", name="Edit", exact=True).click()
    page.get_by_text("is not in your library").wait_for(timeout=LONG)
    expect(page.locator(".editor .text")).to_have_value(OWN, timeout=LONG)
    page.get_by_role("button", name="Keep the draft and open").click()
    expect(page.locator(".editor .text")).not_to_have_value(OWN, timeout=LONG)
    page.get_by_role("link", name="Library").click()
    expect(page.get_by_role("button", name="Kept", exact=True)).to_have_count(1, timeout=LONG)

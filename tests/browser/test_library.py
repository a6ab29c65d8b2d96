"""The library in a real browser: a reload, another tab and another visit bring the tunes back; strangers see none."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import TUNES

api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = api.expect
LONG = 120_000  # ms that a law may take on a machine that does much else


def test_tunes_and_the_draft_are_there_after_a_reload_in_another_tab_and_for_nobody_else(
    browser: Any, page: Any, address: str
) -> None:
    page.goto(f"{address}/?model=reciter&seed=1")
    page.locator(".player .sheet svg").first.wait_for(timeout=LONG)
    page.get_by_role("button", name="Keep", exact=True).click()
    page.get_by_role("button", name="Kept", exact=True).wait_for(timeout=LONG)
    page.get_by_role("link", name="Your tune").click()
    editor = page.locator(".editor .text")
    editor.fill("X:1\n" + TUNES[1])
    editor.blur()
    page.locator(".player .sheet svg").first.wait_for(timeout=LONG)
    expect(page.locator(".player .abc").first).to_have_text("X:1\n" + TUNES[1], timeout=LONG, use_inner_text=False)
    page.goto(f"{address}/library")  # a new session
    expect(page.get_by_role("button", name="Kept", exact=True)).to_have_count(1, timeout=LONG)
    tab = page.context.new_page()
    tab.goto(f"{address}/your_tune")
    expect(tab.locator(".editor .text")).to_have_value("X:1\n" + TUNES[1], timeout=LONG)
    page.context.clear_cookies()  # the browser's storage knows the visitor still
    page.goto(f"{address}/library")
    expect(page.get_by_role("button", name="Kept", exact=True)).to_have_count(1, timeout=LONG)
    page.get_by_role("button", name="Delete").first.click()
    expect(page.get_by_role("button", name="Kept", exact=True)).to_have_count(0, timeout=LONG)
    page.reload()
    expect(page.get_by_text("Your library is empty")).to_be_visible(timeout=LONG)
    stranger = browser.new_context()
    try:
        visit = stranger.new_page()
        visit.goto(f"{address}/your_tune")
        expect(visit.locator(".editor .text")).to_have_value("", timeout=LONG)
    finally:
        stranger.close()


def test_a_phone_shows_the_list_or_the_chosen_tune(page: Any, address: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    for seed in (1, 2):
        page.goto(f"{address}/?model=reciter&seed={seed}")
        page.locator(".player .sheet svg").first.wait_for(timeout=LONG)
        page.get_by_text("complete.").wait_for(timeout=LONG)
    page.goto(f"{address}/library")
    listen, back = (page.get_by_role("button", name=name) for name in ("Listen", "All tunes"))
    expect(listen).to_have_count(2, timeout=LONG)
    expect(page.locator(".player .sheet").first).to_be_hidden()
    listen.last.click()
    expect(page.locator(".player .sheet svg").first).to_be_in_viewport(timeout=LONG)
    expect(listen).to_have_count(1)  # its own row: what is hidden has no role
    back.click()
    expect(listen).to_have_count(2, timeout=LONG)
    expect(page.locator(".player .sheet").first).to_be_hidden()
    page.wait_for_timeout(1100)  # ui/shared/written_address.LAG
    page.go_back()
    expect(back).to_be_visible(timeout=LONG)

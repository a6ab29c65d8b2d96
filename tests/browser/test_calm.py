"""Nothing on a page moves while it loads: at most 0.05 of layout shift, by the browser's own measure."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.shift import OBSERVE, total

MOST = 0.05


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize(
    "name", ["?model=reciter&seed=5", "neurons?model=reciter&seed=5", "your_tune", "library", "train"]
)
def test_a_page_that_loads_stays_where_it_is(page: Any, address: str, name: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.add_init_script(OBSERVE)
    page.goto(f"{address}/{name}")
    page.locator(".st-key-frame").wait_for(state="attached")
    if "model" in name:
        page.locator(".player .sheet svg").first.wait_for()
    page.wait_for_timeout(1500)
    assert total(page) <= MOST, page.evaluate("() => window.shifts")


def test_what_moves_is_measured(page: Any, address: str) -> None:
    """Otherwise the laws here would hold whatever moves."""
    page.add_init_script(OBSERVE)
    page.goto(f"{address}/library")
    page.locator(".st-key-frame").wait_for(state="attached")
    page.wait_for_timeout(1500)
    page.evaluate("() => (document.querySelector('.st-key-page').style.marginTop = '300px')")
    page.wait_for_function("() => window.shifts.some(({ value }) => value > 0.05)")
    assert total(page) > MOST


def test_a_new_tune_moves_nothing(page: Any, address: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    page.add_init_script(OBSERVE)
    page.goto(f"{address}/?model=reciter&seed=5")
    page.locator(".player .sheet svg").first.wait_for()
    page.wait_for_timeout(1500)
    page.evaluate("() => (window.shifts.length = 0)")
    for _ in range(3):
        before = page.get_by_label("Seed", exact=True).input_value()
        page.get_by_role("button", name="Another tune").click()
        page.wait_for_function(
            "(before) => document.querySelector('.st-key-compose-seed input').value !== before", arg=before
        )
        page.wait_for_timeout(700)
    assert total(page) <= MOST, page.evaluate("() => window.shifts")

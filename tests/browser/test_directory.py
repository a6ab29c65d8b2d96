"""The Neuron index in a real browser: measured with a click, looked at both ways twice, and a neuron opened from it."""

from __future__ import annotations

from typing import Any

OPEN = "/neurons?view=directory&model=reciter&seed=1"


def open_directory(page: Any, address: str) -> None:
    """The view with its tables; whoever comes first measures."""
    page.goto(address + OPEN)
    page.get_by_role("heading", name="Neuron index").wait_for()
    measured = page.get_by_text("How it is measured")
    measure = page.get_by_role("button", name="Measure all neurons")
    measured.or_(measure).first.wait_for()
    if measure.count():
        measure.click()
    measured.wait_for()


def test_both_tables_are_shown_twice_and_come_again_after_a_visit_elsewhere(page: Any, address: str) -> None:
    open_directory(page, address)
    for _ in range(2):
        page.get_by_role("radio", name="By neuron").click()
        page.get_by_text("Neurons named after each").wait_for()
        page.get_by_role("radio", name="No name").wait_for()
        page.get_by_role("radio", name="By concept").click()
        page.get_by_role("heading", name="All concepts").wait_for()
        page.locator("[data-testid=stVegaLiteChart] canvas, [data-testid=stVegaLiteChart] svg").first.wait_for()
    page.get_by_role("link", name="Compose").click()
    page.get_by_role("button", name="Another tune").wait_for()
    open_directory(page, address)
    page.get_by_role("heading", name="All concepts").wait_for()


def test_a_neuron_is_opened_from_it(page: Any, address: str) -> None:
    open_directory(page, address)
    page.get_by_role("button", name="on a tune").first.click()
    page.get_by_role("heading", name="Neuron").first.wait_for()
    page.wait_for_url(lambda url: "neuron=0%3A" in url or "neuron=0:" in url)
    page.locator(".player .abc span").first.wait_for()

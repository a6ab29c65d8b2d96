"""The Experiments page in a real browser: charts are drawn, studies change, tunes can be heard, files kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.browser.test_page import until

LONG = 60_000  # ms, of a machine that does other things


def shown(page: Any, address: str, study: str) -> None:
    page.goto(f"{address}/experiments?study={study}")
    page.get_by_text("Original report").first.wait_for(timeout=LONG)


def charts(page: Any, least: int) -> None:
    """Wait until so many charts are drawn."""
    page.wait_for_function(
        "n => document.querySelectorAll(':is(canvas, svg).marks, [data-testid=stVegaLiteChart] canvas').length >= n",
        arg=least,
        timeout=LONG,
    )


def test_the_figures_are_drawn_and_kept(page: Any, address: str) -> None:
    shown(page, address, "cells")
    charts(page, 4)
    page.get_by_role("radio", name="Whole tunes").click()
    charts(page, 4)
    with page.expect_download() as download:
        page.get_by_role("button", name="JSON").click()
    rows = json.loads(Path(download.value.path()).read_text())
    assert {row["figure"] for row in rows} >= {"11", "12", "13", "14"}
    with page.expect_download() as download:
        page.get_by_role("button", name="Report").click()
    assert "# The report's studies, reproduced" in Path(download.value.path()).read_text()


def test_a_study_is_a_click_away_and_in_the_address(page: Any, address: str) -> None:
    shown(page, address, "baseline")
    page.get_by_role("radio", name="How many neurons").click()
    page.get_by_role("heading", name="Do more neurons in the hidden layer help?").wait_for(timeout=LONG)
    page.wait_for_function("location.search.includes('study=sizes')", timeout=LONG)
    page.reload()
    page.get_by_role("heading", name="Do more neurons in the hidden layer help?").wait_for(timeout=LONG)
    charts(page, 6)


def test_a_tune_of_each_temperature_can_be_heard(page: Any, address: str) -> None:
    shown(page, address, "temperatures")
    charts(page, 3)
    first = until(page, lambda state: state["svg"] and state["ready"], 120)
    page.get_by_role("radio", name="lstm-512").click()
    until(page, lambda state: state["text"] != first["text"] and state["ready"], 120)
    page.locator(".play").click()
    until(page, lambda state: state["time"] > 0.2, 60)


def test_a_neuron_colours_the_tune(page: Any, address: str) -> None:
    shown(page, address, "heatmaps")
    before = until(page, lambda state: state["valued"] and any(state["colours"]), 120)
    page.get_by_role("radio", name="Body neuron").click()
    until(page, lambda state: state["colours"] != before["colours"], 120)
    page.get_by_text("Heat map as in the report").click()
    page.locator("[data-testid=stImage] img").first.wait_for(timeout=LONG)

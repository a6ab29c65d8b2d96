"""Figures for print: every kind of file, with title, caption and axes, and the numbers that are drawn."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ET
from typing import Any

import pytest

from charlstm.ui.chart_style import chart, intervals, tips
from charlstm.ui.shared.figures import numbers, numbers_csv, printed
from charlstm.ui.train.charts import loss_chart

pytest.importorskip("vl_convert")
ROWS = [{"x": k, "mean": k / 2, "low": k / 2 - 0.1, "high": k / 2 + 0.1, "name": f"<{k}>"} for k in range(4)]


def example() -> Any:
    return intervals(chart(ROWS).encode(x="x:Q"), "y", "mean:Q", tooltip=tips("name:N"))


@pytest.mark.parametrize(("ending", "begins"), [("svg", b"<svg"), ("pdf", b"%PDF"), ("png", b"\x89PNG")])
def test_each_kind_of_file_begins_as_it_must(ending: str, begins: bytes) -> None:
    assert printed(example(), "A title", "A caption", ending).startswith(begins)


def test_a_figure_says_what_it_is_and_what_its_axes_are() -> None:
    rows = [{"epoch": k, "train_loss": 3 - k / 10, "val_loss": 3.0} for k in range(1, 9)]
    svg = printed(loss_chart(rows, 1.5), "Losses of <b>mine</b>", "seed 3, n = 4 tunes " * 9, "svg").decode()
    words = " ".join(ET.fromstring(svg).itertext())  # well formed, whatever a title has in it
    for part in ("Losses of <b>mine</b>", "seed 3, n = 4 tunes", "nats per character", "epoch", "validation"):
        assert part in words


def test_the_png_has_300_dots_an_inch() -> None:
    png = printed(example(), "A title", "", "png")
    at = png.index(b"pHYs") + 4
    assert int.from_bytes(png[at : at + 4], "big") == round(300 / 0.0254)


def test_the_numbers_are_those_that_are_drawn() -> None:
    assert numbers(example()) == ROWS
    assert list(csv.DictReader(io.StringIO(numbers_csv(example())))) == [
        {name: str(value) for name, value in row.items()} for row in ROWS
    ]


def test_the_numbers_can_say_what_they_were_measured_on() -> None:
    rows = list(csv.DictReader(io.StringIO(numbers_csv(example(), {"neuron": "63", "model": "small"}))))
    assert len(rows) == len(ROWS) and {(row["neuron"], row["model"]) for row in rows} == {("63", "small")}

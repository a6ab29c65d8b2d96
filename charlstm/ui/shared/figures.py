"""A chart on the page with its files: SVG, PDF and PNG for print, its numbers as CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

import streamlit as st

from charlstm.files import file_stem

NOTHING: Mapping[str, Any] = MappingProxyType({})
DPI = 300
WIDTH = 480  # px of a figure in print, 12.7 cm
_PRINT = {
    "background": "white",
    "axis": {
        "labelFontSize": 11,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "grid": True,
        "gridColor": "#e5e5e5",
    },
    "title": {"anchor": "start", "fontSize": 14, "subtitleFontSize": 11, "subtitleColor": "#444444", "offset": 10},
    "view": {"stroke": None},
}


def show_figure(
    chart: Any, *, title: str, caption: str, key: str, of: Mapping[str, Any] = NOTHING, place: Any = st, **options: Any
) -> Any:
    """Draw a chart, and below it a menu that saves it.

    Parameters
    ----------
    chart : altair chart
    title : str
        Of the figure in print, and of its files.
    caption : str
        What a reader has to know away from this page: model, tunes, how many, seeds, what an interval is.
    key : str
        Streamlit key of the chart.
    of : mapping
        What its numbers were measured on ({"neuron": "63", "model": "lstm-150"}): in the files' names, and columns of
        the files with numbers.
    place : container
        Where it stands; here, if not said.
    **options
        Of `st.altair_chart`, whose result is returned.
    """
    result = place.altair_chart(chart, key=key, **options)
    stem = file_stem(" ".join([title, *(f"{name} {value}" for name, value in of.items())]))
    makers: dict[str, tuple[str, str, Callable[[], str | bytes]]] = {
        "SVG": ("svg", "image/svg+xml", lambda: printed(chart, title, caption, "svg")),
        "PDF": ("pdf", "application/pdf", lambda: printed(chart, title, caption, "pdf")),
        "PNG": ("png", "image/png", lambda: printed(chart, title, caption, "png")),
        "CSV": ("csv", "text/csv", lambda: numbers_csv(chart, of)),
        "JSON": ("json", "application/json", lambda: json.dumps({"title": title, "caption": caption, **of,
                                                                 "rows": numbers(chart)}, indent=1)),
    }  # fmt: skip
    with place.popover(f"Save: {title}", icon=":material/download:", type="tertiary"), st.container(horizontal=True):
        for label, (ending, media_type, make) in makers.items():
            st.download_button(
                label, make, f"{stem}.{ending}", media_type, key=f"{key}.{ending}", on_click="ignore",
                help=f"{title}, as {label}",
            )  # fmt: skip
    return result


def printed(chart: Any, title: str, caption: str, ending: str) -> bytes:
    """A chart as a file for print, on white: "svg", "pdf" or "png" (300 dpi), with its title and caption."""
    import vl_convert  # half a second to load

    spec = chart.to_dict()
    spec["config"] = {**spec.get("config", {}), **_PRINT}
    spec.setdefault("width", WIDTH)
    own = spec.get("title", "")
    heading = own if isinstance(own, str) else own.get("text", "")
    spec["title"] = {"text": f"{title}: {heading}" if heading else title, "subtitle": _lines(caption)}
    if ending == "svg":
        return str(vl_convert.vegalite_to_svg(spec)).encode()
    if ending == "pdf":
        return bytes(vl_convert.vegalite_to_pdf(spec))
    return bytes(vl_convert.vegalite_to_png(spec, ppi=DPI))


def _lines(text: str, width: int = 90) -> list[str]:
    """A text in lines of a figure's width."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] += f" {word}" if lines[-1] else word
    return lines


def numbers(chart: Any) -> list[dict[str, Any]]:
    """The rows that a chart draws, each once, as they stand in its layers."""
    rows: dict[str, dict[str, Any]] = {}
    spec = chart.to_dict()
    for row in _rows(spec, spec.get("datasets", {})):
        rows.setdefault(json.dumps(row, sort_keys=True), dict(row))
    return list(rows.values())


def _rows(spec: Mapping[str, Any], datasets: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    data = spec.get("data", {})
    yield from data.get("values") or datasets.get(data.get("name"), [])
    for layer in spec.get("layer", []):
        yield from _rows(layer, datasets)


def numbers_csv(chart: Any, of: Mapping[str, Any] = NOTHING) -> str:
    """The rows that a chart draws, as CSV with a line of names; what they were measured on in columns of its own."""
    rows = [{**of, **row} for row in numbers(chart)]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys(name for row in rows for name in row)), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()

"""The HTML that a browser gets first is Streamlit's own, with our style sheet and scripts that are there."""

from __future__ import annotations

import re

import pytest

from charlstm.ui import first_paint
from charlstm.ui.shared.page_style import STYLE_SHEET

INDEX = (first_paint._STATIC / "index.html").read_text(encoding="utf-8")


def test_every_page_is_answered() -> None:
    paths = {route.path for route in first_paint.routes()}  # type: ignore[attr-defined]
    pages = {folder.parent.name for folder in (STYLE_SHEET.parents[1]).glob("*/page.py")}
    assert paths == {"/", *(f"/{page}" for page in pages)}


def test_nothing_of_streamlit_s_html_is_lost() -> None:
    html = first_paint.with_head(INDEX, "neurons")
    rest = re.sub(r' data-room="sidebar"|<style>.*?</style>|<script>{// .*?}</script>', "", html, flags=re.DOTALL)
    links = re.findall(r'<link rel="modulepreload" crossorigin href="\./static/js/([^"]+)">', rest)
    assert all((first_paint._STATIC / "static" / "js" / name).is_file() for name in links)
    assert len(links) == len(set(links))
    assert any(name.startswith("BidiComponent.") for name in links)  # what a score is drawn with
    for name in first_paint._scripts(INDEX):
        rest = rest.replace(f'<link rel="modulepreload" crossorigin href="./static/js/{name}">', "")
    assert rest == INDEX
    assert STYLE_SHEET.read_text(encoding="utf-8") in html


def test_only_pages_with_a_sidebar_keep_room_for_it() -> None:
    assert '<html data-room="sidebar"' in first_paint.with_head(INDEX, "")
    assert "<html data-room" not in first_paint.with_head(INDEX, "library")


def test_another_html_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_paint, "_STATIC", STYLE_SHEET.parent)
    assert first_paint.routes() == []

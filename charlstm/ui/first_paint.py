"""The HTML that a browser gets first: Streamlit's, with what keeps the page still while it loads, and loads it sooner.

Streamlit lays out the page before it knows that it is wide, and has a sidebar; and it asks for the script of each kind
of element when the first one comes. Our own script has one press of Back leave a page. Where Streamlit's files are
others than expected, they are left as they are.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import streamlit
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import BaseRoute, Route

from charlstm.ui.shared.page_style import STYLE_SHEET

PAGES = ("", "compose", "your_tune", "library", "neurons", "train", "experiments", "lesson", "listening_test")
WITH_SIDEBAR = ("", "compose", "neurons")
# The kinds of elements that the first pages have.
KINDS = (
    "BidiComponent", "Html", "Selectbox", "TextInput", "NumberInput", "Checkbox", "Slider", "Button", "DownloadButton",
    "ButtonGroup", "Radio",
)  # fmt: skip
_STATIC = Path(streamlit.__file__).parent / "static"
_IMPORT = re.compile(r'\bfrom\s*"\./([\w.-]+\.js)"')


def routes() -> list[BaseRoute]:
    """One a page."""
    index = _STATIC / "index.html"
    html = index.read_text(encoding="utf-8") if index.is_file() else ""
    if "</head>" not in html:
        return []
    return [Route(f"/{page}", _endpoint(with_head(html, page))) for page in PAGES]


def _endpoint(html: str) -> Callable[[Request], Awaitable[HTMLResponse]]:
    async def answer(_: Request) -> HTMLResponse:  # a new one each time: what compresses it changes its headers
        return HTMLResponse(html, headers={"Cache-Control": "no-cache"})

    return answer


def with_head(html: str, page: str) -> str:
    """Streamlit's HTML with our styles, our script and the scripts that the page will need."""
    style = Path(__file__).with_suffix(".css").read_text(encoding="utf-8") + STYLE_SHEET.read_text(encoding="utf-8")
    script = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
    links = "".join(f'<link rel="modulepreload" crossorigin href="./static/js/{name}">' for name in _scripts(html))
    mark = ' data-room="sidebar"' if page in WITH_SIDEBAR else ""
    html = html.replace("<html", f"<html{mark}", 1)
    return html.replace("</head>", f"<style>{style}</style><script>{{{script}}}</script>{links}</head>", 1)


def _scripts(html: str) -> list[str]:
    """The files of the kinds of elements, with what they import, that the HTML itself does not name."""
    folder = _STATIC / "static" / "js"
    waiting = [path.name for kind in KINDS for path in folder.glob(f"{kind}.*.js")]
    found: list[str] = []
    while waiting:
        name = waiting.pop(0)
        if name not in found and name not in html and (folder / name).is_file():
            found.append(name)
            waiting += _IMPORT.findall((folder / name).read_text(encoding="utf-8"))
    return found

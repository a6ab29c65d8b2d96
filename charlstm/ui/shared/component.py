"""Our own components: a folder with NAME.html, NAME.css and NAME.js, over a base of styles and functions they share.

Streamlit takes one text of each; the palette and the base come before the component's own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from charlstm.ui.palette import css_variables, js_constants

_BASE = Path(__file__).parent / "base"


def component(name: str, file: str, *, html: str = "") -> Any:
    """The component of the folder in which `file` lies; called once, when its module is imported.

    Its outermost element is a <section>. `html` stands for NAME.html where that would be one empty element.
    """
    folder = Path(file).parent

    def text(ending: str) -> str:
        own = (folder / f"{name}.{ending}").read_text(encoding="utf-8")
        return _BASE.with_suffix(f".{ending}").read_text(encoding="utf-8") + own

    html = html or (folder / f"{name}.html").read_text(encoding="utf-8")
    css, js = css_variables() + text("css"), js_constants() + text("js")
    return st.components.v2.component(f"charlstm.{name}", html=html, css=css, js=js)

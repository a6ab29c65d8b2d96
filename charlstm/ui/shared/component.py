"""Our own components: a folder with NAME.html, NAME.css and NAME.js, over a base of styles and functions they share.

Streamlit takes one text of each; the palette and the base come before the component's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from charlstm.ui.palette import css_variables, js_constants

_BASE = Path(__file__).parent / "base"


def component(name: str, file: str, *, html: str = "", scripts: Sequence[str] = ()) -> Any:
    """The component of the folder in which `file` lies; called once, when its module is imported.

    Its outermost element is a <section>. `html` stands for NAME.html where that would be one empty element. `scripts`
    are more files of the folder, without .js, that come before NAME.js in this order; all of them share one scope.
    """
    folder = Path(file).parent

    def text(ending: str, before: Sequence[str] = ()) -> str:
        files = [_BASE.with_suffix(f".{ending}"), *(folder / f"{own}.{ending}" for own in (*before, name))]
        return "\n".join(file.read_text(encoding="utf-8") for file in files)

    html = html or (folder / f"{name}.html").read_text(encoding="utf-8")
    css, js = css_variables() + text("css"), js_constants() + text("js", scripts)
    return st.components.v2.component(f"charlstm.{name}", html=html, css=css, js=js)

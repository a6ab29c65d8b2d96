"""Where the pages lie, for the navigation and for whoever leads to one of them."""

from __future__ import annotations

from pathlib import Path

_UI = Path(__file__).parent.parent


def page_file(folder: str) -> Path:
    """The script of the page in a folder of charlstm/ui/; absolute, because an installed app.py lies elsewhere."""
    return _UI / folder / "page.py"

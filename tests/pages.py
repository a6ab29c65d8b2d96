"""The app for tests without a browser: its entry, and a page of it asked for by its folder in charlstm/ui/."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

APP = str(Path(__file__).parent.parent / "charlstm" / "ui" / "script.py")


def switch_to(app: AppTest, page: str) -> AppTest:
    """Ask for a page by the name in its address; `run` shows it.

    AppTest.switch_page knows a page by its file's name before the first run, and all of ours are called page.py.
    """
    app._page_hash = calc_hash(page)
    return app


def opened(page: str = "", **query: str) -> AppTest:
    """One of the app's pages, by default Compose, at an address; nothing went wrong."""
    app = AppTest.from_file(APP, default_timeout=120)
    for name, value in query.items():
        app.query_params[name] = value
    if page:
        switch_to(app, page)
    app.run()
    assert not app.exception
    return app


def address_of(app: AppTest) -> dict[str, str]:
    """The address bar; AppTest holds a value as text or as a list of one."""
    return {name: value if isinstance(value, str) else value[0] for name, value in app.query_params.items()}

"""The page's server: what is loaded and begun before it listens, so that the first visitor waits for none of it."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from streamlit.starlette import App

SCRIPT = Path(__file__).with_name("script.py")


@asynccontextmanager
async def lifespan(_: App) -> AsyncIterator[None]:
    """Around the life of the server."""
    try:
        _load()
    except Exception:  # the page says what is wrong, to whoever comes
        logging.getLogger("charlstm").exception("not ready for the first visitor")
    yield


def _load() -> None:
    # The workers of charlstm/score start meanwhile.
    from charlstm.ui.shared.models import warm_up

    warm_up()
    import charlstm.ui.app
    import charlstm.ui.compose.page  # noqa: F401
    from charlstm.ui.shared.written_tunes import prepare_first

    prepare_first()

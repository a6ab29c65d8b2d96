"""One of several tunes below becomes the tune of the page, which then begins at its top."""

from __future__ import annotations

from charlstm.ui.shared.scroll_top import scroll_to_top
from charlstm.ui.shared.session_tune import choose_tune
from charlstm.ui.shared.url_state import ComposeSettings
from charlstm.ui.state import Setting

TAKEN = Setting("compose.taken", 0)  # how often


def take_tune(settings: ComposeSettings) -> None:
    """Make this the tune of the page; for callbacks."""
    choose_tune(settings)
    TAKEN.set(TAKEN.get() + 1)


def begin_at_top() -> None:
    """Scroll to the top after a tune was taken."""
    scroll_to_top(f"compose {TAKEN.get()}")

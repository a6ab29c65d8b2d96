"""The setting that says which instrument's tablature a visitor sees: its name in the address, and its values."""

from __future__ import annotations

from charlstm.score.tablature.instruments import INSTRUMENTS
from charlstm.ui.state import Setting


def parse_tablature(text: str) -> str | None:
    """The instrument of an address; "" is none."""
    return text if text in INSTRUMENTS else None


TABLATURE = Setting("sound.tablature", "", query="tablature", parse=parse_tablature)

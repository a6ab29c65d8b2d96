"""Backing and swing of the tune on a page: the widgets, and the text with the chord symbols that are written for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import streamlit as st

from charlstm.errors import NotationError
from charlstm.tunes.harmony.backing import Insertion, has_chords, insertions, with_insertions
from charlstm.tunes.parse.reader import read
from charlstm.ui.cache import cached
from charlstm.ui.shared.sound import BACKING, SWING, SWINGS
from charlstm.ui.state import Setting

SHOWN_SWING = Setting("sound.shown_swing", SWINGS[0])  # what the slider shows, for each usual swing


class Shown(NamedTuple):
    """A tune as it is shown: its text, and the chord symbols that were written into it."""

    text: str
    inserted: Sequence[Insertion] = ()

    def moved(self, start: int, end: int) -> tuple[int, int]:
        """Where some characters of the tune stand in the text that is shown."""
        before = sum(len(symbol) for at, symbol in self.inserted if at <= start)
        inside = sum(len(symbol) for at, symbol in self.inserted if start < at < end)
        return start + before, end + before + inside


def shown(text: str) -> Shown:
    """The tune with chord symbols, where backing is on and it has none of its own."""
    if not BACKING.get():
        return Shown(text)
    inserted = _insertions(text)
    return Shown(with_insertions(text, inserted), inserted)


def backed(text: str) -> str:
    """The tune with chord symbols, where it has none of its own."""
    return with_insertions(text, _insertions(text))


def swing() -> float | None:
    """Percent of a beat that its first half takes, as the visitor wants it; None: that of the rhythm."""
    return SWING.get() or None


def backing_settings(text: str) -> None:
    """The switch for a tune's backing, and its swing where it can have one."""
    is_marked = has_chords(text)
    st.toggle(
        "Backing", key=BACKING.widget(), disabled=is_marked,
        help="This tune has chord symbols of its own." if is_marked else "Chords for this tune, written and played.",
    )  # fmt: skip
    usual = _usual_swing(text)
    if usual is None:
        return
    slider = SHOWN_SWING.of(usual)
    slider.set(SWING.get() or usual)
    with st.popover("Swing"):
        st.slider(
            "First half of the beat", *SWINGS, step=1, format="%d %%", key=slider.widget(bounds=SWINGS),
            on_change=lambda: SWING.set(0 if slider.get() == usual else slider.get()),
            help="50 % is even, 67 % is a triplet’s swing, 75 % is dotted. Hornpipes begin at 60 %.",
        )  # fmt: skip


@cached(megabytes=2)
def _insertions(text: str) -> tuple[Insertion, ...]:
    """The chord symbols for a tune; none for one that has some, or that cannot be read."""
    try:
        return () if has_chords(text) else tuple(insertions(text))
    except NotationError:
        return ()


@cached(megabytes=1)
def _usual_swing(text: str) -> int | None:
    """The swing of a tune's rhythm in percent; None where its beats have no halves, or it cannot be read."""
    from charlstm.score.swing import can_swing, usual_swing

    try:
        reading = read(text)
    except NotationError:
        return None
    return round(usual_swing(reading)) if can_swing(reading) else None

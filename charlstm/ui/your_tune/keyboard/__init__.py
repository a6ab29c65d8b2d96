"""The keyboard of Take turns: one component, on which a visitor plays some bars by mouse, keys or MIDI.

It sounds by itself and says what was played, in quarter notes from the first downbeat. Reads and writes no ABC.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeGuard

from charlstm.score.midi_import.grid import PlayedNote
from charlstm.ui.shared.component import component
from charlstm.ui.state import component_value

_component = component("keyboard", __file__)
MAX_NOTES = 500  # of a turn
MAX_QUARTERS = 200.0
_PITCHES = range(21, 109)


class Played(NamedTuple):
    """What there is of a turn: its notes, and where it has come to in quarter notes; `done`: it is the model's turn."""

    turn: int
    notes: tuple[PlayedNote, ...]
    length: float
    done: bool


def show_keyboard(
    *,
    turn: int,
    bar: float,
    beat: float,
    bars: int,
    abc: str,
    answer: Sequence[PlayedNote],
    can_undo: bool,
    on_played: Callable[[Played], None],
    on_undone: Callable[[], None],
    key: str,
) -> None:
    """Show the keyboard.

    Parameters
    ----------
    turn : int
        A new number where the visitor starts over.
    bar, beat : float
        In quarter notes.
    bars : int
        Of a turn.
    abc : str
        What has been played in this turn.
    answer : sequence of PlayedNote
        What is heard when this turn is first shown: the model's.
    can_undo : bool
        Whether there is something to take back besides the notes of this turn.
    on_played, on_undone : callable
        Called before the page runs again.
    key : str
        Streamlit key of this mount.
    """

    def changed() -> None:
        value = component_value(key)
        if value is not None and (played := _played(value.get("played"))) is not None:
            on_played(played)

    data = {
        "turn": turn, "bar": bar, "beat": beat, "bars": bars, "abc": abc, "undo": can_undo,
        "answer": [[note.pitch, round(note.onset, 4), round(note.end, 4)] for note in answer],
    }  # fmt: skip
    _component(key=key, data=data, default={"played": None}, on_played_change=changed, on_undone_change=on_undone)


def _played(sent: Any) -> Played | None:
    """What the browser sent, if it is what the keyboard sends."""
    if not isinstance(sent, Mapping):
        return None
    turn, notes, length = sent.get("turn"), sent.get("notes"), sent.get("length")
    if not isinstance(turn, int) or not isinstance(notes, Sequence) or not _is_time(length):
        return None
    good = [PlayedNote(float(n[1]), float(n[2]), n[0]) for n in notes[:MAX_NOTES] if _is_note(n)]
    return Played(turn, tuple(sorted(good)), float(length), sent.get("done") is True)


def _is_note(sent: Any) -> bool:
    if not isinstance(sent, Sequence) or isinstance(sent, str) or len(sent) != 3:
        return False
    pitch, onset, end = sent
    is_pitch = isinstance(pitch, int) and not isinstance(pitch, bool) and pitch in _PITCHES
    return is_pitch and _is_time(onset) and _is_time(end) and onset < end


def _is_time(sent: Any) -> TypeGuard[float]:
    return isinstance(sent, int | float) and not isinstance(sent, bool) and -MAX_QUARTERS < sent < MAX_QUARTERS

"""How a visitor hears tunes: the instrument and the key, kept over pages and tunes, and in the address."""

from __future__ import annotations

import re
from dataclasses import dataclass

import streamlit as st

from charlstm.tunes.edit.transpose import keys_around

FIRST = "piano"
# Names of `charlstm.score.midi.INSTRUMENTS`, which is not imported here: a page that only asks needs no music21.
CHOICE = (
    "piano", "fiddle", "flute", "whistle", "recorder", "accordion", "harmonica", "banjo", "guitar", "harp", "dulcimer",
    "clarinet", "bagpipe", "cello",
)  # fmt: skip
FARTHEST, NEAR = 12, 7  # semitones that an address may ask for, and that the page offers
_ARROWS = {steps: f"{'↑' if steps > 0 else '↓'} {abs(steps)}" if steps else "" for steps in range(-NEAR, NEAR + 1)}
_KEPT = "sound.setting"


@dataclass(frozen=True)
class Sound:
    """The instrument's name, and semitones up or down."""

    instrument: str = FIRST
    transpose: int = 0

    @property
    def query(self) -> dict[str, str]:
        """What the address says of it: nothing of what is as it usually is."""
        instrument = {"instrument": self.instrument} if self.instrument != FIRST else {}
        return instrument | ({"transpose": str(self.transpose)} if self.transpose else {})


def current_sound() -> Sound:
    """The visit's; a new visit takes its address's. What an address says wrongly is as if it said nothing."""
    if _KEPT not in st.session_state:
        st.session_state[_KEPT] = read_sound(st.query_params.to_dict())
    kept: Sound = st.session_state[_KEPT]
    return kept


def read_sound(query: dict[str, str]) -> Sound:
    """The instrument and the key of an address, which is somebody else's text."""
    instrument, steps = query.get("instrument", ""), query.get("transpose", "")
    semitones = int(steps) if re.fullmatch(r"[+-]?[0-9]{1,2}", steps) else 0
    return Sound(instrument if instrument in CHOICE else FIRST, semitones if -FARTHEST <= semitones <= FARTHEST else 0)


def sound_settings(text: str, *, page: str) -> Sound:
    """Two widgets, the instrument and the key of a tune; what they say is kept for the visit.

    Parameters
    ----------
    text : str
        The tune as it was written: its key names the choices.
    page : str
        Of the widgets' keys.
    """
    state, sound = st.session_state, current_sound()
    names = {"instrument": f"{page}.instrument", "transpose": f"{page}.transpose"}

    def chosen() -> None:
        state[_KEPT] = Sound(state[names["instrument"]], state[names["transpose"]])

    state[names["instrument"]], state[names["transpose"]] = sound.instrument, sound.transpose
    st.selectbox(
        "Instrument", CHOICE, key=names["instrument"], on_change=chosen, format_func=str.capitalize, width=160,
        label_visibility="collapsed",
    )  # fmt: skip
    keys = _keys(text)
    if sound.transpose not in keys:
        keys = {**keys, sound.transpose: f"{sound.transpose:+d}"}
    st.selectbox(
        "Key", list(keys), key=names["transpose"], on_change=chosen, format_func=lambda steps: keys[steps], width=160,
        label_visibility="collapsed", disabled=len(keys) == 1, help="The key it is written and played in.",
    )  # fmt: skip
    return sound


@st.cache_data(max_entries=256, show_spinner=False)
def _keys(text: str) -> dict[int, str]:
    """Semitones -> the key that a tune is then in, lowest first; of a tune that cannot be moved, only as it is."""
    keys = keys_around(text, range(-NEAR, NEAR + 1))
    return {steps: f"Key of {_name(key)} {_ARROWS[steps]}".strip() for steps, key in keys.items()} or {0: "As written"}


def _name(key: str) -> str:
    """A K: value as it is printed: B♭, F♯m."""
    return key[0] + key[1:].replace("b", "♭", key[1:2] == "b").replace("#", "♯")

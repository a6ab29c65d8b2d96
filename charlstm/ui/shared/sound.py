"""How a visitor hears tunes: the instrument and the key, kept over pages and tunes, and in the address."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import streamlit as st

from charlstm.tunes.edit.transpose import keys_around
from charlstm.tunes.keys import printed_key
from charlstm.ui.cache import cached
from charlstm.ui.shared.tablature_setting import TABLATURE
from charlstm.ui.state import Setting

if TYPE_CHECKING:
    from charlstm.score.sampled_instrument import OctaveSamples

# Names of `charlstm.score.midi.INSTRUMENTS`, which is not imported here: a page that only asks needs no music21.
INSTRUMENTS = (
    "piano", "fiddle", "flute", "whistle", "recorder", "accordion", "harmonica", "banjo", "guitar", "harp", "dulcimer",
    "clarinet", "bagpipe", "cello",
)  # fmt: skip
SWINGS = (50, 75)  # percent of a beat that its first half takes, straight to dotted; as in `score.swing`
FARTHEST, OFFERED = 12, 7  # semitones that an address may ask for, and that the page offers


def parse_instrument(text: str) -> str | None:
    """The instrument of an address."""
    return text if text in INSTRUMENTS else None


def parse_transpose(text: str) -> int | None:
    """The semitones of an address."""
    steps = int(text) if re.fullmatch(r"[+-]?[0-9]{1,2}", text) else FARTHEST + 1
    return steps if -FARTHEST <= steps <= FARTHEST else None


def parse_backing(text: str) -> bool | None:
    """Whether an address asks for backing: 1 or 0."""
    return {"1": True, "0": False}.get(text)


def parse_swing(text: str) -> int | None:
    """The percent of an address."""
    percent = int(text) if re.fullmatch(r"[0-9]{2}", text) else 0
    return percent if SWINGS[0] <= percent <= SWINGS[1] else None


INSTRUMENT = Setting("sound.instrument", "piano", query="instrument", parse=parse_instrument)
TRANSPOSE = Setting("sound.transpose", 0, query="transpose", parse=parse_transpose)  # semitones up

BACKING = Setting("sound.backing", False, query="backing", parse=parse_backing, write=lambda on: str(int(on)))
SWING = Setting("sound.swing", 0, query="swing", parse=parse_swing)  # percent of a beat; 0: that of the rhythm

# What the widget shows: a tune's own key, and the semitones from there.
SHOWN_KEY: Setting[tuple[str, int]] = Setting("sound.key", ("", 0))


def sound_query() -> dict[str, str]:
    """What the address says of sound and tablature: nothing of what is at its default."""
    settings: tuple[Setting[Any], ...] = (INSTRUMENT, TRANSPOSE)
    return {s.query: s.write(s.get()) for s in settings if s.get() != s.default} | arrangement_query()


def arrangement_query() -> dict[str, str]:
    """What the address says of tablature, backing and swing, also for a tune of the visitor's own."""
    settings: tuple[Setting[Any], ...] = (TABLATURE, BACKING, SWING)
    return {s.query: s.write(s.get()) for s in settings if s.get() != s.default}


def sound_settings(text: str) -> None:
    """Two widgets, the instrument and the key of a tune."""
    instrument_setting()
    key_setting(text)


def instrument_setting() -> None:
    """A widget for the instrument."""
    st.selectbox(
        "Instrument", INSTRUMENTS, key=INSTRUMENT.widget(), format_func=str.capitalize, width=122,
        label_visibility="collapsed",
    )  # fmt: skip


def key_setting(text: str) -> None:
    """A widget for the key that a tune is shown in: its own key names the choices."""
    keys = _keys(text)
    if (steps := TRANSPOSE.get()) not in keys:  # of an address, or of the tune before
        keys = {**keys, steps: f"{steps:+d}"}
    # Another widget for another own key: what a browser still sends of the last tune's does not count for this one. Its
    # index is what it shows: a browser that has just drawn it sends that, until it has read the value beside.
    offered = [(keys.get(0, ""), n) for n in keys]
    SHOWN_KEY.renew((keys.get(0, ""), steps))
    st.selectbox(
        "Transpose to", offered, list(keys).index(steps), key=SHOWN_KEY.widget(offered),
        on_change=lambda: TRANSPOSE.set(SHOWN_KEY.get()[1]), format_func=lambda key: f"Key: {keys[key[1]]}", width=220,
        label_visibility="collapsed", disabled=len(keys) == 1, help="The key in which the tune is written and played.",
    )  # fmt: skip


@st.cache_data(max_entries=256, show_spinner=False)
def _keys(text: str) -> dict[int, str]:
    """Semitones -> the key that a tune is then in, lowest first; of a tune that cannot be moved, only as it is."""
    return {n: key_name(key, n) for n, key in keys_around(text, range(-OFFERED, OFFERED + 1)).items()} or {
        0: "As written"
    }


def key_name(key: str, steps: int = 0) -> str:
    """A K: value as it is printed, and how far it is from the tune's own: "B♭m (up 1 semitone)"."""
    printed = printed_key(key)
    if not steps:
        return printed
    return f"{printed} ({'up' if steps > 0 else 'down'} {abs(steps)} semitone{'s' if abs(steps) > 1 else ''})"


@cached(megabytes=4)
def played_by(midi: bytes, instrument: str) -> bytes:
    """A tune's MIDI file for an instrument."""
    from charlstm.score import midi as score_midi

    return score_midi.played_by(midi, instrument)


def program_of(instrument: str) -> int:
    """The General MIDI program of an instrument, one of `INSTRUMENTS`."""
    from charlstm.score.midi import INSTRUMENTS as PROGRAMS

    return PROGRAMS[instrument]


@cached(megabytes=16)
def octave_of(program: int, octave: int) -> OctaveSamples:
    """An octave of an instrument, for the browser to play. Raises AudioUnavailable."""
    from charlstm.score.jobs import instrument_octave

    return instrument_octave(program, octave)

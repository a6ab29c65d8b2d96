"""Take turns: the visitor plays four bars, the model answers with four, and so on; all of it becomes the tune."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import streamlit as st

from charlstm.errors import CharlstmError, NotationError
from charlstm.lm.sample.continuation import answer, beginning
from charlstm.lm.sample.infill import unit_and_meter
from charlstm.score.midi_import.grid import TICK, PlayedNote
from charlstm.score.midi_import.meter_and_key import METERS, beat_length
from charlstm.score.midi_import.played import PlayedBars, bars_played, plain_meter
from charlstm.tunes.abc import split_header
from charlstm.tunes.edit.normalize import scaled_body
from charlstm.tunes.keys import Key, parse_key
from charlstm.tunes.parse.reader import read
from charlstm.tunes.views.bars import bars
from charlstm.ui.shared.models import engine
from charlstm.ui.shared.notices import plain
from charlstm.ui.shared.sound import key_name
from charlstm.ui.shared.written_tunes import next_seed
from charlstm.ui.state import Setting
from charlstm.ui.your_tune.keyboard import Played, show_keyboard
from charlstm.ui.your_tune.model_settings import ask_model
from charlstm.ui.your_tune.opening import KEYS
from charlstm.ui.your_tune.settings import SEED, ModelSettings
from charlstm.ui.your_tune.tune_document import TuneDocument

BARS = 4
FOUND = "Found from what you play"
TITLE = "Call and response"
EIGHTH = Fraction(1, 8)

TURNS = Setting("your_tune.turns", False)  # whether the visitor takes turns
TURN_METER = Setting("your_tune.turns.meter", "4/4")
TURN_KEY = Setting("your_tune.turns.key", FOUND)
TURN = Setting("your_tune.turns.number", 1)  # of the turn that is being played
PLAYED: Setting[Played | None] = Setting("your_tune.turns.played", None)  # what there is of it
ANSWER: Setting[tuple[PlayedNote, ...]] = Setting("your_tune.turns.answer", ())  # what the model wrote last
PROBLEM = Setting("your_tune.turns.problem", "")  # to be said once
CHANGED = Setting("your_tune.turns.changed", False)  # the tune is another one: the whole page has to run


@dataclass(frozen=True)
class Place:
    """Where a turn goes on: the meter, the key (None: to be found) and the unit note length that hold there."""

    meter: str
    key: Key | None
    unit: Fraction = EIGHTH


def turns_switch() -> bool:
    """The switch; whether it is on."""
    return bool(
        st.toggle(
            "Take turns with the model", key=TURNS.widget(),
            help="You play four bars, the model answers with four. By mouse, computer keys or a MIDI keyboard.",
        )
    )  # fmt: skip


@st.fragment
def show_turns(document: TuneDocument) -> None:
    """The keyboard and its settings. Its own part of the page: a note runs nothing else again."""
    if CHANGED.pop():
        st.rerun()
    model = ask_model()
    try:
        place = _end_of(document.text) if document.text.strip() else _ask_place()
    except NotationError as error:
        st.info(plain(f"{str(error).capitalize()}."))
        return
    if document.text.strip():
        left, right = st.columns([3, 1], vertical_alignment="center")
        key = key_name(str(place.key)) if place.key else "no key"
        left.caption(plain(f"You carry on from the tune below, in {place.meter} and {key}."))
        right.button("New tune", on_click=_start_over, args=(document,), key="your_tune.turns.new", width="stretch")
    played = PLAYED.get()
    with st.container():  # always there, so that the keyboard keeps its place
        if played is not None and played.done:  # until the model has answered: a run that is cut short is done again
            with st.spinner("The model is writing …"):
                _take_turn(document, played, place, model)
            st.rerun()
        if problem := PROBLEM.pop():
            st.warning(plain(problem))

    def heard(now: Played) -> None:
        if now.turn == TURN.get():
            PLAYED.set(now)

    def undone() -> None:
        if document.now.how != "continued":  # a click too many: what was there before the first turn stays
            return
        document.undo()
        CHANGED.set(True)
        _next_turn(())

    preview = ""
    if played is not None and played.notes:
        now = bars_played(played.notes, place.meter, place.key, bars=_bars_of(played, place))
        preview = now.text.strip() if place.key else f"K:{now.key}\n{now.text.strip()}"
    whole = Fraction(place.meter)
    show_keyboard(
        turn=TURN.get(), bar=float(4 * whole), beat=beat_length(place.meter) / TICK, bars=BARS, abc=preview,
        answer=ANSWER.get(), can_undo=document.now.how == "continued", on_played=heard, on_undone=undone,
        key="your_tune.keyboard",
    )  # fmt: skip


def _ask_place() -> Place:
    """Widgets for the meter and the key of a new tune."""
    left, right = st.columns(2)
    meter = left.selectbox("Meter", METERS, key=TURN_METER.widget(METERS))
    keys = [FOUND, *KEYS]
    key = right.selectbox("Key", keys, key=TURN_KEY.widget(keys))
    return Place(meter, None if key == FOUND else parse_key(key))


def _end_of(text: str) -> Place:
    """What holds at the end of a tune. Raises NotationError where its bars cannot be counted in."""
    unit, _ = unit_and_meter(text, len(text))
    if not bars(text):  # a header alone
        header = split_header(text)
        return Place(plain_meter(header.get("M")), parse_key(header.get("K")), unit)
    last = read(text).measures[-1]
    return Place(plain_meter(last.meter), last.key or parse_key("C"), unit)


def _bars_of(played: Played, place: Place) -> int:
    """How many bars there are of a turn."""
    whole = float(4 * Fraction(place.meter))
    return min(BARS, max(1, math.ceil(played.length / whole - 1e-3)))


def _take_turn(document: TuneDocument, played: Played, place: Place, model: ModelSettings) -> None:
    """Put what was played at the end of the tune, and the model's bars behind it."""
    now = bars_played(played.notes, place.meter, place.key, bars=_bars_of(played, place))
    if not now.notes:
        _next_turn(())
        return
    text = with_bars(document.text, now, place)
    try:
        answered = answer(engine(model.model), text, BARS, config=model.config(), seed=model.seed)
    except CharlstmError as error:
        PROBLEM.set(f"{model.model} did not answer: {error}")
        document.put(text, how="own")
        _next_turn(())
        return
    if answered.text == text:
        PROBLEM.set(f"{model.model} found no four bars that fit. Play on, or choose a lower temperature.")
    marks = [(answered.start, len(answered.text))] if answered.text != text else []
    document.put(answered.text, how="continued", settings=model.query, marks=marks, overruled=answered.overruled)
    SEED.set(next_seed(model.seed))
    _next_turn(notes_from(answered.text, answered.start))


def with_bars(text: str, played: PlayedBars, place: Place) -> str:
    """A tune with bars at its end, in its unit note length; of an empty text a new tune in this meter and key."""
    if not text.strip():
        return f"X:1\nT:{TITLE}\nM:{place.meter}\nL:1/8\nK:{played.key}\n{played.text}\n"
    before = beginning(text, len(bars(text)))
    before += "" if before.endswith("\n") else "\n"
    return f"{before}{scaled_body(played.text, EIGHTH / place.unit)}\n"


def notes_from(text: str, start: int) -> tuple[PlayedNote, ...]:
    """The notes of a tune from a place of its text on, in quarter notes from there; a tied note is one."""
    events = [event for event in read(text).events if event.start >= start]
    notes: list[PlayedNote] = []
    for event in events:
        begin, end = (float(4 * (time - events[0].onset)) for time in (event.onset, event.onset + event.duration))
        for head in event.heads:
            if head.tied and notes and notes[-1].pitch == head.midi:
                notes[-1] = notes[-1]._replace(end=end)
            else:
                notes.append(PlayedNote(begin, end, head.midi))
    return tuple(notes)


def _start_over(document: TuneDocument) -> None:
    """An empty tune; Undo brings the last one back."""
    document.close_file()
    document.put("")
    CHANGED.set(True)
    _next_turn(())


def _next_turn(heard: tuple[PlayedNote, ...]) -> None:
    """The visitor's next turn; what the model wrote is heard before it."""
    ANSWER.set(heard)
    PLAYED.set(None)
    TURN.set(TURN.get() + 1)

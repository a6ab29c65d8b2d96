"""Your tune: a tune of the visitor's own, to see, hear, mend, move, carry on, and write anew in parts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import streamlit as st

from charlstm.errors import CharlstmError
from charlstm.lm.config import SampleConfig
from charlstm.lm.sample.adapter import Dialect
from charlstm.lm.sample.continuation import Continued, continue_tune
from charlstm.lm.sample.infill import Rewriting, rewrite
from charlstm.lm.sample.spelling import name_characters
from charlstm.lm.store.checkpoint import Checkpoint
from charlstm.score.midi_import.grid import GRIDS
from charlstm.score.midi_import.meter_and_key import METERS
from charlstm.tunes.abc import split_header
from charlstm.tunes.edit.lint import proofread
from charlstm.tunes.edit.transpose import keys_around, transposed
from charlstm.tunes.views.bars import Bar, bars
from charlstm.ui.library.session_library import keep_button, put
from charlstm.ui.shared.common import draw, engine, models, plain, show_tune, sound_tune, stop_with
from charlstm.ui.shared.downloads import downloads
from charlstm.ui.shared.player import Selection
from charlstm.ui.shared.session_tune import current_wish, publish, write
from charlstm.ui.shared.url_state import MAX_SEED, TEMPERATURES
from charlstm.ui.your_tune.editor import Typed, edit
from charlstm.ui.your_tune.tune_document import MAX_LENGTH, Desk, attempt, desk, names

PLACEHOLDER = "T:My tune\nM:4/4\nL:1/8\nK:D\n|:d2fd Adfd|e2ge cege|dfaf bafd|edce d4:|"
CONTINUE, REWRITE, MOVE = "Continue it", "Rewrite bars", "Change key"
CANDIDATES = 5
ADDED = 800  # characters at most that a tune is carried on by
NEAREST, LEAVE_OUT = "Nearest letter", "Leave out"
FRAME = 24  # characters between two looks at a tune that is being written
FOUND = "As found"


# ---- what comes in --------------------------------------------------------------------------------------------------


def opening(there: Desk) -> None:
    """The ways a tune comes here, besides being typed."""
    state = st.session_state

    def chosen() -> None:
        file = state["own.file"]
        if file is not None:
            attempt(there.open_file, file.name, file.getvalue())
            state.pop("own.tune", None)

    def composed() -> None:
        attempt(there.put, "X:1\n" + state["tune.sample"][1].text)
        there.book, there.midi, there.said = [], b"", []

    left, right = st.columns([3, 2], vertical_alignment="bottom")
    left.file_uploader(
        "Open a file: ABC, a whole tune book, or MIDI", type=["abc", "txt", "mid", "midi"], key="own.file",
        on_change=chosen, max_upload_size=1,
    )  # fmt: skip
    with right.container(horizontal=True, gap="small"):
        if "tune.sample" in state:
            st.button("Take the composed tune", on_click=composed, icon=":material/music_note:", key="own.take")
        st.button(
            "Undo", on_click=there.undo, disabled=not there.past, icon=":material/undo:", key="own.undo",
            help="The tune before the last change.",
        )  # fmt: skip
    if problem := state.pop("own.problem", None):
        st.error(plain(f"This does not work: {problem}."))
    if there.book:
        titles = names(there.book)
        st.selectbox(
            f"Tune of the book ({len(titles):,})", range(len(titles)), key="own.tune", format_func=titles.__getitem__,
            on_change=lambda: attempt(there.choose, state["own.tune"]),
        )  # fmt: skip
    if there.midi:
        midi_settings(there)


def midi_settings(there: Desk) -> None:
    """How a MIDI file is read; every choice reads it again."""
    state = st.session_state
    header = split_header(there.text)

    def again() -> None:
        meter, key, grid = (state[f"own.midi.{name}"] for name in ("meter", "key", "grid"))
        attempt(
            there.read_midi, there.midi, meter="" if meter == FOUND else meter, key="" if key == FOUND else key,
            grid=0 if grid == FOUND else int(grid.partition("/")[2]), voice=state.get("own.midi.voice"),
        )  # fmt: skip

    voices = midi_voices(there.midi)
    places = st.columns(4 if len(voices) > 1 else 3)
    keys = ["G", "D", "A", "E", "C", "F", "Bb", "Em", "Am", "Bm", "Dm", "Gm", "Ador", "Edor", "Dmix", "Amix"]
    places[0].selectbox("Meter", [FOUND, *METERS], key="own.midi.meter", on_change=again, help=header.get("M"))
    places[1].selectbox("Key", [FOUND, *keys], key="own.midi.key", on_change=again, help=header.get("K"))
    places[2].selectbox(
        "Shortest note", [FOUND, *(f"1/{grid}" for grid in GRIDS)], key="own.midi.grid", on_change=again
    )
    if len(voices) > 1:
        places[3].selectbox(
            "Voice", range(len(voices)), index=None, key="own.midi.voice", format_func=voices.__getitem__,
            on_change=again, placeholder=FOUND,
        )  # fmt: skip


@st.cache_data(max_entries=8, show_spinner=False)
def midi_voices(data: bytes) -> tuple[str, ...]:
    """The voices of a MIDI file that has been read once."""
    from charlstm.score.midi_import.melody import from_midi

    return from_midi(data).voices


def by_address(there: Desk) -> None:
    """A visit that begins here with the address of a composed tune has that tune on its desk."""
    if there.version or not {"model", "seed"} <= set(st.query_params):
        return
    wish = current_wish(models())
    writing = st.empty()
    try:
        there.put("X:1\n" + write(wish, writing).text)
    except CharlstmError as error:
        st.error(plain(str(error)))
    writing.empty()


def address(there: Desk) -> None:
    """The address names the settings of a composed tune; a text of the visitor's own is in no address."""
    wish, sample = st.session_state.get("tune.sample", (None, None))
    if wish is not None and there.text == "X:1\n" + sample.text:
        publish(wish)
    elif st.query_params:
        st.query_params.clear()


# ---- the tune -------------------------------------------------------------------------------------------------------


def editor(there: Desk) -> None:
    """The text, with the remarks beside their lines."""

    def typed(what: Typed) -> None:
        if what.version == there.version:
            attempt(there.typed, what.text)

    remarks = proofread(there.text) if there.text.strip() else []
    edit(
        there.text, version=there.version, on_typed=typed, remarks=remarks, most=MAX_LENGTH, key="own.editor",
        placeholder=PLACEHOLDER,
    )  # fmt: skip
    for said in there.said:
        st.caption(plain(said))


def follow(selection: Selection | None, found: list[Bar]) -> None:
    """Bars that are chosen in the score become the numbers of the widgets."""
    state = st.session_state
    if selection == state.get("own.selection"):
        return
    state["own.selection"] = selection
    if selection is None:
        return
    touched = [i for i, bar in enumerate(found) if bar.start < selection.end and selection.start < bar.end]
    if touched:
        state["own.first"], state["own.last"] = touched[0] + 1, touched[-1] + 1
        state["own.stay"] = touched[-1] + 1


# ---- what the model does --------------------------------------------------------------------------------------------


def settings(available: Mapping[str, Checkpoint]) -> tuple[str, float]:
    """Which model, and how boldly it writes."""
    state = st.session_state
    if state.get("own.model") not in available:
        state["own.model"] = next(iter(available))
    left, right = st.columns(2)
    name: str = left.selectbox("Model", list(available), key="own.model")
    state.setdefault("own.temperature", min(available[name].temperature, TEMPERATURES[1]))
    temperature = right.slider(
        "Temperature", *TEMPERATURES, step=0.05, key="own.temperature",
        help="Low is safe and plain, high is bold, then wild.",
    )  # fmt: skip
    return name, round(temperature, 2)


def reading(name: str, text: str) -> bool:
    """What the model cannot read is named; whether it reads the nearest letters instead."""
    unknown = Dialect(engine(name), text).unknown
    if not unknown:
        return True
    said, choice = st.columns([3, 2], vertical_alignment="center")
    said.warning(plain(f"{name} has never met {name_characters(unknown)}. Your own text stays as it is."))
    way = choice.segmented_control(
        "The model reads", [NEAREST, LEAVE_OUT], default=NEAREST, required=True, key="own.unknown"
    )
    return bool(way == NEAREST)


def carry_on(there: Desk, available: Mapping[str, Checkpoint], found: list[Bar]) -> None:
    """The view in which the model goes on from a bar."""
    state = st.session_state
    state["own.stay"] = min(state.get("own.stay", len(found)), len(found))
    state.setdefault("own.seed", 1)
    name, temperature = settings(available)
    left, middle, right = st.columns(3, vertical_alignment="bottom")
    left.number_input(
        "Bars that stay", 0, len(found), key="own.stay",
        help=f"The tune has {len(found)} bars. Those after this one are written anew; choose it in the score too.",
    )  # fmt: skip
    middle.number_input("Seed", 0, MAX_SEED, key="own.seed", help="Another seed goes on in another way.")
    asked = right.button("Continue", type="primary", width="stretch", icon=":material/edit_note:", key="own.continue")
    nearest = reading(name, there.text)
    writing = st.empty()
    if not asked:
        return
    done = {"base": there.text, "stay": state["own.stay"], "model": name, "temperature": temperature}
    seed = int(state["own.seed"])
    if state.get("own.continued") == (there.text, done["stay"], name, temperature, seed):
        seed = (seed + 1) % (MAX_SEED + 1)  # asked again for what is there: another way
    config = SampleConfig(temperature=temperature, max_length=ADDED)
    try:
        made = written(continue_tune(engine(name), there.text, done["stay"], config=config, seed=seed, nearest=nearest),
                       writing)  # fmt: skip
    except CharlstmError as error:
        stop_with(error)
    known = {
        "model": name, "temperature": temperature, "seed": seed, "prime": made.prime, "bars_kept": done["stay"],
        "max_length": ADDED + len(made.prime),
    }  # fmt: skip
    there.put(made.text, how="continued", settings=known, marks=[(made.start, len(made.text))])
    put(made.text, "continued", settings=known)
    state["own.continued"] = (made.text, done["stay"], name, temperature, seed)
    state["own.next_seed"] = seed
    st.rerun()


def written(writing: Any, slot: Any) -> Continued:
    """See a continuation while it is written."""
    text = ""
    while True:
        try:
            text += next(writing)
        except StopIteration as end:
            made: Continued = end.value
            return made
        if len(text) % FRAME == 0:
            slot.code(text, language=None, wrap_lines=True)


def write_anew(there: Desk, available: Mapping[str, Checkpoint], found: list[Bar]) -> None:
    """The view in which bars are written anew and one of several takes is kept."""
    state = st.session_state
    last = len(found)
    state["own.first"] = min(state.get("own.first", 1), last)
    state["own.last"] = min(state.get("own.last", min(2, last)), last)
    state.setdefault("own.seed", 1)
    name, temperature = settings(available)
    a, b, c, d = st.columns(4, vertical_alignment="bottom")
    first = a.number_input("From bar", 1, last, key="own.first")
    until = b.number_input("To bar", 1, last, key="own.last", help="Or choose the bars in the score.")
    seed = int(c.number_input("Seed", 0, MAX_SEED, key="own.seed", help="Another seed gives other takes."))
    asked = d.button("Write anew", type="primary", width="stretch", icon=":material/restart_alt:", key="own.rewrite")
    nearest = reading(name, there.text)
    if first > until:
        st.info("The first bar comes after the last one; give them in order.")
        return
    places = (int(first) - 1, int(until) - 1)
    ask = (there.text, *places, name, temperature, seed, nearest)
    if asked:
        bar = st.progress(0.0, plain(f"{name} tries …"))

        def tried(kept: int, tries: int) -> None:
            bar.progress(min(kept / CANDIDATES, 1.0), f"{tries} tries, {kept} fit")

        try:
            made = rewrite(
                engine(name), there.text, *places, n=CANDIDATES, seed=seed, nearest=nearest,
                config=SampleConfig(temperature=temperature),
                progress=tried,
            )  # fmt: skip
        except CharlstmError as error:
            stop_with(error)
        bar.empty()
        state["own.takes"] = (ask, made)
        state.pop("own.heard", None)
    if "own.takes" in state and state["own.takes"][0][0] == there.text:
        takes(there, *state["own.takes"])


def takes(there: Desk, ask: tuple[Any, ...], made: Rewriting) -> None:
    """The candidates, the best first."""
    state = st.session_state
    text, first, last, name, temperature = ask[:5]
    said = f"Bars {first + 1} to {last + 1}: " if last > first else f"Bar {first + 1}: "
    if not made.candidates:
        st.info(plain(f"{said}none of {made.tries} tries fits there, or brings anything new. Try other bars or a "
                      "higher temperature."))  # fmt: skip
        return
    st.caption(
        plain(
            f"{said}{len(made.candidates)} takes that fit, of {made.tries} tries. The number says how much "
            "better the rest of the tune follows than after the bars that are there: the best first."
        ),
        help="Measured by the model: the log probability (nats) of all that comes after these bars, to the end, less "
        "that after your own bars. Nobody has listened: your ear may choose another.",
    )

    def take(place: int) -> None:
        candidate = made.candidates[place]
        known = {
            "model": name, "temperature": temperature, "seed": candidate.seed, "first_bar": first + 1,
            "last_bar": last + 1, "before": text,
        }  # fmt: skip
        there.put(candidate.text, how="rewritten", settings=known, marks=[(candidate.start, candidate.end)])
        put(candidate.text, "rewritten", settings=known)

    def hear(place: int) -> None:
        state["own.heard"] = place
        state["own.play"] = state.get("own.play", 0) + 1

    for place, candidate in enumerate(made.candidates):
        with st.container(border=True, horizontal=True, vertical_alignment="center", gap="small"):
            st.code(candidate.text[candidate.start : candidate.end], language=None, wrap_lines=True)
            better = candidate.rest_log_prob - made.rest_log_prob
            st.markdown(f"**{better:+.1f}**".replace("-", "−"), width=64, help=odds(better))
            st.button("Hear", key=f"own.hear.{place}", on_click=hear, args=(place,), icon=":material/play_arrow:")
            st.button("Take it", key=f"own.take.{place}", on_click=take, args=(place,), icon=":material/check:")
    heard = state.get("own.heard")
    if heard is not None and heard < len(made.candidates):
        from charlstm.neurons.snippet import snippet

        candidate = made.candidates[heard]
        piece = snippet(candidate.text, candidate.start, candidate.end)
        drawing = draw(piece.text)
        st.caption(plain(f"Take {heard + 1}, with a bar around it"))
        show_tune(piece.text, drawing, key="own.take.player", marks=[(piece.start, piece.end)],
                  play=f"take{state['own.play']}")  # fmt: skip
        sound_tune(drawing, key="own.take.player")


def odds(better: float) -> str:
    """A difference of log probabilities in words."""
    times = math.exp(min(abs(better), 50.0))
    if times < 1.05:
        return "The rest follows as surely as after your bars."
    how = f"{times:,.1f}" if times < 100 else f"{times:,.0f}" if times < 1e6 else "over a million"
    return f"The rest is {how} times {'likelier' if better > 0 else 'less likely'} than after your bars."


def move(there: Desk) -> None:
    """The view in which the tune goes into another key."""
    keys = keys_around(there.text, range(-12, 13))
    if not keys:
        st.info("This tune names no key that it could be moved from.")
        return
    left, right = st.columns([2, 1], vertical_alignment="bottom")
    steps = left.selectbox(
        "Key", list(keys), index=list(keys).index(0) if 0 in keys else 0, key="own.steps",
        format_func=lambda n: f"{keys[n]}, {abs(n)} {'up' if n > 0 else 'down'}" if n else f"{keys[n]}, as it is",
        help="Up and down in semitones.",
    )  # fmt: skip

    def moved() -> None:
        attempt(lambda: there.put(transposed(there.text, steps), how=there.how, settings=there.settings))
        st.session_state.pop("own.steps", None)

    right.button("Move it", on_click=moved, disabled=not steps, width="stretch", type="primary", key="own.move")


# ---- the page -------------------------------------------------------------------------------------------------------


def page() -> None:
    """The page, top to bottom."""
    state, there = st.session_state, desk()
    if "own.next_seed" in state:
        state["own.seed"] = state.pop("own.next_seed")
    st.header("Your tune", anchor=False)
    st.caption("Write, paste or open a tune. Hear it, mend it, let a model carry it on or write bars anew.")
    by_address(there)
    opening(there)
    editor(there)
    address(there)
    if not there.text.strip():
        return
    drawing = draw(there.text)
    found = bars(there.text)
    if state.get("own.shown") != there.text:
        state["own.shown"] = there.text
        if there.how != "continued":  # where one goes on again from the same bar
            state["own.stay"] = len(found)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        keep_button(there.text, page="own", how=there.how, settings=there.settings)
        downloads(drawing, split_header(there.text).get("T") or "tune", page="own")
    selection = show_tune(there.text, drawing, key="own.player", marks=list(there.marks), selectable=True)
    follow(selection, found)
    tools(there, found)
    sound_tune(drawing, key="own.player")


def tools(there: Desk, found: list[Bar]) -> None:
    """What can be done with the tune."""
    what = st.segmented_control(
        "What next", [CONTINUE, REWRITE, MOVE], default=CONTINUE, required=True, key="own.tool",
        label_visibility="collapsed",
    )  # fmt: skip
    if what == MOVE:
        move(there)
        return
    available = models()
    if what == REWRITE and found:
        write_anew(there, available, found)
    elif what == REWRITE:
        st.info("There is no bar yet that could be written anew.")
    else:
        carry_on(there, available, found)


if __name__ == "__main__":  # as Streamlit runs a page
    page()

"""Compose: settings in, a tune out, to see, to hear and to keep."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import NoReturn

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from charlstm.errors import CharlstmError, ConfigError, VocabularyError
from charlstm.lm.store.checkpoint import Checkpoint
from charlstm.tunes.abc import split_header
from charlstm.ui.compose.facts import facts
from charlstm.ui.compose.panels import choose_panel, follow_panel, note_panel, show_panel
from charlstm.ui.compose.settings import changed_settings, show_settings, show_temperature
from charlstm.ui.compose.shown_places import guard_marks
from charlstm.ui.compose.taking import begin_at_top
from charlstm.ui.compose.watch import WATCH, show_watch, watch_query, watch_switch
from charlstm.ui.compose.ways_on import introduction, show_ways_on
from charlstm.ui.neurons.view_context import ViewContext
from charlstm.ui.originality.section import show_originality
from charlstm.ui.shared.backing import backing_settings
from charlstm.ui.shared.downloads import downloads, piano_roll
from charlstm.ui.shared.models import models, stamp_of
from charlstm.ui.shared.notices import plain, set_title, stop_with
from charlstm.ui.shared.overruled import SWITCH_OFF
from charlstm.ui.shared.player import show_tune, sound_tune
from charlstm.ui.shared.practice import practice_query
from charlstm.ui.shared.printing import print_scores_only
from charlstm.ui.shared.session_library import keep_button
from charlstm.ui.shared.session_tune import (
    add_composed,
    choose_tune,
    current_settings,
    drawn_as_set,
    edited_settings,
    publish,
    settings_shown,
    write,
)  # fmt: skip
from charlstm.ui.shared.share import share_button
from charlstm.ui.shared.sound import FARTHEST, TRANSPOSE, instrument_setting, key_setting, sound_query
from charlstm.ui.shared.tablature import tablature_choice, tablature_notice
from charlstm.ui.shared.url_state import ComposeSettings
from charlstm.ui.shared.written_tunes import HEAD, next_seed, prepare_next
from charlstm.ui.state import Setting
from charlstm.ui.your_tune.opening import edit_button

LET_GO = 0.01  # seconds in which Streamlit's own thread sends the score; else it comes with all that follows
COMMAND = Setting("compose.command", False)  # whether it is shown


def page() -> None:
    """The page. The score is sent first, to its place; what stands around it afterwards."""
    print_scores_only()
    # Which tune.
    available = models()
    with st.container():  # always there, so that a notice moves nothing
        settings = current_settings(available)
    follow_panel()

    # The places, from top to bottom; page_style.css keeps them as high as what will stand there.
    # Each has its first element now: an empty one takes no place.
    top = st.container(key="compose.top")
    top.caption(plain(introduction(available[settings.model])))
    tools = st.container(key="compose.tools", horizontal=True, vertical_alignment="center", gap="small")
    with tools:
        instrument_setting()
    notice, watch, score = st.container(), st.container(), st.container(key="compose.score")
    writing = score.empty()  # stands in place of the score

    # The tune and its score.
    try:
        sample = write(settings, writing, add=False)
    except CharlstmError as error:
        writing.empty()
        with top:
            _ask_for_another(available, *st.columns([5, 3, 2])[1:])
            _stop_with(error, settings)
    abc = HEAD + sample.text
    drawing = drawn_as_set()(abc)
    context = ViewContext("tune", settings.model, stamp_of(settings.model), available[settings.model], settings)
    title = split_header(abc).get("T") or "Untitled"
    origin = f"Composed by {settings.model}, temperature {settings.temperature:g}, seed {settings.seed}."
    set_title(title)
    heading, temperature, button = top.columns([5, 3, 2])
    with heading:
        st.title(plain(title), anchor=False)
        changed = changed_settings()
        st.caption(plain(origin) + (f" :orange-badge[Changed, not composed yet: {plain(changed)}]" if changed else ""))
        st.caption(plain(drawing.form))
    with watch:
        if WATCH.get():
            show_watch(context, sample, drawing)
    with score:
        show_tune(drawing, key="compose.player", marks=guard_marks(sample, drawing.text), practice=True)
    writing.empty()  # not before: the score of the tune before would be seen again
    time.sleep(LET_GO)
    add_composed()

    _ask_for_another(available, temperature, button)
    # What can be done with this one.
    with tools:
        key_setting(abc)
        backing_settings(abc)
        tablature_choice()
        downloads(drawing, title, page="compose", note=origin)
        query = settings.query | sound_query()
        keep_button(drawing.text, page="compose", how="composed", settings=query)
        edit_button(drawing.text, key="compose.edit", how="composed", settings=query)
        share_button(drawing.text, query)
    with notice:
        tablature_notice(drawing, lambda steps: TRANSPOSE.set(_near(TRANSPOSE.get() + steps)), page="compose")
    show_ways_on(context)
    # What there is to say of it.
    st.caption(plain(facts(sample, drawing.text)))
    show_originality(drawing.text, page="compose", corpus_name=available[settings.model].corpus.name)
    choose_panel(context)
    panel = st.container()
    if drawing.unmoved:
        st.caption(plain(f"In its original key: {drawing.unmoved}"))
    piano_roll(drawing)
    if drawing.remarks:
        with st.expander("What the score leaves out"):
            for remark in drawing.remarks:
                st.caption(plain(remark))
    # Filled when it is opened: the first code on a page loads a script of 1.5 MB.
    command = st.expander("Link and command", key=COMMAND.widget(), on_change="rerun")
    if command.open:
        command.caption("The address of this page brings this tune back. So does this command:")
        command.code(settings.command, language=None, wrap_lines=True)
    publish(settings, **note_panel(settings.query, sound_query() | watch_query() | practice_query()))
    settings_shown()
    sound_tune(drawing, key="compose.player")
    with panel:
        show_panel(context, sample)
    prepare_next(settings, drawn_as_set())


def _ask_for_another(available: Mapping[str, Checkpoint], temperature: DeltaGenerator, button: DeltaGenerator) -> None:
    """The settings, and what is above the score, in two columns."""
    with st.sidebar:
        show_settings(available)
        begin_at_top()
    with temperature:
        show_temperature()
    with button, st.container(horizontal=True, vertical_alignment="center", gap="small"):  # one row on a phone
        st.button("Another tune", on_click=_another_tune, icon=":material/refresh:", width="stretch")
        watch_switch()


def _stop_with(error: CharlstmError, settings: ComposeSettings) -> NoReturn:
    """Say why there is no tune, and end the page."""
    if isinstance(error, VocabularyError):
        st.error(plain(f"{settings.model} has never seen {error.character}, so it cannot write it. Try other words."))
        st.stop()
    if isinstance(error, ConfigError):
        hint = SWITCH_OFF if settings.guard else ""
        st.error(plain(f"{error} {hint}"))
        st.stop()
    stop_with(error)


def _near(semitones: int) -> int:
    """A move of an octave or less: the same key nearer to where the tune was written."""
    return semitones - 12 * round(semitones / 12) if abs(semitones) > FARTHEST else semitones


def _another_tune() -> None:
    """The next seed, with the settings of the widgets."""
    settings = edited_settings()
    choose_tune(settings.varied(seed=next_seed(settings.seed)))


if __name__ == "__main__":  # as Streamlit runs a page
    page()

"""Your tune: a tune of the visitor's own, to see, hear, correct, transpose, continue, and rewrite in parts."""

from __future__ import annotations

import streamlit as st

from charlstm.tunes.abc import split_header
from charlstm.tunes.edit.lint import proofread
from charlstm.tunes.views.bar_numbers import PrintedBars, printed_bars
from charlstm.ui.originality.section import show_originality
from charlstm.ui.shared.backing import backing_settings, shown, swing
from charlstm.ui.shared.downloads import downloads
from charlstm.ui.shared.drawing import draw
from charlstm.ui.shared.notices import plain, set_title
from charlstm.ui.shared.overruled import overruled_mark, overruled_words
from charlstm.ui.shared.player import Selection, show_tune, sound_tune
from charlstm.ui.shared.printing import print_scores_only
from charlstm.ui.shared.session_library import keep_button
from charlstm.ui.shared.share import share_button
from charlstm.ui.shared.tablature import tablature_choice, tablature_notice
from charlstm.ui.shared.tablature_setting import TABLATURE
from charlstm.ui.your_tune.continuation import show_continuation
from charlstm.ui.your_tune.editor import Typed, edit
from charlstm.ui.your_tune.opening import open_from_address, publish_document, show_opening
from charlstm.ui.your_tune.rewrite import show_rewrite
from charlstm.ui.your_tune.settings import (
    CONTINUE,
    FIRST_BAR,
    KEEP_BARS,
    LAST_BAR,
    NEXT_SEED,
    REWRITE,
    SEED,
    SELECTION,
    SHOWN_TEXT,
    TOOL,
    TRANSPOSE,
)  # fmt: skip
from charlstm.ui.your_tune.transpose import move_document, show_transpose
from charlstm.ui.your_tune.tune_document import MAX_LENGTH, TuneDocument, attempt, current_document, save_draft
from charlstm.ui.your_tune.turns import TURNS, show_turns, turns_switch

PLACEHOLDER = "T:My tune\nM:4/4\nL:1/8\nK:D\n|:d2fd Adfd|e2ge cege|dfaf bafd|edce d4:|"


def page() -> None:
    """The page, top to bottom."""
    print_scores_only()
    document = current_document()
    if (seed := NEXT_SEED.pop()) is not None:
        SEED.set(seed)
    # What comes in.
    st.title("Your tune", anchor=False)
    st.caption("Write, paste or open a tune. Listen to it, correct it, and let a model continue it or rewrite bars.")
    open_from_address(document)
    show_opening(document)
    if turns_switch():
        show_turns(document)
    else:
        _show_editor(document)
    publish_document(document)
    save_draft(document)
    if not document.text.strip():
        return
    # The tune as it is.
    title = split_header(document.text).get("T") or "Your tune"
    set_title(title)
    backed = shown(document.text)
    drawing = draw(backed.text, tablature=TABLATURE.get(), swing=swing())
    printed = printed_bars(document.text)
    if SHOWN_TEXT.get() != document.text:
        SHOWN_TEXT.set(document.text)
        if document.now.how != "continued":  # otherwise one continues again from the same bar
            KEEP_BARS.renew(printed.highest)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        backing_settings(document.text)
        if backed.inserted:
            st.button(
                "Write chords into the tune", on_click=_write_chords, args=(document, backed.text),
                icon=":material/edit_note:", key="your_tune.write_chords",
            )  # fmt: skip
        tablature_choice()
        keep_button(document.text, page="your_tune", how=document.now.how, settings=document.now.settings)
        downloads(drawing, split_header(document.text).get("T") or "tune", page="your_tune")
        share_button(document.text)
    with st.container():  # always there, so that the player keeps its place
        if drawing.form:
            st.caption(plain(drawing.form))
        tablature_notice(drawing, lambda steps: move_document(document, steps), page="your_tune")
    overruled = document.now.overruled
    marks = [backed.moved(*mark) for mark in _marks(document, printed)]
    boxes = [overruled_mark(*backed.moved(one.index, one.index + 1), one.nats) for one in overruled]
    selection = show_tune(drawing, key="your_tune.player", marks=[*marks, *boxes], selectable=True, practice=True)
    if words := overruled_words(overruled):
        st.caption(plain(words))
    _follow(selection, printed_bars(backed.text))
    show_originality(document.text, page="your_tune")
    # What can be done with it.
    if not TURNS.get():
        _show_tools(document, printed)
    sound_tune(drawing, key="your_tune.player")


def _write_chords(document: TuneDocument, text: str) -> None:
    """The tune with its backing, to be edited like any other text."""
    attempt(document.put, text, how=document.now.how, settings=document.now.settings)


def _show_editor(document: TuneDocument) -> None:
    """The text, with the remarks beside their lines."""

    def typed(what: Typed) -> None:
        if what.version == document.version:
            attempt(document.typed, what.text)

    remarks = proofread(document.text) if document.text.strip() else []
    edit(
        document.text, version=document.version, on_typed=typed, remarks=remarks, max_length=MAX_LENGTH,
        key="your_tune.editor", placeholder=PLACEHOLDER,
    )  # fmt: skip
    if document.text.strip():
        st.caption("Your draft is saved as you type, in this browser.")
    for remark in document.remarks:
        st.caption(plain(remark))


def _marks(document: TuneDocument, printed: PrintedBars) -> list[tuple[int, int]]:
    """What is outlined: the bars to be rewritten, else what the model wrote last."""
    if TURNS.get() or TOOL.get() != REWRITE or not printed.bars:
        return list(document.now.marks)
    lowest, highest = sorted((FIRST_BAR.get(), LAST_BAR.get()))
    first, last = printed.between(min(lowest, printed.highest), highest)
    return [(printed.bars[first].start, printed.bars[last].end)]


def _follow(selection: Selection | None, printed: PrintedBars) -> None:
    """Bars that are selected in the score become the numbers of the widgets."""
    if selection == SELECTION.get():
        return
    SELECTION.set(selection)
    if selection is None:
        return
    if touched := printed.touched(selection.start, selection.end):
        FIRST_BAR.renew(touched[0])
        LAST_BAR.renew(touched[1])
        KEEP_BARS.renew(touched[1])


def _show_tools(document: TuneDocument, printed: PrintedBars) -> None:
    """One of the tools, chosen by name."""
    tools = [CONTINUE, REWRITE, TRANSPOSE]
    tool = st.segmented_control("Tool", tools, required=True, key=TOOL.widget(tools), label_visibility="collapsed")
    if tool == TRANSPOSE:
        show_transpose(document)
    elif tool == CONTINUE:
        show_continuation(document, printed)
    elif printed.bars:
        show_rewrite(document, printed)
    else:
        st.info("There are no bars yet to rewrite.")


if __name__ == "__main__":  # as Streamlit runs a page
    page()

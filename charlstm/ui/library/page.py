"""Shelf: the tunes of a visit, to hear again, keep, name, compare, and take home as a book or as everything."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from difflib import SequenceMatcher
from urllib.parse import urlsplit

import streamlit as st

from charlstm.errors import CharlstmError, NotationError
from charlstm.lm.store.card import model_card
from charlstm.score.formats import FORMATS
from charlstm.tunes.abc import split_header
from charlstm.tunes.views.bars import bars
from charlstm.ui.library.archive import HOW, LONGEST_NAME, Kept, Shelf, abc_book, facts, file_name, zip_of
from charlstm.ui.library.session_library import shelf
from charlstm.ui.shared.common import draw, models, plain, show_tune, sound_tune
from charlstm.ui.shared.downloads import tune_file
from charlstm.ui.shared.session_tune import set_wish
from charlstm.ui.your_tune.tune_document import lay

AT_ONCE = 8  # tunes on the page
ALIKE = 0.2  # share of bars that two tunes have in common before their differences are worth marking
ALL, KEPT = "All", "Kept"


def said(kept: Kept) -> str:
    """How a tune came about, in a line."""
    known = kept.wish.query if kept.wish is not None else kept.settings
    parts = [HOW.get(kept.how, kept.how)]
    if model := known.get("model"):
        parts[0] += f" by {model}"
        parts.append(f"temperature {float(known.get('temperature', 0)):g}, seed {known.get('seed')}")
    if "first_bar" in known:
        parts.append(f"bars {known['first_bar']} to {known['last_bar']}")
    header = split_header(kept.text)
    parts += [value for letter in "RK" if (value := header.get(letter))]
    return ", ".join(parts)


def shown(there: Shelf) -> list[Kept]:
    """The one or two tunes that are looked at; the newest where none is."""
    numbers = [n for n in st.session_state.get("shelf.shown", []) if n in there.tunes]
    return [there.tunes[n] for n in numbers[-2:]] or there.newest()[:1]


def look(numbers: Sequence[int], *, play: bool = False) -> None:
    """Look at these tunes."""
    state = st.session_state
    state["shelf.shown"] = list(numbers)
    if play:
        state["shelf.play"] = state.get("shelf.play", 0) + 1


# ---- one or two tunes -----------------------------------------------------------------------------------------------


def one(kept: Kept) -> None:
    """A tune with its player."""
    st.subheader(plain(kept.name), anchor=False)
    st.caption(plain(said(kept)))
    play = st.session_state.get("shelf.play", 0)
    show_tune(kept.text, draw(kept.text), key="shelf.player", play=f"shelf{play}" if play else "")


def two(first: Kept, second: Kept) -> None:
    """Two tunes side by side, the bars that differ outlined, the rest told."""
    differ = differences(first.text, second.text)
    for place, kept, marks in zip(st.columns(2), (first, second), differ, strict=True):
        with place:
            st.subheader(plain(kept.name), anchor=False)
            st.caption(plain(said(kept)))
            show_tune(kept.text, draw(kept.text), key=f"shelf.player.{kept.number}", marks=marks)
    rows = {name: (a, facts(second.text)[name]) for name, a in facts(first.text).items()}
    for name in sorted({*settings_of(first), *settings_of(second)}):
        pair = (settings_of(first).get(name, ""), settings_of(second).get(name, ""))
        if pair[0] != pair[1]:
            rows[name.replace("_", " ").capitalize()] = pair
    lines = [f"| | {plain(first.name)} | {plain(second.name)} |", "|---|---|---|"]
    for name, (a, b) in rows.items():
        cells = [plain(a) or "–", plain(b) or "–"]
        if a != b:
            cells = [f"**{cell}**" for cell in cells]
        lines.append(f"| {plain(name)} | {cells[0]} | {cells[1]} |")
    st.markdown("\n".join(lines))
    st.button("Only the second", on_click=look, args=([second.number],), key="shelf.single", icon=":material/close:")


def settings_of(kept: Kept) -> dict[str, str]:
    """What a tune was made with, as short texts."""
    known = dict(kept.wish.query) if kept.wish is not None else dict(kept.settings)
    return {name: str(value) for name, value in known.items() if name not in ("prime", "before")}


@st.cache_data(max_entries=32, show_spinner=False)
def differences(first: str, second: str) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """The characters of the bars that only one of two tunes has; none where they have hardly a bar in common."""
    texts = (first, second)
    found = [bars(text) for text in texts]
    held = [[text[bar.start : bar.end] for bar in own] for text, own in zip(texts, found, strict=True)]
    matcher = SequenceMatcher(None, held[0], held[1], autojunk=False)
    if matcher.ratio() < ALIKE:
        return [], []
    marks: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])
    for what, a, b, c, d in matcher.get_opcodes():
        if what != "equal":
            for side, (start, end) in enumerate(((a, b), (c, d))):
                if start < end:
                    marks[side].append((found[side][start].start, found[side][end - 1].end))
    return marks


# ---- the list -------------------------------------------------------------------------------------------------------


def row(there: Shelf, kept: Kept, looked: Sequence[Kept]) -> None:
    """A tune of the list with its buttons."""
    number = kept.number

    def renamed() -> None:
        there.change(number, name=st.session_state[f"shelf.name.{number}"])

    with st.container(border=True):
        current = any(kept.number == other.number for other in looked)
        st.markdown(f"{':material/volume_up: ' if current else ''}**{plain(kept.name)}**")
        st.caption(plain(said(kept)))
        with st.container(horizontal=True, gap="small"):
            st.button(
                "Listen", key=f"shelf.listen.{number}", icon=":material/play_arrow:", on_click=look, args=([number],),
                kwargs={"play": True},
            )  # fmt: skip
            st.button(
                "Kept" if kept.starred else "Keep", key=f"shelf.star.{number}", on_click=there.change, args=(number,),
                kwargs={"starred": not kept.starred}, icon=":material/check:" if kept.starred else ":material/star:",
                type="primary" if kept.starred else "secondary",
            )  # fmt: skip
            if len(looked) == 1 and not current:
                st.button(
                    "Compare", key=f"shelf.compare.{number}", icon=":material/compare_arrows:", on_click=look,
                    args=([looked[0].number, number],), help="Beside the tune above.",
                )  # fmt: skip
            if st.button("Open", key=f"shelf.open.{number}", icon=":material/edit_note:", help=_where(kept)):
                open_tune(kept)
            with st.popover("Name", icon=":material/label:"):
                st.text_input("Name", kept.name, max_chars=LONGEST_NAME, key=f"shelf.name.{number}", on_change=renamed)
            st.button(
                "Delete", key=f"shelf.delete.{number}", icon=":material/delete:", on_click=there.delete, args=(number,)
            )


def _where(kept: Kept) -> str:
    return "On the page Compose, with its settings." if kept.wish is not None else "On the page Your tune."


def open_tune(kept: Kept) -> None:
    """Go to the page that the tune comes from."""
    if kept.wish is not None and kept.wish.model in models():
        set_wish(kept.wish)
        st.switch_page("charlstm/ui/compose/page.py")
    lay(kept.text, how=kept.how, settings=kept.settings)
    st.switch_page("charlstm/ui/your_tune/page.py")


# ---- to take home ---------------------------------------------------------------------------------------------------


def take_home(tunes: Sequence[Kept]) -> None:
    """The kept tunes as a book and as everything; made when asked for."""
    state = st.session_state
    st.subheader("Take them home", anchor=False)
    if not tunes:
        st.caption("Keep a tune, and it goes into your tunebook.")
        return
    count = "1 tune" if len(tunes) == 1 else f"{len(tunes)} tunes"
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        title = st.text_input("Title of the book", "My tunes", max_chars=80, key="shelf.book", width=240) or "My tunes"
        book = st.button("Make the tunebook", icon=":material/menu_book:", key="shelf.make.pdf")
        everything = st.button("Make a ZIP of everything", icon=":material/folder_zip:", key="shelf.make.zip")
    sound = st.toggle("With sound (WAV) in the ZIP", key="shelf.sound", help="About 1 MB a tune.")
    stamp = hashlib.sha256(repr((title, [(k.name, k.text) for k in tunes])).encode()).hexdigest()
    made = state.setdefault("shelf.made", {})
    try:
        if (book or everything) and (stamp, "pdf") not in made:
            with st.spinner(f"Setting {count} …"):
                made.clear()  # one book at a time is in memory
                made[stamp, "pdf"] = tunebook(tunes, title)
        if everything:
            bar = st.progress(0.0, f"0 of {count}")

            def done(ready: int, of: int) -> None:
                bar.progress(ready / of, f"{ready} of {count}")

            made[stamp, f"zip{sound}"] = zip_of(
                tunes, cards=cards(tunes), file_of=file_of, book=made[stamp, "pdf"], sound=sound,
                base=home_address(st.context.url or ""), progress=done,
            )  # fmt: skip
            bar.empty()
    except CharlstmError as error:
        st.error(plain(str(error)))
    stem = file_name(title)
    with st.container(horizontal=True, gap="small"):
        for kind, label, ending, mime in (
            ("pdf", f"Tunebook of {count} (PDF)", "pdf", FORMATS["pdf"].media_type),
            (f"zip{sound}", f"Everything of {count} (ZIP)", "zip", "application/zip"),
        ):
            if (stamp, kind) in made:
                st.download_button(
                    label, made[stamp, kind], f"{stem}.{ending}", mime, key=f"shelf.download.{ending}",
                    on_click="ignore", icon=":material/download:", type="primary",
                )  # fmt: skip
        st.download_button(
            "All as ABC", abc_book(tunes), f"{stem}.abc", FORMATS["abc"].media_type, key="shelf.download.abc",
            on_click="ignore", icon=":material/download:",
        )  # fmt: skip


def home_address(url: str) -> str:
    """The address of the page Compose, from this page's; "" for none."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path.rpartition('/')[0]}/" if parts.netloc else ""


def tunebook(tunes: Sequence[Kept], title: str) -> bytes:
    """The tunes as one PDF under the visitor's names; one that cannot be engraved is there as text."""
    from charlstm.score.pages import Page, tunebook_pdf

    return tunebook_pdf([Page(named(kept), said(kept)) for kept in tunes], title=title)


def named(kept: Kept) -> str:
    """The tune under the visitor's name for it."""
    header = split_header(kept.text)
    first = next((field for field in header.fields if field.letter == "T"), None)
    if first is not None:
        return f"{kept.text[: first.start]}T:{kept.name}{kept.text[first.end :]}"
    head, _, rest = kept.text.partition("\n")
    return f"{head}\nT:{kept.name}\n{rest}"


def file_of(text: str, name: str) -> bytes:
    """A tune in a format of FORMATS, sound in its small form. Raises NotationError, AudioUnavailable."""
    drawing = draw(text)
    ready = {"midi": drawing.midi, "musicxml": drawing.musicxml.encode()}
    if drawing.problem and name != "abc":
        raise NotationError(drawing.problem)
    return ready.get(name) or tune_file(text, name, drawing.midi, small_sound=True)


def cards(tunes: Sequence[Kept]) -> dict[str, str]:
    """The cards of the models that wrote these tunes and are still there."""
    available = models()
    wrote = {str((k.wish.query if k.wish is not None else k.settings).get("model", "")) for k in tunes}
    return {name: model_card(available[name]) for name in wrote if name in available}


# ---- the page -------------------------------------------------------------------------------------------------------


def page() -> None:
    """The page, top to bottom."""
    there = shelf()
    st.header("Shelf", anchor=False)
    st.caption("The tunes of this visit. Keep those you like; all of them are gone when you close or reload the page.")
    if not there.tunes and there.deleted is None:
        st.info("There is nothing here yet. Compose a tune, or write one; every tune that a model makes comes here.")
        return
    looked = shown(there)
    with st.container():  # always there, so that the player keeps its place
        if len(looked) == 2:
            two(*looked)
        elif looked:
            one(looked[0])
    kept = there.newest(starred=True)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        which = st.segmented_control(
            "Which tunes", [ALL, KEPT], default=ALL, required=True, key="shelf.which", label_visibility="collapsed",
            format_func=lambda name: f"{name} ({len(kept) if name == KEPT else len(there.tunes)})",
        )  # fmt: skip
        if there.deleted is not None:
            st.button(
                f"Bring back “{plain(there.deleted.name)}”", on_click=there.restore, icon=":material/undo:",
                key="shelf.undo",
            )  # fmt: skip
    listed = kept if which == KEPT else there.newest()
    pages = max(1, -(-len(listed) // AT_ONCE))
    state = st.session_state
    state["shelf.page"] = min(max(1, state.get("shelf.page", 1)), pages)
    if pages > 1:
        st.segmented_control("Page of the list", range(1, pages + 1), key="shelf.page", required=True)
    start = (state["shelf.page"] - 1) * AT_ONCE
    for place, tune in enumerate(listed[start : start + AT_ONCE]):
        if place % 2 == 0:
            columns = st.columns(2)
        with columns[place % 2]:
            row(there, tune, looked)
    take_home(kept[::-1])
    for tune in looked:
        sound_tune(draw(tune.text), key="shelf.player" if len(looked) == 1 else f"shelf.player.{tune.number}")


if __name__ == "__main__":  # as Streamlit runs a page
    page()

"""The kept tunes as a tunebook; those that are listed as a ZIP, made when asked for, and as one ABC."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import streamlit as st

from charlstm.errors import CharlstmError, NotationError
from charlstm.files import file_stem
from charlstm.library.store import new_tune
from charlstm.library.tune import LibraryTune
from charlstm.lm.store.card import model_card
from charlstm.progress import Progress, Report
from charlstm.score import jobs
from charlstm.score.formats import FORMATS
from charlstm.ui.background import bar_with_cancel
from charlstm.ui.library.archive import abc_book, zip_of
from charlstm.ui.library.import_zip import read_zip
from charlstm.ui.library.settings import BOOK_TITLE, FILES, IMPORTED, WITH_SOUND
from charlstm.ui.library.tunes import summary
from charlstm.ui.shared.downloads import tune_file
from charlstm.ui.shared.drawing import draw
from charlstm.ui.shared.durations import counted, duration
from charlstm.ui.shared.models import models
from charlstm.ui.shared.notices import plain
from charlstm.ui.shared.session_library import session_library
from charlstm.ui.shared.share import home_address
from charlstm.ui.state import component_value

BOOK_SECONDS, FILES_SECONDS = 0.3, 1.0  # a tune takes, in the book and as files of its own
NAMED = 5  # of the tunes of a ZIP that could not be read
_Offer = tuple[str, str, str, str | bytes | None]  # label, file name, media type, content


def show_export(kept: Sequence[LibraryTune], listed: Sequence[LibraryTune]) -> None:
    """Widgets that make files, and buttons that download them: a book of the kept tunes, all of those listed."""
    st.header("Export", anchor=False)
    st.caption("The tunebook has the tunes that you keep; ZIP and ABC have those that are listed above.")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        title = st.text_input("Title of the tunebook", max_chars=80, key=BOOK_TITLE.widget(), width=240)
        title = title or BOOK_TITLE.default
        make_book = st.button(
            "Make tunebook (PDF)", icon=":material/menu_book:", key="library.make.pdf", disabled=not kept,
            help=f"About {duration(BOOK_SECONDS * len(kept))}." if kept else "Keep a tune first.",
        )  # fmt: skip
        make_zip = st.button(
            "Make ZIP", icon=":material/folder_zip:", key="library.make.zip", disabled=not listed,
            help=f"About {duration((BOOK_SECONDS + FILES_SECONDS) * len(listed))}.",
        )  # fmt: skip
    sound = st.toggle("Include sound (WAV) in the ZIP", key=WITH_SOUND.widget(), help="About 2 MB for each tune.")
    files = FILES.setdefault(dict[tuple[str, str], bytes])
    book_key, zip_book_key = (_stamp(title, kept), "pdf"), (_stamp(title, listed), "pdf")
    zip_key = (zip_book_key[0], f"zip{sound}")
    try:
        place = st.empty()  # emptied when the files are made
        wanted = {book_key: kept} if make_book else {zip_book_key: listed} if make_zip else {}
        for key, tunes in wanted.items():
            if key not in files:
                files.clear()  # one book at a time is in memory
                with place.container():
                    files[key] = tunebook(tunes, title, report=bar_with_cancel("library.cancel.book"))
        if make_zip:
            count = counted(len(listed), "tune")
            with place.container():
                report = bar_with_cancel("library.cancel.zip")
                files[zip_key] = zip_of(
                    listed, cards=_cards(listed), file_of=file_of, book=files[zip_book_key], sound=sound,
                    base=home_address(st.context.url or ""),
                    progress=lambda done, total: report(Progress(f"Writing files, {done} of {count}", done, total)),
                )  # fmt: skip
        place.empty()
    except CharlstmError as error:
        st.error(plain(str(error)))
    stem = file_stem(title)
    _offer(
        [
            (
                f"Download tunebook ({counted(len(kept), 'tune')}, PDF)",
                f"{stem}.pdf", FORMATS["pdf"].media_type, files.get(book_key) if kept else None,
            ),
            (
                f"Download ZIP ({counted(len(listed), 'tune')})",
                f"{stem}.zip", "application/zip", files.get(zip_key) if listed else None,
            ),
            _abc(listed, title),
        ]
    )  # fmt: skip


def _stamp(title: str, tunes: Sequence[LibraryTune]) -> str:
    """What tells a book of these tunes from others."""
    return hashlib.sha256(repr((title, [(tune.name, tune.text) for tune in tunes])).encode()).hexdigest()


def _abc(listed: Sequence[LibraryTune], title: str) -> _Offer:
    """The tunes that the page lists, as one ABC."""
    label = f"Download ABC ({counted(len(listed), 'tune')})"
    return label, f"{file_stem(title)}.abc", FORMATS["abc"].media_type, abc_book(listed) if listed else None


def _offer(offers: Sequence[_Offer]) -> None:
    """A button for each file that is there."""
    with st.container(horizontal=True, gap="small"):
        for label, name, mime, data in offers:
            if data is not None:
                ending = name.rpartition(".")[2]
                st.download_button(
                    label, data, name, mime, key=f"library.download.{ending}", on_click="ignore",
                    icon=":material/download:", type="secondary" if ending == "abc" else "primary",
                )  # fmt: skip


def show_import() -> None:
    """A place to drop an exported ZIP; its tunes are kept in the library."""

    def opened() -> None:
        if (file := component_value("library.import")) is None:
            return
        try:
            tunes, refused = read_zip(file.getvalue())
            there = session_library().newest()
            before, known = len(there), {tune.titled for tune in there}  # exported under the names that they have
            new = [new_tune(tune.text, tune.how, **tune.more) for tune in tunes]
            session_library().add_all([tune for tune in new if tune.text not in known])
            added = len(session_library().newest()) - before
            if added == len(tunes):
                words = f"{counted(added, 'tune')} added."
            else:
                words = f"{added} of {counted(len(tunes), 'tune')} added; the others were there already."
            if refused:
                named = "; ".join(f"{name}: {reason}" for name, reason in refused[:NAMED])
                words += f" {counted(len(refused), 'tune')} could not be read: {named}."
            IMPORTED.set(words)
        except CharlstmError as error:
            IMPORTED.set(f"This file was not imported: {error}.")

    with st.expander("Import a ZIP"):
        st.file_uploader(
            "A ZIP that was exported here", type=["zip"], key="library.import", on_change=opened, max_upload_size=64
        )
    if message := IMPORTED.pop():
        st.info(plain(message))


def tunebook(tunes: Sequence[LibraryTune], title: str, report: Report | None = None) -> bytes:
    """The tunes as one PDF under the visitor's names; one that cannot be engraved is there as text."""
    return jobs.tunebook([(tune.titled, summary(tune)) for tune in tunes], title=title, report=report)


def file_of(text: str, name: str) -> bytes:
    """A tune in a format of FORMATS, sound in its small form. Raises NotationError, AudioUnavailable."""
    drawing = draw(text)
    if drawing.problem and name != "abc":
        raise NotationError(drawing.problem)
    midi = drawing.midi
    ready = {"midi": midi, "musicxml": drawing.musicxml.encode()}
    return ready.get(name) or tune_file(text, name, midi, small_sound=True)


def _cards(tunes: Sequence[LibraryTune]) -> dict[str, str]:
    """The cards of the models that wrote these tunes and are still there."""
    available = models()
    names = {str(tune.settings.get("model", "")) for tune in tunes}
    return {name: model_card(available[name]) for name in names if name in available}

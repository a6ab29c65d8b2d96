"""Uploads: tunes out of files that a visitor brought, single ones or a ZIP of them; read in memory, nothing believed.

Nothing is written and no name inside a ZIP is used but to say what was read. What is not read is named with a reason.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from charlstm.errors import CorpusError
from charlstm.files import KINDS, decode_text, file_kind
from charlstm.progress import Progress, Report
from charlstm.tunes.corpus.formats import LOOKS_LIKE_ABC, tunes_of
from charlstm.tunes.corpus.sources import MIDI_SUFFIXES, TEXTS, ReadMidi, SourceTune, midi_tune
from charlstm.zip_files import FIRST_BYTES, ZipProblem, files_in, open_zip, read_entry

MAX_FILE_BYTES = 8 * 2**20  # one file, a ZIP or a text
MAX_BYTES = 32 * 2**20  # of text, all files unpacked: forty times the fiddle corpus
MAX_ENTRIES = 20_000  # of a ZIP: one tune a file is common
MAX_TUNES = 20_000  # in all: a minute and a half to clean; larger collections are built by the command line
MAX_TUNE = 50_000  # characters; the longest of the fiddle books has 3,000
MAX_MIDI = 1000  # MIDI files, of 20 to 200 ms each
MAX_DAMAGED = 20  # entries of a ZIP; each may have cost as much as a whole file
SUFFIXES = (".abc", ".txt", ".json", ".csv")
_SILENT = ("__MACOSX/", ".DS_Store", "Thumbs.db")  # what systems put into a ZIP unasked


@dataclass(frozen=True)
class Upload:
    """What was read: `tunes`, in order; and `refused`, the name and the reason of each file that was not read."""

    tunes: tuple[SourceTune, ...]
    refused: tuple[tuple[str, str], ...]


def read_uploads(
    files: Iterable[tuple[str, bytes]], read_midi: ReadMidi | None = None, *, report: Report | None = None
) -> Upload:
    """The tunes of some uploaded files, by name and content; with `read_midi` those of MIDI files too.

    `report` is called with each file that is done, and may raise, which ends the reading.

    Raises
    ------
    CorpusError
        If they unpack to more characters or tunes than a corpus may have. Every other fault only leaves out its file.
    """
    tunes: list[SourceTune] = []
    refused: list[tuple[str, str]] = []
    room, midis = MAX_BYTES, 0
    for name, data in files:
        book = PurePosixPath(name).stem
        for inner, content, progress in _contents(name, data, room, refused, bool(read_midi)):
            if report:
                report(progress)
            room -= len(content)
            kind = file_kind(content)
            if kind == "midi" and read_midi:
                midis += 1
                tune = midi_tune(content, book, PurePosixPath(inner).name, read_midi) if midis <= MAX_MIDI else None
                if tune is None or tune.fault:
                    refused.append((inner, tune.fault if tune else f"{MAX_MIDI:,} MIDI files are read at most"))
                else:
                    tunes.append(tune)
                continue
            if kind not in TEXTS:
                refused.append((inner, f"it is {KINDS[kind]}"))
                continue
            text = decode_text(content)
            _check_count(len(tunes) + _tunes_in(text))  # before the text is cut apart
            try:
                texts = [tune for tune in tunes_of(text, "it", most=MAX_TUNES) if LOOKS_LIKE_ABC.search(tune)]
            except CorpusError as error:
                refused.append((inner, str(error)))
                continue
            if not texts:
                refused.append((inner, "no tune in it: each begins with a line X:1"))
            _check_count(len(tunes) + len(texts))
            refused += [
                (f"{inner}, tune {number:,}", f"it has {len(tune):,} characters, more than {MAX_TUNE:,}")
                for number, tune in enumerate(texts, 1)
                if len(tune) > MAX_TUNE
            ]
            tunes += [SourceTune(tune, book, inner) for tune in texts if len(tune) <= MAX_TUNE]
    return Upload(tuple(tunes), tuple(refused))


def _check_count(tunes: int) -> None:
    if tunes > MAX_TUNES:
        raise CorpusError(
            f"These files hold more than {MAX_TUNES:,} tunes; bring fewer, or build the collection with "
            "`charlstm corpus build`."
        )


def _contents(
    name: str, data: bytes, room: int, refused: list[tuple[str, str]], midi: bool
) -> Iterator[tuple[str, bytes, Progress]]:
    """One uploaded file, or those in a ZIP, by name, and how far it is; what is not opened goes to `refused`."""
    if len(data) > MAX_FILE_BYTES:
        refused.append((name, f"it has more than {MAX_FILE_BYTES // 2**20} MB"))
        return
    if not data.startswith(FIRST_BYTES):
        _check_room(name, len(data), room)
        yield name, data, Progress(f"reading {name}", 0, 1)
        return
    try:
        archive = open_zip(data, most=MAX_ENTRIES)
    except ZipProblem as problem:
        refused.append((name, str(problem)))
        return
    entries, damaged = files_in(archive), 0
    for place, entry in enumerate(entries):
        inner = entry.filename
        if any(mark in inner for mark in _SILENT):
            continue
        if reason := _why_not(entry, SUFFIXES + (MIDI_SUFFIXES if midi else ())):
            refused.append((inner, reason))
            continue
        try:
            content = read_entry(archive, entry, most=min(room, MAX_FILE_BYTES))
        except ZipProblem as problem:
            refused.append((inner, str(problem)))
            if (damaged := damaged + 1) > MAX_DAMAGED:
                refused.append((name, "too much of it is damaged"))
                return
            continue
        _check_room(name, len(content), room)
        room -= len(content)
        yield inner, content, Progress(f"reading {name}", place, len(entries))


def _why_not(entry: zipfile.ZipInfo, suffixes: tuple[str, ...]) -> str:
    """Why an entry of a ZIP is not opened; "" if it is."""
    path = PurePosixPath(entry.filename)
    if "\\" in entry.filename or "\0" in entry.filename or path.is_absolute() or ".." in path.parts:
        return "its name leads out of the ZIP"
    if (entry.external_attr >> 16) & 0o170000 == 0o120000:
        return "a link"
    if path.suffix.lower() == ".zip":
        return "a ZIP inside a ZIP; upload it on its own"
    if path.suffix.lower() not in suffixes:
        return f"not {', '.join(suffixes[:-1])} or {suffixes[-1]}"
    return ""


def _tunes_in(text: str) -> int:
    """How many tunes a text may hold at most: counted before it is cut, since millions take gigabytes."""
    marks = [f"{end}X:" for end in "\n\r"] + ["<start>"]
    return text.startswith("X:") + sum(map(text.count, marks))


def _check_room(name: str, size: int, room: int) -> None:
    if size > min(room, MAX_FILE_BYTES):
        raise CorpusError(
            f"{name} holds a file of more than {MAX_FILE_BYTES // 2**20} MB, or all files together hold more than "
            f"{MAX_BYTES // 2**20} MB; bring fewer tunes."
        )

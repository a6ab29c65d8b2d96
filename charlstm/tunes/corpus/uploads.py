"""Uploads: tunes out of files that a visitor brought, single ones or a ZIP of them; read in memory, nothing believed.

Nothing is written and no name inside a ZIP is used but to say what was read. What is not read is named with a reason.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from charlstm.errors import CorpusError
from charlstm.files import KINDS, decode_text, file_kind
from charlstm.tunes.corpus.formats import LOOKS_LIKE_ABC, tunes_of
from charlstm.tunes.corpus.sources import MIDI_SUFFIXES, TEXTS, ReadMidi, SourceTune, midi_tune

MAX_FILE_BYTES = 8 * 2**20  # one file, a ZIP or a text
MAX_BYTES = 32 * 2**20  # of text, all files unpacked: forty times the fiddle corpus
MAX_ENTRIES = 20_000  # of a ZIP: one tune a file is common
MAX_TUNES = 100_000  # in all; larger collections are built by the command line
SUFFIXES = (".abc", ".txt", ".json", ".csv")
_ZIP = b"PK\x03\x04"
_SILENT = ("__MACOSX/", ".DS_Store", "Thumbs.db")  # what systems put into a ZIP unasked


@dataclass(frozen=True)
class Upload:
    """What was read: `tunes`, in order; and `refused`, the name and the reason of each file that was not read."""

    tunes: tuple[SourceTune, ...]
    refused: tuple[tuple[str, str], ...]


def read_uploads(files: Iterable[tuple[str, bytes]], read_midi: ReadMidi | None = None) -> Upload:
    """The tunes of some uploaded files, by name and content; with `read_midi` those of MIDI files too.

    Raises
    ------
    CorpusError
        If they unpack to more characters or tunes than a corpus may have. Every other fault only leaves out its file.
    """
    tunes: list[SourceTune] = []
    refused: list[tuple[str, str]] = []
    room = MAX_BYTES
    for name, data in files:
        if len(data) > MAX_FILE_BYTES:
            refused.append((name, f"it has more than {MAX_FILE_BYTES // 2**20} MB"))
            continue
        try:
            for inner, content in _contents(name, data, room, refused, bool(read_midi)):
                book, kind = PurePosixPath(name).stem, file_kind(content)
                if kind == "midi" and read_midi:
                    tune = midi_tune(content, book, PurePosixPath(inner).name, read_midi)
                    if tune.fault:
                        refused.append((inner, tune.fault))
                    else:
                        tunes.append(tune)
                    room -= len(content)
                    continue
                if kind not in TEXTS:
                    refused.append((inner, f"it is {KINDS[kind]}"))
                    continue
                text = _bounded(decode_text(content), room)
                room -= len(text)
                _check_count(len(tunes) + _tunes_in(text))  # before the text is cut apart
                try:
                    texts = [tune for tune in tunes_of(text, "it") if LOOKS_LIKE_ABC.search(tune)]
                except CorpusError as error:
                    refused.append((inner, str(error)))
                    continue
                if not texts:
                    refused.append((inner, "no tune in it: each begins with a line X:1"))
                _check_count(len(tunes) + len(texts))
                tunes += [SourceTune(tune, book, inner) for tune in texts]
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError):
            refused.append((name, "a damaged ZIP"))
    return Upload(tuple(tunes), tuple(refused))


def _check_count(tunes: int) -> None:
    if tunes > MAX_TUNES:
        raise CorpusError(
            f"These files hold more than {MAX_TUNES:,} tunes; bring fewer, or build the collection with "
            "`charlstm corpus build`."
        )


def _contents(
    name: str, data: bytes, room: int, refused: list[tuple[str, str]], midi: bool
) -> Iterator[tuple[str, bytes]]:
    """One uploaded file, or those in a ZIP, by name; what is not opened goes to `refused` with its reason."""
    if not data.startswith(_ZIP):
        yield name, data
        return
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = [entry for entry in archive.infolist() if not entry.filename.endswith("/")]  # it may have no name
        if len(entries) > MAX_ENTRIES:
            refused.append((name, f"it holds {len(entries):,} files, more than {MAX_ENTRIES:,}"))
            return
        for entry in entries:
            inner = entry.filename
            if any(mark in inner for mark in _SILENT):
                continue
            if reason := _why_not(entry, SUFFIXES + (MIDI_SUFFIXES if midi else ())):
                refused.append((inner, reason))
                continue
            with archive.open(entry) as file:
                content = file.read(min(room, MAX_FILE_BYTES) + 1)  # what the ZIP says of its sizes is not believed
            if len(content) > min(room, MAX_FILE_BYTES):
                raise CorpusError(
                    f"{name} unpacks to more than {MAX_FILE_BYTES // 2**20} MB a file or {MAX_BYTES // 2**20} MB "
                    "in all; bring fewer tunes."
                )
            room -= len(content)
            yield inner, content


def _why_not(entry: zipfile.ZipInfo, suffixes: tuple[str, ...]) -> str:
    """Why an entry of a ZIP is not opened; "" if it is."""
    path = PurePosixPath(entry.filename)
    if "\\" in entry.filename or "\0" in entry.filename or path.is_absolute() or ".." in path.parts:
        return "its name leads out of the ZIP"
    if entry.flag_bits & 1:
        return "locked with a password"
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


def _bounded(text: str, room: int) -> str:
    if len(text) > room:
        raise CorpusError(f"These files have more than {MAX_BYTES // 2**20} MB in all; bring fewer tunes.")
    return text

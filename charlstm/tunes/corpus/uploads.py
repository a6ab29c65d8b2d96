"""Uploads: tunes out of files that a visitor brought, single ones or a ZIP of them; read in memory, nothing believed.

Nothing is written and no name inside a ZIP is used but to say what was read. What is not read is named with a reason.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from charlstm.errors import CorpusError
from charlstm.files import decode_text
from charlstm.tunes.corpus.formats import tunes_of
from charlstm.tunes.corpus.sources import SourceTune

MAX_FILE_BYTES = 8 * 2**20  # one file, a ZIP or a text
MAX_BYTES = 32 * 2**20  # of text, all files unpacked: forty times the fiddle corpus
MAX_ENTRIES = 20_000  # of a ZIP: one tune a file is common
MAX_TUNES = 100_000  # in all; larger collections are built by the command line
SUFFIXES = (".abc", ".txt", ".json", ".csv")
_ZIP = b"PK\x03\x04"
_LOOKS_LIKE_ABC = re.compile(r"(?m)^[ \t>]*[XK]:|<start>")
_SILENT = ("__MACOSX/", ".DS_Store", "Thumbs.db")  # what systems put into a ZIP unasked


@dataclass(frozen=True)
class Upload:
    """What was read: `tunes`, in order; and `refused`, the name and the reason of each file that was not read."""

    tunes: tuple[SourceTune, ...]
    refused: tuple[tuple[str, str], ...]


def read_uploads(files: Iterable[tuple[str, bytes]]) -> Upload:
    """The tunes of some uploaded files, by name and content.

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
            for inner, text in _texts(name, data, room, refused):
                room -= len(text)
                _check_count(len(tunes) + _tunes_in(text))  # before the text is cut apart
                try:
                    texts = [tune for tune in tunes_of(text, "it") if _LOOKS_LIKE_ABC.search(tune)]
                except CorpusError as error:
                    refused.append((inner, str(error)))
                    continue
                if not texts:
                    refused.append((inner, "no tune in it: each begins with a line X:1"))
                _check_count(len(tunes) + len(texts))
                book = PurePosixPath(name).stem
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


def _texts(name: str, data: bytes, room: int, refused: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The texts of one uploaded file, by name; what is not a text goes to `refused` with its reason."""
    if not data.startswith(_ZIP):
        text = _as_text(data)
        if text is None:
            refused.append((name, "no text"))
        else:
            yield name, _bounded(text, room)
        return
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        if len(entries) > MAX_ENTRIES:
            refused.append((name, f"it holds {len(entries):,} files, more than {MAX_ENTRIES:,}"))
            return
        for entry in entries:
            inner = entry.filename
            if any(mark in inner for mark in _SILENT):
                continue
            reason = _why_not(entry)
            text = None
            if not reason:
                with archive.open(entry) as file:
                    content = file.read(min(room, MAX_FILE_BYTES) + 1)  # what the ZIP says of its sizes is not believed
                if len(content) > min(room, MAX_FILE_BYTES):
                    raise CorpusError(
                        f"{name} unpacks to more than {MAX_FILE_BYTES // 2**20} MB a file or {MAX_BYTES // 2**20} MB "
                        "in all; bring fewer tunes."
                    )
                text = _as_text(content)
            if text is None:
                refused.append((inner, reason or "no text"))
            else:
                room -= len(text)
                yield inner, text


def _why_not(entry: zipfile.ZipInfo) -> str:
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
    if path.suffix.lower() not in SUFFIXES:
        return f"not {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}"
    return ""


def _as_text(data: bytes) -> str | None:
    """The bytes as text; None if it holds characters that no text has."""
    text = decode_text(data)
    return None if re.search(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]", text) else text


def _tunes_in(text: str) -> int:
    """How many tunes a text may hold at most: counted before it is cut, since millions take gigabytes."""
    marks = [f"{end}X:" for end in "\n\r"] + ["<start>"]
    return text.startswith("X:") + sum(map(text.count, marks))


def _bounded(text: str, room: int) -> str:
    if len(text) > room:
        raise CorpusError(f"These files have more than {MAX_BYTES // 2**20} MB in all; bring fewer tunes.")
    return text

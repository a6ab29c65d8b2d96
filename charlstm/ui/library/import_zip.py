"""Tunes out of a ZIP that the library has exported. The ZIP may come from anybody: all of it is checked and bounded."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from charlstm.errors import NotationError
from charlstm.files import decode_text, parse_json
from charlstm.library.tune import HOW
from charlstm.zip_files import ZipProblem, files_in, open_zip, read_entry

MAX_TUNES = 2000
MAX_ENTRIES = 40_000  # of a ZIP: a tune has up to ten files in it
MAX_TUNE = 12_000  # characters, as on Your tune
MAX_TEXT = 8 * 2**20  # bytes of all tunes
MAX_SETTINGS = 20_000_000  # bytes of settings.json
_TUNE = re.compile(r"tunes/(\d{1,4})-[^/]*/[^/]*\.abc")


@dataclass(frozen=True)
class ImportedTune:
    """A tune of a ZIP: its text, how it came about, and what `Library.add` takes beside."""

    text: str
    how: str
    more: Mapping[str, Any]


class Imported(NamedTuple):
    """The tunes of a ZIP, and name and reason of each file that could not be read."""

    tunes: Sequence[ImportedTune]
    refused: Sequence[tuple[str, str]]


def read_zip(data: bytes) -> Imported:
    """The tunes of an exported ZIP, in their order; one that cannot be read is named and loses no other.

    Raises
    ------
    NotationError
        If it is not a ZIP, has no tune, or is too large.
    """
    try:
        archive = open_zip(data, most=MAX_ENTRIES)
    except ZipProblem as problem:
        raise NotationError(f"this ZIP cannot be read: {problem}") from problem
    entries = {int(match[1]): one for one in files_in(archive) if (match := _TUNE.fullmatch(one.filename))}
    if not entries:
        raise NotationError("this ZIP has no tunes/…/*.abc in it; choose one that the library has exported")
    if len(entries) > MAX_TUNES:
        raise NotationError(f"this ZIP has {len(entries):,} tunes; at most {MAX_TUNES:,} can be imported")
    records = _records(archive)
    tunes: list[ImportedTune] = []
    refused: list[tuple[str, str]] = []
    room = MAX_TEXT
    for place, entry in sorted(entries.items()):
        try:
            content = read_entry(archive, entry, most=4 * MAX_TUNE)
        except ZipProblem as problem:
            refused.append((entry.filename, str(problem)))
            continue
        room -= len(content)
        if room < 0:
            raise NotationError(f"this ZIP has more than {MAX_TEXT // 2**20} MB of tunes; export fewer at a time")
        text = decode_text(content).strip()
        if len(text) > MAX_TUNE:
            refused.append((entry.filename, f"it has more than {MAX_TUNE:,} characters"))
            continue
        record = records[place - 1] if 0 < place <= len(records) else {}
        tunes.append(_tune(text, record if isinstance(record, dict) else {}))
    if not tunes:
        raise NotationError("no tune of this ZIP can be read: {}: {}".format(*refused[0]))
    return Imported(tunes, refused)


def _records(archive: zipfile.ZipFile) -> list[Any]:
    """What settings.json says of the tunes; nothing where it is missing, too long or broken."""
    try:
        data = read_entry(archive, archive.getinfo("settings.json"), most=MAX_SETTINGS)
        records = parse_json(data) if len(data) <= MAX_SETTINGS else None
    except (KeyError, ValueError, ZipProblem):
        return []
    return records if isinstance(records, list) else []


def _tune(text: str, record: dict[str, Any]) -> ImportedTune:
    """A tune with as much of its record as makes sense."""
    how, settings, tags = record.get("how"), record.get("settings"), record.get("tags")
    more: dict[str, Any] = {"starred": True}
    more |= {name: value for name in ("name", "note") if isinstance(value := record.get(name), str)}
    if isinstance(record.get("rating"), int):
        more["rating"] = record["rating"]
    if isinstance(tags, list):
        more["tags"] = [tag for tag in tags if isinstance(tag, str)]
    if isinstance(settings, dict):
        more["settings"] = {str(k): v for k, v in settings.items() if isinstance(v, (str, int, float))}
    return ImportedTune(text, how if isinstance(how, str) and how in HOW else "own", more)

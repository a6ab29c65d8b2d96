"""Tunes out of a ZIP that the library has exported. The ZIP may come from anybody: all of it is checked and bounded."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from charlstm.errors import NotationError
from charlstm.files import decode_text
from charlstm.library.tune import HOW

MAX_TUNES = 2000
MAX_TUNE = 100_000  # bytes
MAX_SETTINGS = 20_000_000  # bytes of settings.json
_TUNE = re.compile(r"tunes/(\d{1,4})-[^/]*/[^/]*\.abc")


@dataclass(frozen=True)
class ImportedTune:
    """A tune of a ZIP: its text, how it came about, and what `Library.add` takes beside."""

    text: str
    how: str
    more: Mapping[str, Any]


def read_zip(data: bytes) -> list[ImportedTune]:
    """The tunes of an exported ZIP, in their order.

    Raises
    ------
    NotationError
        If it is no ZIP, has no tune, or is too large.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = {int(match[1]): name for name in archive.namelist() if (match := _TUNE.fullmatch(name))}
            if not names:
                raise NotationError("this ZIP has no tunes/…/*.abc in it; choose one that the library has exported")
            if len(names) > MAX_TUNES:
                raise NotationError(f"this ZIP has {len(names):,} tunes; at most {MAX_TUNES:,} can be imported")
            records = _records(archive)
            tunes = []
            for place, name in sorted(names.items()):
                text = decode_text(_read(archive, name, MAX_TUNE)).strip()
                record = records[place - 1] if 0 < place <= len(records) else {}
                tunes.append(_tune(text, record if isinstance(record, dict) else {}))
            return tunes
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise NotationError(f"this is not a ZIP that can be read: {error}") from error


def _read(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """A file of the ZIP, whatever size it claims to have."""
    with archive.open(name) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise NotationError(f"{name} is longer than {most:,} bytes")
    return data


def _records(archive: zipfile.ZipFile) -> list[Any]:
    """What settings.json says of the tunes; nothing where it is missing or broken."""
    try:
        records = json.loads(_read(archive, "settings.json", MAX_SETTINGS))
    except (KeyError, ValueError, RecursionError):
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

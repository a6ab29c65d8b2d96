"""Where tunes come from: the ABC files inside the installed music21 package, and the user's own files.

Yields text and where it stood; cleans nothing. music21 is found on disk, not imported (its import takes seconds).
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from charlstm.errors import CorpusError
from charlstm.tunes.abc import split_header, split_tunebook

DEFAULT_COLLECTIONS = ("oneills1850", "ryansMammoth", "airdsAirs", "miscFolk")
TITLES = {
    "oneills1850": "O'Neill's Music of Ireland (1850 tunes)",
    "ryansMammoth": "Ryan's Mammoth Collection",
    "airdsAirs": "Aird's Airs",
    "miscFolk": "American fife music, Northumbrian Minstrelsy",
}

ONEILL_LAST = {700: "air", 1115: "jig", 1175: "slip jig", 1555: "reel", 1780: "hornpipe"}  # last number of each kind


@dataclass(frozen=True, slots=True)
class SourceTune:
    """A tune as it was found: its text, the book it is from, its file, and the rhythm that the book's order tells."""

    text: str
    book: str
    file: str
    rhythm: str = ""


def decode_text(data: bytes) -> str:
    """The text of some bytes: UTF-8, UTF-16 with its mark, else Latin-1; any line ends become newlines."""
    encodings = ["utf-16"] if data[:2] in (b"\xff\xfe", b"\xfe\xff") else []
    text = ""
    for encoding in [*encodings, "utf-8-sig", "latin-1"]:
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    return re.sub(r"\r\n?", "\n", text)


def read_text(path: Path) -> str:
    """A file's text, as `decode_text` reads it."""
    return decode_text(path.read_bytes())


def music21_tunes(collections: Sequence[str] = DEFAULT_COLLECTIONS) -> Iterator[SourceTune]:
    """The tunes of music21's bundled ABC files, in the order of names.

    Raises
    ------
    CorpusError
        If music21, or one of the collections, is not installed.
    """
    spec = importlib.util.find_spec("music21")
    if spec is None or not spec.submodule_search_locations:
        raise CorpusError("music21 is not installed, and its tune books are the source: pip install music21")
    root = Path(spec.submodule_search_locations[0]) / "corpus"
    for book in collections:
        files = sorted((root / book).glob("*.abc"))
        if not files:
            raise CorpusError(f"the installed music21 has no tune book called {book}", path=root / book)
        for file in files:
            for text in split_tunebook(read_text(file)):
                number = split_header(text).get("X")
                if number is not None:
                    rhythm = _oneill_rhythm(number) if book == "oneills1850" else ""
                    yield SourceTune(text, book, file.name, rhythm)


def _oneill_rhythm(number: str) -> str:
    """The kind of tune by O'Neill's own numbers: his book is ordered by kind; "" past the ordered part."""
    if not number.strip().isdigit():
        return ""
    last = next((n for n in ONEILL_LAST if int(number) <= n), None)
    return ONEILL_LAST[last] if last else ""


def file_tunes(paths: Iterable[Path]) -> Iterator[SourceTune]:
    """The tunes of the user's files; of a folder, of all its .abc and .txt files, at any depth.

    Raises
    ------
    CorpusError
        If a path is not there, or a folder has no such file.
    """
    for path in paths:
        if not path.exists():
            raise CorpusError(f"{path} is not there; name a file or a folder of .abc files.", path=path)
        files = [path]
        if path.is_dir():
            files = sorted(p for p in path.rglob("*") if p.suffix.lower() in (".abc", ".txt") and p.is_file())
            if not files:
                raise CorpusError(f"{path} holds no .abc or .txt file.", path=path)
        for file in files:
            for text in split_tunebook(read_text(file)):
                yield SourceTune(text, file.stem, file.name)

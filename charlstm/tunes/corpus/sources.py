"""Where tunes come from: the ABC files inside the installed music21 package, and the user's own files.

Cleans nothing. music21 is found on disk, not imported (its import takes seconds).
"""

from __future__ import annotations

import importlib.util
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from charlstm.errors import CharlstmError, CorpusError
from charlstm.files import KINDS, decode_text, file_kind
from charlstm.tunes.abc import split_header
from charlstm.tunes.corpus.formats import tunes_of

DEFAULT_COLLECTIONS = ("oneills1850", "ryansMammoth", "airdsAirs", "miscFolk")
TITLES = {
    "oneills1850": "O'Neill's Music of Ireland (1850 tunes)",
    "ryansMammoth": "Ryan's Mammoth Collection",
    "airdsAirs": "Aird's Airs",
    "miscFolk": "American fife music, Northumbrian Minstrelsy",
    "essenFolksong": "Essen Folksong Collection (for non-commercial use)",
}
ESSEN_CREDITS = ("Helmut Schaffrath", "Ewa Dahlig-Turek", "Seymour Shlien")  # encoding, continuation, ABC
ESSEN_TERMS = f"Essen Folksong Collection ({', '.join(ESSEN_CREDITS)}), for non-commercial use"

ONEILL_LAST = {700: "air", 1115: "jig", 1175: "slip jig", 1555: "reel", 1780: "hornpipe"}  # last number of each kind


@dataclass(frozen=True, slots=True)
class SourceTune:
    """A source tune.

    Attributes
    ----------
    text : str
        ABC.
    book, file : str
        Where it is from.
    rhythm : str
        The kind of tune that the book's order tells; "" if it tells none.
    fault : str
        Why the file could not be read; the text is then empty.
    """

    text: str
    book: str
    file: str
    rhythm: str = ""
    fault: str = ""


ReadMidi = Callable[[bytes], str]  # a MIDI file's tune as ABC; raises NotationError. This room knows no MIDI
ABC_SUFFIXES, MIDI_SUFFIXES = (".abc", ".txt"), (".mid", ".midi", ".rmi", ".kar")
TEXTS = ("text", "json", "csv", "html", "xml", "empty")  # kinds of files that `tunes_of` reads, or refuses by itself


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
            for text in split_file(file):
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


def file_tunes(paths: Iterable[Path], read_midi: ReadMidi | None = None) -> Iterator[SourceTune]:
    """The tunes of the user's files and folders; with `read_midi` those of MIDI files too, a damaged one as a fault.

    A file of a folder that holds no tunes is a fault, too. Raises CorpusError as `abc_files` and `split_file` do.
    """
    paths = list(paths)
    for file in abc_files(paths, ABC_SUFFIXES + (MIDI_SUFFIXES if read_midi else ())):
        if read_midi and file.suffix.lower() in MIDI_SUFFIXES:
            yield midi_tune(file.read_bytes(), file.parent.name, file.name, read_midi)
            continue
        try:
            texts = split_file(file)
        except CorpusError as error:
            if file in paths:
                raise
            yield SourceTune("", file.stem, file.name, fault=str(error))  # one of a folder
            continue
        for text in texts:
            yield SourceTune(text, file.stem, file.name)


def midi_tune(data: bytes, book: str, file: str, read_midi: ReadMidi) -> SourceTune:
    """The tune of a MIDI file, named after the file where it has no title; one that cannot be read is a fault."""
    try:
        text = read_midi(data)
    except CharlstmError as error:
        return SourceTune("", book, file, fault=str(error))
    title = "" if re.search(r"(?m)^T:", text) else f"T:{PurePath(file).stem}\n"
    return SourceTune(f"X:1\n{title}{text}", book, file)


def abc_files(paths: Iterable[Path], suffixes: tuple[str, ...] = ABC_SUFFIXES) -> list[Path]:
    """Files as they are given; of a folder all its files with these endings, at any depth.

    Raises
    ------
    CorpusError
        If a path is not there, or a folder has no such file.
    """
    files: list[Path] = []
    for path in paths:
        if not path.exists():
            raise CorpusError(f"{path} is not there; name a file or a folder of .abc files.", path=path)
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.suffix.lower() in suffixes and p.is_file())
            if not inside:
                endings = f"{', '.join(suffixes[:-1])} or {suffixes[-1]}"
                raise CorpusError(f"{path} holds no {endings} file.", path=path)
            files += inside
        else:
            files.append(path)
    return files


def split_file(file: Path) -> list[str]:
    """The tunes of a file, whatever its encoding, line ends and form. Raises CorpusError where it holds none."""
    data = file.read_bytes()
    check_is_text(file, data)
    return tunes_of(decode_text(data), str(file))


def check_is_text(file: Path, data: bytes) -> None:
    """Raise CorpusError if a file that begins with these bytes is none that tunes can be read from."""
    if (kind := file_kind(data)) not in TEXTS:
        raise CorpusError(
            f"{file} is {KINDS[kind]}. Bring tunes in ABC notation, each beginning with a line X:1.", path=file
        )


def credits(tunes: Iterable[SourceTune]) -> list[str]:
    """Who transcribed the tunes: names in their Z: fields, without addresses and dates, commonest first."""
    names: Counter[str] = Counter()
    for tune in tunes:
        for header_field in split_header(tune.text).fields:
            if header_field.letter == "Z" and (name := _credit(header_field.value)):
                names[name] += 1
    return [name for name, count in names.most_common() if count > 1]  # a name that occurs once is mostly a slip


_WORD = r"(?!\S*[@:])[A-Z][A-Za-z.'-]*"  # no part of an address
_NAME = rf"{_WORD}(?: +{_WORD}){{1,3}}"


def _credit(value: str) -> str:
    """A transcriber's name out of a Z: field, "" if it has none: after "by", or at the head of a credit."""
    match = re.search(rf"(?<!collected )\bby +({_NAME})", value) or re.match(rf"\"?({_NAME})(?= *[*,]| +<)", value)
    address = re.search(r"\b([a-z]+)\.([a-z]+)@", value)
    if match is None:
        return f"{address[1].title()} {address[2].title()}" if address else ""
    name = re.sub(r"\.(?=[A-Z])", ". ", re.sub(r" +", " ", match[1])).strip(".")
    return name.title() if name.isupper() else name

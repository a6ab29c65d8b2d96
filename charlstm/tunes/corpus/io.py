"""A corpus on disk: <name>.abc, a tunebook anyone can open, and <name>.json, with where each text begins and ends.

A corpus larger than memory has other files: `mapped.py`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from charlstm.errors import CorpusError
from charlstm.files import parse_json, write_atomic
from charlstm.paths import corpus_path
from charlstm.processes import locked
from charlstm.tunes.corpus.mapped import MAPPED_FORMAT, load_mapped
from charlstm.tunes.corpus.model import PARTS, Corpus, check_name

FORMAT = "charlstm-corpus/1"


def save_corpus(corpus: Corpus, folder: Path | None = None, *, replace: bool = True) -> Path:
    """Write <name>.abc and <name>.json into a folder (data/corpus/ by default).

    A reader finds the old corpus or the new one, also after a kill: the texts lie under a name of their own until the
    JSON file is in place, and `load_corpus` finds them there.

    Parameters
    ----------
    corpus : Corpus
    folder : Path, optional
    replace : bool
        Whether it takes the place of a corpus of this name.

    Returns
    -------
    Path
        Of the JSON file.

    Raises
    ------
    CorpusError
        If there is one of this name, which is not to be replaced: of several who save under one name one does.
    """
    folder = folder or corpus_path()
    check_name(corpus.name)
    book = "".join(f"{_entry(number)}{text}\n\n" for number, text in enumerate(corpus.texts, 1))
    lengths = {part: [len(text) for text in getattr(corpus, part)] for part in PARTS}
    description = {
        "format": FORMAT,
        "name": corpus.name,
        "fingerprint": corpus.fingerprint,
        "tunes": {part: len(lengths[part]) for part in PARTS},
        "characters": {part: sum(lengths[part]) for part in PARTS},
        "lengths": lengths,
        **corpus.info,
    }
    path = folder / f"{corpus.name}.json"
    with locked(folder / ".save"):
        if path.exists() and not replace:
            message = f"There is already a collection called {corpus.name}; choose another name."
            raise CorpusError(message, path=path)
        for left in folder.glob(f".{corpus.name}.*.abc"):  # of a save that was killed before its JSON file
            left.unlink()
        write_atomic(pending := _pending(path, corpus.fingerprint), book)
        write_atomic(path, json.dumps(description, indent=1) + "\n")
        pending.replace(path.with_suffix(".abc"))
    return path


def _pending(path: Path, fingerprint: str) -> Path:
    """Where the texts lie until their corpus's JSON file is in place."""
    return path.with_name(f".{path.stem}.{fingerprint[:12]}.abc")


def load_corpus(name_or_path: str | Path) -> Corpus:
    """A saved corpus, by its name in data/corpus/ or by the path of its JSON file.

    Raises
    ------
    CorpusError
        If it is not there, or its two files do not belong together.
    """
    path = Path(name_or_path)
    if path.suffix != ".json":
        path = corpus_path() / f"{name_or_path}.json"
    for _ in range(2):  # once more if it is being saved just now
        try:
            text = path.read_text(encoding="utf-8")
            description = parse_json(text)
            if isinstance(description, dict) and description.get("format") == MAPPED_FORMAT:
                return load_mapped(path, description)
            corpus = _read(path, description)
            if corpus is not None:
                return corpus
            if path.read_text(encoding="utf-8") == text:
                break
        except FileNotFoundError:
            how = f"charlstm corpus build {path.stem}"
            raise CorpusError(f"There is no corpus {name_or_path}; build it: {how}", path=path) from None
        except (OSError, ValueError) as error:
            raise CorpusError(f"{path} cannot be read ({error}); build the corpus again.", path=path) from None
    raise CorpusError(f"{path} and its .abc file do not belong together; build the corpus again.", path=path)


def _read(path: Path, description: Any) -> Corpus | None:
    """The corpus of a description and its texts; None if they do not belong together. Raises OSError, ValueError."""
    try:
        try:
            book = _pending(path, str(description["fingerprint"])).read_bytes().decode()
        except FileNotFoundError:
            book = path.with_suffix(".abc").read_bytes().decode()
        at, number, texts = 0, 0, dict[str, list[str]]()
        for part in PARTS:
            texts[part] = []
            for length in description["lengths"][part]:
                number += 1
                at += len(_entry(number))
                texts[part].append(book[at : at + length])
                at += length + 2
        own = {"format", "name", "fingerprint", "tunes", "characters", "lengths"}
        info = {key: value for key, value in description.items() if key not in own}
        corpus = Corpus(description["name"], **{part: tuple(texts[part]) for part in PARTS}, info=info)
        return corpus if corpus.fingerprint == description["fingerprint"] else None
    except (KeyError, TypeError, AttributeError):
        return None


def _entry(number: int) -> str:
    """What comes before a text in the tunebook on disk: the reference number, which the model never sees."""
    return f"X:{number}\n"

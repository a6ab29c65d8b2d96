"""A corpus on disk: <name>.abc, a tunebook anyone can open, and <name>.json, with where each text begins and ends.

A corpus larger than memory has other files: `mapped.py`.
"""

from __future__ import annotations

import json
from pathlib import Path

from charlstm.errors import CorpusError
from charlstm.files import write_atomic
from charlstm.paths import corpus_path
from charlstm.tunes.corpus.mapped import MAPPED_FORMAT, load_mapped
from charlstm.tunes.corpus.model import PARTS, Corpus, check_name

FORMAT = "charlstm-corpus/1"


def save_corpus(corpus: Corpus, folder: Path | None = None) -> Path:
    """Write <name>.abc and <name>.json into a folder (data/corpus/ by default); the JSON last.

    Returns
    -------
    Path
        Of the JSON file.
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
    write_atomic(folder / f"{corpus.name}.abc", book)
    path = folder / f"{corpus.name}.json"
    write_atomic(path, json.dumps(description, indent=1) + "\n")
    return path


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
    try:
        description = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(description, dict) and description.get("format") == MAPPED_FORMAT:
            return load_mapped(path, description)
        book = path.with_suffix(".abc").read_bytes().decode()
    except FileNotFoundError:
        how = f"charlstm corpus build {path.stem}"
        raise CorpusError(f"There is no corpus {name_or_path}; build it: {how}", path=path) from None
    except (OSError, ValueError) as error:
        raise CorpusError(f"{path} cannot be read ({error}); build the corpus again.", path=path) from None
    try:
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
        complete = corpus.fingerprint == description["fingerprint"]
    except (KeyError, TypeError, AttributeError):
        complete = False
    if not complete:
        raise CorpusError(f"{path} and its .abc file do not belong together; build the corpus again.", path=path)
    return corpus


def _entry(number: int) -> str:
    """What comes before a text in the tunebook on disk: the reference number, which the model never sees."""
    return f"X:{number}\n"

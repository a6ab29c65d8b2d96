"""A corpus: the texts a model learns from, split by tune, with what is known of where they came from.

A text is what the network reads, character for character: of a cleaned corpus header and body without X:, of an
"as is" corpus whatever the user gave. On disk: <name>.abc, a tunebook anyone can open, and <name>.json beside it.
Knows nothing of models.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from charlstm.errors import CorpusError
from charlstm.paths import corpus_path
from charlstm.tunes.abc import split_header
from charlstm.tunes.corpus.near_duplicates import families, grams, related
from charlstm.tunes.corpus.sources import DEFAULT_COLLECTIONS, TITLES, SourceTune, file_tunes, music21_tunes
from charlstm.tunes.edit.clean import Dropped, clean_tune

FORMAT = "charlstm-corpus/1"
MAPPED_FORMAT = "charlstm-corpus-mapped/1"  # charlstm.tunes.corpus.mapped
PARTS = ("train", "validation", "test")
DEFAULT_CORPUS = "fiddle"
Report = Callable[[str, int, int], None]  # what is being done, how far, out of how many


@dataclass(frozen=True)
class Corpus:
    """Texts in three parts. `info` holds JSON values: kept and dropped by book and reason, credits, seed."""

    name: str
    train: Sequence[str]
    validation: Sequence[str]
    test: Sequence[str] = ()
    info: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of all texts, in order, part by part, in hex."""
        digest = hashlib.sha256()
        for part in PARTS:
            for text in getattr(self, part):
                digest.update(text.encode() + b"\0")
            digest.update(b"\1")
        return digest.hexdigest()

    @cached_property
    def characters(self) -> str:
        """The distinct characters of all texts, sorted."""
        return "".join(sorted(set().union(*self.texts)))

    @cached_property
    def headers(self) -> Mapping[str, Mapping[str, int]]:
        """How often each value of M:, K:, R: and L: occurs in the training texts, commonest first."""
        return header_counts(self.train)

    @property
    def texts(self) -> Iterable[str]:
        """All texts, train first."""
        return (*self.train, *self.validation, *self.test)


def header_counts(texts: Iterable[str], letters: str = "MKRL") -> dict[str, dict[str, int]]:
    """How often each value of some header fields occurs, commonest first: {"M": {"4/4": 1944, ...}, ...}."""
    counts: dict[str, Counter[str]] = {letter: Counter() for letter in letters}
    for text in texts:
        for found in split_header(text).fields:
            if found.letter in counts:
                counts[found.letter][found.value] += 1
    return {letter: dict(counter.most_common()) for letter, counter in counts.items()}


def build_corpus(
    tunes: Iterable[SourceTune],
    *,
    name: str,
    parts: Sequence[float] = (0.8, 0.1, 0.1),
    seed: int = 0,
    as_is: bool = False,
    report: Report | None = None,
) -> Corpus:
    """Clean tunes, drop near-duplicates, and split them so that no tune has a relative in another part.

    Parameters
    ----------
    tunes : iterable of SourceTune
    name : str
    parts : three floats
        Shares of train, validation and test in the number of tunes; they sum to 1.
    seed : int
        Of the split: the same tunes and seed give the same fingerprint.
    as_is : bool
        Keep every text as it is, twins too (they still stay in one part).
    report : callable, optional
        Called with what is being done, how far, and out of how many.

    Raises
    ------
    CorpusError
        If fewer than three tunes are left.
    """
    sources = list(tunes)
    kept: list[SourceTune] = []
    sets = []
    counts: dict[str, Counter[str]] = {}
    for place, source in enumerate(sources):
        book = counts.setdefault(source.book, Counter())
        if report and place % 100 == 0:
            report("cleaning", place, len(sources))
        try:
            text = source.text if as_is else clean_tune(source.text, rhythm=source.rhythm)
        except Dropped as reason:
            book[str(reason)] += 1
        else:
            kept.append(SourceTune(text, source.book, source.file))
            sets.append(grams(text))
    if report:
        report("comparing", len(sources), len(sources))
    pairs = related(sets)
    if not as_is:
        twins = {pair.second for pair in pairs if pair.twins}
        for place in twins:
            counts[kept[place].book]["nearly the same as another tune"] += 1
        new_place = {old: new for new, old in enumerate(p for p in range(len(kept)) if p not in twins)}
        # A dropped twin still ties its relatives together.
        groups = [[new_place[p] for p in group if p in new_place] for group in families(len(kept), pairs)]
        kept = [tune for place, tune in enumerate(kept) if place not in twins]
    else:
        groups = families(len(kept), pairs)
    if len(kept) < 3:
        raise CorpusError(_too_few(len(sources), counts))
    for tune in kept:
        counts[tune.book]["kept"] += 1
    chosen = _split([group for group in groups if group], len(kept), parts, seed)
    info = {
        "books": {book: dict(counter) for book, counter in counts.items()},
        "titles": {book: TITLES[book] for book in counts if book in TITLES},
        "credits": credits(sources),
        "as_is": as_is,
        "seed": seed,
    }
    train, validation, test = (tuple(kept[place].text for place in places) for places in chosen)
    return Corpus(name, train, validation, test, info)


def import_corpus(name: str, *, train: Path, validation: Path, test: Path | None = None, as_is: bool = True) -> Corpus:
    """A split that somebody else made, kept as it is: nothing moves from one part to another.

    Raises
    ------
    CorpusError
        If a file is missing, or the train or the validation part is empty.
    """
    texts: dict[str, tuple[str, ...]] = {}
    counts: dict[str, Counter[str]] = {}
    for part, path in zip(PARTS, (train, validation, test), strict=True):
        kept = []
        counter = counts.setdefault(part, Counter())
        for source in file_tunes([path]) if path else ():
            try:
                kept.append(source.text if as_is else clean_tune(source.text))
                counter["kept"] += 1
            except Dropped as reason:
                counter[str(reason)] += 1
        if not kept and part != "test":
            raise CorpusError(f"{path}: {_too_few(sum(counter.values()), counts)}", path=path)
        texts[part] = tuple(kept)
    info = {"books": {part: dict(counter) for part, counter in counts.items()}, "credits": [], "as_is": as_is}
    return Corpus(name, **texts, info=info)


def fiddle_corpus(*, report: Report | None = None) -> Corpus:
    """The default corpus, made of the tune books inside the installed music21; same fingerprint everywhere."""
    return build_corpus(music21_tunes(DEFAULT_COLLECTIONS), name=DEFAULT_CORPUS, report=report)


def credits(tunes: Iterable[SourceTune]) -> list[str]:
    """Who transcribed the tunes: names in their Z: fields, without addresses and dates, commonest first."""
    names: Counter[str] = Counter()
    for tune in tunes:
        for found in split_header(tune.text).fields:
            if found.letter == "Z" and (name := _credit(found.value)):
                names[name] += 1
    return [name for name, count in names.most_common() if count > 1]  # a name that occurs once is mostly a slip


def save_corpus(corpus: Corpus, folder: Path | None = None) -> Path:
    """Write <name>.abc and <name>.json into a folder (data/corpus/ by default); the JSON last, by rename.

    Returns
    -------
    Path
        Of the JSON file.
    """
    folder = folder or corpus_path()
    check_name(corpus.name)
    folder.mkdir(parents=True, exist_ok=True)
    pieces, lengths, number = [], {}, 0
    for part in PARTS:
        lengths[part] = [len(text) for text in getattr(corpus, part)]
        for text in getattr(corpus, part):
            number += 1
            pieces.append(f"{_entry(number)}{text}\n\n")
    description = {
        "format": FORMAT,
        "name": corpus.name,
        "fingerprint": corpus.fingerprint,
        "tunes": {part: len(lengths[part]) for part in PARTS},
        "characters": {part: sum(lengths[part]) for part in PARTS},
        "lengths": lengths,
        **corpus.info,
    }
    for suffix, data in ((".abc", "".join(pieces)), (".json", json.dumps(description, indent=1) + "\n")):
        written = folder / f"{corpus.name}{suffix}.new"
        written.write_bytes(data.encode())
        os.replace(written, folder / f"{corpus.name}{suffix}")
    return folder / f"{corpus.name}.json"


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
            from charlstm.tunes.corpus.mapped import load_mapped  # it knows this module, not the other way round

            return load_mapped(path, description)
        book = path.with_suffix(".abc").read_bytes().decode()
    except FileNotFoundError:
        how = f"charlstm corpus build {path.stem}"
        raise CorpusError(f"There is no corpus {name_or_path}; build it: {how}", path=path) from None
    except (OSError, ValueError) as error:
        raise CorpusError(f"{path} cannot be read ({error}); build the corpus again.", path=path) from None
    try:
        at, number, texts = 0, 0, {}
        for part in PARTS:
            found = []
            for length in description["lengths"][part]:
                number += 1
                at += len(_entry(number))
                found.append(book[at : at + length])
                at += length + 2
            texts[part] = tuple(found)
        own = {"format", "name", "fingerprint", "tunes", "characters", "lengths"}
        info = {key: value for key, value in description.items() if key not in own}
        corpus = Corpus(description["name"], **texts, info=info)
        whole = corpus.fingerprint == description["fingerprint"]
    except (KeyError, TypeError, AttributeError):
        whole = False
    if not whole:
        raise CorpusError(f"{path} and its .abc file do not belong together; build the corpus again.", path=path)
    return corpus


def _entry(number: int) -> str:
    """What stands before a text in the tunebook on disk: the reference number that the model never sees."""
    return f"X:{number}\n"


def _split(groups: list[list[int]], count: int, parts: Sequence[float], seed: int) -> list[list[int]]:
    """Places for train, validation and test: whole families, drawn in a random order, each list in order."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(groups))
    wanted = [max(1, round(count * share)) if share else 0 for share in parts[1:]]
    chosen: list[list[int]] = [[], [], []]
    for place in order:
        group = groups[int(place)]
        part = next((n for n, size in enumerate(wanted, 1) if len(chosen[n]) + len(group) <= size), 0)
        chosen[part].extend(group)
    if not chosen[0]:  # three tunes of one family
        chosen = [chosen[1] or chosen[2], chosen[1] or chosen[2], chosen[2] or chosen[1]]
    return [sorted(places) for places in chosen]


def _too_few(found: int, counts: Mapping[str, Counter[str]]) -> str:
    """What was found where too little was usable, and what to do."""
    reasons: Counter[str] = Counter()
    for counter in counts.values():
        reasons.update({reason: n for reason, n in counter.items() if reason != "kept"})
    why = "; ".join(f"{n} x {reason}" for reason, n in reasons.most_common(3))
    return (
        f"of {found} tunes found too few are usable" + (f" ({why})" if why else "") + "; bring at least three tunes "
        "in ABC notation, each beginning with an X: line, or keep the texts as they are with --as-is."
    )


_WORD = r"(?!\S*[@:])[A-Z][A-Za-z.'-]*"  # no part of an address
_NAME = rf"{_WORD}(?: +{_WORD}){{1,3}}"


def _credit(value: str) -> str:
    """A transcriber's name out of a Z: field, "" if there is none in it: after "by", or at the head of a credit."""
    match = re.search(rf"(?<!collected )\bby +({_NAME})", value) or re.match(rf"\"?({_NAME})(?= *[*,]| +<)", value)
    address = re.search(r"\b([a-z]+)\.([a-z]+)@", value)
    if match is None:
        return f"{address[1].title()} {address[2].title()}" if address else ""
    name = re.sub(r"\.(?=[A-Z])", ". ", re.sub(r" +", " ", match[1])).strip(".")
    return name.title() if name.isupper() else name


def check_name(name: str) -> None:
    """Raise CorpusError unless the name can be a file's."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name):
        raise CorpusError(f"{name!r} cannot name a corpus; use letters, digits, dots, dashes and underscores.")

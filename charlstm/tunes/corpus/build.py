"""Build a corpus in memory: tunes cleaned, near-duplicates dropped, and split so that relatives stay together.

Corpora larger than memory are built by `build_large.py`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from charlstm.errors import CorpusError
from charlstm.progress import Progress, Report
from charlstm.tunes.abc import split_header
from charlstm.tunes.corpus.model import DEFAULT_CORPUS, PARTS, Corpus
from charlstm.tunes.corpus.near_duplicates import families, grams, related
from charlstm.tunes.corpus.sources import (
    DEFAULT_COLLECTIONS,
    ESSEN_CREDITS,
    ESSEN_TERMS,
    TITLES,
    SourceTune,
    credits,
    file_tunes,
    music21_tunes,
)
from charlstm.tunes.edit.clean import USUAL, Dropped, Recipe, clean_tune
from charlstm.tunes.edit.spelling import clean_title
from charlstm.tunes.mend import mend
from charlstm.tunes.parse.place import placed_tokens

UNREADABLE = "a file that cannot be read"  # why a tune was left out


def build_corpus(
    tunes: Iterable[SourceTune],
    *,
    name: str,
    parts: Sequence[float] = (0.8, 0.1, 0.1),
    seed: int = 0,
    as_is: bool = False,
    recipe: Recipe = USUAL,
    veto: Callable[[SourceTune], str] | None = None,
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
    recipe : Recipe
        What a cleaned corpus keeps beyond the usual.
    veto : callable, optional
        A reason for which a tune that is clean is left out all the same; "" for none.
    report : Report, optional
        Called now and then with the tunes done.

    Raises
    ------
    CorpusError
        If fewer than three tunes are left.
    """
    sources = list(tunes)
    counts: dict[str, Counter[str]] = {}  # book -> why a tune was left out, or "kept" -> tunes
    examples: dict[str, str] = {}  # why a tune was left out -> the first such tune, and its place
    # Clean them.
    texts: list[str] = []
    books: list[str] = []
    sets = []  # what each is compared by
    for place, source in enumerate(sources):
        if report and place % 100 == 0:
            report(Progress("cleaning", place, len(sources)))
        text = _cleaned(source, as_is, counts.setdefault(source.book, Counter()), recipe, examples)
        if text and veto and (reason := veto(source)):
            counts[source.book][reason] += 1
        elif text:
            texts.append(text)
            books.append(source.book)
            sets.append(grams(text))
    # Find relatives, and leave out all but one of those that are nearly the same. One that is left out still ties its
    # relatives together.
    if report:
        report(Progress("comparing", len(sources), len(sources)))
    pairs = related(sets)
    twins = set() if as_is else {pair.second for pair in pairs if pair.twins}
    for place in twins:
        counts[books[place]]["nearly the same as another tune"] += 1
    groups = [[place for place in group if place not in twins] for group in families(len(texts), pairs)]
    kept = len(texts) - len(twins)
    if kept < 3:
        raise CorpusError(_too_few(len(sources), counts))
    for place in range(len(texts)):
        if place not in twins:
            counts[books[place]]["kept"] += 1
    # Split by family.
    chosen = _split([group for group in groups if group], kept, parts, seed)
    info = {
        "books": {book: dict(counter) for book, counter in counts.items()},
        "titles": {book: TITLES[book] for book in counts if book in TITLES},
        "credits": credits(sources),
        "as_is": as_is,
        "seed": seed,
        **({"examples": examples} if examples and name != DEFAULT_CORPUS else {}),  # the default's file stays as it was
        **({"recipe": asdict(recipe)} if recipe != USUAL else {}),
    }
    train, validation, test = (tuple(texts[place] for place in places) for places in chosen)
    return Corpus(name, train, validation, test, info)


def _cleaned(
    source: SourceTune, as_is: bool, counts: Counter[str], recipe: Recipe, examples: dict[str, str] | None = None
) -> str:
    """The text that the model reads, or "" and one more in the counts of why tunes are left out."""
    if source.fault:
        counts[UNREADABLE] += 1
        if examples is not None:
            examples.setdefault(UNREADABLE, f"{source.file}: {source.fault}")
        return ""
    try:
        return source.text if as_is else clean_tune(source.text, rhythm=source.rhythm, recipe=recipe)
    except Dropped as reason:
        counts[str(reason)] += 1
        if examples is not None and str(reason) not in examples:
            title = clean_title(split_header(source.text).get("T") or "")
            examples[str(reason)] = f"{title or source.file}: {reason.example}"
        return ""


def import_corpus(
    name: str,
    *,
    train: Path,
    validation: Path,
    test: Path | None = None,
    as_is: bool = True,
    recipe: Recipe = USUAL,
) -> Corpus:
    """A split that somebody else made, kept as it is: nothing moves from one part to another.

    Raises
    ------
    CorpusError
        If a file is missing, or the train or the validation part is empty.
    """
    texts: dict[str, tuple[str, ...]] = {}
    counts: dict[str, Counter[str]] = {}
    for part, path in zip(PARTS, (train, validation, test), strict=True):
        counter = counts.setdefault(part, Counter())
        kept = []
        for source in file_tunes([path]) if path else ():
            if text := _cleaned(source, as_is, counter, recipe):
                kept.append(text)
                counter["kept"] += 1
        if not kept and part != "test":
            raise CorpusError(f"{path}: {_too_few(sum(counter.values()), counts)}", path=path)
        texts[part] = tuple(kept)
    info: dict[str, Any] = {
        "books": {part: dict(counter) for part, counter in counts.items()},
        "credits": [],
        "as_is": as_is,
    }
    info |= {"recipe": asdict(recipe)} if recipe != USUAL else {}
    return Corpus(name, **texts, info=info)


def fiddle_corpus(*, report: Report | None = None) -> Corpus:
    """The default corpus, from the tune books inside the installed music21; the same fingerprint everywhere."""
    return build_corpus(music21_tunes(DEFAULT_COLLECTIONS), name=DEFAULT_CORPUS, veto=_unread_at_first, report=report)


def essen_corpus(*, report: Report | None = None) -> Corpus:
    """The folk songs of the Essen collection inside the installed music21, in all their meters."""
    tunes = (replace(tune, text=_with_bar_lines(tune.text)) for tune in music21_tunes(("essenFolksong",)))
    corpus = build_corpus(tunes, name="essen", recipe=Recipe(any_meter=True), report=report)
    return replace(corpus, info={**corpus.info, "credits": list(ESSEN_CREDITS), "terms": ESSEN_TERMS})


def _with_bar_lines(text: str) -> str:
    """A song whose lines end without a bar line, with one where the bar is full."""
    meter = split_header(text).meter
    pieces, at = [], 0
    for placed in placed_tokens(text):
        if placed.token.kind == "line_break" and placed.onset and placed.onset == meter:
            pieces += [text[at : placed.token.start], "|"]
            at = placed.token.start
    return "".join([*pieces, text[at:]])


BUNDLED: Mapping[str, Callable[..., Corpus]] = MappingProxyType({DEFAULT_CORPUS: fiddle_corpus, "essen": essen_corpus})
_CHORD_OVER_LINES = re.compile(r"\[[^\]|\n]*\n[^\]|]*\]")


def _unread_at_first(source: SourceTune) -> str:
    """Why the first version left out a tune that can be read now: the shipped models and the records know the corpus
    by its fingerprint, so it stays what it was."""
    header = split_header(source.text)
    head = source.text[: header.body_start].rstrip()
    if any(not re.match(r"[A-Za-z]:|\s*(%|$)", line) for line in head.split("\n")):
        return "key, meter or unit changes in mid-tune"
    mended = bool(mend(source.text).remarks)
    return "a bar does not fit the meter" if mended or _CHORD_OVER_LINES.search(source.text, header.body_start) else ""


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


def _too_few(count: int, counts: Mapping[str, Counter[str]]) -> str:
    """Why too few of so many tunes were usable, and what to do."""
    reasons: Counter[str] = Counter()
    for counter in counts.values():
        reasons.update({reason: n for reason, n in counter.items() if reason != "kept"})
    why = "; ".join(f"{n} x {reason}" for reason, n in reasons.most_common(3))
    return (
        f"of {count} tunes found too few are usable" + (f" ({why})" if why else "") + "; bring at least three tunes "
        "in ABC notation, each beginning with an X: line, or keep the texts as they are with --as-is."
    )

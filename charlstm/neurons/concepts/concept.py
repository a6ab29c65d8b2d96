"""Concepts: what one is, and how spans of characters become truth values. The concepts themselves: `registry.py`.

A concept is a function of the text alone: T characters in, (T,) out. It is asked about *within* a part of the text: a
unit that only tells notes from other signs does not know which note it is, so note letters are compared among note
letters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from charlstm.neurons.concepts.layout import Layout, layout
from charlstm.tunes.parse.place import PlacedToken

Labels = NDArray[np.bool_]
Labeller = Callable[[str], Labels]  # any function from a text of T characters to (T,) truth values
Spans = Iterable[tuple[int, int]]

WITHIN: Mapping[str, str] = MappingProxyType(
    {
        "text": "all characters",
        "header": "the header's characters",
        "body": "the body's characters",
        "events": "the characters of notes and rests",
        "letters": "the letters of notes",
    }
)


@dataclass(frozen=True)
class Concept:
    """A named labelling: called with a text of T characters it gives its (T,) truth values.

    Attributes
    ----------
    name, group : str
        Its name, and the musical idea that it is a part of: "note_a" belongs to "note letter".
    where : str
        Where it holds, in words that follow "The neuron rises": "in the second half of the bar", "on high notes".
    about : str
        Its definition in one line, as the page shows it.
    within : str
        A key of WITHIN: the characters among which it is asked about.
    spans : callable
        From a layout to the characters that have it, as (start, end).
    """

    name: str
    group: str
    where: str
    about: str
    within: str
    spans: Callable[[Layout], Spans]

    def __call__(self, text: str) -> Labels:
        """(T,) truth values."""
        return mask(len(text), self.spans(layout(text)))

    @property
    def title(self) -> str:
        """Its name on the page: "second half of the bar", "high notes"."""
        return re.sub(r"^(in|on|at) (the )?", "", self.where)


def concept(group: str, where: str, within: str = "body") -> Callable[[Callable[[Layout], Spans]], Concept]:
    """Makes a concept of the decorated function, with its name, and its docstring's first line as the definition."""

    def make(spans: Callable[[Layout], Spans]) -> Concept:
        return Concept(spans.__name__, group, where, (spans.__doc__ or "").strip().split("\n")[0], within, spans)

    return make


def mask(length: int, spans: Spans) -> Labels:
    """True from each start up to, not with, each end."""
    labels = np.zeros(length, dtype=bool)
    for start, end in spans:
        labels[start:end] = True
    return labels


def domain(text: str, within: str) -> Labels:
    """The characters of a part of the text, a key of WITHIN: (T,) truth values."""
    laid = layout(text)
    spans: Mapping[str, Spans] = {
        "text": [(0, len(text))],
        "header": [(0, laid.body.start)],
        "body": [laid.body],
        "events": tokens_of(laid.events),
        "letters": letters_of(laid.notes),
    }
    return mask(len(text), spans[within])


def labels_of(texts: Sequence[str], labellers: Iterable[Labeller]) -> Labels:
    """All labels of all texts, (C, sum of T): text after text, so that each is laid out once."""
    labellers = list(labellers)
    rows = [np.array([labeller(text) for labeller in labellers]).reshape(len(labellers), -1) for text in texts]
    return np.concatenate(rows, axis=1) if rows else np.zeros((len(labellers), 0), dtype=bool)


@dataclass(frozen=True, eq=False)
class Annotations:
    """What C concepts say of some tunes of T characters in all.

    Attributes
    ----------
    texts : tuple of str
    labels : bool array, shape (C, T)
    among : mapping from a key of WITHIN to an int array, shape (N,)
        The characters, by their number in the joined texts, among which concepts of this kind are asked about.
    tune : int32 array, shape (T,)
        Which tune each character is of.
    """

    texts: tuple[str, ...]
    labels: Labels
    among: Mapping[str, NDArray[np.int64]]
    tune: NDArray[np.int32]


def annotate(texts: Sequence[str], concepts: Iterable[Concept]) -> Annotations:
    """Label all characters of some tunes."""
    kinds = [(lambda text, kind=kind: domain(text, kind)) for kind in WITHIN]
    concepts = list(concepts)
    rows = labels_of(texts, [*concepts, *kinds])
    among = {kind: np.flatnonzero(row) for kind, row in zip(WITHIN, rows[len(concepts) :], strict=True)}
    tune = np.repeat(np.arange(len(texts), dtype=np.int32), [len(text) for text in texts])
    return Annotations(tuple(texts), rows[: len(concepts)], among, tune)


def letters_of(notes: Iterable[PlacedToken]) -> Spans:
    """The characters that are the letters of notes."""
    return [(note.letter, note.letter + 1) for note in notes]


def tokens_of(events: Iterable[PlacedToken]) -> Spans:
    """The characters of notes and rests."""
    return [(event.token.start, event.token.end) for event in events]


def signs_of(text: Layout, *kinds: str) -> Spans:
    """The characters of the tokens of some kinds, such as "bar_line"."""
    return [(token.start, token.end) for token in text.tokens if token.kind in kinds]

"""Labels: what a concept is, and how spans of characters become truth values. The concepts are in `concepts.py`.

A concept is a function of the text alone: T characters in, (T,) out. It is asked *within* a part of the text: a unit
that only tells notes from other signs does not know which note it is, so note letters are compared among note letters.
"""

from __future__ import annotations

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
    about : str
        Its definition in one line.
    within : str
        A key of WITHIN: the characters among which it is asked.
    spans : callable
        From a layout to the characters that have it, as (start, end).
    """

    name: str
    group: str
    about: str
    within: str
    spans: Callable[[Layout], Spans]

    def __call__(self, text: str) -> Labels:
        """(T,) truth values."""
        return marked(len(text), self.spans(layout(text)))

    @property
    def title(self) -> str:
        """The name as the page writes it."""
        return self.name.replace("_", " ")


class Collection(dict[str, Concept]):
    """Concepts by name, put in by a decorator of functions from a layout to spans; the docstring is the definition."""

    def put(self, group: str, within: str = "body") -> Callable[[Callable[[Layout], Spans]], Callable[[Layout], Spans]]:
        """Put the function that is decorated among the concepts, under its own name."""

        def add(spans: Callable[[Layout], Spans]) -> Callable[[Layout], Spans]:
            name = spans.__name__
            self[name] = Concept(name, group, (spans.__doc__ or "").strip().split("\n")[0], within, spans)
            return spans

        return add


def marked(length: int, spans: Spans) -> Labels:
    """True from each start up to, not with, each end."""
    labels = np.zeros(length, dtype=bool)
    for start, end in spans:
        labels[start:end] = True
    return labels


def domain(text: str, within: str) -> Labels:
    """The characters of a part of the text, a key of WITHIN: (T,) truth values."""
    found = layout(text)
    spans: Mapping[str, Spans] = {
        "text": [(0, len(text))],
        "header": [(0, found.body.start)],
        "body": [found.body],
        "events": tokens_of(found.events),
        "letters": letters_of(found.notes),
    }
    return marked(len(text), spans[within])


def labels_of(texts: Sequence[str], labellers: Iterable[Labeller]) -> Labels:
    """All labels of all texts, (C, sum of T): text after text, so that each is laid out once."""
    labellers = list(labellers)
    rows = [np.array([labeller(text) for labeller in labellers]).reshape(len(labellers), -1) for text in texts]
    return np.concatenate(rows, axis=1) if rows else np.zeros((len(labellers), 0), dtype=bool)


def letters_of(notes: Iterable[PlacedToken]) -> Spans:
    """The characters that are the letters of notes."""
    return [(note.letter, note.letter + 1) for note in notes]


def tokens_of(events: Iterable[PlacedToken]) -> Spans:
    """The characters of notes and rests."""
    return [(event.token.start, event.token.end) for event in events]

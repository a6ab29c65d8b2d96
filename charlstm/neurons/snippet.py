"""Snippet: some bars of a tune as a small tune of its own, that can be drawn and played. Knows no networks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charlstm.neurons.concepts.layout import layout

AROUND = 1  # bars on both sides
LONGEST = 12  # bars of a snippet


@dataclass(frozen=True, eq=False)
class Snippet:
    """A small tune cut out of a larger one.

    Attributes
    ----------
    text : str
        The header of the tune, then its bars, without repeats and endings: what stands there is played once.
    start, end : int
        The characters of `text` that the place is, first and behind the last; equal if it is not to be seen.
    origin : int array, shape (len(text),)
        Where each character stood in the tune; -1 for a bar line that was put there.
    first, last : int
        Which bars of the tune it shows, from 1; 0 if the tune has none.
    """

    text: str
    start: int
    end: int
    origin: NDArray[np.int64]
    first: int
    last: int

    def values(self, values: NDArray[np.floating]) -> list[float]:
        """A unit's values over the tune, (T,), as those of the snippet's characters; 0 where a bar line was put."""
        found: list[float] = np.where(self.origin >= 0, values[self.origin.clip(0)], 0.0).tolist()
        return found


def snippet(text: str, start: int, end: int, *, around: int = AROUND) -> Snippet:
    """The bars of a tune around some of its characters, under its header.

    Parameters
    ----------
    text : str
        A whole tune.
    start, end : int
        The place, 0 <= start < end <= len(text). One in the header is shown with the first bars; of a long one, the
        first bars are shown.
    around : int
        Bars on both sides.

    Notes
    -----
    Repeats would be played out, and an ending without its partner would be silent; so bar lines with colons become
    double ones, numbers of endings are left out, and a final bar line ends the snippet. A tune without bars is left
    as it is.
    """
    laid = layout(text)
    body = laid.body.start
    bars = [numbered.bar for numbered in laid.bars]
    if not bars:
        return Snippet(text, start, end, np.arange(len(text)), 0, 0)
    if end <= body:
        touched = [0]
    else:
        inside = [k for k, numbered in enumerate(laid.bars) if numbered.span.start < end and start < numbered.span.end]
        touched = inside or [len(bars) - 1 if start >= bars[-1].end else 0]
    first = max(touched[0] - around, 0)
    last = min(touched[-1] + around, len(bars) - 1, first + LONGEST - 1)
    begin, finish = bars[first].start, bars[last].end
    pieces: list[tuple[str, int]] = [(text[:body], 0)]
    for token in laid.tokens:
        if not begin <= token.start < finish or token.kind == "ending":
            continue
        if token.kind == "bar_line" and token.text != "|":
            pieces.append(("||", token.start if token.text == "||" else -1))
        else:
            pieces.append((token.text, token.start))
    pieces.append(("|]", -1))
    made = "".join(piece for piece, _ in pieces)
    origin = np.concatenate(
        [np.arange(len(piece)) + at if at >= 0 else np.full(len(piece), -1) for piece, at in pieces]
    ).astype(np.int64)
    shown = np.flatnonzero((origin >= start) & (origin < end))
    here = (int(shown[0]), int(shown[-1]) + 1) if len(shown) else (body, body)
    return Snippet(made, *here, origin, first + 1, last + 1)

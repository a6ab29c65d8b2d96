"""Snippet: some bars of a tune as a short tune that can be engraved and played. Knows no networks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charlstm.neurons.concepts.layout import layout

AROUND = 1  # bars on both sides
LONGEST = 12  # bars of a snippet


@dataclass(frozen=True, eq=False)
class Snippet:
    """A short tune cut out of a longer one.

    Attributes
    ----------
    text : str
        The header of the tune, then its bars, without repeats and endings: each bar is played once.
    start, end : int
        The marked characters of `text`, first and after the last; equal if they are not shown.
    origin : int array, shape (len(text),)
        The position of each character in the tune; -1 for a bar line that was added.
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
        """A unit's values over the tune, (T,), as those of the snippet's characters; 0 where a bar line was added."""
        own: list[float] = np.where(self.origin >= 0, values[self.origin.clip(0)], 0.0).tolist()
        return own


def snippet(text: str, start: int, end: int, *, around: int = AROUND) -> Snippet:
    """The bars of a tune around some of its characters, under its header.

    Parameters
    ----------
    text : str
        A whole tune.
    start, end : int
        The marked characters, 0 <= start < end <= len(text). Some in the header are shown with the first bars; of many,
        the first bars are shown.
    around : int
        Bars on both sides.

    Notes
    -----
    Repeats would be played twice, and an ending without its partner would be silent; so bar lines with colons become
    double ones, numbers of endings are left out, and a final bar line ends the snippet. A tune without bars is returned
    as it is.
    """
    laid = layout(text)
    body = laid.body.start
    bars = [numbered.bar for numbered in laid.bars]
    if not bars:
        return Snippet(text, start, end, np.arange(len(text)), 0, 0)
    # Which bars: those that the marked characters touch, and some around them.
    if end <= body:
        touched = [0]
    else:
        inside = [k for k, numbered in enumerate(laid.bars) if numbered.span.start < end and start < numbered.span.end]
        touched = inside or [len(bars) - 1 if start >= bars[-1].end else 0]
    first = max(touched[0] - around, 0)
    last = min(touched[-1] + around, len(bars) - 1, first + LONGEST - 1)
    begin, finish = bars[first].start, bars[last].end
    # Their tokens, each with its position in the tune, without what would be played twice or not at all.
    pieces: list[tuple[str, int]] = [(text[:body], 0)]
    for token in laid.tokens:
        if not begin <= token.start < finish or token.kind == "ending":
            continue
        if token.kind == "bar_line" and token.text != "|":
            pieces.append(("||", token.start if token.text == "||" else -1))
        else:
            pieces.append((token.text, token.start))
    pieces.append(("|]", -1))
    origin = np.concatenate(
        [np.arange(len(piece)) + at if at >= 0 else np.full(len(piece), -1) for piece, at in pieces]
    ).astype(np.int64)
    shown = np.flatnonzero((origin >= start) & (origin < end))
    here = (int(shown[0]), int(shown[-1]) + 1) if len(shown) else (body, body)
    return Snippet("".join(piece for piece, _ in pieces), *here, origin, first + 1, last + 1)

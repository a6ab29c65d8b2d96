"""Real tunes with their bars shuffled: a control that has every bar of real music and none of its form.

Each bar changes places with bars of other tunes of the same meter, unit length and key and of the same length, so that
pitches, intervals within bars and rhythms stay as they were, while no phrase comes back and no melody leads anywhere.
What a measure says of these tunes it says of bars alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from charlstm.tunes.abc import body_tokens, split_header
from charlstm.tunes.views.bars import bars


class _Place(NamedTuple):
    """A bar of a tune: its music without a tie behind it, and where what replaces the bar ends."""

    tune: int
    start: int
    music_end: int
    end: int


def shuffled_bars(texts: Sequence[str], *, seed: int = 0) -> list[str]:
    """The tunes with their bars exchanged; headers, bar lines, pickups, repeats and line breaks stay in their places.

    Ties over bar lines go, since other notes follow.

    Parameters
    ----------
    texts : sequence of str
        ABC tunes. One that is alone in its meter and key exchanges its own bars.
    seed : int
    """
    rng = np.random.default_rng(seed)
    alike: dict[object, list[_Place]] = defaultdict(list)  # the bars, by what they have to agree in
    for number, text in enumerate(texts):
        header = split_header(text)
        kind = header.get("M"), header.get("L"), header.get("K")
        for place, duration in _places(number, text):
            alike[kind, duration].append(place)
    changes: list[list[tuple[_Place, str]]] = [[] for _ in texts]
    for group in alike.values():
        for place, other in zip(group, rng.permutation(len(group)).tolist(), strict=True):
            source = group[other]
            changes[place.tune].append((place, texts[source.tune][source.start : source.music_end]))
    return [_changed(text, sorted(own)) for text, own in zip(texts, changes, strict=True)]


def _places(number: int, text: str) -> list[tuple[_Place, object]]:
    """The bars of a tune, each with its duration."""
    tokens = body_tokens(text)
    starts = {token.start: token for token in tokens}
    ends = {token.end: token for token in tokens}
    places: list[tuple[_Place, object]] = []
    for bar in bars(text):
        before, after = ends.get(bar.start), starts.get(bar.end)
        # The sign of a tuplet stands before the bar's first note, a tie behind its last.
        start = before.start if before is not None and before.kind == "tuplet" else bar.start
        end = after.end if after is not None and after.kind == "tie" else bar.end
        places.append((_Place(number, start, bar.end, end), bar.duration))
    return places


def _changed(text: str, changes: Sequence[tuple[_Place, str]]) -> str:
    """A text with other music in some places."""
    pieces, at = [], 0
    for place, music in changes:
        pieces += [text[at : place.start], music]
        at = place.end
    return "".join(pieces) + text[at:]

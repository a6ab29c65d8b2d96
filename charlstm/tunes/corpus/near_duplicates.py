"""Which tunes are the same tune: near-duplicates and relatives, whatever the key and the unit note length.

Two tunes are compared by their 5-grams of (interval, ratio of durations). With A and B the sets of grams,
Jaccard = |A n B| / |A u B| and containment = |A n B| / min(|A|, |B|), both in [0, 1].
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from charlstm.tunes.views.melody import melody, steps

GRAM = 5
COMMON = 60  # a gram in more tunes than this tells nothing of kinship and costs a square of time
TWIN_JACCARD, TWIN_CONTAINMENT = 0.6, 0.9
RELATED_JACCARD, RELATED_CONTAINMENT = 0.35, 0.6


class Pair(NamedTuple):
    """Two tunes by their places, `first` before `second`, and how alike they are."""

    first: int
    second: int
    jaccard: float
    containment: float

    @property
    def twins(self) -> bool:
        """So alike that one of them is enough."""
        return self.jaccard > TWIN_JACCARD or self.containment > TWIN_CONTAINMENT


def grams(text: str) -> frozenset[Hashable]:
    """The 5-grams of a tune's melody; empty for a text without music."""
    line = steps(melody(text))
    return frozenset(tuple(line[i : i + GRAM]) for i in range(len(line) - GRAM + 1))


def related(sets: Sequence[frozenset[Hashable]]) -> list[Pair]:
    """All pairs of tunes that are twins or relatives, given each tune's grams; in order of places."""
    holders: dict[Hashable, list[int]] = defaultdict(list)
    for place, grams_of_tune in enumerate(sets):
        for gram in grams_of_tune:
            holders[gram].append(place)
    shared: Counter[tuple[int, int]] = Counter()
    for places in holders.values():
        if 1 < len(places) <= COMMON:
            shared.update((a, b) for n, a in enumerate(places) for b in places[n + 1 :])
    pairs = []
    for (a, b), count in shared.items():
        # The common grams were left out of the count that only finds candidates.
        if count * 5 < min(len(sets[a]), len(sets[b])):
            continue
        both = len(sets[a] & sets[b])
        jaccard = both / len(sets[a] | sets[b])
        containment = both / min(len(sets[a]), len(sets[b]))
        if jaccard > RELATED_JACCARD or containment > RELATED_CONTAINMENT:
            pairs.append(Pair(a, b, jaccard, containment))
    return sorted(pairs)


def families(count: int, pairs: Sequence[Pair]) -> list[list[int]]:
    """Tunes 0 to count - 1 in connected families, each in order, families by their first member."""
    first, second = [pair.first for pair in pairs], [pair.second for pair in pairs]
    _, labels = connected_components(
        coo_array((np.ones(len(pairs)), (first, second)), shape=(count, count)), directed=False
    )
    members: dict[int, list[int]] = defaultdict(list)
    for place, label in enumerate(labels):
        members[label].append(place)
    return list(members.values())

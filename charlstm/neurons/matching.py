"""Compare: which units of two networks do alike, over the same characters. Chosen on some tunes, scored on others.

Two networks trained apart have no common numbering, but each may have a unit for the same thing (Li et al. 2016,
"Convergent Learning"). Both read the same characters, so some likeness comes with the text alone: an untrained network
of the other's shape says how much, and values of other tunes say how alike the best of hundreds is by chance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charlstm.errors import ConfigError
from charlstm.lm.infer.engine import Engine
from charlstm.neurons.auroc import values_of
from charlstm.neurons.baselines import other_tunes, untrained
from charlstm.neurons.bootstrap import draws_of
from charlstm.neurons.intervals import LEVEL
from charlstm.neurons.recording import Unit

NULL_DRAWS = 20


@dataclass(frozen=True)
class Match:
    """A unit and the unit of another network that is most like it. Correlations in [-1, 1]; below 0: one falls where
    the other rises."""

    unit: Unit
    other: Unit
    chosen: float  # correlation on the tunes it was chosen on
    held_out: float  # on the others
    low: float  # interval of held_out over draws of tunes
    high: float
    untrained: float  # |correlation|, held out, with the most like unit of an untrained network of the other's shape

    @property
    def likeness(self) -> float:
        """The held-out correlation in the direction it was chosen in."""
        return self.held_out if self.chosen >= 0 else -self.held_out


@dataclass(frozen=True)
class Comparison:
    """Each unit's match. `chance`: the largest likeness of any unit with values of other tunes, in 95 of 100 draws."""

    matches: tuple[Match, ...]
    chance: float
    tunes: tuple[int, int]  # chosen on, scored on
    characters: tuple[int, int]
    tried: int  # pairs of units

    def is_alike(self, match: Match) -> bool:
        """Whether a match says something: it is above chance, and above what an untrained network reaches."""
        return match.likeness > max(self.chance, match.untrained)

    @property
    def alike(self) -> float:
        """The share of units whose match says something, in [0, 1]."""
        return sum(map(self.is_alike, self.matches)) / max(len(self.matches), 1)


def compare(
    engine: Engine,
    other: Engine,
    choose: Sequence[str],
    score: Sequence[str],
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Comparison:
    """Find each unit's best match in another network.

    r_ab = mean over characters of (a - mean a)(b - mean b) / (sd a sd b), the values of unit a of the one and b of the
    other network after the same characters. A unit's match is argmax_b |r_ab| on the tunes `choose`; its `held_out`
    is r_ab on the tunes `score`.

    Parameters
    ----------
    engine, other : Engine
    choose, score : sequences of str
        Texts that both can read, without a tune in common.
    progress : callable, optional
        Called with the steps done and their number; it may raise to stop.

    Raises
    ------
    ConfigError
        If a part holds no tunes.
    """
    if not any(choose) or not any(score):
        raise ConfigError("tunes", "are needed both to choose neurons on and to score them on.")
    steps = 6 + NULL_DRAWS
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        if progress:
            progress(done, steps)

    parts = [tuple(choose), tuple(score)]
    tunes = [np.repeat(np.arange(len(part), dtype=np.int32), [len(text) for text in part]) for part in parts]
    found: list[list[NDArray[np.float32]]] = []
    for network in (engine, other, untrained(other)):
        found.append([])
        for part in parts:
            found[-1].append(_standard(values_of(network, part)))
            step()
    own, theirs, blank = found
    on_choose = _products(own[0], theirs[0])
    best = np.abs(on_choose).argmax(axis=1)
    held_out = _paired(own[1], theirs[1][best])
    lows, highs = _intervals(own[1], theirs[1], best, tunes[1], len(parts[1]))
    blank_best = np.abs(_products(own[0], blank[0])).argmax(axis=1)
    blank_held_out = np.abs(_paired(own[1], blank[1][blank_best]))
    highest = []
    for draw in range(NULL_DRAWS):
        rng = np.random.default_rng(draw)
        moved = [theirs[k][:, other_tunes(tunes[k], rng)] for k in (0, 1)]
        chosen = np.abs(_products(own[0], moved[0])).argmax(axis=1)
        highest.append(float(np.abs(_paired(own[1], moved[1][chosen])).max()))
        step()
    sizes = engine.config.hidden_size, other.config.hidden_size
    matches = tuple(
        Match(
            Unit(*divmod(row, sizes[0])),
            Unit(*divmod(int(best[row]), sizes[1])),
            float(on_choose[row, best[row]]),
            float(held_out[row]),
            float(lows[row]),
            float(highs[row]),
            float(blank_held_out[row]),
        )
        for row in range(len(best))
    )
    return Comparison(
        matches,
        float(np.quantile(highest, LEVEL)),
        (len(choose), len(score)),
        (len(tunes[0]), len(tunes[1])),
        on_choose.size,
    )


def _standard(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each unit less its mean, over its deviation; a unit that never moves is all zeros."""
    centred = values - values.mean(axis=1, keepdims=True)
    deviation = centred.std(axis=1, keepdims=True)
    standard: NDArray[np.float32] = (centred / np.where(deviation > 1e-6, deviation, np.inf)).astype(np.float32)
    return standard


def _products(own: NDArray[np.float32], theirs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Correlations of all pairs, (U, U')."""
    correlations: NDArray[np.float32] = np.dot(own, theirs.T) / own.shape[1]
    return correlations


def _paired(own: NDArray[np.float32], theirs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Correlations of row with row, (U,)."""
    correlations: NDArray[np.float32] = np.einsum("ut,ut->u", own, theirs) / own.shape[1]
    return correlations


def _intervals(
    own: NDArray[np.float32], theirs: NDArray[np.float32], best: NDArray[np.int64], tune: NDArray[np.int32], tunes: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The middle 95 % of each match's correlation over tunes drawn again."""
    draws = draws_of(tunes).astype(np.float64)
    starts = np.flatnonzero(np.concatenate([[True], tune[1:] != tune[:-1]]))
    counts = draws @ np.diff(np.append(starts, len(tune))).astype(np.float64)
    lows, highs = np.empty(len(best)), np.empty(len(best))
    for row, match in enumerate(best):
        a, b = own[row], theirs[match]
        sums = np.add.reduceat(np.array([a, b, a * b, a * a, b * b], dtype=np.float64), starts, axis=1)
        mean_a, mean_b, ab, aa, bb = (draws @ line / counts for line in sums)
        spread = np.sqrt(np.maximum((aa - mean_a**2) * (bb - mean_b**2), 1e-12))
        edges = np.quantile((ab - mean_a * mean_b) / spread, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        lows[row], highs[row] = edges
    return lows, highs

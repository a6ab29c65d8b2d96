"""Matching: which units of two networks behave alike over the same characters. Chosen on some tunes, scored on others.

Two networks trained apart have no common numbering, but each may have a unit for the same thing (Li et al. 2016,
"Convergent Learning"). Both read the same characters, so some similarity comes with the text alone: an untrained
network of the other's shape says how much, and values of other tunes say how similar the best of hundreds is by chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charlstm.errors import ConfigError
from charlstm.lm.infer.engine import Engine
from charlstm.neurons.baselines import other_tunes, untrained
from charlstm.neurons.bootstrap import LEVEL, bootstrap
from charlstm.neurons.correlation import correlations, standardised
from charlstm.neurons.recording import Activations, Unit, record_texts
from charlstm.progress import Progress, Report

SHUFFLES = 20  # of the tunes, for what chance reaches


@dataclass(frozen=True)
class UnitMatch:
    """A unit and the unit of another network most similar to it.

    Correlations in [-1, 1]; below 0: one falls where the other rises.
    """

    unit: Unit
    other: Unit
    chosen: float  # correlation on the tunes it was chosen on
    held_out: float  # on the others
    low: float  # interval of held_out over resampled tunes
    high: float
    untrained: float  # |correlation|, held out, with the most similar unit of an untrained network of the other's shape

    @property
    def similarity(self) -> float:
        """The held-out correlation in the direction it was chosen in."""
        return self.held_out if self.chosen >= 0 else -self.held_out


@dataclass(frozen=True)
class Comparison:
    """Each unit's match. `chance`: the most that any unit reaches with values of other tunes, in 95 of 100 shuffles."""

    matches: tuple[UnitMatch, ...]
    chance: float
    tunes: tuple[int, int]  # chosen on, scored on
    characters: tuple[int, int]
    tried: int  # pairs of units

    def is_clear(self, match: UnitMatch) -> bool:
        """Whether a match is above chance, and above what an untrained network reaches."""
        return match.similarity > max(self.chance, match.untrained)

    @property
    def clear_share(self) -> float:
        """The share of units with a clear match, in [0, 1]."""
        return sum(map(self.is_clear, self.matches)) / max(len(self.matches), 1)


def compare(
    engine: Engine,
    other: Engine,
    choose: Sequence[str],
    score: Sequence[str],
    *,
    report: Report | None = None,
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
    report : callable, optional
        Told how far the work is; it may raise to stop.

    Raises
    ------
    ConfigError
        If a part holds no tunes.
    """
    if not any(choose) or not any(score):
        raise ConfigError("tunes", "are needed both to choose neurons on and to score them on.")
    done, steps = 0, 6 + SHUFFLES

    def step() -> None:
        nonlocal done
        done += 1
        if report:
            report(Progress("Comparing neurons", done, steps))

    def read(network: Engine, texts: Sequence[str]) -> tuple[NDArray[np.floating], Activations]:
        recording = record_texts(network, texts)
        step()
        return standardised(recording.rows), recording

    # Both networks, and an untrained one, read the tunes to choose on, [0], and the tunes to score on, [1].
    (own, recordings), (theirs, _), (blank, _) = (
        zip(*(read(network, part) for part in (choose, score)), strict=True)
        for network in (engine, other, untrained(other))
    )
    on_choose = correlations(own[0], theirs[0])
    best = np.abs(on_choose).argmax(axis=1)
    held_out = _row_correlations(own[1], theirs[1][best])
    tunes = [recording.tunes for recording in recordings]
    lows, highs = _intervals(own[1], theirs[1][best], recordings[1].starts)
    # What an untrained network reaches, chosen and scored in the same way.
    blank_best = np.abs(correlations(own[0], blank[0])).argmax(axis=1)
    blank_held_out = np.abs(_row_correlations(own[1], blank[1][blank_best]))
    # What any unit reaches with the values of other tunes, chosen and scored in the same way.
    highest = []
    for seed in range(SHUFFLES):
        rng = np.random.default_rng(seed)
        moved = [theirs[k][:, other_tunes(tunes[k], rng)] for k in (0, 1)]
        chosen = np.abs(correlations(own[0], moved[0])).argmax(axis=1)
        highest.append(float(np.abs(_row_correlations(own[1], moved[1][chosen])).max()))
        step()
    sizes = engine.config.hidden_size, other.config.hidden_size
    columns = np.array([on_choose[np.arange(len(best)), best], held_out, lows, highs, blank_held_out]).T.tolist()
    matches = tuple(
        UnitMatch(Unit(*divmod(row, sizes[0])), Unit(*divmod(match, sizes[1])), *columns[row])
        for row, match in enumerate(best.tolist())
    )
    return Comparison(
        matches,
        float(np.quantile(highest, LEVEL)),
        (len(choose), len(score)),
        (len(tunes[0]), len(tunes[1])),
        on_choose.size,
    )


def _row_correlations(own: NDArray[np.floating], theirs: NDArray[np.floating]) -> NDArray[np.floating]:
    """Correlations of row with row, (U,)."""
    means: NDArray[np.floating] = np.einsum("ut,ut->u", own, theirs) / own.shape[1]
    return means


def _intervals(
    own: NDArray[np.floating], theirs: NDArray[np.floating], starts: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The bootstrap intervals over tunes of the correlation of each row with its match, (U,) each."""
    lengths = np.diff(starts).astype(np.float64)
    edges = []
    for a, b in zip(own, theirs, strict=True):
        sums = np.add.reduceat(np.array([a, b, a * b, a * a, b * b], dtype=np.float64), starts[:-1], axis=1)

        def correlation(drawn: NDArray[np.float32], sums: NDArray[np.float64] = sums) -> NDArray[np.float64]:
            mean_a, mean_b, ab, aa, bb = (drawn @ sums.T / (drawn @ lengths)[:, None]).T
            spread = np.sqrt(np.maximum((aa - mean_a**2) * (bb - mean_b**2), 1e-12))
            resampled: NDArray[np.float64] = (ab - mean_a * mean_b) / spread
            return resampled

        edges.append(bootstrap(correlation, len(lengths)))
    low, high = np.array(edges, dtype=np.float64).T
    return low, high

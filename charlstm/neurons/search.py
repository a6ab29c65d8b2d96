"""Search: which units are on over a part of a tune, and where else in a corpus the same units are on.

The two steps are LSTMVis's select and match (Strobelt et al. 2018, "LSTMVis: A Tool for Visual Analysis of Hidden
State Dynamics in Recurrent Neural Networks"), with two differences: a unit may also be on by being low, and the matches
are ranked by a rule of our own.

A *probe* is a unit with a sign and a threshold: it is *on* at a character where sign * h >= threshold. h is the state
after that character. Values lie in [-1, 1].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from charlstm.errors import ConfigError
from charlstm.neurons.recording import Activations, Unit

THRESHOLD = 0.3  # LSTMVis's default


class Probe(NamedTuple):
    """A unit and when it counts as on: where sign * h >= threshold."""

    unit: Unit
    sign: int  # 1: on when high; -1: on when low
    threshold: float  # in (0, 1) for sign * h

    def __str__(self) -> str:
        """layer:index and which way it goes."""
        return f"{self.unit}{'+' if self.sign > 0 else '-'}"


class Selected(NamedTuple):
    """A probe that is on over a selection, and by how much it stands out there."""

    probe: Probe
    contrast: float  # mean of sign * h inside less its mean just around, in [-2, 2]


def select(
    acts: Activations,
    start: int,
    end: int,
    *,
    threshold: float = THRESHOLD,
    share: float = 1.0,
    before: int = 1,
    after: int = 1,
) -> list[Selected]:
    """The units that are on over a range of a tune and off just around it; the greatest contrast first.

    With s = 1 or -1, unit u is selected if s h_u(t) >= threshold for at least `share` of the characters
    start <= t < end, and s h_u(t) < threshold for all of the `before` characters before and the `after` characters
    after them. The contrast is the mean of s h_u inside less its mean over the characters around; without any, less its
    mean over the whole tune.

    Parameters
    ----------
    acts : Activations
        Hidden states of a tune of T characters.
    start, end : int
        0 <= start < end <= T.
    threshold : float
        In (0, 1).
    share : float
        In (0, 1]; 1 as LSTMVis has it.
    before, after : int
        Characters at which it must be off; those beyond the tune's ends do not count. 0 asks nothing of that side.

    Raises
    ------
    ConfigError
        If the range is empty or beyond the tune, or a setting is out of its range.
    """
    length = acts.characters
    if not 0 <= start < end <= length:
        raise ConfigError("selection", f"from {start} to {end} is not in a tune of {length} characters.")
    if not 0 < threshold < 1:
        raise ConfigError("threshold", "must be between 0 and 1.")
    if not 0 < share <= 1 or before < 0 or after < 0:
        raise ConfigError("selection", "needs a share in (0, 1], and 0 or more characters around.")
    inside = acts.values[:, start:end]
    around = np.concatenate([acts.values[:, max(start - before, 0) : start], acts.values[:, end : end + after]], axis=1)
    compared = around if around.shape[1] else acts.values
    selected = []
    for sign in (1, -1):
        on = (sign * inside >= threshold).mean(axis=1) >= share - 1e-9
        off = (sign * around < threshold).all(axis=1)
        contrast = sign * (inside.mean(axis=1) - compared.mean(axis=1))
        selected += [
            Selected(Probe(Unit(int(k), int(j)), sign, threshold), float(contrast[k, j]))
            for k, j in np.argwhere(on & off)
        ]
    return sorted(selected, key=lambda s: (-s.contrast, s.probe))


def concept_probes(
    values: NDArray[np.floating], labels: NDArray[np.bool_], units: Sequence[Unit | tuple[int, int]]
) -> list[Probe]:
    """Units as detectors of a concept: which way each goes, and the threshold that tells it best.

    The threshold is the value v for which J = (share of the concept's characters at v or beyond) - (share of the
    others at v or beyond) is largest (Youden 1950), on the characters given; the sign is that of the larger J of the
    two ways. The best of all thresholds looks better here than on other characters.

    Parameters
    ----------
    values : float array, shape (U, T)
        Of these units.
    labels : bool array, shape (T,)
    units : sequence of U units
    """
    if labels.all() or not labels.any():
        raise ConfigError("concept", "holds at all or at none of these characters.")
    probes = []
    for unit, row in zip(units, values, strict=True):
        ways = []
        for sign in (1, -1):
            signed = sign * row.astype(np.float64)
            order = np.argsort(-signed, kind="stable")
            have = labels[order].cumsum() / labels.sum()
            lack = (~labels[order]).cumsum() / (~labels).sum()
            last = np.append(signed[order][1:] != signed[order][:-1], True)  # of equal values, all or none
            at = int(np.where(last, have - lack, -np.inf).argmax())
            ways.append((float(have[at] - lack[at]), sign, float(signed[order][at])))
        _, sign, threshold = max(ways)
        probes.append(Probe(Unit(*unit), sign, threshold))
    return probes


class Match(NamedTuple):
    """A part of a text in a recording where some probes are on together."""

    text: int
    start: int  # characters of that text, first
    end: int  # and after the last
    shared: int  # how many probes are on over all of it


@dataclass(frozen=True)
class Matches:
    """The result of a search.

    Attributes
    ----------
    best : tuple of Match
        The best ones, best first.
    counts : mapping from a number of probes to a number of matches
        How many stretches of the corpus have at least that many on at once.
    share : float
        Of the corpus's characters at which all are on.
    """

    best: tuple[Match, ...]
    counts: dict[int, int]
    share: float


def on_counts(recording: Activations, probes: Sequence[Probe]) -> NDArray[np.uint16]:
    """How many of the probes are on at each character of a float16 recording, shape (T,)."""
    counts = np.zeros(recording.characters, dtype=np.uint16)
    for probe in probes:
        counts += _is_on(recording.rows[recording.row(probe.unit)], probe)
    return counts


def _is_on(row: NDArray[np.float16], probe: Probe) -> NDArray[np.bool_]:
    """Where sign * value >= threshold, exactly, compared as whole numbers: NumPy has no fast comparison of float16.

    The bits of floats of one sign are in the order of their sizes; a negative float has the highest bit set. So from a
    positive threshold up is from its bits up as signed numbers, and from -threshold down is the same as unsigned ones.
    """
    bound = np.float16(probe.threshold)
    if float(bound) < probe.threshold:
        bound = np.nextafter(bound, np.float16(np.inf))
    if bound <= 0:  # of a probe that looks for a concept
        return probe.sign * row.astype(np.float32) >= probe.threshold
    if probe.sign > 0:
        high: NDArray[np.bool_] = row.view(np.int16) >= bound.view(np.int16)
        return high
    low: NDArray[np.bool_] = row.view(np.uint16) >= (-bound).view(np.uint16)
    return low


def match(
    recording: Activations,
    probes: Sequence[Probe],
    *,
    length: int = 1,
    least: int | None = None,
    top: int = 20,
    per_text: int = 2,
) -> Matches:
    """The parts of a corpus where the same units are on together.

    With n(t) the number of probes that are on at character t, a match of level k is a longest stretch of one text
    with n >= k throughout. Matches are taken level by level, from all K probes down to `least`; a stretch that contains
    one of a higher level is not taken again. Within a level, those nearest in length to the selection come first,
    |end - start - length|, then the corpus's order.

    Parameters
    ----------
    recording : Activations
        In float16, such as `record_to_file` gives.
    probes : sequence of K Probes
        1 or more, of different units.
    length : int
        Characters of the selection that they are from.
    least : int, optional
        Fewest probes to share, from 1; default: half of them, rounded up.
    top : int
        How many matches at most.
    per_text : int
        How many of them from one text at most, so that a tune that repeats itself does not fill the list.

    Raises
    ------
    ConfigError
        If there are no probes, or no such unit.
    """
    if not probes:
        raise ConfigError("units", "are needed to search with; select another part, or lower the threshold.")
    counts = on_counts(recording, probes)
    least = -(-len(probes) // 2) if least is None else max(least, 1)
    heads = np.zeros(recording.characters + 1, dtype=bool)  # where a text begins, and after the last
    heads[recording.starts] = True
    best: list[Match] = []
    totals: dict[int, int] = {}
    used: dict[int, int] = {}
    for level in range(len(probes), least - 1, -1):
        starts, ends = _stretches(counts >= level, heads)
        totals[level] = len(starts)
        if len(best) >= top or not len(starts):
            continue
        peaks = np.maximum.reduceat(counts, starts)  # between two stretches there is nothing as high
        new = np.flatnonzero(peaks == level)
        for i in new[np.argsort(np.abs(ends[new] - starts[new] - length), kind="stable")].tolist():
            text, start = recording.locate(int(starts[i]))
            if used.get(text, 0) >= per_text:
                continue
            used[text] = used.get(text, 0) + 1
            best.append(Match(text, start, start + int(ends[i] - starts[i]), level))
            if len(best) >= top:
                break
    return Matches(tuple(best), totals, float((counts == len(probes)).mean()) if len(counts) else 0.0)


def _stretches(mask: NDArray[np.bool_], heads: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """First columns, and columns after the last, of the longest runs of True that no text begins within."""
    before = np.concatenate([[False], mask[:-1]])
    behind = np.concatenate([mask[1:], [False]])
    starts = np.flatnonzero(mask & (~before | heads[:-1]))
    ends = np.flatnonzero(mask & (~behind | heads[1:])) + 1
    return starts, ends


class Nearest(NamedTuple):
    """Where states are most like a given one: (text, character, distance), nearest first; and the corpus's median."""

    best: tuple[tuple[int, int, float], ...]
    median: float


def nearest(recording: Activations, state: NDArray[np.floating], *, top: int = 20) -> Nearest:
    """Where in a corpus the state is most like a given one: search by example.

    The distance is Euclidean, d(t) = sqrt(sum over units of (h_u(t) - x_u)^2). Of each text the nearest character only.

    Parameters
    ----------
    recording : Activations
    state : float array, shape (L, H)
        x: hidden states after the example's last character.
    top : int
        How many texts.
    """
    wanted = np.asarray(state, dtype=np.float32).reshape(-1)
    if wanted.shape != (len(recording.rows),):
        raise ConfigError("state", f"must have {len(recording.rows)} numbers, one a unit.")
    squares = np.zeros(recording.characters, dtype=np.float32)
    row = np.empty_like(squares)
    for values, x in zip(recording.rows, wanted, strict=True):
        np.subtract(values, x, row, dtype=np.float32)
        np.multiply(row, row, row)
        np.add(squares, row, squares)
    lowest = np.minimum.reduceat(squares, recording.starts[:-1])
    best = []
    for text in np.argsort(lowest, kind="stable")[:top].tolist():
        start, end = recording.starts[text : text + 2].tolist()
        at = int(squares[start:end].argmin())
        best.append((text, at, float(np.sqrt(squares[start + at]))))
    return Nearest(tuple(best), float(np.sqrt(np.median(squares))))

"""What a chord costs, in nats: under the notes of a step, after another chord, at a place of the tune.

Every cost is a negative logarithm of a probability. The probabilities below are set by hand, from the habits of those
who back fiddle tunes; `estimate` moves them towards what tunes with chord symbols do, as far as there are enough of
them. All is relative to the tonic, so a tune in another key has the same chords in that key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from charlstm.tunes.keys import Key


class Degree(NamedTuple):
    """A chord of a key: its root in scale letters and in semitones above the tonic, its kind, how usual it is."""

    steps: int
    semitones: int
    kind: str  # of `chords.KINDS`
    weight: float


# The chords of each mode. Where a fiddle tune in minor, dorian or mixolydian has a seventh, it is mostly the flat one.
MODES: Mapping[str, tuple[Degree, ...]] = {
    "major": (
        Degree(0, 0, "", 1.0), Degree(4, 7, "", 0.55), Degree(4, 7, "7", 0.45), Degree(3, 5, "", 0.65),
        Degree(1, 2, "m", 0.30), Degree(5, 9, "m", 0.30), Degree(2, 4, "m", 0.06), Degree(6, 10, "", 0.05),
        Degree(1, 2, "7", 0.05),
    ),
    "minor": (
        Degree(0, 0, "m", 1.0), Degree(6, 10, "", 0.50), Degree(4, 7, "7", 0.35), Degree(4, 7, "m", 0.15),
        Degree(3, 5, "m", 0.35), Degree(2, 3, "", 0.35), Degree(5, 8, "", 0.20), Degree(3, 5, "", 0.05),
    ),
    "dorian": (
        Degree(0, 0, "m", 1.0), Degree(6, 10, "", 0.85), Degree(3, 5, "", 0.30), Degree(4, 7, "m", 0.20),
        Degree(2, 3, "", 0.25), Degree(1, 2, "m", 0.05), Degree(4, 7, "7", 0.10),
    ),
    "mixolydian": (
        Degree(0, 0, "", 1.0), Degree(6, 10, "", 0.75), Degree(3, 5, "", 0.45), Degree(4, 7, "m", 0.20),
        Degree(4, 7, "", 0.25), Degree(1, 2, "m", 0.15), Degree(5, 9, "m", 0.15),
    ),
    "phrygian": (
        Degree(0, 0, "m", 1.0), Degree(1, 1, "", 0.60), Degree(6, 10, "m", 0.50), Degree(2, 3, "", 0.35),
        Degree(3, 5, "m", 0.30), Degree(5, 8, "", 0.30),
    ),
}  # fmt: skip
_LIKE = {"lydian": "major", "locrian": "phrygian"}
# By how many semitones the root rises from one chord to the next: how much likelier the next one is.
MOVES = {5: 2.0, 7: 1.0, 2: 1.2, 10: 1.1, 9: 1.0, 3: 0.8, 8: 0.9, 4: 0.7, 1: 0.8, 11: 0.7, 6: 0.3, 0: 0.5}
SCALES = {"major": 0, "minor": 3, "dorian": 10, "mixolydian": 5, "phrygian": 8, "lydian": 7, "locrian": 1}
_MAJOR = (0, 2, 4, 5, 7, 9, 11)


@dataclass(frozen=True)
class Costs:
    """The probabilities that the costs come from; `estimate` has others than these.

    Attributes
    ----------
    melody : float
        Nats of a chord's fit to the notes count so much for every eighth: notes that follow each other are not
        independent.
    tones : tuple of float
        How likely the root, third, fifth and seventh of a chord are under it, then another note of the scale, then one
        outside it.
    change, change_inside : float
        Probability of another chord where a bar begins, and inside it.
    ends_on_tonic, begins_on_tonic, phrase : float
        How much likelier the tonic is at the end and the beginning of a section; it and the dominant after four bars.
    degrees : mapping of (mode, semitones, kind) to float
        How usual a chord is; without an entry, as in `MODES`.
    moves : mapping of int to float
        As `MOVES`.
    """

    melody: float = 0.5
    tones: tuple[float, float, float, float, float, float] = (1.0, 1.0, 0.8, 0.5, 0.16, 0.04)
    change: float = 0.7
    change_inside: float = 0.3
    ends_on_tonic: float = 30.0
    begins_on_tonic: float = 4.0
    phrase: float = 2.0
    degrees: Mapping[tuple[str, int, str], float] = field(default_factory=dict)
    moves: Mapping[int, float] = field(default_factory=lambda: dict(MOVES))


def mode_of(key: Key) -> str:
    """The entry of MODES that a key's chords are."""
    return key.mode if key.mode in MODES else _LIKE.get(key.mode, "major")


def scale_of(key: Key) -> frozenset[int]:
    """The pitch classes of a key's scale, semitones above its tonic."""
    offset = SCALES[key.mode]
    return frozenset((note + offset) % 12 for note in _MAJOR)

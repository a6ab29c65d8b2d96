"""The instruments that tablature is written for, one entry of `INSTRUMENTS` each. docs/tablature.md says more.

Pitches are MIDI numbers of the notes as written. Knows no tune and no page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import NamedTuple

CLOSED, HALF, OPEN, OVERBLOWN = "●", "◐", "○", "+"


class Fingering(NamedTuple):
    """How a note or a chord is played: one sign for each row of the instrument, "" where the row has none."""

    signs: tuple[str, ...]

    @property
    def is_half_holed(self) -> bool:
        """Whether a hole is half covered, which is hard to play in tune."""
        return HALF in self.signs

    def __str__(self) -> str:
        return "".join(self.signs)


@dataclass(frozen=True)
class Instrument:
    """An instrument of the tablature.

    Attributes
    ----------
    label : str
        As people call it: "D whistle".
    rows : tuple of str
        From the top: the names of its strings, or "" for each hole and for the sign of the second octave.
    finger : callable
        From the pitches that sound together, at least one, to their Fingering; None: they cannot be played.
    about : str
        What the tablature assumes, in a sentence.
    """

    label: str
    rows: tuple[str, ...]
    finger: Callable[[Sequence[int]], Fingering | None]
    about: str

    @property
    def has_strings(self) -> bool:
        """Whether its rows are strings, drawn as lines."""
        return any(self.rows)


# Semitones above the lowest note -> the six holes from the mouthpiece on; those an octave higher are overblown.
_HOLES = {
    0: "●●●●●●", 1: "●●●●●◐", 2: "●●●●●○", 3: "●●●●◐○", 4: "●●●●○○", 5: "●●●○○○", 6: "●●◐○○○", 7: "●●○○○○",
    8: "●◐○○○○", 9: "●○○○○○", 10: "○●●○○○", 11: "○○○○○○",
    12: "○●●●●●", 22: "◐○○○○○",  # above the first octave these two are played otherwise
}  # fmt: skip
_HIGHEST = 24


def _whistle(key: str, lowest: int) -> Instrument:
    def finger(pitches: Sequence[int]) -> Fingering | None:
        step = max(pitches) - lowest
        if not 0 <= step <= _HIGHEST:
            return None
        holes = _HOLES[step] if step in _HOLES else _HOLES[step - 12]
        return Fingering((*holes, OVERBLOWN if step >= 12 else ""))

    about = f"Fingered as written: {key} is all holes covered. Of a chord, the highest note is shown."
    return Instrument(f"{key} whistle", ("",) * 7, finger, about)


_FRETS = tuple(map(str, range(10)))
_FINGERS = ("0", "L1", "1", "L2", "2", "3", "H3", "4")  # of a violin's first position, L low and H high


def _strings(
    label: str, tuning: Sequence[tuple[str, int]], stops: Sequence[str], about: str, *, bowed: bool = False
) -> Instrument:
    """Strings by name, the first one at the top of the tablature; `stops` has a sign for each semitone of a string.

    The lowest places are chosen, so that an open string goes before a finger on a lower one. Two notes of a bowed
    instrument are on neighbouring strings, and three do not sound together. A string named "g" in small letters is a
    short one, which is played open.
    """
    names, pitches_open = zip(*tuning, strict=True)
    highest = tuple(0 if name.islower() else len(stops) - 1 for name in names)

    def finger(pitches: Sequence[int]) -> Fingering | None:
        if len(pitches) > (2 if bowed else len(pitches_open)):
            return None
        best: tuple[int, dict[int, int]] | None = None  # the sum of the semitones, and those of each string
        for strings in permutations(range(len(pitches_open)), len(pitches)):
            steps = {s: pitch - pitches_open[s] for s, pitch in zip(strings, pitches, strict=True)}
            if any(not 0 <= step <= highest[s] for s, step in steps.items()):
                continue
            if bowed and max(strings) - min(strings) >= 2:
                continue
            if best is None or sum(steps.values()) < best[0]:
                best = sum(steps.values()), steps
        if best is None:
            return None
        return Fingering(tuple(stops[best[1][s]] if s in best[1] else "" for s in range(len(pitches_open))))

    return Instrument(label, names, finger, about)


_VIOLIN = (("E", 76), ("A", 69), ("D", 62), ("G", 55))
_BANJO = (("D", 74), ("B", 71), ("G", 67), ("D", 62), ("g", 79))
_GUITAR = (("E", 76), ("B", 71), ("G", 67), ("D", 62), ("A", 57), ("E", 52))
_OCTAVE = "Written an octave above where it sounds, as is usual."
# By the name of the command's option and of the address.
INSTRUMENTS: Mapping[str, Instrument] = {
    **{
        f"whistle-{key.lower()}": _whistle(key.replace("b", "♭"), lowest)
        for key, lowest in {"D": 62, "C": 60, "Eb": 63, "F": 65, "G": 67, "A": 57, "Bb": 58}.items()
    },
    "mandolin": _strings("Mandolin", _VIOLIN, _FRETS[:8], "Tuned G D A E, up to the seventh fret."),
    "fiddle": _strings(
        "Fiddle", _VIOLIN, _FINGERS, "Tuned G D A E, first position: fingers 1 to 4, L low and H high.", bowed=True
    ),
    "banjo": _strings(
        "Banjo", _BANJO, _FRETS, f"Open G, up to the ninth fret. {_OCTAVE}"
    ),
    "guitar": _strings(
        "Guitar", _GUITAR, _FRETS[:8],
        f"Standard tuning, up to the seventh fret. {_OCTAVE}",
    ),
}  # fmt: skip

"""How often the chords that we write are those that tunes have: at each half bar, the same root.

    python benchmarks/backing.py                     tunes with chord symbols of music21's corpus
    python benchmarks/backing.py FOLDER              of the ABC files of a folder, or of a file
    python benchmarks/backing.py FOLDER --learn      costs estimated on its tuning tunes, judged on the others
    python benchmarks/backing.py FOLDER --show       and each tune with what was written

Beside the method two rules: the tonic always, and the chord of the key that fits the notes of each step best, whatever
stands around it. Tunes are parted by a hash of their notes into tuning and test tunes; numbers were only ever changed
by looking at the first. A half bar counts if the tune has a chord there; both halves of a bar of three beats count.
"""

from __future__ import annotations

import argparse
import hashlib
import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

from charlstm.errors import NotationError
from charlstm.files import decode_text
from charlstm.tunes.abc import split_tunebook
from charlstm.tunes.chords import Chord
from charlstm.tunes.harmony.backing import DEFAULT, chords_of, has_chords
from charlstm.tunes.harmony.costs import Costs
from charlstm.tunes.harmony.estimate import estimate, written_chords
from charlstm.tunes.parse.events import Reading
from charlstm.tunes.parse.reader import read

MIN_CHORDS = 6
NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
Roots = Sequence[tuple[Fraction, int]]  # by onset
FIT_ALONE = Costs(change=1 - 1e-9, change_inside=1 - 1e-9, ends_on_tonic=1, begins_on_tonic=1, phrase=1, moves={})


def tunes(paths: Sequence[Path]) -> Iterator[tuple[str, Reading]]:
    """The tunes that have chord symbols: (name, reading)."""
    files = [file for path in paths for file in ([path] if path.is_file() else sorted(path.rglob("*.abc")))]
    for file in files:
        for number, text in enumerate(split_tunebook(decode_text(file.read_bytes())), 1):
            try:
                reading = read(text) if has_chords(text) else None
            except NotationError:
                continue
            if reading and len(written_chords(reading)) >= MIN_CHORDS:
                yield f"{file.name}#{number} {reading.title}", reading


def half_bars(reading: Reading) -> Iterator[Fraction]:
    """The moments that are judged, in the written order."""
    for measure in reading.measures:
        if measure.expected and measure.duration == measure.expected:
            yield measure.onset
            yield measure.onset + measure.duration / 2


def root_at(roots: Roots, moment: Fraction) -> int | None:
    place = bisect_right([onset for onset, _ in roots], moment) - 1
    return roots[place][1] if place >= 0 else None


def reference(reading: Reading) -> Roots:
    return [(onset, chord.root if chord.tones else -1) for onset, chord in written_chords(reading)]


def ours(reading: Reading, costs: Costs) -> Roots:
    return [(each.step.onset, each.root) for each in chords_of(reading, costs)]


def is_for_tuning(reading: Reading) -> bool:
    notes = repr([(head.midi, str(event.duration)) for event in reading.events for head in event.heads])
    return hashlib.sha256(notes.encode()).digest()[0] % 2 == 0


def share(readings: Sequence[Reading], rule: str, costs: Costs = DEFAULT) -> tuple[int, int]:
    """Half bars with the same root, and how many there are."""
    same = count = 0
    for reading in readings:
        theirs = reference(reading)
        mine = ours(reading, FIT_ALONE if rule == "melody alone" else costs)
        tonic = reading.measures[0].key
        for moment in half_bars(reading):
            wanted = root_at(theirs, moment)
            if wanted is None or wanted < 0:
                continue
            count += 1
            found = (tonic.semitone if tonic else 0) if rule == "tonic" else root_at(mine, moment)
            same += found == wanted
    return same, count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", type=Path, nargs="*", metavar="FOLDER")
    parser.add_argument("--learn", action="store_true", help="estimate the costs on the tuning tunes")
    parser.add_argument("--show", action="store_true")
    options = parser.parse_args()
    if not options.paths:
        import music21

        options.paths = [Path(music21.__file__).parent / "corpus" / "nottingham-dataset"]
    named = list(tunes(options.paths))
    parts = {
        "tuning": [reading for _, reading in named if is_for_tuning(reading)],
        "test": [reading for _, reading in named if not is_for_tuning(reading)],
    }
    costs = estimate(parts["tuning"]) if options.learn else DEFAULT
    for part, readings in parts.items():
        print(f"{part}: {len(readings)} tunes, {share(readings, 'tonic')[1]} half bars")
        for rule in ("tonic", "melody alone", "backing"):
            same, count = share(readings, rule, costs)
            error = 100 * math.sqrt(same * (count - same) / count**3) if count else math.nan
            print(f"  {rule:13s} {100 * same / max(1, count):5.1f} % ± {error:.1f}")
    if options.show:
        for name, reading in named:
            same, count = share([reading], "backing", costs)
            print(f"\n{name}: {same} of {count}{', tuning' if is_for_tuning(reading) else ''}")
            print(" ".join(each.name for each in chords_of(reading, costs)))
            print(" ".join(_letters(chord) for _, chord in written_chords(reading)))


def _letters(chord: Chord) -> str:
    return f"{NAMES[chord.root]}{'m' if 3 in chord.tones else ''}"


if __name__ == "__main__":
    main()

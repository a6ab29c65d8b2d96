"""Whether the files of a tune hold its notes, as readers find them that know nothing of us.

    python benchmarks/files.py                 200 tunes, spread over music21's fiddle books
    python benchmarks/files.py --limit 0       all of them (an hour)

MIDI is read by pretty_midi: pitch, onset and end of every note, repeats played out, in seconds. MusicXML is read by
music21's own reader: onset, pitch and length of every note as it is written, graces apart.
"""

from __future__ import annotations

import argparse
import collections
import random
from fractions import Fraction

from agreement import BOOKS, tunes

from charlstm.errors import NotationError
from charlstm.score.durations import pieces
from charlstm.score.midi import to_midi
from charlstm.score.notation import to_musicxml, to_score
from charlstm.score.piano_roll import notes_of
from charlstm.score.timeline import attacks, clock, timeline
from charlstm.tunes.parse.events import Reading
from charlstm.tunes.parse.reader import read

TOLERANCE = 5e-4  # seconds; a tick at 60 quarter notes a minute is a tenth of it


def midi_differs(reading: Reading) -> str:
    """What pretty_midi finds otherwise than our events say; "" for nothing."""
    when = clock(reading).seconds
    found = notes_of(to_midi(to_score(reading)))
    struck = attacks(timeline(reading))
    sounding = sorted({voice for *_, voice in struck})
    if len(found) != len(sounding):
        return f"{len(found)} voices, not {len(sounding)}"
    for number, voice in zip(sounding, found, strict=True):
        wanted = joined((when(on), pitch, when(on + length)) for on, length, pitch, v in struck if v == number)
        if len(voice) != len(wanted):
            return f"{len(voice)} notes, not {len(wanted)}"
        for a, b in zip(sorted(voice), wanted, strict=True):
            if a[1] != b[1] or abs(a[0] - b[0]) > TOLERANCE or abs(a[2] - b[2]) > TOLERANCE:
                return f"{a} is not {b}"
    return ""


def joined(notes: object) -> list[tuple[float, int, float]]:
    """Notes of the same pitch that overlap, as in a unison of two layers, are one for a MIDI file."""
    found: list[tuple[float, int, float]] = []
    last: dict[int, int] = {}
    for start, pitch, end in sorted(notes):  # type: ignore[call-overload]
        place = last.get(pitch)
        if place is not None and start < found[place][2] - 1e-9:
            found[place] = (found[place][0], pitch, max(end, found[place][2]))
        else:
            last[pitch] = len(found)
            found.append((start, pitch, end))
    return sorted(found)


Written = collections.Counter[tuple[Fraction, int, Fraction]]


def musicxml_differs(reading: Reading) -> str:
    """What music21's own reader finds otherwise than our events say; "" for nothing."""
    from music21 import converter

    parts = converter.parseData(to_musicxml(to_score(reading)), format="musicxml").parts
    if len(parts) != len(reading.voices):
        return f"{len(parts)} parts, not {len(reading.voices)}"
    for part, voice in zip(parts, reading.voices, strict=True):
        found: Written = collections.Counter()
        for element in part.flatten().notes:
            if not element.duration.isGrace:
                for note in element.notes if element.isChord else (element,):
                    place = Fraction(element.offset).limit_denominator(10080)
                    found[place, note.pitch.midi, Fraction(element.quarterLength).limit_denominator(10080)] += 1
        wanted: Written = collections.Counter()
        for measure in voice.measures:
            for layer in (measure.events, *measure.overlays):
                at = measure.onset * 4
                for event in layer:
                    for piece in pieces(event):
                        for head in event.heads:
                            wanted[at, head.midi, Fraction(piece.quarters)] += 1
                        at += piece.quarters
        if found != wanted:
            return f"{list((found - wanted).items())[:3]} is not {list((wanted - found).items())[:3]}"
    return ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--books", nargs="+", default=list(BOOKS))
    parser.add_argument("--limit", type=int, default=200, help="so many tunes, spread over the books (0: all)")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    chosen = list(tunes(tuple(options.books)))
    if options.limit:
        chosen = random.Random(options.seed).sample(chosen, min(options.limit, len(chosen)))
    kinds: collections.Counter[str] = collections.Counter()
    for name, text in chosen:
        try:
            reading = read(text)
        except NotationError:
            kinds["no music"] += 1
            continue
        for file, difference in (("MIDI", midi_differs(reading)), ("MusicXML", musicxml_differs(reading))):
            kinds[f"{file} {'differs' if difference else 'same'}"] += 1
            if difference:
                print(f"{name}: {file}: {difference}")
    print(f"{len(chosen)} tunes: " + ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items())))


if __name__ == "__main__":
    main()

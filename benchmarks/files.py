"""Whether the files of a tune hold its notes, as readers find them that know nothing of us.

    python benchmarks/files.py                 200 tunes, spread over music21's fiddle books
    python benchmarks/files.py --limit 0       all of them (an hour)

MIDI is read by pretty_midi: pitch, onset and end of every note, repeats played out, in seconds; by music21: where bars
begin, meters and keys; and by our own reader of MIDI, which has to write the same bars again. MusicXML is read by
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
from charlstm.score.midi_import.melody import read_midi
from charlstm.score.notation import to_musicxml, to_score
from charlstm.score.performance import Note, perform
from charlstm.score.piano_roll import notes_of
from charlstm.score.timeline import attacks, heard_bars, timeline
from charlstm.tunes.parse.events import Reading
from charlstm.tunes.parse.reader import read

TOLERANCE = 5e-4  # seconds; a tick at 60 quarter notes a minute is a tenth of it


def midi_differs(reading: Reading) -> str:
    """What pretty_midi finds otherwise than our notes say, of voices, chords and bass; "" for nothing."""
    found = notes_of(to_midi(to_score(reading)))
    struck = perform(reading).notes_in_seconds()
    sounding = sorted({_track(note) for note in struck})
    if len(found) != len(sounding):
        return f"{len(found)} voices, not {len(sounding)}"
    for track, voice in zip(sounding, found, strict=True):
        wanted = joined(
            (note.onset, note.pitch, note.onset + note.duration) for note in struck if _track(note) == track
        )
        if len(voice) != len(wanted):
            return f"{len(voice)} notes, not {len(wanted)}"
        for a, b in zip(sorted(voice), wanted, strict=True):
            if a[1] != b[1] or abs(a[0] - b[0]) > TOLERANCE or abs(a[2] - b[2]) > TOLERANCE:
                return f"{a} is not {b}"
    return ""


def _track(note: Note) -> tuple[int, int]:
    """What comes first in a file: the voices, the chords, the bass."""
    return ("melody", "chord", "bass").index(note.part), note.voice


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


def midi_bars_differ(reading: Reading) -> str:
    """What music21 finds otherwise of the bars, meters and keys of a MIDI file; "" for nothing."""
    from music21 import converter

    bars = heard_bars(reading)
    score = converter.parseData(to_midi(to_score(reading)), format="midi")
    measures = list(score.parts[0].getElementsByClass("Measure"))
    for bar, measure in zip(bars, measures, strict=False):
        if abs(float(bar.onset * 4) - float(measure.offset)) > 1e-3:
            return f"bar {measure.number} begins at {float(measure.offset)}, not {float(bar.onset * 4)}"
        if bar.is_full and bar.measure.expected and bar is not bars[-1]:
            length = float(bar.measure.expected * 4)
            if abs(measure.barDuration.quarterLength - length) > 1e-3:
                return f"bar {measure.number} has {measure.barDuration.quarterLength} quarter notes, not {length}"
    key = next(iter(score.recurse().getElementsByClass("KeySignature")), None)
    wanted = max(-7, min(7, bars[0].measure.key.fifths)) if bars[0].measure.key else 0
    return "" if key is None or key.sharps == wanted else f"{key.sharps} sharps, not {wanted}"


def own_bars_differ(reading: Reading) -> str:
    """What our own reader of MIDI writes otherwise: where bars begin, as they are heard; "" for nothing."""
    struck = attacks(timeline(reading))
    if len({voice for *_, voice in struck}) != 1:
        return ""  # it reads one voice
    back = read(read_midi(to_midi(to_score(reading))).text)
    again = attacks(timeline(back))
    end = struck[-1][0] - struck[0][0]
    theirs, ours = (
        [
            line
            for line in (float(bar.onset * 4) - notes[0][0] for bar in heard_bars(each))
            if TOLERANCE < line < end - TOLERANCE
        ]
        for each, notes in ((reading, struck), (back, again))
    )
    if len(ours) == len(theirs) and all(abs(a - b) < 1e-3 for a, b in zip(ours, theirs, strict=True)):
        return ""
    return f"bars at {ours[:6]}, not {theirs[:6]}"


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
        for file, difference in (
            ("MIDI", midi_differs(reading)),
            ("MIDI's bars", midi_bars_differ(reading)),
            ("read again", own_bars_differ(reading)),
            ("MusicXML", musicxml_differs(reading)),
        ):
            kinds[f"{file} {'differs' if difference else 'same'}"] += 1
            if difference:
                print(f"{name}: {file}: {difference}")
    print(f"{len(chosen)} tunes: " + ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items())))


if __name__ == "__main__":
    main()

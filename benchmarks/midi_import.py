"""What the import keeps of a folder of melody MIDI files: bar lines, pitches, onsets, and how it spells.

    python benchmarks/midi_import.py FOLDER               every .mid below it; NAME.abc beside NAME.mid is compared too
    python benchmarks/midi_import.py --make 400           that many tunes of music21's books, made into MIDI by abc2midi

The truth is the file as mido reads it: its notes, and its bars counted from its time signatures. The Nottingham
collection (jukedeck/nottingham-dataset, folders MIDI/melody and ABC_cleaned) is what this was made for.
"""

from __future__ import annotations

import argparse
import collections
import random
import re
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import mido
from agreement import BOOKS, tunes

from charlstm.errors import NotationError
from charlstm.score.midi_import.melody import read_midi
from charlstm.score.timeline import attacks, heard_bars, timeline
from charlstm.tunes.parse.reader import read

NEAR = 1 / 50  # quarter notes; files say times in ticks
ODD = re.compile(r"\^\^|__|\^[BbEe]|_[CcFf]")


def file_notes(midi: mido.MidiFile) -> list[tuple[float, int]]:
    """(onset in quarter notes, pitch) of every note that has a length, by onset."""
    notes: list[tuple[int, int]] = []
    for track in midi.tracks:
        now, sounding = 0, collections.defaultdict(collections.deque)
        for message in track:
            now += message.time
            if message.type == "note_on" and message.velocity:
                sounding[message.channel, message.note].append(now)
            elif message.type in ("note_on", "note_off") and sounding[message.channel, message.note]:
                onset = sounding[message.channel, message.note].popleft()
                if onset < now:
                    notes.append((onset, message.note))
    return [(onset / midi.ticks_per_beat, pitch) for onset, pitch in sorted(notes)]


def file_bars(midi: mido.MidiFile, end: float) -> list[float]:
    """Where bars begin, in quarter notes; [] for a file without a time signature."""
    meters: dict[float, float] = {}
    for track in midi.tracks:
        now = 0
        for message in track:
            now += message.time
            if message.type == "time_signature":
                meters[now / midi.ticks_per_beat] = 4 * message.numerator / message.denominator
    starts = sorted(meters)
    bars: list[float] = []
    for start, stop in zip(starts, [*starts[1:], end], strict=True):
        while start < min(stop, end) - NEAR:
            bars.append(start)
            start += meters[max(at for at in starts if at <= start + NEAR)]
    return bars


def text_bars(text: str) -> list[float]:
    """Where the bars of a text begin, in quarter notes from its first note on."""
    first = attacks(timeline(text))[0][0]
    return [float(bar.onset * 4) - first for bar in heard_bars(read(text))]


def same_lines(ours: Sequence[float], theirs: Sequence[float], end: float) -> bool:
    """Whether two lists of bar lines are the same between the first note (at 0) and the last."""
    a, b = ([line for line in lines if NEAR < line < end - NEAR] for lines in (ours, theirs))
    return len(a) == len(b) and all(abs(x - y) < NEAR for x, y in zip(a, b, strict=True))


def compare(path: Path) -> list[str]:
    """What of a file came out as it is: some of "read", "notes", "named", "bars", "odd", "with ABC", "in ABC"."""
    midi = mido.MidiFile(path)
    notes = file_notes(midi)
    try:
        text = read_midi(path.read_bytes()).text
    except NotationError as error:
        print(f"{path.name}: {error}")
        return []
    struck = attacks(timeline(text))
    kinds = ["read"]
    moved = [abs((a[0] - struck[0][0]) - (b[0] - notes[0][0])) for a, b in zip(struck, notes, strict=False)]
    if [note[2] for note in struck] == [pitch for _, pitch in notes] and max(moved) < NEAR:
        kinds.append("notes")
    else:
        print(f"{path.name}: {len(struck)} notes of {len(notes)}, moved by up to {max(moved):.3f}")
    first, end = notes[0][0], notes[-1][0] - notes[0][0]
    if bars := file_bars(midi, notes[-1][0] + 1):
        kinds.append("named")
        if same_lines(text_bars(text), [bar - first for bar in bars], end):
            kinds.append("bars")
        else:
            print(f"{path.name}: other bar lines")
    if odd := ODD.findall(text):
        kinds.append("odd")
        print(f"{path.name}: {' '.join(odd)} in {text.partition('K:')[2].partition(chr(10))[0]}")
    beside = path.with_suffix(".abc")
    if beside.is_file():
        kinds.append("with ABC")
        if same_lines(text_bars(text), text_bars(beside.read_text("utf-8")), end):
            kinds.append("in ABC")
    return kinds


def make(folder: Path, count: int) -> None:
    """Write tunes as ABC and as abc2midi plays them, without what it adds: chords, graces, swing."""
    chosen = random.Random(0).sample(list(tunes(tuple(BOOKS))), count)
    for number, (_, text) in enumerate(chosen):
        bare = re.sub(r'"[^"]*"|\{[^}]*\}|![^!\n]*!|[~.HLMOPSTuvwR](?=[\^_=A-Ga-g\[])|(?m:^R:.*\n)', "", text)
        path = folder / f"{number}.abc"
        path.write_text(bare, "utf-8")
        subprocess.run(["abc2midi", path, "-o", path.with_suffix(".mid")], capture_output=True, check=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--make", type=int, default=0, metavar="N", help="so many tunes out of music21's books")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = options.folder or Path(made)
        if options.make:
            make(folder, options.make)
        files = sorted(path for path in folder.rglob("*.mid"))
        counts = collections.Counter(kind for path in files for kind in compare(path))
    print(
        f"{len(files)} files, read {counts['read']}: pitches and onsets exact in {counts['notes']}, "
        f"bar lines as in the file in {counts['bars']} of {counts['named']} that name a meter, "
        f"as in the ABC in {counts['in ABC']} of {counts['with ABC']}, "
        f"odd spellings in {counts['odd']}"
    )


if __name__ == "__main__":
    main()

"""How often our reading of a tune sounds as Debian's abc2midi plays it: pitch, onset and duration of every note.

    python benchmarks/agreement.py                        music21's fiddle books, every tune
    python benchmarks/agreement.py --mutate 3 --limit 500 each tune with 3 random edits, as a model in training writes
    python benchmarks/agreement.py --show 10              and the first 10 that differ, with where
    python benchmarks/agreement.py --books essenFolksong --limit 1000 --seed 1     a sample of another book
    python benchmarks/agreement.py --files /usr/share/doc/abcmidi/examples/*.abc   tune books of one's own

Repeats are played out; grace notes, ornaments, chord symbols and R: (abc2midi swings hornpipes) are taken out of the
text before either reads it. Where the number of notes differs, both read the tune again with every `|:` written that
the text leaves to be guessed: abc2midi loses its way after variant endings.

abc2midi is a reference, not the truth: docs/abc.md lists where it leaves the standard.
Needs abc2midi (Debian package abcmidi) and mido.
"""

from __future__ import annotations

import argparse
import collections
import itertools
import json
import random
import re
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from charlstm.errors import NotationError
from charlstm.files import decode_text
from charlstm.score.timeline import attacks, timeline
from charlstm.tunes.abc import lex, split_header, split_tunebook
from charlstm.tunes.parse.reader import read
from charlstm.tunes.views.form import play_order

BOOKS = ("oneills1850", "ryansMammoth", "airdsAirs", "miscFolk")
SILENT = ("decoration", "annotation", "chord_symbol")
TOLERANCE = 1 / 128  # whole notes; abc2midi rounds to ticks and ends a note one tick early
Note = tuple[float, int, float]  # onset and duration in whole notes, MIDI pitch between them


def tunes(books: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Every tune of music21's books: (file and number, text)."""
    import music21

    corpus = Path(music21.__file__).parent / "corpus"
    for book in books:
        for path in sorted((corpus / book).glob("*.abc")):
            yield from tunes_of(path, book)


def tunes_of(path: Path, book: str) -> Iterator[tuple[str, str]]:
    """Every tune of a file."""
    for number, tune in enumerate(split_tunebook(decode_text(path.read_bytes()))):
        yield f"{book}/{path.name}#{number + 1}", tune


def bare(text: str) -> str:
    """A tune without what is not compared: grace notes, ornaments, words, R: and directives.

    Lines of comments go whole: what they would leave is an empty line, and that ends a tune.
    """
    text = re.sub(r"(?m)^[ \t]*%.*\n?", "", text)
    header = split_header(text)
    head = "".join(line for line in text[: header.body_start].splitlines(keepends=True) if line[:2] not in ("R:", "%%"))
    body, in_graces = [], False
    for token in lex(text[header.body_start :]):
        in_graces = (in_graces or token.kind == "grace_open") and token.kind not in ("grace_close", "bar_line")
        if not in_graces and token.kind not in (*SILENT, "grace_close", "comment"):
            body.append(token.text)
    return head + re.sub(r"(?m)^(?:R|N|w|W|s):.*\n?", "", "".join(body))


def mutated(text: str, edits: int, rng: random.Random) -> str:
    """A body with characters deleted, doubled, swapped or replaced by others of it, as a hot model writes."""
    start = split_header(text).body_start
    body = list(text[start:])
    for _ in range(edits):
        at = rng.randrange(max(1, len(body) - 1))
        kind = rng.randrange(4)
        if kind == 0 and len(body) > 5:
            del body[at]
        elif kind == 1:
            body.insert(at, body[at])
        elif kind == 2:
            body[at : at + 2] = reversed(body[at : at + 2])
        else:
            body[at] = rng.choice(body)
    return text[:start] + "".join(body)


def ours(text: str) -> list[Note]:
    """What our timeline says."""
    return sorted((onset / 4, pitch, duration / 4) for onset, duration, pitch, _ in attacks(timeline(text)))


def theirs(text: str, folder: Path) -> list[Note] | None:
    """What abc2midi plays; None where it writes no readable file, [] where a blank line after K: ends the tune."""
    import mido

    with tempfile.NamedTemporaryFile("w", suffix=".abc", dir=folder, delete=False, encoding="utf-8") as file:
        number = "" if text.startswith("X:") else "X:1\n"
        head = number + text
        at = head.find("\nK:") + 1
        file.write(head[:at] + "%%MIDI chordattack 0\n" + head[at:] + "\n")
    out = file.name + ".mid"
    command = ["abc2midi", file.name, "-o", out, "-NFER", "-NGUI", "-silent"]
    try:
        subprocess.run(command, capture_output=True, timeout=20, check=False)
        midi = mido.MidiFile(out)
    except (OSError, EOFError, ValueError, KeyError, IndexError, subprocess.TimeoutExpired):
        return None
    finally:
        Path(file.name).unlink(missing_ok=True)
        Path(out).unlink(missing_ok=True)
    whole = midi.ticks_per_beat * 4
    notes: list[Note] = []
    for track in midi.tracks:
        now, sounding = 0, {}
        for message in track:
            now += message.time
            if message.type == "note_on" and message.velocity:
                sounding[message.channel, message.note] = now
            elif message.type in ("note_on", "note_off") and (message.channel, message.note) in sounding:
                start = sounding.pop((message.channel, message.note))
                notes.append((start / whole, message.note, (now - start) / whole))
    return sorted(notes)


def difference(a: list[Note], b: list[Note]) -> tuple[str, int]:
    """What first differs ("same", "count", "pitch", "onset", "duration") and at which note."""
    a = sorted((round(onset / TOLERANCE / 2), pitch, onset, duration) for onset, pitch, duration in a)
    b = sorted((round(onset / TOLERANCE / 2), pitch, onset, duration) for onset, pitch, duration in b)
    for index, (mine, other) in enumerate(zip(a, b, strict=False)):
        kind = "count" if len(a) != len(b) else ""
        if abs(mine[2] - other[2]) > TOLERANCE:
            return kind or "onset", index
        if mine[1] != other[1]:
            return kind or "pitch", index
        if abs(mine[3] - other[3]) > TOLERANCE:
            return kind or "duration", index
    return ("same", -1) if len(a) == len(b) else ("count", min(len(a), len(b)))


def spelled_out(text: str) -> str:
    """The text with `|:` written wherever our reading goes back to: no player has to guess it (ABC 2.1, 4.8)."""
    reading = read(text)
    places = set()
    for voice in reading.voices:
        measures = voice.measures
        order = play_order(measures, reading.get("P"))
        for before, index in itertools.pairwise(order):
            if index <= before and not measures[index].left.begins:
                places.add(measures[index].start)
    for at in sorted(places, reverse=True):
        signs = re.search(r"\(+(?:\d[:\d]*)?$", text[:at])  # of a slur or a tuplet, which belong behind the bar line
        at = signs.start() if signs else at
        text = text[:at] + "|:" + text[at:]
    return text


def compare(name: str, text: str, folder: Path) -> tuple[str, str, int]:
    """(name, what differs, at which note) of one tune."""
    text = bare(text)
    reference = theirs(text, folder)
    try:
        reading = ours(text)
    except NotationError:
        reading = []
    if not reference:
        return name, "no reference", -1
    kind, at = difference(reading, reference)
    if kind == "count":
        clear = spelled_out(text)
        if ours(clear) == reading and difference(reading, theirs(clear, folder) or [])[0] == "same":
            kind = "same with |: written"
    return name, kind, at


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--books", nargs="+", default=list(BOOKS))
    parser.add_argument("--files", nargs="+", type=Path, help="tune books to compare instead")
    parser.add_argument("--limit", type=int, default=0, help="so many tunes, spread over the books (0: all)")
    parser.add_argument("--mutate", type=int, default=0, help="random edits of each tune")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", type=int, default=0)
    parser.add_argument("--out", type=Path, help="write what differs as JSON")
    options = parser.parse_args()
    if options.files:
        options.books = sorted({path.parent.parent.name for path in options.files})
        chosen = [tune for path in options.files for tune in tunes_of(path, path.parent.parent.name)]
    else:
        chosen = list(tunes(tuple(options.books)))
    rng = random.Random(options.seed)
    if options.limit:
        chosen = rng.sample(chosen, min(options.limit, len(chosen)))
    if options.mutate:
        chosen = [(name, mutated(text, options.mutate, rng)) for name, text in chosen]
    texts = dict(chosen)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda item: compare(*item, Path(folder)), chosen))
    for book in options.books:
        kinds = collections.Counter(kind for name, kind, _ in results if name.startswith(book))
        total = sum(kinds.values())
        print(f"{book:14} {total:5} tunes  same {kinds['same'] / max(1, total):6.2%}  {dict(kinds.most_common())}")
    kinds = collections.Counter(kind for _, kind, _ in results)
    total = len(results)
    print(f"{'all':14} {total:5} tunes  same {kinds['same'] / max(1, total):6.2%}  {dict(kinds.most_common())}")
    played = total - kinds["no reference"]
    spelled = kinds["same"] + kinds["same with |: written"]
    print(f"of the {played} that abc2midi plays: {kinds['same'] / max(1, played):.2%}", end="; ")
    print(f"with the repeats spelled out {spelled / max(1, played):.2%}")
    differing = [(name, kind, at) for name, kind, at in results if kind != "same"]
    for name, kind, at in differing[: options.show]:
        print(f"\n== {name}: {kind} at note {at}\n{bare(texts[name])}")
    if options.out:
        options.out.write_text(json.dumps([[n, k, a, texts[n]] for n, k, a in differing], indent=1))


if __name__ == "__main__":
    main()

"""charlstm render: a tune as a page, a score file, MIDI and sound."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from charlstm.cli.common import Commands, add_command, at_least, read_tunes, show
from charlstm.errors import CorpusError, NotationError

FORMATS = {
    "svg": "the page",
    "png": "the page as a picture",
    "pdf": "the page to print",
    "midi": "MIDI",
    "musicxml": "the score, for notation programs",
    "wav": "sound",
}


def add(commands: Commands) -> None:
    parser = add_command(
        commands,
        "render",
        "draw and sound a tune",
        "charlstm render tune.abc --pdf tune.pdf --midi tune.mid --tempo 110 --instrument fiddle",
        _render,
    )
    parser.add_argument("tune", type=Path, metavar="TUNE.abc")
    parser.add_argument("--number", type=at_least(1), default=1, metavar="N", help="which tune of the file (default 1)")
    for name, what in FORMATS.items():
        parser.add_argument(f"--{name}", type=Path, metavar="F", help=what)
    parser.add_argument("--book", type=Path, metavar="F", help="all tunes of the file as one PDF with contents")
    parser.add_argument("--flow", action="store_true", help="break lines where the width is full, not as the text does")
    parser.add_argument("--tempo", type=float, metavar="Q", help="quarter notes a minute (default: its Q:, or 120)")
    parser.add_argument("--instrument", default="piano", metavar="NAME", help="or General MIDI number (default piano)")
    parser.add_argument("--transpose", type=int, default=0, metavar="N", help="semitones: the key that is written too")


def _render(options: argparse.Namespace) -> None:
    wanted = {name: getattr(options, name) for name in FORMATS if getattr(options, name)}
    if not wanted and not options.book:
        options.parser.error("say what to write: --svg F, --png F, --pdf F, --book F, --midi F, --musicxml F, --wav F")
    tunes = read_tunes(options.tune)
    if options.book:
        from charlstm.score.pages import tunebook_pdf

        options.book.write_bytes(tunebook_pdf(tunes, title=options.tune.stem))
        if not wanted:
            show(options, {"written": {"book": str(options.book)}}, f"{len(tunes)} tunes: {options.book}")
            return
    if options.number > len(tunes):
        raise CorpusError(f"{options.tune} holds {len(tunes)} tunes, and no number {options.number}.")

    from charlstm.score.notation import to_score
    from charlstm.tunes.edit.transpose import transposed
    from charlstm.tunes.parse.reader import read

    reading = read(transposed(tunes[options.number - 1], options.transpose))
    score = to_score(reading)
    made = _make(score, wanted, options)
    for name, data in made.items():
        wanted[name].write_bytes(data)
    written = {name: str(wanted[name]) for name in made} | ({"book": str(options.book)} if options.book else {})
    notes = [str(note) for note in reading.notes]
    text = "\n".join([f"{FORMATS.get(name, 'all tunes')}: {path}" for name, path in written.items()] + notes)
    show(options, {"title": reading.title, "written": written, "notes": notes}, text)


def _make(score: Any, wanted: dict[str, Path], options: argparse.Namespace) -> dict[str, bytes]:
    """The files' contents. Where page and score cannot be drawn, MIDI and sound still can: said, then left out."""
    from charlstm.score.midi import to_midi

    made: dict[str, bytes] = {}
    instrument: Any = int(options.instrument) if options.instrument.isdigit() else options.instrument
    if wanted.keys() & {"midi", "wav"}:
        midi = to_midi(score, qpm=options.tempo, instrument=instrument)
        if "midi" in wanted:
            made["midi"] = midi
        if "wav" in wanted:
            from charlstm.score.audio import to_wav

            made["wav"] = to_wav(midi)
    try:
        if "musicxml" in wanted:
            from charlstm.score.notation import to_musicxml

            made["musicxml"] = to_musicxml(score).encode()
        if wanted.keys() & {"svg", "png", "pdf"}:
            from charlstm.score.pages import to_pdf, to_png, to_svg

            if wanted.keys() & {"svg", "png"}:
                made["svg"] = (svg := to_svg(score, flow=options.flow)).encode()
            if "png" in wanted:
                made["png"] = to_png(svg)
            if "pdf" in wanted:
                made["pdf"] = to_pdf(score, flow=options.flow)
    except NotationError as error:
        if not made:
            raise
        print(f"charlstm: {error}", file=sys.stderr)
    return {name: made[name] for name in wanted if name in made}

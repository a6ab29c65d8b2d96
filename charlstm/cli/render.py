"""charlstm render: a tune as sheet music, a score file, MIDI and sound."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

from charlstm.cli.common import Commands, add_command, at_least, read_tunes, show
from charlstm.errors import CorpusError, NotationError
from charlstm.score.formats import FORMATS, Rendering
from charlstm.score.tablature.instruments import INSTRUMENTS
from charlstm.tunes.parse.events import Reading


def add(commands: Commands) -> None:
    parser = add_command(
        commands,
        "render",
        "write a tune as sheet music, MIDI or sound",
        "charlstm render tune.abc --pdf tune.pdf --midi tune.mid --tempo 110 --instrument fiddle",
        _render,
    )
    parser.add_argument("tune", type=Path, metavar="TUNE.abc")
    parser.add_argument("--number", type=at_least(1), default=1, metavar="N", help="which tune of the file (default 1)")
    for name, form in FORMATS.items():
        parser.add_argument(f"--{name}", type=Path, metavar="F", help=form.about)
    parser.add_argument(
        "--book", type=Path, metavar="F", help="all tunes of the file as one PDF, with a table of contents"
    )
    parser.add_argument(
        "--flow", action="store_true", help="break lines where the page is full, not where the text does"
    )
    parser.add_argument(
        "--tempo", type=float, metavar="Q", help="quarter notes per minute (default: the tune's Q:, or 120)"
    )
    parser.add_argument(
        "--instrument", metavar="NAME", help="name or General MIDI number (default: the tune's own, or piano)"
    )
    parser.add_argument(
        "--tablature", choices=INSTRUMENTS, metavar="NAME",
        help=f"fingering under the notes: {', '.join(INSTRUMENTS)} (docs/tablature.md)",
    )  # fmt: skip
    parser.add_argument(
        "--transpose", type=int, default=0, metavar="N", help="semitones to transpose by, key signature included"
    )
    parser.add_argument(
        "--no-chords", action="store_false", dest="chords", help="leave chord symbols silent in MIDI and sound"
    )
    parser.add_argument(
        "--swing", type=float, metavar="P", help="percent of a beat that its first half takes, 50 (straight) to 75 "
        "(default: 60 for a hornpipe, else 50)",
    )  # fmt: skip


def _render(options: argparse.Namespace) -> None:
    wanted = {name: getattr(options, name) for name in FORMATS if getattr(options, name)}
    if not wanted and not options.book:
        options.parser.error(f"say what to write: {', '.join(f'--{name} F' for name in (*FORMATS, 'book'))}")
    tunes = read_tunes(options.tune)
    if options.book:
        from charlstm.score.pages import tunebook_pdf

        book = tunebook_pdf(tunes, title=options.tune.stem, tablature=options.tablature or "")
        options.book.write_bytes(book)
        if not wanted:
            show(options, {"written": {"book": str(options.book)}}, f"{len(tunes)} tunes: {options.book}")
            return
    if options.number > len(tunes):
        raise CorpusError(f"{options.tune} holds {len(tunes)} tunes, and no number {options.number}.")

    from charlstm.tunes.edit.transpose import transposed
    from charlstm.tunes.parse.reader import read

    reading = read(transposed(tunes[options.number - 1], options.transpose))
    named = options.instrument or ""
    instrument = int(named) if named.isdigit() else named or None
    rendering = Rendering(
        reading, qpm=options.tempo, instrument=instrument, chords=options.chords, swing=options.swing,
        flow=options.flow, tablature=options.tablature or "",
    )  # fmt: skip
    files = _files(rendering, wanted)
    for name, data in files.items():
        wanted[name].write_bytes(data)
    written = {name: str(wanted[name]) for name in files} | ({"book": str(options.book)} if options.book else {})
    notes = [str(remark) for remark in reading.remarks] + _unplayable(reading, options.tablature)
    about = {name: FORMATS[name].about for name in files} | {"book": "all tunes"}
    text = "\n".join([f"{about[name]}: {path}" for name, path in written.items()] + notes)
    show(options, {"title": reading.title, "written": written, "notes": notes}, text)


def _unplayable(reading: Reading, name: str | None) -> list[str]:
    """A sentence where notes cannot be played on the instrument of the tablature."""
    if name is None:
        return []
    from charlstm.score.tablature.fingering import tablature

    fingered = tablature(reading, name)
    if not fingered.unplayable:
        return []
    count = f"{fingered.unplayable} of {len(fingered.notes)} notes cannot be played ({fingered.instrument.label})"
    fits = next(iter(fingered.semitones), None)
    return [f"{count}; {'no key' if fits is None else f'--transpose {fits}'} fits all of them."]


def _files(rendering: Rendering, names: Iterable[str]) -> dict[str, bytes]:
    """The files by format. Those that cannot be made are named on standard error, as long as one can be."""
    files: dict[str, bytes] = {}
    problems: dict[str, NotationError] = {}  # by sentence: formats that need the page fail for the same reason
    for name in names:
        try:
            files[name] = rendering.file(name)
        except NotationError as error:
            problems[str(error)] = error
    if not files:
        raise next(iter(problems.values()))
    for problem in problems:
        print(f"charlstm: {problem}", file=sys.stderr)
    return files

"""charlstm backing: a tune with chord symbols written into it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from charlstm.cli.common import Commands, add_command, at_least, read_tunes, show
from charlstm.errors import CorpusError

if TYPE_CHECKING:
    from charlstm.tunes.harmony.costs import Costs


def add(commands: Commands) -> None:
    parser = add_command(
        commands, "backing", "write chord symbols into a tune", "charlstm backing tune.abc --out backed.abc", _backing
    )
    parser.add_argument("tune", type=Path, metavar="TUNE.abc")
    parser.add_argument("--number", type=at_least(1), metavar="N", help="only this tune of the file (default: all)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the tunes to a file")
    parser.add_argument(
        "--replace", action="store_true", help="replace chord symbols that a tune has (default: it stays as it is)"
    )
    parser.add_argument(
        "--learn", type=Path, metavar="F", help="a file or folder of ABC with chord symbols to estimate the costs from"
    )


def _backing(options: argparse.Namespace) -> None:
    from charlstm.tunes.harmony.backing import harmonize, has_chords
    from charlstm.tunes.harmony.estimate import written_chords
    from charlstm.tunes.parse.reader import read

    tunes = read_tunes(options.tune)
    if options.number:
        if options.number > len(tunes):
            raise CorpusError(f"{options.tune} holds {len(tunes)} tunes, and no number {options.number}.")
        tunes = [tunes[options.number - 1]]
    costs = _learned(options.learn)
    kept = sum(has_chords(tune) for tune in tunes) if not options.replace else 0
    backed = [harmonize(tune, costs, replace=options.replace) for tune in tunes]
    text = "\n\n".join(tune.rstrip("\n") for tune in backed)
    if options.out:
        options.out.write_text(text + "\n", encoding="utf-8")
    value = [{"abc": tune, "chords": len(written_chords(read(tune)))} for tune in backed]
    notes = (
        [f"{kept} of {len(tunes)} had chord symbols and stayed as they were; --replace replaces them"] if kept else []
    )
    said = [f"written: {options.out}" if options.out else text, *(f"% {note}" for note in notes)]
    show(options, {"tunes": value, "notes": notes}, "\n".join(said))


def _learned(path: Path | None) -> Costs:
    """The costs by the tunes of a file or folder that have chord symbols; those set by hand without one."""
    from charlstm.errors import NotationError
    from charlstm.tunes.harmony.backing import has_chords
    from charlstm.tunes.harmony.costs import Costs
    from charlstm.tunes.harmony.estimate import estimate
    from charlstm.tunes.parse.reader import read

    readings = []
    for text in read_tunes(path) if path else ():
        if has_chords(text):
            try:
                readings.append(read(text))
            except NotationError:
                continue
    if path and not readings:
        raise CorpusError(f"{path} holds no tune with chord symbols to learn from.", path=path)
    return estimate(readings) if readings else Costs()

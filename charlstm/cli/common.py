"""What the commands share: how one is declared, the options of several, how a result is shown, reading tunes."""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import charlstm
from charlstm.errors import CorpusError
from charlstm.files import KINDS, file_kind
from charlstm.progress import Progress, Report
from charlstm.tunes.corpus.model import DEFAULT_CORPUS

if TYPE_CHECKING:
    from charlstm.lm.infer.engine import Engine
    from charlstm.tunes.corpus.model import Corpus

Commands = Any  # argparse's subparsers action, which has no public name


def add_group(commands: Commands, name: str, about: str, example: str) -> Commands:
    """A command that only holds other commands, such as `corpus`."""
    return _parser(commands, name, about, example).add_subparsers(metavar="COMMAND", required=True)


def add_command(
    commands: Commands, name: str, about: str, example: str, run: Callable[[argparse.Namespace], None]
) -> argparse.ArgumentParser:
    """A command with its --json option; `example` is a whole command line that ends its help."""
    parser = _parser(commands, name, about, example)
    parser.add_argument("--json", action="store_true", help="print one JSON value on standard output")
    parser.set_defaults(run=run, parser=parser)
    return parser


def _parser(commands: Commands, name: str, about: str, example: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=about,
        description=f"{about[0].upper()}{about[1:]}.",
        epilog=f"Example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    return parser


def add_model(parser: argparse.ArgumentParser) -> None:
    """The model that a command works with."""
    parser.add_argument("model", metavar="MODEL", help="name of a model in checkpoints/, or a folder")


def add_seed(parser: argparse.ArgumentParser) -> None:
    """The seed of what a model writes; see `seed_of`."""
    parser.add_argument("--seed", type=at_least(0), metavar="S", help="same seed, same result (default: a new one)")


def seed_of(options: argparse.Namespace) -> int:
    """The seed that was given, else a new one."""
    return random.SystemRandom().randrange(10**6) if options.seed is None else int(options.seed)


def add_editing(parser: argparse.ArgumentParser) -> None:
    """The model, the tune and the options of a command in which a model edits a tune."""
    add_model(parser)
    parser.add_argument("tune", type=Path, metavar="TUNE.abc", help="the first tune of the file is edited")
    parser.add_argument("--temperature", type=float, default=0.8, metavar="T", help="0 or more (default %(default)s)")
    parser.add_argument("--guard", action="store_true", help="write only what can be engraved and played")
    add_seed(parser)


def add_corpus(parser: argparse.ArgumentParser) -> None:
    """The corpus that a command works on."""
    parser.add_argument(
        "--corpus", default=DEFAULT_CORPUS, metavar="NAME", help="name of the corpus (default %(default)s)"
    )


def add_engine(parser: argparse.ArgumentParser, ray: str) -> None:
    """Where many trainings are run; `ray` says what Ray does with them."""
    parser.add_argument(
        "--engine", choices=("local", "ray"), default="local", help=f"local: one after the other; ray: {ray}"
    )
    parser.add_argument("--address", metavar="A", help="address of a Ray cluster (default: start Ray here)")
    parser.add_argument(
        "--workers", type=at_least(1), metavar="N", help="processes of the Ray started here (default: one per core)"
    )


class Given(argparse.Action):
    """Stores an option's value, as argparse's own action does, and its name in `options.given`."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option: str | None = None
    ) -> None:
        setattr(namespace, self.dest, self.const if self.nargs == 0 else values)
        namespace.given = {*getattr(namespace, "given", ()), self.dest}


def remember_given(parser: argparse.ArgumentParser) -> None:
    """Let a parser tell the options that were given from those at their defaults: before they are added."""
    parser.set_defaults(given=set())
    parser.register("action", None, Given)
    parser.register("action", "store_true", partial(Given, nargs=0, const=True, default=False))
    parser.register("action", "store_false", partial(Given, nargs=0, const=False, default=True))


def show(options: argparse.Namespace, value: Any, text: str) -> None:
    """Print a result: as JSON if that was asked for, else as text."""
    print(json.dumps(value, allow_nan=False) if options.json else printable(text))


def printable(text: str) -> str:
    """A text for a terminal: control characters, which could move its cursor or worse, are written as escapes."""
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", lambda match: f"\\x{ord(match[0]):02x}", text)


def table(rows: Iterable[Sequence[object]], head: Sequence[str] = ()) -> str:
    """Rows as lined-up text: the first column to the left, the others, mostly numbers, to the right."""
    cells = [[str(cell) for cell in row] for row in ([head] if head else []) + [list(row) for row in rows]]
    widths = [max(len(row[k]) for row in cells) for k in range(len(cells[0]))] if cells else []
    lines = [
        "  ".join(cell.rjust(w) if k else cell.ljust(w) for k, (cell, w) in enumerate(zip(row, widths, strict=True)))
        for row in cells
    ]
    return "\n".join(line.rstrip() for line in lines)


def at_least(low: int) -> Callable[[str], int]:
    """A type for argparse: a whole number from `low` up."""

    def number(text: str) -> int:
        if not text.isdigit() or int(text) < low:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of {low} or more")
        return int(text)

    return number


def unit(text: str) -> tuple[int, int]:
    """A type for argparse: a unit, 0:17, or 17 for the first layer."""
    try:
        layer, index = text.split(":") if ":" in text else ("0", text)
        return int(layer), int(index)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a unit such as 0:17") from None


@contextmanager
def progress() -> Iterator[Report]:
    """A bar on a terminal's standard error, where tqdm is installed; else a function that shows nothing."""
    bar_type = terminal_bar()
    if bar_type is None:
        yield lambda now: None
        return
    with bar_type(leave=False) as bar:

        def advance(now: Progress) -> None:
            bar.set_description(now.doing, refresh=False)
            bar.total = now.total
            bar.update(now.done - bar.n)

        yield advance


def terminal_bar() -> Any | None:
    """tqdm's bar if standard error is a terminal and tqdm is installed, else None."""
    if not sys.stderr.isatty():
        return None
    try:
        from tqdm import tqdm
    except ImportError:
        return None
    return tqdm


def find_corpus(name: str, *, save: bool = True) -> Corpus:
    """A corpus by name or path; one out of music21's books that is not there yet is built and, with `save`, saved."""
    from charlstm.paths import corpus_path
    from charlstm.tunes.corpus.build import BUNDLED
    from charlstm.tunes.corpus.io import load_corpus, save_corpus

    if name in BUNDLED and not (corpus_path() / f"{name}.json").exists():
        print(f"charlstm: building the {name} corpus{', once' if save else ''}", file=sys.stderr)
        with progress() as advance:
            corpus = BUNDLED[name](report=advance)
        if save:
            save_corpus(corpus)
        return corpus
    return load_corpus(name)


def find_corpus_for(engine: Engine, name: str | None) -> Corpus:
    """A corpus by name or path; without one, the corpus that the model was trained on."""
    return find_corpus(name or (engine.checkpoint and engine.checkpoint.corpus.name) or DEFAULT_CORPUS)


def built_corpus_of(engine: Engine) -> Corpus | None:
    """The corpus that the model was trained on, if it is there and can be read."""
    from charlstm.paths import corpus_path
    from charlstm.tunes.corpus.io import load_corpus

    name = engine.checkpoint.corpus.name if engine.checkpoint else None
    if name not in {path.stem for path in corpus_path().glob("*.json")}:  # a model may name anything
        return None
    with suppress(CorpusError):
        return load_corpus(str(name))
    return None


def read_tunes(path: Path) -> list[str]:
    """The tunes of a file: of ABC each as it is, of MIDI and MusicXML the melody; of a folder all its ABC files.

    Remarks on what was left out of MIDI or MusicXML go to standard error.

    Raises
    ------
    CorpusError
        If there is no such file, no tune in it, or it is another kind of file.
    NotationError
        If MIDI or MusicXML cannot be read.
    """
    from charlstm.tunes.corpus.sources import file_tunes

    if path.is_file():
        data = path.read_bytes()
        kind = file_kind(data)
        if kind in ("midi", "musicxml"):
            tune = charlstm.read_midi(data) if kind == "midi" else charlstm.read_musicxml(data)
            for remark in tune.remarks:
                print(printable(f"charlstm: {path}: {remark}"), file=sys.stderr)
            return [tune.text]
        if kind != "text":
            raise CorpusError(f"{path} is {KINDS[kind]}. Give a tune as ABC, MIDI or MusicXML.", path=path)
    texts = [tune.text for tune in file_tunes([path])]
    if not texts:
        raise CorpusError(f"{path} holds no tune; a tune begins with an X: line.", path=path)
    return texts


def without_number(text: str) -> str:
    """A tune without its X: line."""
    return re.sub(r"\A(\s*(%[^\n]*)?\n)*X:[^\n]*\n", "", text)


def as_model_texts(engine: Engine, texts: Sequence[str]) -> list[str]:
    """Tunes as a model reads them: without X: lines, unless X is what the model finds likeliest after START."""
    logits, _ = engine.step([engine.vocab.start], engine.initial_state())
    keeps = engine.vocab.symbols[int(logits[0].argmax())] == "X"
    return list(texts) if keeps else [without_number(text) for text in texts]


def with_number(text: str, number: int) -> str:
    """A tune with one X: line, so that it can stand in a tunebook."""
    return f"X:{number}\n{without_number(text)}"


def unescape(text: str) -> str:
    """A shell's literal backslash-n as a newline; a doubled backslash as one."""
    return re.sub(r"\\(n|\\)", lambda match: "\n" if match[1] == "n" else "\\", text)

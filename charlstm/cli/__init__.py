"""The command line: `charlstm COMMAND`, the second door to the package.

Reads arguments, calls one function, shows the record. Each group of commands has a file of its own, and imports what
it needs inside its functions, so that --help answers at once and training needs no more than it uses.
Exit status: 0, 1 after a sentence on standard error, 2 for wrong usage.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import sys
from collections.abc import Sequence

from charlstm import __version__
from charlstm.cli import (
    app,
    backing,
    continue_tune,
    corpus,
    evaluate,
    experiment,
    learn,
    models,
    neurons,
    render,
    rewrite,
    sample,
    sweep,
    train,
)
from charlstm.cli.common import printable
from charlstm.errors import CharlstmError
from charlstm.files import os_sentence

GROUPS = (
    corpus,
    train,
    learn,
    sample,
    continue_tune,
    rewrite,
    backing,
    render,
    evaluate,
    neurons,
    experiment,
    sweep,
    models,
    app,
)

# The extra of the package that brings what is missing; what the package itself needs has none.
_EXTRAS = {
    **dict.fromkeys(("torch", "tqdm"), "train"),
    **dict.fromkeys(("streamlit", "altair", "segno", "vl_convert"), "app"),
    "ray": "sweep",
}


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands; a parsed line's `run` is the function that carries it out."""
    parser = argparse.ArgumentParser(
        prog="charlstm",
        description="A character-level LSTM that writes folk tunes in ABC notation.",
        epilog="Example:\n  charlstm sample lstm-512 --meter 6/8 --key D --seed 7",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"charlstm {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for group in GROUPS:
        group.add(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command line (that of the process when absent), and return its exit status.

    Raises
    ------
    SystemExit
        With status 2 for wrong usage, with 0 after --help.
    """
    for stream in (sys.stdout, sys.stderr):  # a narrow locale must not stop a tune half-way
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    options = build_parser().parse_args(arguments)
    try:
        options.run(options)
        sys.stdout.flush()
    except CharlstmError as error:
        return _fail(str(error))
    except BrokenPipeError:  # the reader has had enough: `charlstm corpus show NAME | head`
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        return _fail(os_sentence(error))
    except ModuleNotFoundError as error:
        extra = _EXTRAS.get(str(error.name).partition(".")[0])
        package = f"'charlstm[{extra}]'" if extra else error.name
        return _fail(f"{error.name} is not installed; python -m pip install {package} brings it.")
    except KeyboardInterrupt:
        return 130
    return 0


def _fail(sentence: str) -> int:
    print(f"charlstm: {printable(sentence)}", file=sys.stderr)
    return 1

"""A worker: a process that does the jobs of `jobs.py`, one after the other, for another process (`workers.py`).

    python -m charlstm.score.worker

reads jobs from standard input, a line of JSON each, and answers each with a line. Knows no pool and no page.
"""

from __future__ import annotations

import contextlib
import gc
import math
import os
import sys
import time
import traceback
from typing import Any

from charlstm.errors import CharlstmError, NotationError
from charlstm.score.jobs import JOBS
from charlstm.score.messages import READY, decode, encode

MEMORY = 2 << 30  # bytes of address space
_FIRST = "X:1\nL:1/4\nK:C\nC|"  # a tune whose drawing loads all modules and fonts


def answer_to(line: bytes) -> dict[str, Any]:
    """Do the job that a line of JSON asks for: its name, arguments, keywords and seconds of processor time."""
    name, args, kwargs, seconds = decode(line)
    limit("RLIMIT_CPU", math.ceil(time.process_time() + seconds))
    try:
        return {"answer": JOBS[name].work(*args, **kwargs)}
    except NotationError as error:
        place = {"line": error.line, "column": error.column}
        return {"error": NotationError.__name__, "message": error.reason, **place}
    except CharlstmError as error:
        return {"error": type(error).__name__, "message": str(error)}
    except MemoryError:
        return {"too_much": True}
    except Exception:
        return {"error": "", "message": traceback.format_exc()}


def limit(name: str, most: int) -> None:
    """Let the system end this process when it takes more than so many bytes or seconds; Windows has no such limits."""
    with contextlib.suppress(ImportError):
        import resource

        kind = getattr(resource, name)
        resource.setrlimit(kind, (most, resource.getrlimit(kind)[1]))


def main() -> None:
    """Serve jobs until standard input ends, which it does when whoever asks has ended."""
    # Whatever a library prints must not come between the answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    limit("RLIMIT_AS", MEMORY)
    limit("RLIMIT_CORE", 0)
    answer_to(encode(["_tune_files", [_FIRST, [900]], {}, 60]))
    # What is loaded now stays: the garbage collector need not look at it again, and at a score not every 700 objects.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000)
    line = encode(READY)
    while True:
        answers.write(line)
        answers.flush()
        if not (question := sys.stdin.buffer.readline()):
            return
        line = encode(answer_to(question))


if __name__ == "__main__":
    main()

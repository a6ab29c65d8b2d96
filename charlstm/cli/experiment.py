"""charlstm experiment list | run | table | report: the report's studies, reproduced."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from charlstm.cli.common import (
    Commands,
    add_command,
    add_corpus,
    add_engine,
    add_group,
    at_least,
    find_corpus,
    progress,
    show,
    table,
)
from charlstm.errors import CharlstmError, CorpusError
from charlstm.experiments.catalog import EPOCHS, all_runs, catalog, study
from charlstm.experiments.jobs import SEEDS
from charlstm.progress import Progress
from charlstm.tunes.corpus.model import DEFAULT_CORPUS

if TYPE_CHECKING:
    from charlstm.experiments.execute import Update
    from charlstm.experiments.records import Record

ALL = "all"


def add(commands: Commands) -> None:
    group = add_group(
        commands, "experiment", "reproduce the report's studies", "charlstm experiment run cells --seeds 3"
    )
    add_command(group, "list", "list the studies, and how much of each is done", "charlstm experiment list", _list)

    run = add_command(
        group,
        "run",
        "run a study, or all: finished runs are skipped, interrupted ones continue",
        "charlstm experiment run all --engine ray",
        _run,
    )
    run.add_argument("study", metavar="STUDY", choices=[*catalog(), ALL], help=f"{', '.join(catalog())}, or {ALL}")
    add_engine(run, "side by side")
    run.add_argument("--again", action="store_true", help="repeat finished runs")
    run.add_argument(
        "--progress", type=Path, metavar="FILE", help="append the progress to a file, one JSON line per step"
    )

    shown = add_command(
        group, "table", "print a study's table, from its records", "charlstm experiment table cells", _table
    )
    shown.add_argument("study", metavar="STUDY", choices=list(catalog()), help=", ".join(catalog()))
    written = add_command(
        group, "report", "write all studies as one Markdown text", "charlstm experiment report --out report.md", _report
    )
    written.add_argument("--out", type=Path, metavar="FILE", help="(default: print it)")
    for command in (run, shown):
        command.add_argument(
            "--seeds", type=at_least(1), default=SEEDS, metavar="N", help="seeds of each run (default %(default)s)"
        )
        command.add_argument(
            "--epochs", type=at_least(1), default=EPOCHS, metavar="N", help="of each training (default %(default)s)"
        )
        add_corpus(command)


def _list(options: argparse.Namespace) -> None:
    records = _records()
    fingerprint, done = _fingerprint(DEFAULT_CORPUS, records), {record.key for record in records}
    values = []
    for each in catalog().values():
        keys = [run.key(fingerprint) for run in each.runs()]
        count = sum(key in done for key in keys)
        values.append({"study": each.name, "question": each.question, "runs": len(keys), "done": count})
    rows = [(v["study"], f"{v['done']} of {v['runs']}", f" {v['question']}") for v in values]
    lines = table([row[:2] for row in rows], ("study", "runs done")).splitlines()
    text = "\n".join(a + b for a, b in zip(lines, ["", *(f"  {row[2]}" for row in rows)], strict=True))
    show(options, values, text)


def _records() -> Sequence[Record]:
    """The records there are; files that are not records are named on standard error."""
    from charlstm.experiments.records import read_records

    stored = read_records()
    for problem in stored.problems:
        print(f"charlstm: {problem}", file=sys.stderr)
    return stored.records


def _fingerprint(name: str, records: Sequence[Record]) -> str:
    """The fingerprint of a corpus as it is built here, else as most records of that name have it; builds nothing."""
    from charlstm.tunes.corpus.io import load_corpus

    try:
        return load_corpus(name).fingerprint
    except CorpusError as error:
        if error.path and error.path.exists():  # damaged
            raise
        counts = Counter(record.corpus.fingerprint for record in records if record.corpus.name == name)
        if not counts and name != DEFAULT_CORPUS:
            raise
        return counts.most_common(1)[0][0] if counts else ""


def _run(options: argparse.Namespace) -> None:
    from charlstm.experiments.execute import one_by_one, run_all
    from charlstm.experiments.ray import on_ray
    from charlstm.experiments.records import find_record, reproducible_part

    studies = list(catalog(options.epochs).values()) if options.study == ALL else [study(options.study, options.epochs)]
    runs = all_runs(studies, options.seeds)
    corpus = find_corpus(options.corpus)
    before = [find_record(run, corpus.fingerprint) for run in runs] if options.again else []
    started = time.monotonic()
    with progress() as advance:
        printed = ""

        def report(update: Update) -> None:
            nonlocal printed
            if options.progress:
                values = {
                    "key": update.key,
                    "share": round(update.share, 4),
                    "done": update.done,
                    "total": update.total,
                }
                _append(options.progress, values, time.monotonic() - started)
            percent = round(100 * (update.done + update.share % 1))
            advance(Progress(update.key, percent, 100 * update.total))
            line = f"{update.done} of {update.total}: {update.key}"
            if update.share == 1 and line != printed and not sys.stderr.isatty():
                print(printed := line, file=sys.stderr, flush=True)

        records = run_all(
            runs,
            corpus,
            executor=on_ray(options.address, options.workers) if options.engine == "ray" else one_by_one,
            again=options.again,
            report=report,
        )
    text = f"{len(records)} records in data/results; see them with: charlstm experiment table {studies[0].name}"
    old = [(b, a) for b, a in zip(before, records, strict=False) if b is not None]
    if old:
        same = sum(reproducible_part(b) == reproducible_part(a) for b, a in old)
        text += f"\n{same} of {len(old)} repeated runs gave exactly the same result"
        if options.progress:
            repeated = {"done": len(records), "total": len(records), "repeated": len(old), "identical": same}
            _append(options.progress, repeated, time.monotonic() - started)
    show(options, [record.key for record in records], text)


def _append(path: Path, values: Mapping[str, Any], seconds: float) -> None:
    """Add a line to a progress file, for a page that watches."""
    with open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps({**values, "seconds": round(seconds, 1)}) + "\n")


def _table(options: argparse.Namespace) -> None:
    from charlstm.experiments.tables import markdown, rows_of

    each, records = study(options.study, options.epochs), _records()
    rows = rows_of(each, _fingerprint(options.corpus, records), records, seeds=options.seeds)
    show(options, [row.to_dict() for row in rows], markdown(each, rows))


def _report(options: argparse.Namespace) -> None:
    from charlstm.experiments.claims import report
    from charlstm.experiments.records import record_sets

    records = _records()
    sets = record_sets(records)
    if not sets:
        raise CharlstmError("there are no records yet; charlstm experiment run all makes them.")
    text = report(next(iter(sets)), records)
    if options.out:
        options.out.write_text(text, encoding="utf-8")
    show(options, {"markdown": text}, f"written: {options.out}" if options.out else text.rstrip("\n"))

"""charlstm experiment list | run | table | report: the report's studies, again."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from charlstm.cli.common import Commands, add_command, add_group, at_least, find_corpus, progress, show, table
from charlstm.experiments.catalog import EPOCHS, SEEDS, all_runs, catalog, study

if TYPE_CHECKING:
    from charlstm.experiments.execute import Update

ALL = "all"


def add(commands: Commands) -> None:
    group = add_group(commands, "experiment", "the report's studies, again", "charlstm experiment run cells --seeds 3")
    add_command(group, "list", "the studies, and how much of each is done", "charlstm experiment list", _list)

    run = add_command(
        group,
        "run",
        "carry out a study, or all; what is done is skipped, what died goes on",
        "charlstm experiment run all --engine ray",
        _run,
    )
    run.add_argument("study", metavar="STUDY", choices=[*catalog(), ALL], help=f"{', '.join(catalog())}, or {ALL}")
    run.add_argument("--engine", choices=("local", "ray"), default="local", help="ray: many runs at once")
    run.add_argument("--address", metavar="A", help="of a Ray cluster (default: start one here for the occasion)")
    run.add_argument("--workers", type=at_least(1), metavar="N", help="of the Ray started here (default: one a core)")
    run.add_argument("--again", action="store_true", help="do anew what is done")
    run.add_argument("--progress", type=Path, metavar="FILE", help="append how far it has come, one JSON line a step")

    shown = add_command(group, "table", "a study's table, from its records", "charlstm experiment table cells", _table)
    shown.add_argument("study", metavar="STUDY", choices=list(catalog()), help=", ".join(catalog()))
    written = add_command(
        group, "report", "all studies in one Markdown text", "charlstm experiment report --out report.md", _report
    )
    written.add_argument("--out", type=Path, metavar="FILE", help="(default: print it)")
    for command in (run, shown):
        command.add_argument("--seeds", type=at_least(1), default=SEEDS, metavar="N", help="(default %(default)s)")
        command.add_argument("--epochs", type=at_least(1), default=EPOCHS, metavar="N", help="(default %(default)s)")
        command.add_argument("--corpus", default="fiddle", metavar="NAME", help="(default fiddle)")


def _list(options: argparse.Namespace) -> None:
    from charlstm.experiments.records import find_record

    corpus = find_corpus("fiddle")
    values = []
    for each in catalog().values():
        runs = each.runs()
        done = sum(find_record(run, corpus.fingerprint) is not None for run in runs)
        values.append({"study": each.name, "question": each.question, "runs": len(runs), "done": done})
    rows = [(v["study"], f"{v['done']} of {v['runs']}", f" {v['question']}") for v in values]
    lines = table([row[:2] for row in rows], ("study", "runs done")).splitlines()
    text = "\n".join(a + b for a, b in zip(lines, ["", *(f"  {row[2]}" for row in rows)], strict=True))
    show(options, values, text)


def _run(options: argparse.Namespace) -> None:
    from charlstm.experiments.execute import run_all
    from charlstm.experiments.records import find_record, lasting

    studies = list(catalog(options.epochs).values()) if options.study == ALL else [study(options.study, options.epochs)]
    runs = all_runs(studies, options.seeds)
    corpus = find_corpus(options.corpus)
    before = [find_record(run, corpus.fingerprint) for run in runs] if options.again else []
    started = time.monotonic()
    with progress() as advance:
        said = ""

        def report(update: Update) -> None:
            nonlocal said
            if options.progress:
                values = {
                    "key": update.key,
                    "share": round(update.share, 4),
                    "done": update.done,
                    "total": update.total,
                }
                _append(options.progress, values, time.monotonic() - started)
            advance(update.key, round(100 * (update.done + update.share % 1)), 100 * update.total)
            line = f"{update.done} of {update.total}: {update.key}"
            if update.share == 1 and line != said and not sys.stderr.isatty():
                print(said := line, file=sys.stderr, flush=True)

        records = run_all(
            runs,
            corpus,
            engine=options.engine,
            address=options.address,
            workers=options.workers,
            again=options.again,
            report=report,
        )
    text = f"{len(records)} records in data/results; see them with: charlstm experiment table {studies[0].name}"
    old = [(b, a) for b, a in zip(before, records, strict=False) if b is not None]
    if old:
        same = sum(lasting(b) == lasting(a) for b, a in old)
        text += f"\n{same} of {len(old)} came out exactly as they were"
        if options.progress:
            repeated = {"done": len(records), "total": len(records), "repeated": len(old), "identical": same}
            _append(options.progress, repeated, time.monotonic() - started)
    show(options, [record["key"] for record in records], text)


def _append(path: Path, values: Mapping[str, Any], seconds: float) -> None:
    """Add a line to a progress file, for a page that watches."""
    with open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps({**values, "seconds": round(seconds, 1)}) + "\n")


def _table(options: argparse.Namespace) -> None:
    from charlstm.experiments.tables import markdown, rows_of

    each = study(options.study, options.epochs)
    corpus = find_corpus(options.corpus)
    rows = rows_of(each, corpus.fingerprint, seeds=options.seeds)
    show(options, [row.to_dict() for row in rows], markdown(each, rows))


def _report(options: argparse.Namespace) -> None:
    from charlstm.errors import CharlstmError
    from charlstm.experiments.records import all_records
    from charlstm.experiments.report import report, sets

    records = all_records()
    found = sets(records)
    if not found:
        raise CharlstmError("there are no records yet; charlstm experiment run all makes them.")
    text = report(next(iter(found)), records)
    if options.out:
        options.out.write_text(text, encoding="utf-8")
    show(options, {"markdown": text}, f"written: {options.out}" if options.out else text.rstrip("\n"))

"""charlstm neurons heatmap | directory, and search | intervene | export: what the units of a model do."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from charlstm.cli import neurons_research
from charlstm.cli.common import (
    Commands,
    add_command,
    add_group,
    add_model,
    as_model_texts,
    at_least,
    find_corpus_for,
    progress,
    read_tunes,
    show,
    table,
    unit,
)

if TYPE_CHECKING:
    from charlstm.neurons.directory.entries import Directory


def add(commands: Commands) -> None:
    group = add_group(commands, "neurons", "what the units of a model do", "charlstm neurons directory lstm-250")
    heat = add_command(
        group,
        "heatmap",
        "colour a tune's characters by one unit's activation after each",
        "charlstm neurons heatmap lstm-250 tune.abc --unit 0:17 --png unit.png",
        _heatmap,
    )
    add_model(heat)
    heat.add_argument("tune", type=Path, metavar="TUNE.abc", help="the first tune of the file is read")
    heat.add_argument("--unit", type=unit, required=True, metavar="LAYER:INDEX", help="both counted from 0")
    heat.add_argument("--kind", default="hidden", help="hidden (default), cell, or a gate: i f o g, or r z n of a GRU")
    heat.add_argument("--columns", type=at_least(1), default=60, metavar="N", help="characters per row (default 60)")
    heat.add_argument(
        "--padded", action="store_true", help="the original report's grid: rows of N characters, the last one padded"
    )
    heat.add_argument("--values", action="store_true", help="write each value into the picture")
    heat.add_argument("--png", type=Path, metavar="F", help="write a picture")
    heat.add_argument("--html", type=Path, metavar="F", help="write a web page")

    names = add_command(
        group,
        "directory",
        "find which unit knows which concept: chosen on validation tunes, scored on test tunes, compared with chance",
        "charlstm neurons directory lstm-250 --corpus fiddle",
        _directory,
    )
    add_model(names)
    names.add_argument(
        "--corpus", metavar="NAME", help="name of the corpus (default: the one the model was trained on)"
    )
    names.add_argument("--tunes", type=at_least(1), metavar="N", help="use at most N tunes of each part (default: all)")
    names.add_argument("--again", action="store_true", help="measure again, even if a directory is stored")
    neurons_research.add(group)


def _heatmap(options: argparse.Namespace) -> None:
    from charlstm.lm.infer.engine import load
    from charlstm.neurons.heatmap import heatmap, to_html, to_png
    from charlstm.neurons.recording import record

    if not (options.png or options.html or options.json):
        options.parser.error("say what to write: --png F or --html F, or ask for --json")
    engine = load(options.model)
    text = as_model_texts(engine, read_tunes(options.tune))[0]
    acts = record(engine, text, kind=options.kind)
    drawn = heatmap(acts, options.unit, columns=options.columns, padded=options.padded)
    written = {}
    if options.png:
        options.png.write_bytes(to_png(drawn, values=options.values))
        written["png"] = str(options.png)
    if options.html:
        head = '<!doctype html><meta charset="utf-8"><title>charlstm</title>'
        options.html.write_text(f"{head}\n{to_html(drawn)}\n", encoding="utf-8")
        written["html"] = str(options.html)
    rows = [["".join(c for c, _ in row), [round(value, 4) for _, value in row]] for row in drawn.rows]
    value = {"unit": str(drawn.unit), "kind": drawn.kind, "written": written, "rows": rows}
    show(options, value, "\n".join(f"written: {path}" for path in written.values()))


def _directory(options: argparse.Namespace) -> None:
    from charlstm.lm.infer.engine import load
    from charlstm.neurons.directory.file import measure, open_directory, save_directory, to_dict

    engine = load(options.model)
    corpus = find_corpus_for(engine, options.corpus)
    directory = None if options.again or options.tunes else open_directory(engine, corpus)
    if directory is None:
        with progress() as advance:
            directory = measure(engine, corpus, tunes=options.tunes, report=advance)
        if engine.checkpoint and not options.tunes:  # of a part of the tunes it is only a trial
            try:
                save_directory(directory, engine.checkpoint.path)
            except OSError as error:
                print(f"charlstm: the directory could not be saved ({error})", file=sys.stderr)
    show(options, to_dict(directory), _directory_text(directory))


def _directory_text(directory: Directory) -> str:
    """The directory as two tables and what was tried."""
    rows: list[tuple[str, ...]] = []
    for entry in sorted(directory.measured, key=lambda entry: -entry.best[0].directed_auroc):
        best = entry.best[0]
        baselines = (entry.shuffled_high, entry.untrained, entry.character, entry.probes[-1])
        interval = sorted((best.low, best.high) if best.chosen >= 0.5 else (1 - best.low, 1 - best.high))
        rows.append(
            (
                entry.concept,
                f"{best.unit}{'+' if best.chosen >= 0.5 else '-'}",
                f"{best.directed_auroc:.3f}",
                f"{interval[0]:.3f}-{interval[1]:.3f}",
                *(f"{score:.3f}" for score in baselines),
            )
        )
    head = ("concept", "unit", "AUROC", "95%", "other tunes", "untrained", "character", "16 units")
    rare = [entry.concept for entry in directory.concepts if not entry.best]
    named = sum(neuron.named for neuron in directory.neurons)
    roles = {"header": "rises in the header", "body": "rises in the body", "quiet": "moves least"}
    lines = [
        f"{directory.tried:,} pairs of a unit and a concept were tried. Units are chosen on {directory.tunes[0]} "
        f"validation tunes, scored on {directory.tunes[1]} test tunes; + rises, - falls where the concept holds.",
        table(rows, head),
        f"{named} of {len(directory.neurons)} units have a name; {directory.nameless:.0%} have none.",
    ]
    if rare:
        lines.append(f"Too rare in these tunes to be measured: {', '.join(rare)}.")
    if directory.examples:
        shown = (f"{role}: {directory.examples[role].unit} ({words})" for role, words in roles.items())
        lines.append(f"The report's three: {', '.join(shown)}.")
    return "\n\n".join(lines)

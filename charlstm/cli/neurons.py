"""charlstm neurons heatmap | directory: what the units of a model do."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from charlstm.cli.common import (
    Commands,
    add_command,
    add_group,
    as_model_texts,
    at_least,
    find_corpus,
    read_tunes,
    show,
    table,
)
from charlstm.errors import CorpusError


def add(commands: Commands) -> None:
    group = add_group(commands, "neurons", "what the units of a model do", "charlstm neurons directory lstm-250")
    heat = add_command(
        group,
        "heatmap",
        "colour a tune's characters by what one unit held after reading each",
        "charlstm neurons heatmap lstm-250 tune.abc --unit 0:17 --png unit.png",
        _heatmap,
    )
    heat.add_argument("model", metavar="MODEL", help="a name in checkpoints/, or a folder")
    heat.add_argument("tune", type=Path, metavar="TUNE.abc", help="its first tune is read")
    heat.add_argument("--unit", type=_unit, required=True, metavar="LAYER:INDEX", help="both counted from 0")
    heat.add_argument("--kind", default="hidden", help="hidden (default), cell, or a gate: i f o g, or r z n of a GRU")
    heat.add_argument("--columns", type=at_least(1), default=60, metavar="N", help="characters a row (default 60)")
    heat.add_argument("--png", type=Path, metavar="F")
    heat.add_argument("--html", type=Path, metavar="F")

    names = add_command(
        group,
        "directory",
        "for each concept the unit that knows it best, chosen on validation tunes, scored on test tunes",
        "charlstm neurons directory lstm-250 --corpus fiddle",
        _directory,
    )
    names.add_argument("model", metavar="MODEL", help="a name in checkpoints/, or a folder")
    names.add_argument("--corpus", metavar="NAME", help="(default: the corpus the model was trained on)")
    names.add_argument("--tunes", type=at_least(1), default=100, metavar="N", help="of each part (default 100)")


def _unit(text: str) -> tuple[int, int]:
    """0:17, or 17 for the first layer."""
    try:
        layer, index = text.split(":") if ":" in text else ("0", text)
        return int(layer), int(index)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a unit such as 0:17") from None


def _heatmap(options: argparse.Namespace) -> None:
    from charlstm.lm.engine import load
    from charlstm.neurons.heatmap import heatmap, to_html, to_png
    from charlstm.neurons.record import record

    if not (options.png or options.html or options.json):
        options.parser.error("say what to write: --png F or --html F, or ask for --json")
    engine = load(options.model)
    text = as_model_texts(engine, read_tunes(options.tune))[0]
    drawn = heatmap(record(engine, text, kind=options.kind), options.unit, columns=options.columns)
    written = {}
    if options.png:
        options.png.write_bytes(to_png(drawn))
        written["png"] = str(options.png)
    if options.html:
        head = '<!doctype html><meta charset="utf-8"><title>charlstm</title>'
        options.html.write_text(f"{head}\n{to_html(drawn)}\n", encoding="utf-8")
        written["html"] = str(options.html)
    rows = [["".join(c for c, _ in row), [round(value, 4) for _, value in row]] for row in drawn.rows]
    value = {"unit": str(drawn.unit), "kind": drawn.kind, "written": written, "rows": rows}
    show(options, value, "\n".join(f"written: {path}" for path in written.values()))


def _directory(options: argparse.Namespace) -> None:
    from charlstm.lm.engine import load
    from charlstm.neurons.directory import directory

    engine = load(options.model)
    named = engine.checkpoint.corpus.get("name") if engine.checkpoint else None
    corpus = find_corpus(options.corpus or str(named or "fiddle"))
    if not corpus.test:
        raise CorpusError(f"the corpus {corpus.name} has no test tunes to score units on; build one that has.")
    chosen, scored = (as_model_texts(engine, part[: options.tunes]) for part in (corpus.validation, corpus.test))
    entries = directory(engine, chosen, scored)
    values = [{**asdict(e), "unit": str(e.unit)} for e in entries]
    rows = [(e.concept, str(e.unit), f"{e.held_out:.3f}", f"{e.chosen:.3f}", f"{e.share:.3f}") for e in entries]
    head = ("concept", "unit", "AUROC on test", "where chosen", "share of characters")
    show(options, values, table(rows, head))

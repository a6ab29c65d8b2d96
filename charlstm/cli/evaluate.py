"""charlstm evaluate loss | panel | originality: how good a model is, and how good and how new its tunes are."""

from __future__ import annotations

import argparse
import math
from dataclasses import asdict
from pathlib import Path

from charlstm.cli.common import (
    Commands,
    add_command,
    add_corpus,
    add_group,
    add_model,
    as_model_texts,
    at_least,
    find_corpus,
    find_corpus_for,
    progress,
    read_tunes,
    show,
    table,
    without_number,
)
from charlstm.errors import CharlstmError, CorpusError, VocabularyError
from charlstm.files import parse_json
from charlstm.progress import Progress
from charlstm.tunes.abc import split_header
from charlstm.tunes.corpus.model import DEFAULT_CORPUS, PARTS


def add(commands: Commands) -> None:
    group = add_group(commands, "evaluate", "how good a model and its tunes are", "charlstm evaluate loss lstm-250")
    loss = add_command(
        group,
        "loss",
        "measure a model's loss on whole tunes, in nats per character: all, header, body",
        "charlstm evaluate loss lstm-250 --split test",
        _loss,
    )
    add_model(loss)
    what = loss.add_mutually_exclusive_group()
    what.add_argument("--split", choices=PARTS, default="test", help="part of the corpus (default test)")
    what.add_argument(
        "--tunes", type=Path, metavar="FILE", help="your own tunes, separated by X: lines or <start> ... <end>"
    )
    loss.add_argument("--corpus", metavar="NAME", help="name of the corpus (default: the one the model was trained on)")
    loss.add_argument(
        "--form",
        choices=("free", "own"),
        default="free",
        help="with a model that reads form plans: each tune without one (default), or by its own",
    )
    loss.add_argument(
        "--unknown",
        choices=("error", "skip"),
        default="error",
        help="if a tune has a character that the model has never seen: stop with an error (default), or leave it out",
    )

    panel = add_command(
        group,
        "panel",
        "measure many tunes beside a corpus's own test tunes",
        "charlstm evaluate panel --model lstm-512 --temperature 0.8 -n 1000\n"
        "  charlstm sample lstm-512 -n 300 --json > samples.json\n  charlstm evaluate panel samples.json",
        _panel,
    )
    panel.add_argument(
        "tunes",
        type=Path,
        nargs="?",
        metavar="TUNES",
        help="a tunebook, or the output of `sample --json`, which says how each tune ended",
    )
    panel.add_argument(
        "--corpus", metavar="NAME", help=f"name of the corpus (default {DEFAULT_CORPUS}; of --model: its own)"
    )
    panel.add_argument("--model", metavar="MODEL", help="sample this model in place of reading TUNES")
    panel.add_argument("-n", type=at_least(1), default=200, metavar="N", help="tunes to sample (default %(default)s)")
    panel.add_argument("--temperature", type=float, metavar="T", help="of --model (default: the model's own)")
    panel.add_argument("--guard", action="store_true", help="of --model: allow only what can be engraved and played")
    panel.add_argument("--no-tools", action="store_true", help="do not run abc2midi and abcm2ps, even if installed")

    new = add_command(
        group,
        "originality",
        "find the longest run of notes that each tune shares with a training tune, whatever the key",
        "charlstm sample lstm-512 -n 20 --out tunes.abc\n  charlstm evaluate originality tunes.abc --corpus fiddle",
        _originality,
    )
    new.add_argument("tunes", type=Path, metavar="TUNES", help="a tunebook, or the output of `sample --json`")
    add_corpus(new)


def _loss(options: argparse.Namespace) -> None:
    from charlstm.evaluate.loss import loss
    from charlstm.lm.infer.engine import load
    from charlstm.tunes.form_plan.reading import read_plan

    engine = load(options.model)
    if options.form == "own" and not engine.config.plan:
        raise CharlstmError(f"{engine.name} reads no form plans; measure it without --form own.")
    if options.tunes:
        texts = as_model_texts(engine, read_tunes(options.tunes))
        what = str(options.tunes)
    else:
        corpus = find_corpus_for(engine, options.corpus)
        texts = list(getattr(corpus, options.split))
        if (
            not engine.checkpoint or corpus.name != engine.checkpoint.corpus.name
        ):  # of its own corpus a model reads every character
            texts = as_model_texts(engine, texts)
        what = f"{corpus.name}, {options.split}"
        if not texts:
            raise CorpusError(f"the corpus {corpus.name} has no {options.split} tunes; choose another --split.")
    try:
        plans = [read_plan(text) for text in texts] if options.form == "own" else None
        measured = loss(engine, texts, unknown=options.unknown, plans=plans)
    except VocabularyError as error:
        raise CharlstmError(f"{error} Or leave tunes that hold such a character out: --unknown skip") from error
    rows = []
    for name in ("all", "header", "body"):
        part = getattr(measured, name)
        values = [f"{v:.4f}" if part.characters else "-" for v in (part.nats_per_character, part.bits_per_character)]
        rows.append((name, *values, f"{part.characters:,}"))
    left_out = (
        f"\n{measured.skipped} tunes left out: they have characters that the model does not know"
        if measured.skipped
        else ""
    )
    text = table(rows, (f"{measured.tunes} tunes of {what}", "nats/character", "bits/character", "characters"))
    show(options, measured.to_dict(), text + left_out)


def _panel(options: argparse.Namespace) -> None:
    from charlstm.evaluate.distributions import DISTRIBUTIONS
    from charlstm.evaluate.panel import MEASURES, panel

    if (options.tunes is None) == (options.model is None):
        options.parser.error("give a file of tunes, or --model")
    texts, ended, own = _sampled(options) if options.model else (*_read_samples(options.tunes), None)
    corpus = find_corpus(options.corpus or own or DEFAULT_CORPUS)
    measured = panel(texts, corpus, ended=ended, tools=() if options.no_tools else None)
    # The measures, a line each with what it is.
    rows = [
        (name, _figure(e.value), f"{_figure(e.low)} to {_figure(e.high)}", _figure(e.real), _figure(e.shuffled))
        for name, e in measured.measures.items()
    ]
    head = ("measure", f"{measured.tunes} tunes", "95%", f"{measured.real_tunes} real", "shuffled")
    lines = table(rows, head).splitlines()
    notes = ["", *[MEASURES[name] for name in measured.measures]]
    # The distances of what notes and rhythms the tunes have.
    distances = measured.distances()
    apart = [(name, _figure(value), _figure(measured.reference.halves[name])) for name, value in distances.items()]
    below = table(apart, ("distance from real tunes", f"{measured.tunes} tunes", "real halves")).splitlines()
    about = ["", *[DISTRIBUTIONS[name] for name in distances]]
    text = [f"{a}   {b}".rstrip() for a, b in zip([*lines, *below], [*notes, *about], strict=True)]
    show(options, measured.to_dict(), "\n".join([*text[: len(lines)], "", *text[len(lines) :]]))


def _sampled(options: argparse.Namespace) -> tuple[list[str], list[bool] | None, str | None]:
    """Tunes of a model, seeds from 0, which it ended, and the corpus that it learned from."""
    from charlstm.lm.config import SampleConfig
    from charlstm.lm.infer.engine import load
    from charlstm.lm.sample.sampling import sample

    engine = load(options.model)
    own = engine.checkpoint.temperature if engine.checkpoint else 1.0
    temperature = own if options.temperature is None else options.temperature
    with progress() as advance:
        samples = sample(
            engine,
            SampleConfig(temperature=temperature, guard=options.guard),
            n=options.n,
            progress=lambda done: advance(Progress("sampling", done, options.n)),
        )
    corpus = engine.checkpoint.corpus.name if engine.checkpoint else None
    return [one.text for one in samples], [one.stopped == "end" for one in samples], corpus


def _originality(options: argparse.Namespace) -> None:
    from charlstm.evaluate.originality import LEAST_RUN, USUAL_SHARE, originality
    from charlstm.evaluate.originality_file import originality_index

    texts, _ = _read_samples(options.tunes)
    corpus = find_corpus(options.corpus)
    with progress() as advance:
        index = originality_index(corpus, report=advance)
    found = [originality(text, index) for text in texts]
    rows = [
        (
            split_header(text).get("T") or f"tune {place}",
            each.notes,
            each.longest_run,
            f"{each.covered:.0%}",
            f"{index.rank(each.longest_run):.0%}" if each.usual_run else "-",
            each.title or "-",
        )
        for place, (text, each) in enumerate(zip(texts, found, strict=True), 1)
    ]
    head = ("title", "notes", "longest run", "covered", "real below", "in")
    note = (
        f"longest run: notes in a row that a training tune of {corpus.name} has too; covered: notes in such runs of "
        f"{LEAST_RUN} or more of that tune"
    )
    if index.usual_run:
        note += (
            f";\nreal below: share of {len(index.real_runs)} real tunes with a shorter run ({USUAL_SHARE} % have at "
            f"most {index.usual_run} notes)"
        )
    values = [
        {**asdict(each), "is_unusual": each.is_unusual, "source": each.source or None, "title": each.title or None}
        for each in found
    ]
    show(options, values, f"{table(rows, head)}\n{note}")


def _read_samples(path: Path) -> tuple[list[str], list[bool] | None]:
    """The tunes of a file without their numbers, and which the model ended, where the file tells."""
    if path.suffix != ".json":
        return [without_number(text) for text in read_tunes(path)], None
    try:
        samples = parse_json(path.read_text(encoding="utf-8"))
        texts = [without_number(sample["abc"]) for sample in samples]
        return texts, [sample["stopped"] == "end" for sample in samples]
    except (ValueError, TypeError, KeyError, UnicodeDecodeError):
        raise CorpusError(f"{path} is not what `charlstm sample --json` writes; give a tunebook (.abc).") from None
    except FileNotFoundError:
        raise CorpusError(f"{path} is not there; name a file of tunes.", path=path) from None


def _figure(value: float | None) -> str:
    if value is None or math.isnan(value):
        return "-"
    return f"{value:.3f}" if abs(value) < 2 else f"{value:.1f}"

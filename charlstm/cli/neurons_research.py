"""charlstm neurons search | intervene | export: what the page's views Search, Intervene and Tune do, as commands."""

from __future__ import annotations

import argparse
import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from charlstm.cli.common import (
    Commands,
    add_command,
    add_model,
    add_seed,
    as_model_texts,
    at_least,
    find_corpus_for,
    progress,
    read_tunes,
    seed_of,
    show,
    table,
    unit,
)
from charlstm.errors import ConfigError
from charlstm.progress import Progress

if TYPE_CHECKING:
    from charlstm.lm.infer.engine import Engine
    from charlstm.neurons.concepts.concept import Concept
    from charlstm.neurons.recording import Activations
    from charlstm.neurons.search import Match, Probe

CONTEXT = 12  # characters shown before and after a place


def add(group: Commands) -> None:
    """Add the three commands to `charlstm neurons`."""
    search = add_command(
        group,
        "search",
        "find where units are on together in a corpus: chosen ones, or those that pick out a concept best",
        "charlstm neurons search lstm-250 --concept cadence",
        _search,
    )
    add_model(search)
    what = search.add_mutually_exclusive_group(required=True)
    what.add_argument("--concept", metavar="NAME", help="such as in_header; docs/neurons.md lists them")
    what.add_argument("--units", nargs="+", type=_signed_unit, metavar="L:I", help="0:17 when high, 0:17- when low")
    search.add_argument("--count", type=at_least(1), default=3, metavar="N", help="units of a concept (default 3)")
    search.add_argument("--threshold", type=float, default=0.3, metavar="H", help="of chosen units (default 0.3)")
    search.add_argument("--top", type=at_least(1), default=12, metavar="N", help="places to list (default 12)")
    search.add_argument("--corpus", metavar="NAME", help="name of the corpus (default: the model's own)")

    change = add_command(
        group,
        "intervene",
        "ablate, clamp or steer units, or steer along a concept, and measure what changes in the tunes",
        "charlstm neurons intervene lstm-250 --ablate 0:17 --pairs 100 --seed 1",
        _intervene,
    )
    add_model(change)
    action = change.add_mutually_exclusive_group(required=True)
    action.add_argument("--ablate", nargs="+", type=unit, metavar="L:I", help="hold these units at 0")
    action.add_argument("--clamp", nargs="+", type=unit, metavar="L:I", help="hold these units at --strength")
    action.add_argument("--steer", nargs="+", type=unit, metavar="L:I", help="push these units by --strength")
    action.add_argument("--concept", metavar="NAME", help="steer along the direction of a concept by --strength")
    change.add_argument(
        "--strength", type=float, default=1.0, metavar="S", help="a value from -1 to 1 to clamp at, else standard "
        "deviations to steer by (default 1)",
    )  # fmt: skip
    change.add_argument("--pairs", type=at_least(1), default=100, metavar="N", help="tunes without and with it")
    change.add_argument("--temperature", type=float, default=0.8, metavar="T", help="0 or more (default %(default)s)")
    change.add_argument("--max-length", type=at_least(1), default=1000, metavar="N", help="characters of a tune")
    change.add_argument("--same-header", action="store_true", help="let the intervention begin with the music")
    change.add_argument("--corpus", metavar="NAME", help="of the tunes to steer by (default: the model's own)")
    add_seed(change)

    out = add_command(
        group,
        "export",
        "write a unit's activations on a tune as data, and say how to cite the unit",
        "charlstm neurons export lstm-250 tune.abc --unit 0:17 --csv unit.csv --npz tune.npz --bibtex unit.bib",
        _export,
    )
    add_model(out)
    out.add_argument("tune", type=Path, metavar="TUNE.abc", help="the first tune of the file is read")
    out.add_argument("--unit", type=unit, required=True, metavar="L:I", help="layer and index, both from 0")
    out.add_argument("--npz", type=Path, metavar="F", help="every signal of every unit, as NumPy arrays")
    out.add_argument("--csv", type=Path, metavar="F", help="this unit: character, and each of its signals")
    out.add_argument("--bibtex", type=Path, metavar="F", help="how to cite it")


def _signed_unit(text: str) -> tuple[tuple[int, int], int]:
    """A unit and whether it is on when high (1) or when low (-1)."""
    return unit(text.rstrip("+-")), -1 if text.endswith("-") else 1


def _concept(name: str | None) -> Concept | None:
    """A concept by its name, if one was given. Raises ConfigError."""
    from charlstm.neurons.concepts.registry import CONCEPTS

    if name is None:
        return None
    if name not in CONCEPTS:
        raise ConfigError("concept", f"{name!r} must be one of {', '.join(CONCEPTS)}.")
    return CONCEPTS[name]


# ---- search ---------------------------------------------------------------------------------------------------------


def _search(options: argparse.Namespace) -> None:
    from charlstm.lm.infer.engine import load
    from charlstm.neurons.recording_file import record_to_file, texts_to_record
    from charlstm.neurons.search import match

    concept = _concept(options.concept)
    engine = load(options.model)
    texts = texts_to_record(engine, find_corpus_for(engine, options.corpus))
    with progress() as advance:
        recording = record_to_file(engine, texts, report=advance)
    probes, scores = _probes(options, recording, concept)
    matches = match(recording, probes, top=options.top, length=1 if concept else recording.characters)
    places = [_place(recording, one) for one in matches.best]
    if concept is not None:
        for place, one in zip(places, matches.best, strict=True):
            place["has_concept"] = bool(concept(recording.texts[one.text])[one.start : one.end].any())
    value = {
        "units": [
            {"unit": str(p.unit), "on": "high" if p.sign > 0 else "low", "threshold": round(p.threshold, 4), **more}
            for p, more in zip(probes, scores, strict=True)
        ],
        "tunes": len(recording.texts), "characters": recording.characters, "share": matches.share,
        "counts": {str(level): count for level, count in matches.counts.items()}, "places": places,
    }  # fmt: skip
    names = ", ".join(map(str, probes))
    rows = [(place["title"], place["start"], place["shared"], place["snippet"]) for place in places]
    head = f"{names}: on together at {matches.share:.2%} of {recording.characters:,} characters, {len(texts):,} tunes."
    show(options, value, f"{head}\n\n{table(rows, ('tune', 'character', 'units', 'place'))}")


def _probes(
    options: argparse.Namespace, recording: Activations, concept: Concept | None
) -> tuple[list[Probe], list[dict[str, float]]]:
    """The units to search with, and what is known of each."""
    from charlstm.neurons.concept_units import best_probes
    from charlstm.neurons.recording import Unit
    from charlstm.neurons.search import Probe

    if concept is None:
        if not 0 < options.threshold < 1:
            raise ConfigError("threshold", "must be between 0 and 1.")
        probes = [Probe(Unit(*pair), sign, options.threshold) for pair, sign in options.units]
        for probe in probes:
            recording.row(probe.unit)  # says which unit does not exist
        return probes, [{} for _ in probes]
    ranked = best_probes(recording, concept, most=options.count)
    if not ranked:
        raise ConfigError("concept", f"{concept.name} is too rare in these tunes to be searched for.")
    return [probe for probe, _ in ranked], [{"auroc": round(score, 4)} for _, score in ranked]


def _place(recording: Activations, place: Match) -> dict[str, Any]:
    """Where units are on together: tune, characters from 0, and the text around it with the place in brackets."""
    from charlstm.tunes.abc import split_header

    text = recording.texts[place.text]
    before, after = text[max(place.start - CONTEXT, 0) : place.start], text[place.end : place.end + CONTEXT]
    shown = f"{before}[{text[place.start : place.end]}]{after}".replace("\n", "\\n")
    title = split_header(text).get("T") or "Untitled"
    return {"title": title, "start": place.start, "end": place.end, "shared": place.shared, "snippet": shown}


# ---- intervene ------------------------------------------------------------------------------------------------------


def _intervene(options: argparse.Namespace) -> None:
    from charlstm.lm.config import SampleConfig
    from charlstm.lm.infer.engine import load
    from charlstm.lm.sample.sampling import sample
    from charlstm.neurons.paired_samples import changes, with_headers_of

    concept = _concept(options.concept)
    engine, seed, count = load(options.model), seed_of(options), options.pairs
    config = SampleConfig(temperature=options.temperature, max_length=options.max_length)
    changed, words = _changed(options, engine, concept)
    with progress() as advance:

        def done(before: int) -> Callable[[int], None]:
            return lambda number: advance(Progress("Writing tunes", before + number, 2 * count))

        own = sample(engine, config, n=count, seed=seed, progress=done(0))
        if options.same_header:
            others = with_headers_of(own, changed, config, progress=done(count))
        else:
            others = sample(changed, config, n=count, seed=seed, progress=done(count))
    measured = changes(own, others)
    same = sum(a.text == b.text for a, b in zip(own, others, strict=True))
    value = {
        "intervention": words, "pairs": count, "seed": seed, "identical": same,
        "changes": [
            {"measure": c.name, "before": c.before, "after": c.after, "change": c.change, "low": c.low, "high": c.high,
             "clear": c.is_clear}
            for c in measured
        ],
    }  # fmt: skip
    rows = [
        (c.name, f"{c.before:.3g}", f"{c.after:.3g}", f"{c.change:+.3g}", f"{c.low:+.3g} to {c.high:+.3g}",
         "clear" if c.is_clear else "")
        for c in measured
    ]  # fmt: skip
    head = f"{words}: {count} pair{'s' if count > 1 else ''} from seed {seed}, {same} identical."
    note = "95%: of the mean difference, by bootstrap over pairs. Clear: that interval excludes 0."
    show(options, value, f"{head}\n\n{table(rows, ('measure', 'A', 'B', 'change', '95%', ''))}\n\n{note}")


def _changed(options: argparse.Namespace, engine: Engine, concept: Concept | None) -> tuple[Engine, str]:
    """The engine with the intervention, and what it is in words."""
    from charlstm.neurons.concept_units import concept_direction
    from charlstm.neurons.recording import Unit
    from charlstm.neurons.steering import Intervention, deviations

    units = tuple(Unit(*pair) for pair in options.ablate or options.clamp or options.steer or ())
    named, strength = ", ".join(map(str, units)), f"{options.strength:+g}"
    if options.ablate:
        return Intervention("ablate", units).apply(engine), f"Ablate {named}"
    if options.clamp:
        return Intervention("clamp", units, options.strength).apply(engine), f"Clamp {named} at {strength}"
    recording = _recorded(options, engine)
    if concept is None:
        spread = deviations(recording.rows, engine.config.num_layers)
        words = f"Steer {named} by {strength} standard deviations"
        return Intervention("steer", units, options.strength).apply(engine, spread), words
    along, _ = concept_direction(recording, concept)
    words = f"Steer along {concept.name} by {strength} standard deviations"
    return Intervention("steer", strength=options.strength, along=along).apply(engine), words


def _recorded(options: argparse.Namespace, engine: Engine) -> Activations:
    """The model's reading of validation tunes: those that the page measures on."""
    import numpy as np

    from charlstm.neurons.recording import record_texts
    from charlstm.neurons.unseen import unseen

    corpus = find_corpus_for(engine, options.corpus)
    texts = unseen(corpus, engine.vocab)
    if not texts:
        raise ConfigError("corpus", f"{corpus.name} has no validation tunes that this model can read; name another.")
    with progress() as advance:
        return record_texts(engine, texts, dtype=np.float16, report=advance)


# ---- export ---------------------------------------------------------------------------------------------------------


def _export(options: argparse.Namespace) -> None:
    from charlstm.lm.infer.engine import load
    from charlstm.neurons.export import activations_npz, citation
    from charlstm.neurons.recording import replay
    from charlstm.tunes.abc import split_header

    engine = load(options.model)
    text = as_model_texts(engine, read_tunes(options.tune))[0]
    read, title = replay(engine, text), split_header(text).get("T") or "Untitled"
    signals = {kind: read.activations(kind).unit(options.unit).tolist() for kind in read.kinds}
    name = Path(options.model).name
    words, bibtex = citation(engine, options.unit, model=name)
    written = {}
    if options.npz:
        options.npz.write_bytes(activations_npz(engine, read, options.unit, model=name, title=title))
        written["npz"] = str(options.npz)
    if options.csv:
        options.csv.write_text(_csv(text, signals), encoding="utf-8")
        written["csv"] = str(options.csv)
    if options.bibtex:
        options.bibtex.write_text(f"{bibtex}\n", encoding="utf-8")
        written["bibtex"] = str(options.bibtex)
    layer, index = options.unit
    rounded = {kind: [round(value, 4) for value in values] for kind, values in signals.items()}
    value = {
        "model": name, "unit": f"{layer}:{index}", "tune": title, "text": text, "signals": rounded,
        "citation": words, "bibtex": bibtex, "written": written,
    }  # fmt: skip
    show(options, value, "\n".join([words, *(f"written: {path}" for path in written.values())]))


def _csv(text: str, signals: dict[str, list[float]]) -> str:
    """A row a character: its number from 0, the character, and the unit's signals after it."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["position", "character", *signals])
    for position, (character, *values) in enumerate(zip(text, *signals.values(), strict=True)):
        shown = "\\n" if character == "\n" else character
        writer.writerow([position, shown, *(f"{value:.6g}" for value in values)])
    return file.getvalue()

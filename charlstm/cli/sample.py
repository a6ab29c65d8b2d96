"""charlstm sample: tunes out of a model, as a tunebook."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from charlstm.cli.common import (
    Commands,
    add_command,
    add_model,
    add_seed,
    at_least,
    built_corpus_of,
    printable,
    progress,
    read_tunes,
    seed_of,
    show,
    unescape,
    with_number,
)
from charlstm.lm.config import SampleConfig
from charlstm.progress import Progress

if TYPE_CHECKING:
    from charlstm.evaluate.ranking import TuneScore
    from charlstm.lm.infer.engine import Engine
    from charlstm.lm.sample.attributes import Attributes
    from charlstm.lm.sample.form import Form
    from charlstm.lm.sample.sampling import Sample

_SAMPLE = SampleConfig()
FIELDS = {"meter": "M", "key": "K", "rhythm": "R", "title": "T"}


def add(commands: Commands) -> None:
    parser = add_command(
        commands,
        "sample",
        "let a model write tunes",
        "charlstm sample lstm-512 -n 3 --meter 6/8 --key D --seed 7",
        _sample,
    )
    add_model(parser)
    parser.add_argument("-n", type=at_least(1), default=1, metavar="N", help="how many tunes (default 1)")
    parser.add_argument(
        "--best", type=at_least(1), metavar="N", help="keep the N best of them, the best first, and say why"
    )
    parser.add_argument("--temperature", type=float, metavar="T", help="0 or more (default: the model's own)")
    parser.add_argument("--top-k", type=int, metavar="K", help="choose among the K most likely characters")
    parser.add_argument(
        "--top-p", type=float, metavar="P", help="choose among the most likely, with P of the probability"
    )
    parser.add_argument("--guard", action="store_true", help="allow only tunes that can be engraved and played")
    parser.add_argument(
        "--form",
        default="auto",
        metavar="F",
        help="auto (default): one that the model has seen, if it reads form plans; free: none; like:TUNE.abc: that of "
        "a tune; or a form, such as 'AABB: a b a c | d e d c'",
    )
    like = parser.add_argument_group("what the tunes are like")
    like.add_argument("--range", metavar="NOTES", help="no note outside it, such as D4-B5; C4 is middle C")
    like.add_argument("--density", metavar="N", help="about this many notes per bar")
    like.add_argument("--leaps", metavar="S", help="about this share of intervals larger than a third, from 0 to 1")
    like.add_argument(
        "--part-temperature", metavar="T,T", help="temperature of each part, such as 1.2,0.6; the last one's goes on"
    )
    like.add_argument(
        "--return-temperature", metavar="T", help="temperature of bars that the form takes up again, or varies"
    )
    add_seed(parser)
    parser.add_argument(
        "--prime", type=unescape, default="", metavar="TEXT", help=r"how every tune begins; \n is a newline"
    )
    fixed = parser.add_argument_group("header fields to fix; the model writes the others")
    fixed.add_argument("--meter", metavar="M", help="such as 6/8")
    fixed.add_argument("--key", metavar="K", help="such as D, Em, Ador")
    fixed.add_argument("--rhythm", metavar="R", help="such as jig")
    fixed.add_argument("--title", metavar="T")
    parser.add_argument(
        "--max-length",
        type=int,
        default=_SAMPLE.max_length,
        metavar="N",
        help="maximum length in characters (default %(default)s)",
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the tunebook to a file")


def _sample(options: argparse.Namespace) -> None:
    from charlstm.lm.infer.engine import load
    from charlstm.lm.sample.fields import unseen_fields
    from charlstm.lm.sample.sampling import sample
    from charlstm.tunes.form_plan.notation import write_plan

    engine = load(options.model)
    temperature = options.temperature
    if temperature is None:
        temperature = engine.checkpoint.temperature if engine.checkpoint else _SAMPLE.temperature
    config = SampleConfig(
        temperature=temperature,
        top_k=options.top_k,
        top_p=options.top_p,
        max_length=options.max_length,
        guard=options.guard,
    )
    seed = seed_of(options)
    fields = {letter: getattr(options, name) for name, letter in FIELDS.items() if getattr(options, name) is not None}
    for remark in unseen_fields(engine, fields):
        print(f"charlstm: {remark}", file=sys.stderr)
    form = _form(engine, options.form)
    attributes = _attributes(options)
    with progress() as advance:
        samples = sample(
            engine,
            config,
            prime=options.prime,
            fields=fields or None,
            n=options.n,
            seed=seed,
            form=form,
            attributes=attributes,
            progress=lambda done: advance(Progress("writing", done, options.n)),
        )
    scores: list[TuneScore | None] = [None] * len(samples)
    if options.best:
        samples, scores = _best(engine, samples, options.best, form_given=form not in ("auto", "free"))
    tunes = [with_number(one.text, number) for number, one in enumerate(samples, 1)]
    book = "\n\n".join(tunes) + "\n"
    if options.out:
        options.out.write_text(book, encoding="utf-8")
    values = [
        {"abc": abc, "seed": s.seed, "log_probability": s.log_probability, "stopped": s.stopped}
        | ({"score": round(score.total, 4), "reasons": score.words} if score else {})
        | ({"form": write_plan(s.form)} if s.form else {})
        | ({"attributes": attributes.to_json(), "got": _got(s.text)} if attributes else {})
        | ({"overruled": len(s.overruled), "guard_cost": s.guard_cost} if options.guard else {})
        for abc, s, score in zip(tunes, samples, scores, strict=True)
    ]
    written = f"{len(tunes)} {'tune' if len(tunes) == 1 else 'tunes'} written: {options.out}"
    show(options, values, written if options.out else book.removesuffix("\n"))
    for number, (one, score) in enumerate(zip(samples, scores, strict=True), 1):
        if score:
            words = " ".join(score.words)
            print(f"charlstm: tune {number}, seed {one.seed}, score {score.total:.2f}: {words}", file=sys.stderr)
    if attributes:
        _compare(attributes, samples)
    if options.seed is None:
        print(f"charlstm: seed {seed}, temperature {temperature:g}", file=sys.stderr)
    unplayable = sum(not _is_playable(one.text) for one in samples)
    if unplayable:
        print(
            f"charlstm: {unplayable} of {len(samples)} cannot be played, without a key or notes: "
            "train the model longer, or lower the --temperature.",
            file=sys.stderr,
        )
    if endless := sum(s.stopped != "end" for s in samples):
        print(f"charlstm: {endless} of {len(samples)} cut off at {options.max_length} characters", file=sys.stderr)


def _best(
    engine: Engine, samples: list[Sample], count: int, *, form_given: bool
) -> tuple[list[Sample], list[TuneScore | None]]:
    """The best of the tunes, the best first, with their scores."""
    from charlstm.evaluate.ranking import ranked, score_sample
    from charlstm.evaluate.usual_ranges import usual_ranges

    usual = usual_ranges(engine, built_corpus_of(engine), by_plan=any(one.form for one in samples))
    if usual.remark:
        print(f"charlstm: {printable(usual.remark)}", file=sys.stderr)
    scores = [score_sample(one, usual=usual, form_given=form_given) for one in samples]
    places = ranked(scores)[:count]
    return [samples[place] for place in places], [scores[place] for place in places]


def _attributes(options: argparse.Namespace) -> Attributes:
    """What the options ask tunes to be like. Raises ConfigError."""
    from charlstm.lm.sample.attributes import OPTIONS, attributes_of_words

    given = {name: getattr(options, option[2:].replace("-", "_")) for name, option in OPTIONS.items()}
    return attributes_of_words({name: value for name, value in given.items() if value is not None})


def _got(text: str) -> dict[str, Any]:
    """What a tune is like, as JSON values."""
    from charlstm.tunes.views.attributes import tune_attributes

    got = tune_attributes(text)
    return {"range": str(got.range or ""), "density": round(got.density, 3), "leaps": round(got.leaps, 3)}


def _compare(attributes: Attributes, samples: list[Sample]) -> None:
    """Say what was asked for and what came out, on average."""
    from charlstm.lm.sample.attributes import write_attributes
    from charlstm.tunes.views.attributes import Ambitus, tune_attributes

    got = [tune_attributes(one.text) for one in samples]
    ranges = [one.range for one in got if one.range]
    ambitus = Ambitus(min(r.lowest for r in ranges), max(r.highest for r in ranges)) if ranges else "no notes"
    density, leaps = (sum(getattr(one, name) for one in got) / len(got) for name in ("density", "leaps"))
    print(
        f"charlstm: asked for {write_attributes(attributes)}; got {ambitus}, {density:.1f} notes per bar, "
        f"{leaps:.2f} of the intervals larger than a third",
        file=sys.stderr,
    )


def _form(engine: Engine, text: str) -> Form:
    """The form that --form asks for. Raises ConfigError."""
    from charlstm.lm.sample.form import form_like, form_of_text

    if text == "auto":
        return "auto"
    if text == "free":
        return "free"
    if text.startswith("like:"):
        return form_like(engine, read_tunes(Path(text.removeprefix("like:")))[0])
    return form_of_text(text)


def _is_playable(text: str) -> bool:
    """Whether there is a tune in the text: a key, and notes after it."""
    from charlstm.tunes.abc import body_tokens, split_header

    has_notes = any(token.kind == "note" for token in body_tokens(text))
    return has_notes and split_header(text).get("K") is not None

"""Continuation: from any bar of a tune the model writes on to the end, having read all that precedes.

What precedes stays byte for byte, but for the tune's own last bar line: a final one becomes a double
one, because a final bar line has nothing after it.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import dataclass, replace
from fractions import Fraction

from charlstm.errors import ConfigError
from charlstm.lm.config import SampleConfig
from charlstm.lm.infer.engine import Engine
from charlstm.lm.sample.adapter import TuneAdapter, written_places
from charlstm.lm.sample.guarded import Overruled
from charlstm.lm.sample.infill import infill, unit_and_meter
from charlstm.lm.sample.sampling import Sample, stream
from charlstm.tunes.abc import body_tokens, parse_meter
from charlstm.tunes.views.bars import bars, is_section_line

DEFAULT = SampleConfig(temperature=0.8)


@dataclass(frozen=True)
class Answered:
    """A tune and the bars that a model added; where none that fit were found, `text` is the tune up to there.

    Attributes
    ----------
    text : str
        The whole tune, a bar line and a line break at its end.
    start : int
        Where the new characters begin.
    overruled : tuple of Overruled
        The characters of `text` that the guard put instead of the model's.
    """

    text: str
    start: int
    overruled: tuple[Overruled, ...] = ()


@dataclass(frozen=True)
class Continued:
    """A tune and what was added to it.

    Attributes
    ----------
    text : str
        The whole tune.
    start : int
        Where the new characters begin; they go on to the end.
    prime : str
        The beginning as the model read it: `charlstm sample --prime` with it writes the same.
    sample : Sample
        As the model wrote it, prime included.
    overruled : tuple of Overruled
        The characters of `text` that the guard put instead of the model's.
    """

    text: str
    start: int
    prime: str
    sample: Sample
    overruled: tuple[Overruled, ...] = ()


def beginning(text: str, keep: int) -> str:
    """A tune up to where it is carried on.

    Parameters
    ----------
    text : str
        A tune as ABC.
    keep : int
        How many of its bars stay, as `tunes.views.bars.bars` counts them; 0: the header alone.

    Raises
    ------
    ConfigError
        If the tune has fewer bars.
    """
    tune = bars(text)
    if not 0 <= keep <= len(tune):
        raise ConfigError("keep", f"this tune has {len(tune)} bars; keep from 0 to {len(tune)} of them.")
    tokens = body_tokens(text)
    body_start = tokens[0].start if tokens else len(text)
    if keep == 0:
        return text[:body_start] + ("" if not text[:body_start] or text[:body_start].endswith("\n") else "\n")
    bar = tune[keep - 1]
    following = tune[keep] if keep < len(tune) else None
    line = next((t for t in tokens if t.start >= bar.end and t.kind == "bar_line"), None)
    if line is None or (following is not None and line.start >= following.start):
        return text[: bar.end] + "|"
    if following is None:
        return text[: line.start] + ("||" if line.text.strip() == "|]" else line.text) + "\n"
    if following.ending or not is_section_line(line.text):
        return text[: line.end]
    blanks = re.compile(r"[ \t]*\n?").match(text, line.end)
    assert blanks is not None  # it matches the empty text
    return text[: blanks.end()]


def continue_tune(
    engine: Engine,
    text: str,
    keep: int,
    *,
    config: SampleConfig = DEFAULT,
    seed: int = 0,
    nearest: bool = True,
) -> Generator[str, None, Continued]:
    """Carry a tune on, a character at a time.

    Parameters
    ----------
    engine : Engine
    text : str
        The tune as ABC, in any spelling.
    keep : int
        How many of its bars stay.
    config : SampleConfig
        `max_length` counts the new characters alone. With `guard` what is added can be played, and ends.
    seed : int
        The same seed continues the same way.
    nearest : bool
        Whether characters that the model does not know are read as their nearest, or left out.

    Returns
    -------
    generator of str
        The new characters as the model writes them, in its own unit note length; its value is a Continued.

    Raises
    ------
    ConfigError
        If the tune has fewer bars; before the first character is asked for.
    """
    before = beginning(text, keep)
    adapter = TuneAdapter(engine, before, nearest=nearest)
    prime = adapter.before(len(before))
    given = len(prime)
    writing = stream(engine, replace(config, max_length=config.max_length + given), prime=prime, seed=seed, form="free")

    def characters() -> Generator[str, None, Continued]:
        written = 0
        while True:
            try:
                character = next(writing)
            except StopIteration as end:
                sample: Sample = end.value
                break
            written += 1
            if written > given:
                yield character
        added = sample.text[len(sample.prime) :]
        new = adapter.write(added)
        places = written_places(added, new)
        overruled = [
            Overruled(len(before) + places[place - given], nats)
            for place, nats in sample.overruled
            if place - given < len(places)  # else it is the tune's end
        ]
        return Continued(before + new, len(before), prime, sample, tuple(overruled))

    return characters()


def answer(
    engine: Engine, text: str, n: int = 4, *, config: SampleConfig = DEFAULT, seed: int = 0, nearest: bool = True
) -> Answered:
    """Go on with a tune for some full bars, with nothing but plain bar lines between them, and no end.

    Bars are drawn until so many fill their meter, as in `infill`.

    Parameters
    ----------
    engine : Engine
    text : str
        The tune as ABC, in any spelling; it has a meter.
    n : int
        How many bars, at least 1.
    config, seed, nearest
        As in `infill`.

    Raises
    ------
    ConfigError
        If the tune has no meter, or one that is no whole number of its unit note lengths.
    """
    before = beginning(text, len(bars(text)))
    before += "" if before.endswith("\n") else "\n"
    unit, meter = unit_and_meter(before, len(before))
    rest = (parse_meter(meter) or Fraction(0)) / unit
    if rest.denominator != 1 or not rest:
        raise ConfigError("meter", f"{meter or 'none'} has no bars that a model could fill; give one such as 6/8.")
    first = len(bars(before))
    placeholder = "|".join([f"z{rest}"] * n) + "|\n"
    written = infill(engine, before + placeholder, first, first + n - 1, n=1, config=config, seed=seed, nearest=nearest)
    if not written.candidates:
        return Answered(before, len(before))
    return Answered(written.candidates[0].text, len(before), written.candidates[0].overruled)

"""A form plan as a line of text, and back: `AABB: a b a c / a b d e=1 | f g f h / f g d e=1`.

    plan     = [letters ":"] part { "|" part }
    letters  = a letter a part, A first, for a part that is an earlier one again that one's or a new one; a letter twice
               running: that part is repeated. Left out: no part is.
    part     = [bar "|:"] bar { ["/"] ["[1" | "[2"] bar }
    bar      = name ["~" name] ["(" length ")"] ["=" degree]
    name     = a to z, then aa, ab, ...; with ' for each time that it was varied
    length   = in whole notes, as 1/8; left out: what the meter says
    degree   = 1 to 7, of the scale: what the bar's last note is

A name that was not there before is a new bar, and one that was is that bar again. `b'` is a variant of `b`, `b''` of
`b'`; `b''~b` says that it is one of `b`. A `/` is a line break, `[1` and `[2` begin the endings, and `|:` stands behind
a lead-in to the first part. Line breaks at the end of a part go without saying. `parse_plan(write_plan(plan))` is
`plan.canonical()`.
"""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from string import ascii_uppercase
from typing import NoReturn

from charlstm.errors import ConfigError
from charlstm.tunes.form_plan.plan import MOST_BARS, FormPlan, PlanBar, PlanPart

MOST_CHARACTERS = 40 * MOST_BARS
_HEAD = re.compile(r"\s*([A-Z][A-Z\s]*):(?!\|)")
_TOKEN = re.compile(r"\|:|\||/|\[[12]|[^\s|/\[(]+(?:\([^)\s]*\)?)?[^\s|/\[(]*|\S")
_NAME = r"[a-z]{1,2}'*"
_BAR = re.compile(rf"({_NAME})(?:~({_NAME}))?(?:\((\d{{1,4}})(?:/(\d{{1,4}}))?\))?(?:=([1-7]))?")


def write_plan(plan: FormPlan) -> str:
    """A plan as text."""
    plan = plan.canonical()
    names: dict[int, str] = {}  # of the first bar with some music
    words: list[str] = []
    letters = 0
    number = 0
    for place, part in enumerate(plan.parts):
        if place:
            words.append("|")
        for bar in part.bars:
            if bar.ending:
                words.append(f"[{bar.ending}")
            word = ""
            if bar.kind == "return" and bar.of is not None:
                word = names[bar.of]
            elif bar.kind == "variant" and bar.of is not None:
                parent = names[bar.of]
                name = parent + "'"
                while name in names.values():
                    name += "'"
                names[number] = name
                word = name if name == parent + "'" else f"{name}~{parent}"
            else:
                names[number] = word = _name(letters)
                letters += 1
            if bar.kind != "return" and bar.length is not None:
                word += f"({bar.length})"
            words.append(word + (f"={bar.degree}" if bar.degree else ""))
            if plan.lead_in and number == 0:
                words.append("|:")
            elif bar.breaks:
                words.append("/")
            number += 1
    head = "".join(letter * (1 + part.repeated) for letter, part in zip(plan.letters, plan.parts, strict=True))
    return f"{head}: {' '.join(words)}"


def _name(number: int) -> str:
    """a to z, then aa, ab, ..."""
    first, last = divmod(number, 26)
    return ("" if not first else chr(96 + first)) + chr(97 + last)


def parse_plan(text: str) -> FormPlan:
    """Read a plan. Raises ConfigError, with what is wrong and an example."""
    if len(text) > MOST_CHARACTERS:
        _fail(f"has {len(text):,} characters; {MOST_CHARACTERS:,} are the most")
    head = _HEAD.match(text)
    body = text[head.end() :] if head else text

    # The bars, part by part.
    parts: list[list[PlanBar]] = [[]]
    names: dict[str, int] = {}
    lengths: list[Fraction | None] = []
    ending, lead_in = 0, False
    for token in _TOKEN.findall(body):
        bars = parts[-1]
        if token == "|":
            parts.append([])
        elif token == "|:":
            if len(lengths) != 1:
                _fail("has `|:` elsewhere than behind the first bar, where it ends a lead-in")
            lead_in = True
        elif token == "/":
            if not bars:
                _fail("has a line break `/` before any bar of its part")
            bars[-1] = replace(bars[-1], breaks=True)
        elif token in ("[1", "[2"):
            ending = int(token[1])
        else:
            bar = _bar(token, names, lengths)
            bars.append(replace(bar, ending=ending))
            ending = 0
    if not lengths:
        _fail("has no bars")
    if ending:
        _fail(f"has nothing after [{ending}")

    # Which parts are repeated.
    runs = re.findall(r"(.)(\1*)", re.sub(r"\s", "", head[1])) if head else []
    repeated = [bool(more) for _, more in runs] if len(runs) == len(parts) else [False] * len(parts)
    if head and (len(runs) != len(parts) or any(len(more) > 1 for _, more in runs)):
        _fail_letters(head[1], ascii_uppercase[: len(parts)])
    made = tuple(PlanPart(tuple(bars), again) for bars, again in zip(parts, repeated, strict=True))
    plan = FormPlan(made, lead_in).canonical()
    if head and "".join(letter for letter, _ in runs) not in (plan.letters, ascii_uppercase[: len(parts)]):
        _fail_letters(head[1], plan.letters)
    return plan


def _fail_letters(said: str, letters: str) -> NoReturn:
    wanted = "".join(letter * 2 for letter in letters)
    _fail(f"says {said.strip()} of {len(letters)} parts; write {wanted}, a letter once for a part played once")


def _bar(token: str, names: dict[str, int], lengths: list[Fraction | None]) -> PlanBar:
    """One bar; a new name is taken down, and the bar's length."""
    match = _BAR.fullmatch(token)
    if match is None:
        _fail(f"has {token[:20]!r}, which is not a bar")
    name, parent, numerator, denominator, degree = match.groups()
    length = None
    if numerator:
        if denominator and not int(denominator):
            _fail(f"has {token!r}, whose length divides by 0")
        length = Fraction(int(numerator), int(denominator or 1))
    last = int(degree) if degree else None
    if name in names:
        of = names[name]
        if parent or (length is not None and length != lengths[of]):
            _fail(f"says {token!r} of a bar that returns; give its first one the length, or give this one another name")
        bar = PlanBar("return", of, lengths[of], last)
    elif parent or name.endswith("'"):
        parent = parent or name.removesuffix("'")
        if parent not in names:
            _fail(f"has {token!r}, a variant of {parent}, which does not come before it")
        bar = PlanBar("variant", names[parent], length, last)
    else:
        bar = PlanBar("new", None, length, last)
    names.setdefault(name, len(lengths))
    lengths.append(bar.length)
    return bar


def _fail(what: str) -> NoReturn:
    raise ConfigError("form", f"{what}; a form reads like `AABB: a b a c | d e d c`.")

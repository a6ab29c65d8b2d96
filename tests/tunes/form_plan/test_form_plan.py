"""Form plans: what is written is read back, what is read off a tune is its form, and nonsense is named."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest

from charlstm.errors import ConfigError
from charlstm.tunes.form_plan.notation import parse_plan, write_plan
from charlstm.tunes.form_plan.plan import FormPlan, PlanBar, PlanPart
from charlstm.tunes.form_plan.reading import read_plan, written_bars
from tests.conftest import TUNES

ENDINGS = "M:6/8\nL:1/8\nK:Em\nB|:efg fed|Bcd B2A|1 BAG FED|E3 E2B:|2 BAG FED|E3 E2||\nd|efg fed|EFG E2|]"


def random_plan(seed: int) -> FormPlan:
    """Any plan: parts, endings, lead-in, references, lengths and degrees at random."""
    draw = random.Random(seed)
    parts: list[PlanPart] = []
    count = 0
    for _ in range(draw.randint(1, 4)):
        size, repeated = draw.randint(2, 9), draw.random() < 0.6
        endings = sorted(draw.sample(range(1, size), 2)) if repeated and size > 3 and draw.random() < 0.4 else []
        bars: list[PlanBar] = []
        for place in range(size):
            kind = draw.choice(("new", "return", "variant")) if count else "new"
            bars.append(
                PlanBar(
                    kind,  # type: ignore[arg-type]
                    None if kind == "new" else draw.randrange(count),
                    draw.choice((None, None, Fraction(1, 8), Fraction(3, 4))),
                    draw.choice((None, 1, 5, 7)),
                    endings.index(place) + 1 if place in endings else 0,
                    draw.random() < 0.3,
                )
            )
            count += 1
        parts.append(PlanPart(tuple(bars), repeated))
    lead_in = parts[0].repeated and not parts[0].bars[1].ending and draw.random() < 0.3
    return FormPlan(tuple(parts), lead_in)


def test_what_is_written_is_read_back() -> None:
    for seed in range(200):
        plan = random_plan(seed).canonical()
        assert plan.canonical() == plan
        assert parse_plan(write_plan(plan)) == plan


def test_the_letters_say_what_comes_back() -> None:
    plan = parse_plan("AABB: a(1/8) b c b' / a b d=1 | e f e' e''~e")
    kinds = ["new", "new", "new", "variant", "return", "return", "new", "new", "new", "variant", "variant"]
    assert [bar.kind for bar in plan.bars] == kinds
    assert [bar.of for bar in plan.bars[-2:]] == [7, 7]
    assert plan.bars[0].length == plan.bars[4].length == Fraction(1, 8)
    assert plan.bars[6].degree == 1 and plan.bars[3].of == 1 and plan.bars[5].of == 1
    assert [part.repeated for part in plan.parts] == [True, True]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("AABB: a b / c d | e f", ["|:", "|", "|\n", "|", ":|\n|:", "|", ":|"]),
        ("AB: a b | c d", ["", "|", "||\n", "|", "|]"]),
        ("ABB: a | b", ["", "||\n|:", ":|"]),
        ("AAB: a b [1 c [2 d | e", ["|:", "|", "|1 ", ":|2 ", "||\n", "|]"]),
        ("AA: a |: b c", ["", "|:", "|", ":|"]),
        ("a b", ["", "|", "|]"]),
    ],
)
def test_bar_lines_follow_from_parts_and_repeats(text: str, lines: list[str]) -> None:
    plan = parse_plan(text)
    assert [plan.opening, *plan.lines] == lines


@pytest.mark.parametrize("text", [*TUNES, ENDINGS])
def test_a_plan_read_off_a_tune_is_its_form(text: str) -> None:
    plan = read_plan(text)
    if plan is None:
        return
    opening, written = written_bars(text)
    assert [plan.opening, *plan.lines] == [opening, *[bar.line for bar in written]]
    music = [text[bar.start : bar.end] for bar in written]
    for number, bar in enumerate(plan.bars):
        if bar.kind == "return":
            assert bar.of is not None and music[bar.of] == music[number]
        else:
            assert music[number] not in music[:number]
    assert parse_plan(write_plan(plan)) == plan


def test_most_tunes_have_a_plan() -> None:
    assert sum(read_plan(text) is not None for text in TUNES) >= len(TUNES) - 1


def test_a_plan_names_lengths_endings_and_last_degrees() -> None:
    plan = read_plan(ENDINGS)
    assert plan is not None
    expected = "AAB: a(1/8) |: b c [1 d e=5 [2 d e'(5/8)=1 | f(1/8) b e''(5/8)=1"
    assert write_plan(plan) == expected
    assert plan.bars[0].length == Fraction(1, 8) and plan.lead_in
    assert [bar.degree for bar in plan.bars if bar.degree] == [5, 1, 1]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "no bars"),
        ("AABB: a b c", "1 parts"),
        ("AAA: a b", "AA"),
        ("BBAA: a | b", "AABB"),
        ("a b'' c", "variant of b'"),
        ("a b 7", "'7'"),
        ("a(1/0) b", "divides by 0"),
        ("a(9) b", "length"),
        ("a b a(1/8)", "returns"),
        ("ABC: a | | b", "without bars"),
        ("a b [1", "after [1"),
        ("AA: a b [2 c", "endings"),
        ("A: a [1 b [2 c", "endings"),
        ("a b |: c", "lead-in"),
        ("A: a |: c", "lead-in"),
        ("/ a", "line break"),
        ("a " * 300, "bars"),
        ("a" * 10_000, "characters"),
        ("a=9", "not a bar"),
    ],
)
def test_what_cannot_be_a_plan_is_named(text: str, named: str) -> None:
    with pytest.raises(ConfigError, match="form: ") as error:
        parse_plan(text)
    assert named in str(error.value)


def test_any_text_is_a_plan_or_a_sentence() -> None:
    for seed in range(100):
        draw = random.Random(seed)
        text = "".join(draw.choices("ab'~(1/8)=|:/[12 AB:", k=draw.randint(1, 60)))
        try:
            plan = parse_plan(text)
        except ConfigError:
            continue
        assert parse_plan(write_plan(plan)) == plan, text


def test_a_part_that_comes_again_has_its_letter() -> None:
    plan = parse_plan("AABBCC: a b | c d | a b")  # as it was once written
    assert plan.letters == "ABA" and write_plan(plan) == "AABBAA: a b | c d | a b"
    assert parse_plan(write_plan(plan)) == plan
    assert write_plan(parse_plan("a b | a b | a b")) == "ABA: a b | a b | a b"  # AA is a part that is repeated
    with pytest.raises(ConfigError, match="write AABBCC"):
        parse_plan("AABBAA: a b | c d | a e")

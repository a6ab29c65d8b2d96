"""Edits of a form: only what is edited loses its music, and what took it up stands for itself."""

from __future__ import annotations

import random

import pytest

from charlstm.errors import ConfigError
from charlstm.tunes.form_plan.edit import (
    FormEdit,
    add_bar,
    add_part,
    drop_bar,
    drop_part,
    make_new,
    make_return,
    make_variant,
    matched,
    set_degree,
    set_endings,
    set_repeated,
    unedited,
    with_breaks,
)
from charlstm.tunes.form_plan.notation import parse_plan, write_plan
from charlstm.tunes.form_plan.plan import FormPlan

PLAN = "AABB: a b a c / a b a' d=1 | e f e c / a b a' d=1"


def edited(edit: FormEdit) -> str:
    return write_plan(edit.plan)


def random_edit(plan: FormPlan, draw: random.Random) -> FormEdit:
    bar, part = draw.randrange(len(plan.bars)), draw.randrange(len(plan.parts))
    of = draw.randrange(bar) if bar else 0
    return draw.choice(
        [
            lambda: make_new(plan, bar),
            lambda: make_return(plan, bar, of),
            lambda: make_variant(plan, bar, of),
            lambda: add_bar(plan, bar - draw.randint(0, 1)),
            lambda: drop_bar(plan, bar),
            lambda: add_part(plan, part, bars=3, like=draw.choice([None, part])),
            lambda: drop_part(plan, part),
            lambda: set_repeated(plan, part, draw.random() < 0.5),
            lambda: set_endings(plan, part, draw.random() < 0.7),
            lambda: set_degree(plan, bar, draw.choice([None, 5])),
        ]
    )()


@pytest.mark.parametrize("seed", range(60))
def test_what_keeps_its_music_is_as_much_alike_as_before(seed: int) -> None:
    """Of any edits one after the other: kept bars are the same music in both plans where they were in the first."""
    draw = random.Random(seed)
    plan = before = parse_plan(PLAN)
    edit = unedited(plan)
    for _ in range(6):
        try:
            edit = edit.then(random_edit(edit.plan, draw))
        except ConfigError:
            continue
        plan = edit.plan
        assert plan.canonical() == plan and parse_plan(write_plan(plan)) == plan
        assert len(edit.origins) == len(plan.bars)
        kept = [(k, origin) for k, origin in enumerate(edit.origins) if origin is not None]
        for k, origin in kept:
            for other, other_origin in kept:
                if plan.roots[k] == plan.roots[other]:
                    assert before.roots[origin] == before.roots[other_origin]


def test_a_bar_becomes_what_is_asked_and_nothing_else_changes() -> None:
    plan = parse_plan(PLAN)
    assert edited(make_new(plan, 2)) == "AABB: a b c d / a b a' e=1 | f g f d / a b a' e=1"
    assert edited(make_return(plan, 3, 1)) == "AABB: a b a b / a b a' c=1 | d e d f / a b a' c=1"
    assert edited(make_variant(plan, 3, 1)) == "AABB: a b a b' / a b a' c=1 | d e d f / a b a' c=1"
    for edit in (make_new(plan, 2), make_return(plan, 3, 1), make_variant(plan, 3, 1), set_degree(plan, 7, 5)):
        assert sum(origin is None for origin in edit.origins) == 1


def test_the_music_of_an_edited_bar_lives_on_where_it_returned() -> None:
    plan = parse_plan("AB: a b | a c")
    edit = make_new(plan, 0)
    assert edited(edit) == "AB: a b | c d" and edit.origins == (None, 1, 2, 3)


def test_bars_are_added_and_dropped() -> None:
    plan = parse_plan("AABB: a b a c=5 | d b=1")
    assert edited(add_bar(plan, 0)) == "AABB: a b c a d=5 | e c=1"
    assert edited(add_bar(plan, 3)) == "AABB: a b a c d=5 | e b=1"
    assert add_bar(plan, 3).origins == (0, 1, 2, 3, None, 4, 5)
    assert edited(drop_bar(plan, 0)) == "AABB: a b c=5 | d a=1"
    assert edited(drop_bar(parse_plan("AB: a | b"), 0)) == "A: a"
    with pytest.raises(ConfigError):
        drop_bar(parse_plan("a"), 0)


def test_parts_are_added_and_dropped() -> None:
    plan = parse_plan("AAB: a b a' | c b")
    assert edited(add_part(plan, 1, like=0)) == "AABAA: a b a' | c b | a b a'"
    assert edited(add_part(plan, 0, bars=2)) == "AABBC: a b a' | c d | e b"
    assert edited(drop_part(plan, 0)) == "A: a b"
    with pytest.raises(ConfigError, match="no part 3"):
        drop_part(plan, 2)


def test_repeats_and_endings() -> None:
    plan = parse_plan("AB: a b c d=1 | e f")
    endings = set_endings(plan, 0, True)
    assert edited(endings) == "AAB: a b c [1 d [2 d'=1 | e f"
    assert endings.plan.lines[2:5] == ("|1 ", ":|2 ", "||\n")
    assert edited(set_endings(endings.plan, 0, False)) == "AAB: a b c d=1 | e f"
    assert edited(set_repeated(endings.plan, 0, False)) == "AB: a b c d=1 | e f"
    assert edited(set_repeated(plan, 1, True)) == "ABB: a b c d=1 | e f"


def test_what_was_typed_keeps_what_is_alike() -> None:
    before = parse_plan("AABB: a b a c | d e d c")
    edit = matched(before, parse_plan("AABB: a b a c | d e f d c"))
    assert edit.origins[:6] == (0, 1, 2, 3, 4, 5) and edit.origins[-1] == 7


def test_a_plan_by_hand_gets_lines_of_four_full_bars() -> None:
    plan = with_breaks(parse_plan("AABB: a(1/8) b c d e f g h i | a b"))
    assert [k for k, line in enumerate(plan.lines) if line == "|\n"] == [4]


def test_a_bar_that_is_not_there_is_named() -> None:
    plan = parse_plan("a b")
    for edit in (make_new, drop_bar, add_bar):
        with pytest.raises(ConfigError, match="no bar 3"):
            edit(plan, 2)
    with pytest.raises(ConfigError, match="earlier bar"):
        make_return(plan, 0, 1)

"""Attributes: as text and back; and that a tune is held to them without a dead end, whatever the network wants."""

from __future__ import annotations

import random

import pytest

from charlstm.errors import ConfigError
from charlstm.evaluate.validity import validity
from charlstm.lm.config import SampleConfig
from charlstm.lm.infer.engine import Engine, load
from charlstm.lm.sample.attribute_control import AttributeControl, note_heads
from charlstm.lm.sample.attributes import (
    NO_ATTRIBUTES,
    Attributes,
    attributes_of_json,
    parse_attributes,
    parse_range,
    write_attributes,
)
from charlstm.lm.sample.edited import stream_edited
from charlstm.lm.sample.guard import BODY_ROOM, Guard
from charlstm.lm.sample.sampling import sample, stream
from charlstm.tunes.form_plan.edit import add_bar
from charlstm.tunes.form_plan.notation import parse_plan
from charlstm.tunes.form_plan.reading import written_bars
from charlstm.tunes.views.attributes import tune_attributes
from tests.conftest import VOCAB
from tests.lm.sample.walks import CHARACTERS, walk

GUARDED = SampleConfig(guard=True, max_length=600)
ALL = "range=D4-B5 density=6.5 leaps=0.2 temperatures=1.2,0.6 returns=0.4"
RANGES = ("D4-B5", "C4-C4", "B2-C3", "C6-E6", "F4-F4", "A4-B5")


def test_text_json_and_options_bring_the_same_back() -> None:
    asked = parse_attributes(ALL)
    assert write_attributes(asked) == ALL
    assert attributes_of_json(asked.to_json()) == asked
    assert parse_attributes("") == NO_ATTRIBUTES and not NO_ATTRIBUTES and asked
    assert asked.options()[:2] == ["--range", "D4-B5"] and len(asked.options()) == 10


@pytest.mark.parametrize(
    "bad",
    ["range=D4", "range=B5-D4", "range=H4-B5", "range=C4-B5-C6", "range", "pitch=4", "density=0", "density=x",
     "density=nan", "leaps=1.1", "temperatures=1,,2", "temperatures=-1", "temperatures=1" + 26 * ",1", "returns=inf"],
)  # fmt: skip
def test_what_is_none_is_a_sentence(bad: str) -> None:
    with pytest.raises(ConfigError):
        parse_attributes(bad)


def test_a_range_without_notes_of_the_model_is_a_sentence(tiny_engine: Engine) -> None:
    with pytest.raises(ConfigError, match="range: has no notes"):
        sample(tiny_engine, attributes=parse_attributes("range=C9-D9"))


def test_without_attributes_it_is_the_same_tune(tiny_engine: Engine) -> None:
    own = SampleConfig(max_length=300, temperature=0.9)
    plain = sample(tiny_engine, own, n=3)
    same = sample(tiny_engine, own, n=3, attributes=Attributes(temperatures=(0.9,)))
    assert [one.text for one in plain] == [one.text for one in same]


@pytest.mark.parametrize("seed", range(12))
def test_no_note_lies_outside_the_range_and_there_are_no_dead_ends(seed: int) -> None:
    """Walks at random under a guard with a range, with a plan that asks for notes at the end of bars."""
    draw = random.Random(seed)
    ambitus = parse_range(RANGES[seed % len(RANGES)])
    heads = note_heads(ambitus, CHARACTERS)
    header = f"M:{draw.choice(['4/4', '6/8', '12/8'])}\nL:1/8\nK:D\n"
    guard = Guard(CHARACTERS, {}, {}, header, 500, heads=heads)
    if seed % 2:
        guard.follow(parse_plan(" ".join(f"{name}=5" for name in "abcdefghijklmnop")))
    for text in walk(guard, draw, header):
        if len(text) % 7 == 0 and guard._body is not None:
            assert len(guard._body.closing()) <= BODY_ROOM
    got = tune_attributes(text).range
    assert got is not None and ambitus.lowest <= got.lowest and got.highest <= ambitus.highest
    assert validity(text).valid, (text, validity(text).reasons)


@pytest.mark.parametrize("guard", [True, False])
@pytest.mark.parametrize("ambitus", ["D4-B5", "E4-F4", "A4-A4"])
def test_a_network_keeps_to_a_range_with_and_without_guard(uniform_engine: Engine, guard: bool, ambitus: str) -> None:
    config = SampleConfig(guard=guard, max_length=400)
    asked = parse_attributes(f"range={ambitus} density=4 leaps=0.3")
    for tune in sample(uniform_engine, config, n=4, attributes=asked, fields={"M": "4/4", "K": "D", "L": "1/8"}):
        got = tune_attributes(tune.text).range
        if guard:
            assert validity(tune.text).valid and got is not None
        assert asked.range is not None
        assert got is None or (asked.range.lowest <= got.lowest and got.highest <= asked.range.highest)


def test_density_and_leaps_move_a_tune_towards_what_is_asked(uniform_engine: Engine) -> None:
    def got(text: str, name: str) -> float:
        tunes = sample(uniform_engine, GUARDED, n=8, attributes=parse_attributes(text), fields={"M": "4/4"})
        return sum(getattr(tune_attributes(one.text), name) for one in tunes) / len(tunes)

    assert got("density=4", "density") < got("density=12", "density")
    assert got("leaps=0.1", "leaps") < got("leaps=0.9", "leaps")


def bar_temperatures(attributes: str, header: str, body: str, plan: str = "") -> list[float]:
    """The temperature that the first character of each bar is drawn at."""
    control = AttributeControl(VOCAB, parse_attributes(attributes), SampleConfig(temperature=0.8))
    for char in header:
        assert control.config.temperature == 0.8  # the header keeps the tune's own
        control.read(char)
    control.follow(parse_plan(plan) if plan else None)
    temperatures = []
    for bar in body.split("8"):
        temperatures += [control.config.temperature] if any(c.isalpha() for c in bar) else []
        for char in bar + "8":
            temperatures[-1:] = [control.config.temperature] if char.isalpha() else temperatures[-1:]
            control.read(char)
    return temperatures


def test_each_part_has_its_temperature_and_returns_their_own() -> None:
    header, body = "M:4/4\nL:1/8\nK:D\n", "|:A8|B8|A8|1 c8:|2 d8||\n|:d8|e8|A8|f8:|"
    planned = bar_temperatures("temperatures=1.2,0.6 returns=0.3", header, body, "AABB: a b a [1 c [2 d | d e a f")
    assert planned == [1.2, 1.2, 0.3, 1.2, 1.2, 0.3, 0.6, 0.3, 0.6]
    # Without a plan bar lines tell the parts, and no bar is known to return; further parts have the last temperature.
    assert bar_temperatures("temperatures=1.2,0.6", header, body + "\nA8|]") == [1.2] * 5 + [0.6] * 5
    assert bar_temperatures("temperatures=1.2,0.6", header, "D8|:A8|B8:|\nd8|]") == [1.2, 1.2, 1.2, 0.6]


def test_a_stream_is_the_same_tune_and_an_edit_keeps_what_it_leaves_alone() -> None:
    engine, attributes = load("lstm-form"), parse_attributes(ALL)
    tune = sample(engine, SampleConfig(temperature=0.8, guard=True), seed=5, attributes=attributes)[0]
    written = "".join(stream(engine, SampleConfig(temperature=0.8, guard=True), seed=5, attributes=attributes))
    assert written == tune.text and tune.form is not None
    edited = "".join(
        stream_edited(
            engine, tune.text, add_bar(tune.form, 0), SampleConfig(temperature=0.8, guard=True), seed=5,
            attributes=attributes,
        )
    )  # fmt: skip
    assert attributes.range is not None
    got = tune_attributes(edited).range
    assert got is not None and attributes.range.lowest <= got.lowest and got.highest <= attributes.range.highest


@pytest.mark.parametrize("guard", [True, False])
def test_a_bar_that_is_added_has_the_attributes_too(guard: bool) -> None:
    """Its notes lie in the range, and at temperature 0 no random number matters."""
    engine = load("lstm-form")
    tune = sample(engine, SampleConfig(temperature=0.8, guard=True), seed=5)[0]
    assert tune.form is not None
    edit = add_bar(tune.form, 0)

    def added(seed: int) -> str:
        config, asked = SampleConfig(temperature=1.5, guard=guard), parse_attributes("range=A4-B4 temperatures=0")
        text = "".join(stream_edited(engine, tune.text, edit, config, seed=seed, attributes=asked))
        bar = written_bars(text)[1][edit.origins.index(None)]
        return text[bar.start : bar.end]

    bars = {added(seed) for seed in range(3)}
    assert len(bars) == 1 and set("".join(bars)) & set("AB")
    assert set("".join(bars)).isdisjoint("CDEFGabcdefg,'")


def test_a_tune_that_begins_outside_the_range_is_carried_on_within_it() -> None:
    """Also where a tie asks for a note outside."""
    prime = "M:4/4\nL:1/8\nK:D\nD4 D4-|"
    asked = parse_attributes("range=A4-B5")
    tune = sample(load("lstm-form"), GUARDED, prime=prime, attributes=asked)[0]
    assert tune.text.startswith(prime + "D") and validity(tune.text).valid
    assert set(tune.text[len(prime) + 1 :]).isdisjoint("CDEFG")

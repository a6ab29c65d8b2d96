"""Tunes written by a form plan: the same alone and in a batch, what an edit leaves alone stays, and errors say why."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from charlstm.errors import ConfigError
from charlstm.lm.config import SampleConfig
from charlstm.lm.infer.engine import Engine
from charlstm.lm.infer.logits import log_softmax
from charlstm.lm.sample import sampling
from charlstm.lm.sample.edited import stream_edited
from charlstm.lm.sample.form import form_like, form_of_text
from charlstm.lm.sample.sampling import Sample, resample, sample, stream
from charlstm.lm.store.checkpoint import Checkpoint
from charlstm.score.timeline import timeline
from charlstm.tunes.abc import split_header
from charlstm.tunes.form_plan.collection import collect_plans
from charlstm.tunes.form_plan.edit import drop_bar, make_new, make_return, set_endings, unedited
from charlstm.tunes.form_plan.notation import write_plan
from charlstm.tunes.form_plan.plan import FormPlan
from charlstm.tunes.form_plan.reading import read_plan, written_bars
from charlstm.tunes.parse.reader import read
from charlstm.tunes.views.bar_numbers import bar_numbers
from charlstm.tunes.views.bars import bars as bars_of
from charlstm.tunes.views.bars import misfits
from tests.conftest import TUNES, MakeEngine
from tests.lm.sample.writing import whole

CONFIG = SampleConfig(max_length=90)
HEADER = "M:6/8\nL:1/8\nK:D\n"
TUNE = HEADER + "|:ABc def|agf edc|ABc def|edc d3:|\n|:fga fga|gfe d3|fga fga|edc d3:|"


def planned(make_engine: MakeEngine, **config: object) -> Engine:
    """A network that reads plans, and has some."""
    engine = make_engine(plan=True, scale=0.8, **config)
    about = Checkpoint(Path("planned"), engine.config, engine.vocab, plans=collect_plans(TUNES))
    return Engine(engine.config, engine.vocab, engine.weights, checkpoint=about)


@pytest.mark.parametrize("guard", [False, True])
def test_a_batch_is_many_singles_and_a_stream(guard: bool, make_engine: MakeEngine, monkeypatch) -> None:
    monkeypatch.setattr(sampling, "BATCH_SIZE", 3)
    engine = planned(make_engine, clock=True, lookback_bars=(1,))
    config = SampleConfig(max_length=300, guard=guard)
    for form in ("auto", "free", form_of_text("AAB: a b a c | d e")):
        many = sample(engine, config, n=5, seed=4, prime="" if guard else HEADER, form=form)
        for one in many:
            alone = sample(engine, config, seed=one.seed, prime="" if guard else HEADER, form=form)[0]
            assert (alone.text, alone.form) == (one.text, one.form)
        streamed = stream(engine, config, seed=5, prime="" if guard else HEADER, form=form)
        assert "".join(streamed) == many[1].text


def test_the_plan_is_what_the_network_reads(make_engine: MakeEngine) -> None:
    """The log probabilities of what was drawn are those of the text read by the plan."""
    engine = planned(make_engine)
    for form in ("auto", "free", form_of_text("AAB: a b a c | d e")):
        tune = sample(engine, CONFIG, prime=HEADER, form=form, seed=3)[0]
        assert (tune.form is None) == (form == "free")
        ids = engine.vocab.encode(tune.text)
        logits, _ = engine.run(np.concatenate([[engine.vocab.start], ids]), tune.form)
        drawn = ids[len(HEADER) :] if tune.stopped != "end" else [*ids[len(HEADER) :], engine.vocab.end]
        log_p = log_softmax(logits)[np.arange(len(HEADER), len(HEADER) + len(drawn)), drawn]
        np.testing.assert_allclose(tune.log_probs, log_p, atol=1e-4)


def test_auto_draws_a_form_that_goes_with_the_header(make_engine: MakeEngine) -> None:
    engine = planned(make_engine)
    assert engine.checkpoint is not None
    own = {one.plan for one in engine.checkpoint.plans.plans if one.meter == "6/8"}
    forms = [sample(engine, CONFIG, prime=HEADER, seed=seed)[0].form for seed in range(8)]
    assert own and {write_plan(form) for form in forms if form} <= own and None not in forms


def test_a_model_without_plans_writes_free(make_engine: MakeEngine) -> None:
    engine = make_engine(lookback_bars=(1,))
    assert sample(engine, CONFIG)[0].text == sample(engine, CONFIG, form="free")[0].text
    with pytest.raises(ConfigError, match="no form plans"):
        sample(engine, CONFIG, form=form_of_text("a b"))


def test_bars_that_are_given_get_no_form_of_ours(make_engine: MakeEngine) -> None:
    assert sample(planned(make_engine), CONFIG, prime=HEADER + "ABc|")[0].form is None


def test_sampled_again_it_has_the_same_form(make_engine: MakeEngine) -> None:
    engine, plan = planned(make_engine, lookback_bars=(1,)), read_plan(TUNE)
    for form in (plan, None):
        tune = Sample(TUNE, "", 0, np.zeros(0), "end", form=form)
        again = resample(engine, [tune], [30], CONFIG)[0]
        assert again.form == form and again.text.startswith(TUNE[:30])


def music(text: str) -> list[str]:
    return [text[bar.start : bar.end] for bar in written_bars(text)[1]]


@pytest.mark.parametrize("guard", [False, True])
def test_what_an_edit_leaves_alone_stays_note_for_note(guard: bool, make_engine: MakeEngine) -> None:
    engine = planned(make_engine, clock=True, lookback_bars=(1,))
    config, plan = SampleConfig(guard=guard), read_plan(TUNE)
    assert plan is not None
    assert whole(stream_edited(engine, TUNE, unedited(plan), config))[0] == TUNE
    for edit in (make_new(plan, 2), make_return(plan, 5, 0), drop_bar(plan, 0), make_new(plan, 0).then(unedited(plan))):
        text, written = whole(stream_edited(engine, TUNE, edit, config, seed=1))
        assert text == written.text and written.form == edit.plan
        assert text == whole(stream_edited(engine, TUNE, edit, config, seed=1))[0]
        assert text.startswith(TUNE[: split_header(TUNE).body_start])
        assert [bar.line for bar in written_bars(text)[1]] == list(edit.plan.lines)
        for origin, bar in zip(edit.origins, music(text), strict=True):
            if origin is not None:
                assert bar == music(TUNE)[origin]


def test_an_edit_of_one_bar_is_written_the_same_beside_another_edit_behind_it(make_engine: MakeEngine) -> None:
    engine, plan = planned(make_engine), read_plan(TUNE)
    assert plan is not None
    one = make_new(plan, 2)
    both = one.then(make_new(one.plan, 6))
    first, second = (whole(stream_edited(engine, TUNE, edit, CONFIG, seed=7))[0] for edit in (one, both))
    assert music(first)[2] == music(second)[2] != music(TUNE)[2]


def test_an_edit_that_does_not_fit_is_named(make_engine: MakeEngine) -> None:
    plan = read_plan(TUNE)
    assert plan is not None
    with pytest.raises(ConfigError, match="no form plans"):
        stream_edited(make_engine(), TUNE, unedited(plan))
    with pytest.raises(ConfigError, match="does not have"):
        stream_edited(planned(make_engine), HEADER + "ABc|]", unedited(plan))


def test_the_form_of_a_tune_in_another_spelling(make_engine: MakeEngine) -> None:
    engine = planned(make_engine)
    assert form_like(engine, TUNE) == read_plan(TUNE)
    with pytest.raises(ConfigError, match="make no form"):
        form_like(engine, "K:D\nabc")


def test_a_form_by_hand_has_lines_of_four_bars() -> None:
    form = form_of_text("AABB: a(1/8) b c d e f g h i | a b")
    assert isinstance(form, FormPlan)
    assert [k for k, line in enumerate(form.lines) if line == "|\n"] == [4]
    assert form_of_text("AABB: a b / c | d").lines[1] == "|\n"


def test_the_guard_brings_returns_back_note_for_note(make_engine: MakeEngine) -> None:
    engine = planned(make_engine)
    form = form_of_text("AAB: a b a c | d b d c=1")
    for one in sample(engine, SampleConfig(max_length=400, guard=True), n=8, form=form):
        _, bars = written_bars(one.text)
        music = [one.text[bar.start : bar.end].strip() for bar in bars]
        assert len(music) == len(form.bars)
        for number, bar in enumerate(form.bars):
            if bar.kind == "return" and bar.of is not None:
                assert music[number] == music[bar.of], one.text


def test_a_part_that_ends_on_a_note_has_it_within_its_last_beat(make_engine: MakeEngine) -> None:
    """Not cut short before it: `G3/2A/4B/4` where `B2` was meant."""
    engine = planned(make_engine)
    form = form_of_text("AB: a b c d=1 | e f g h=3")
    for one in sample(engine, SampleConfig(max_length=400, guard=True), n=8, form=form, prime="M:4/4\nL:1/8\nK:D\n"):
        reading = read(one.text)
        for number, letter in ((3, "D"), (7, "F")):
            end = float(reading.measures[number].onset + reading.measures[number].duration) * 4
            beat = [s for s in timeline(one.text) if end - 1 <= s.onset < end]
            assert {one.text[s.start : s.end].strip("^_=")[0].upper() for s in beat} <= {letter}, one.text


@pytest.mark.parametrize(
    "text", ["AABB: a b c [1 d [2 e=1 | f g h i=1", "AB: a(1/8) b c d / b c b d'(5/8)=2 | e f=1", "ABB: a | b"]
)
def test_the_guard_holds_parts_repeats_endings_and_the_end_of_a_plan(text: str, make_engine: MakeEngine) -> None:
    engine, plan = planned(make_engine), form_of_text(text)
    for tune in sample(engine, SampleConfig(max_length=900, guard=True), prime=HEADER, form=plan, n=6):
        opening, written = written_bars(tune.text)
        assert [opening, *[bar.line for bar in written]] == [plan.opening, *plan.lines]
        assert tune.stopped == "end"


@pytest.mark.parametrize("seed", range(4))
def test_both_endings_before_a_pickup_leave_it_room(seed: int, make_engine: MakeEngine) -> None:
    """With the pickup that follows each of them is a whole bar, and neither pickup has a number of its own."""
    text = HEADER + "|:A|def agf|edc d2:|\n|:f|gfe dfa|edc d2:|"
    plan = read_plan(text)
    assert plan is not None
    edit = set_endings(plan, 0, True)
    config = SampleConfig(max_length=300, guard=True)
    written, _ = whole(stream_edited(planned(make_engine), text, edit, config, seed=seed))
    bars = bars_of(written)
    first, second, pickup = (bars[number].duration for number in (2, 3, 4))
    assert first + pickup == second + pickup == bars[1].duration and not misfits(bars), written
    numbers = bar_numbers(read(written).measures)
    assert numbers[0] == 0 and numbers[4] == numbers[3], written

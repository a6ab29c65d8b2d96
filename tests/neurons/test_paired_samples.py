"""What changed over pairs of tunes: counts by hand, the paired interval, and a diff that covers all that differs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from charlstm.lm.config import SampleConfig
from charlstm.lm.sample.sampling import Sample, sample
from charlstm.neurons.paired_samples import MEASURES, changes, differences, measures
from tests.conftest import TUNES, MakeEngine

HEAD = "M:4/4\nL:1/8\nK:C\n"


def written(text: str, seed: int, stopped: str = "end") -> Sample:
    return Sample(text, "", seed, np.zeros(0), stopped)  # type: ignore[arg-type]


def test_a_tune_is_counted_by_hand() -> None:
    tune = HEAD + "z2 (3ABc d2 C2|c8|z4 c'2|"
    found = measures(tune, ended=True)
    assert list(found) == list(MEASURES)
    assert (found["rests"], found["tuplets"], found["bars"]) == (2, 1, 3)
    assert found["range"] == 24  # middle C to the C two octaves above
    assert found["length"] == len(tune)
    assert found["bars filled"] == pytest.approx(2 / 3)
    assert found["ended"] == 1
    nothing = measures("", ended=False)
    assert set(nothing.values()) == {0}


def test_the_same_tunes_have_changed_in_nothing() -> None:
    tunes = [written(text, seed) for seed, text in enumerate(TUNES)]
    for change in changes(tunes, tunes):
        assert (change.change, change.low, change.high) == (0, 0, 0)
        assert not change.is_clear
        assert change.before == change.after


def test_a_rest_more_in_each_tune_is_a_clear_change_and_nothing_else_is() -> None:
    before = [written(HEAD + f"CDEF GABc|c{k}z|", k) for k in range(1, 9)]
    after = [written(s.text.replace("z|", "zz|"), s.seed) for s in before]
    found = {change.name: change for change in changes(before, after)}
    assert (found["rests"].before, found["rests"].after) == (1, 2)
    assert (found["rests"].low, found["rests"].high) == (1, 1)
    assert found["rests"].is_clear
    assert found["length"].change == 1
    assert not found["range"].is_clear


def test_pairs_of_different_seeds_are_no_pairs() -> None:
    with pytest.raises(ValueError):
        changes([written(TUNES[0], 1)], [written(TUNES[0], 2)])


def without(text: str, spans: tuple[tuple[int, int], ...]) -> str:
    kept, at = [], 0
    for start, end in spans:
        assert at <= start < end
        kept.append(text[at:start])
        at = end
    return "".join([*kept, text[at:]])


@settings(max_examples=150, deadline=None)
@given(some.sampled_from(TUNES), some.sampled_from(TUNES), some.integers(0, 80), some.text("abz23|: \nK:", max_size=6))
def test_what_is_not_marked_is_common_to_both(a: str, b: str, at: int, put: str) -> None:
    for right in (b, a[:at] + put + a[at:]):
        mine, theirs = differences(a, right)
        assert without(a, mine) == without(right, theirs)
        assert (mine, theirs) == ((), ()) or a != right


def test_one_note_is_marked_as_one_note() -> None:
    a = HEAD + "CDEF GABc|c8|"
    b = a.replace("E", "^E2")
    assert [a[s:e] for s, e in differences(a, b)[0]] == ["E"]
    assert [b[s:e] for s, e in differences(a, b)[1]] == ["^E2"]
    longer = a + "d8|"
    assert differences(a, longer) == ((), ((len(a), len(longer)),))
    other = a.replace("K:C", "K:G")
    assert [a[s:e] for s, e in differences(a, other)[0]] == ["K:C\n"]


def test_pairs_begin_alike_where_the_networks_agree(make_engine: MakeEngine) -> None:
    engine = make_engine()
    a, b = (sample(e, SampleConfig(max_length=40), n=5) for e in (engine, engine.ablate([(0, 0)], 0.01)))
    assert [s.seed for s in a] == [s.seed for s in b]
    assert len(changes(a, b)) == len(MEASURES)
    assert sum(x.text[:1] == y.text[:1] for x, y in zip(a, b, strict=True)) >= 4

"""Measures of a unit against units that were planted, and against slow versions of themselves."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from charlstm.neurons.concepts.layout import layout
from charlstm.neurons.recording import Activations, Unit, from_rows
from charlstm.neurons.unit_stats import (
    by_character,
    by_place,
    histogram,
    meters,
    output_weights,
    passages,
    similar_units,
    spectrum,
)
from tests.conftest import TUNES, MakeEngine

REEL = "T:A\nM:4/4\nL:1/8\nK:D\n" + "d2fd Adfd|e2ge cege|dfaf bafd|edce d4|" * 5 + "]"
POLKA = "T:B\nM:2/4\nL:1/8\nK:D\n" + "d2fd|Adfd|" * 10 + "]"


def planted(*rules: Callable[[str, int], float], texts: tuple[str, ...] = (REEL, POLKA, *TUNES)) -> Activations:
    """A recording whose units do what they are told: rule(text, t)."""
    rows = [[rule(text, t) for text in texts for t in range(len(text))] for rule in rules]
    return from_rows(texts, np.array(rows, dtype=np.float16), 1)


def test_a_histogram_adds_up_to_one_and_has_everything_in_its_place() -> None:
    edges, shares = histogram(np.array([-1.0, -1.0, 0.99, 1.0]), bins=4)
    assert edges.tolist() == [-1, -0.5, 0, 0.5, 1]
    assert shares.tolist() == [0.5, 0, 0, 0.5]


def test_a_unit_that_is_on_at_one_character_has_it_first() -> None:
    found = planted(lambda text, t: 1.0 if text[t] == "|" else -0.5)
    groups = by_character(found, found.unit((0, 0)), least=3)
    assert (groups[0].name, groups[0].mean, groups[0].low, groups[0].high) == ("|", 1, 1, 1)
    assert all(group.mean == -0.5 for group in groups[1:])
    text = "".join(found.texts)
    assert groups[0].count == text.count("|")
    assert {group.name for group in groups} == {c for c in set(text) if text.count(c) >= 3}


def test_a_unit_of_the_second_beat_is_found_at_its_place() -> None:
    def rule(text: str, t: int) -> float:
        return 0.75 if any(e.token.start <= t < e.token.end and e.onset == 1 / 4 for e in layout(text).events) else 0.0

    found = planted(rule)
    groups = by_place(found, found.unit((0, 0)), "4/4")
    assert max(groups, key=lambda group: group.mean).name == "2"  # the third eighth, counted from 0
    assert [group.mean for group in groups if group.name == "2"] == [0.75]
    assert sum(group.count for group in groups) > 100
    assert meters(found)["4/4"] == 3
    assert by_place(found, found.unit((0, 0)), "9/2") == []


def test_passages_are_the_peaks_of_different_tunes() -> None:
    rng = np.random.default_rng(3)
    found = planted(lambda text, t: float(rng.uniform(-0.5, 0.5)))
    values = found.unit((0, 0))
    for index, offset, value in ((1, 40, 0.9), (1, 60, 0.95), (0, 30, 0.8), (4, 3, -0.9)):
        values[found.starts[index] + offset] = value
    best = passages(found, values, count=3)
    assert [(p.index, p.at) for p in best[:2]] == [(1, 60), (0, 30)]
    assert len({p.index for p in best}) == 3
    (worst,) = passages(found, values, count=1, lowest=True)
    assert (worst.index, worst.at, worst.value) == (4, 3, pytest.approx(-0.9, abs=1e-3))
    for passage in passages(found, values, count=99):
        text = found.texts[passage.index]
        assert 0 <= passage.start <= passage.at < passage.end <= len(text)
        header = layout(text).header.body_start
        assert passage.end <= header or passage.start >= header  # header lines or bars, not both
    assert len(passages(found, values, count=99)) == len(found.texts)


def test_a_passage_of_a_bar_is_its_bar_and_its_neighbours() -> None:
    found = planted(lambda text, t: 0.0, texts=(POLKA,))
    values = found.unit((0, 0))
    at = POLKA.index("Adfd") + 1
    values[at] = 1
    (passage,) = passages(found, values)
    assert POLKA[passage.start : passage.end] == "d2fd|Adfd|d2fd|"
    assert passages(found, values, around=0)[0].start == at - 1


@pytest.mark.parametrize(("period", "cycles"), [(8, 1.0), (4, 2.0), (16, 0.5)])
def test_a_unit_of_one_period_has_its_peak_there(period: int, cycles: float) -> None:
    text = "M:4/4\nL:1/8\nK:D\n" + "cdefgabc|" * 40
    places = {event.token.start: k for k, event in enumerate(layout(text).events)}

    def rule(text: str, t: int) -> float:
        return float(np.sin(2 * np.pi * places.get(t, 0) / period + 0.4))

    found = planted(rule, texts=(text,))
    at, power, stretches = spectrum(found, found.unit((0, 0)), "4/4")
    assert at[power.argmax()] == cycles
    assert power.sum() == pytest.approx(1)
    assert stretches == 9  # 40 bars in eights that overlap by four
    assert spectrum(found, found.unit((0, 0)), "3/4")[1].sum() == 0


def test_votes_are_what_the_logits_gain(make_engine: MakeEngine) -> None:
    """Pushing the unit by a little moves the logits by its column, up to a shift of all."""
    engine = make_engine(num_layers=2, tie_weights=True, hidden_size=5)
    ids = np.array([0])  # one step: the others of its layer do not feel it yet
    low, high = (engine.ablate([(1, 3)], value).run(ids)[0][-1] for value in (0.0, 0.5))
    change = (high - low) / 0.5
    found = output_weights(engine, Unit(1, 3))
    assert found is not None
    np.testing.assert_allclose(found, change - change.mean(), atol=1e-4)
    assert output_weights(engine, Unit(0, 3)) is None


def test_the_twin_and_the_opposite_of_a_unit_are_the_most_like_it() -> None:
    rng = np.random.default_rng(5)
    noise = rng.normal(size=(40, 4000)) * 0.3
    noise[7] = 0.8 * noise[3] + 0.05 * noise[0]
    noise[11] = -noise[3] + 0.4 * noise[1]
    noise[9] = 0.25  # never moves
    found = from_rows(["A" * 4000], noise.astype(np.float16), 1)
    best = similar_units(found, (0, 3), count=2)
    assert [unit for unit, _ in best] == [Unit(0, 7), Unit(0, 11)]
    expected = np.corrcoef(noise[[3, 7, 11]])[0, 1:]
    np.testing.assert_allclose([r for _, r in best], expected, atol=2e-3)
    assert Unit(0, 9) not in [unit for unit, _ in similar_units(found, (0, 3), count=99)]

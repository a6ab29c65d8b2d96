"""Select and match against plain loops, on random values and on units planted by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from charlstm.errors import ConfigError
from charlstm.neurons.recording import Activations, Unit, from_rows
from charlstm.neurons.search import Match, Probe, concept_probes, match, nearest, on_counts, select


def recording_of(values: np.ndarray, lengths: list[int], layers: int = 1) -> Activations:
    return from_rows(["x" * n for n in lengths], values.astype(np.float16), layers)


def acts_of(values: np.ndarray) -> Activations:
    return Activations(("x" * values.shape[1],), values.astype(np.float32))


def test_a_planted_unit_is_selected_and_first() -> None:
    rng = np.random.default_rng(3)
    values = rng.uniform(-0.2, 0.2, (2, 40, 6))
    values[1, 10:15, 4] = 0.9  # on there, off around
    values[0, 10:15, 2] = -0.5  # on by falling
    values[0, 5:20, 1] = 0.9  # on around too
    found = select(acts_of(values), 10, 15)
    assert [s.probe for s in found] == [Probe(Unit(1, 4), 1, 0.3), Probe(Unit(0, 2), -1, 0.3)]
    assert found[0].contrast > 0.7
    wide = select(acts_of(values), 10, 15, before=0, after=0)
    assert {s.probe.unit for s in wide} == {(1, 4), (0, 2), (0, 1)}
    values[1, 12, 4] = 0
    assert Unit(1, 4) not in {s.probe.unit for s in select(acts_of(values), 10, 15)}
    assert Unit(1, 4) in {s.probe.unit for s in select(acts_of(values), 10, 15, share=0.8)}


@settings(max_examples=60, deadline=None)
@given(some.integers(0, 10**6), some.floats(0.05, 0.9), some.integers(0, 3), some.integers(0, 3))
def test_select_is_what_its_formula_says(seed: int, threshold: float, before: int, after: int) -> None:
    rng = np.random.default_rng(seed)
    length = int(rng.integers(1, 12))
    values = rng.uniform(-1, 1, (2, length, 5)).astype(np.float32)
    start = int(rng.integers(0, length))
    end = int(rng.integers(start + 1, length + 1))
    share = float(rng.choice([0.5, 0.75, 1.0]))
    expected = set()
    for layer in range(2):
        for index in range(5):
            for sign in (1, -1):
                h = [sign * v for v in values[layer, :, index]]
                inside = [v >= np.float32(threshold) for v in h[start:end]]
                around = [h[t] for t in range(start - before, start) if t >= 0]
                around += [h[t] for t in range(end, end + after) if t < length]
                if sum(inside) / len(inside) >= share and all(v < np.float32(threshold) for v in around):
                    expected.add(Probe(Unit(layer, index), sign, threshold))
    found = select(acts_of(values), start, end, threshold=threshold, share=share, before=before, after=after)
    assert {s.probe for s in found} == expected
    assert [s.contrast for s in found] == sorted((s.contrast for s in found), reverse=True)


def brute(recording: Activations, probes: list[Probe], length: int, least: int, top: int, per_text: int) -> list[Match]:
    """Places level by level, in plain loops."""
    places: list[Match] = []
    used: dict[int, int] = {}
    for level in range(len(probes), least - 1, -1):
        candidates = []
        for text, begin in enumerate(recording.starts[:-1].tolist()):
            n = [
                sum(p.sign * float(recording.rows[recording.row(p.unit), begin + t]) >= p.threshold for p in probes)
                for t in range(len(recording.texts[text]))
            ]
            t = 0
            while t < len(n):
                if n[t] < level:
                    t += 1
                    continue
                end = t
                while end < len(n) and n[end] >= level:
                    end += 1
                if max(n[t:end]) == level:
                    candidates.append(Match(text, t, end, level))
                t = end
        for place in sorted(candidates, key=lambda p: abs(p.end - p.start - length)):
            if len(places) < top and used.get(place.text, 0) < per_text:
                used[place.text] = used.get(place.text, 0) + 1
                places.append(place)
    return places


@settings(max_examples=80, deadline=None)
@given(some.integers(0, 10**6), some.integers(1, 5), some.integers(1, 6), some.integers(1, 4))
def test_match_is_what_its_formula_says(seed: int, many: int, length: int, per_text: int) -> None:
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 20, 4).tolist()
    values = np.sign(rng.normal(size=(6, sum(lengths)))) * rng.choice([0.1, 0.3, 0.31, 0.8], (6, sum(lengths)))
    recording = recording_of(values, lengths, layers=2)
    units = rng.permutation(6)[:many]
    probes = [
        Probe(Unit(*divmod(int(u), 3)), int(rng.choice([1, -1])), float(rng.choice([0.3, 0.31, -0.2]))) for u in units
    ]
    least = int(rng.integers(1, many + 1))
    found = match(recording, probes, length=length, least=least, top=7, per_text=per_text)
    assert list(found.best) == brute(recording, probes, length, least, 7, per_text)
    for level, count in found.counts.items():
        assert count >= sum(place.shared == level for place in found.best)
    assert found.share == pytest.approx(float((on_counts(recording, probes) == many).mean()))


def test_no_place_runs_over_the_end_of_a_tune() -> None:
    recording = recording_of(np.full((1, 30), 0.9), [10, 20])
    found = match(recording, [Probe(Unit(0, 0), 1, 0.3)], length=20)
    assert found.best == (Match(1, 0, 20, 1), Match(0, 0, 10, 1))
    assert found.counts == {1: 2}


@pytest.mark.parametrize("threshold", [0.3, 0.1, 0.9997, 1e-5, -0.25, 0.0])
@pytest.mark.parametrize("sign", [1, -1])
def test_whole_numbers_compare_as_the_floats_do(threshold: float, sign: int) -> None:
    every = np.arange(0x10000, dtype=np.uint16).view(np.float16)
    every = every[np.isfinite(every) & (np.abs(every) <= 1)][None]
    recording = recording_of(every, [every.shape[1]])
    counts = on_counts(recording, [Probe(Unit(0, 0), sign, threshold)])
    assert (counts == (sign * every[0].astype(np.float64) >= threshold)).all()


def test_a_concepts_probe_tells_it_as_well_as_any_threshold_can() -> None:
    rng = np.random.default_rng(1)
    labels = rng.random(200) < 0.2
    values = rng.normal(0, 0.2, (3, 200)).clip(-1, 1)
    values[1] -= 0.6 * labels
    values[2] = np.round(values[2], 1) + 0.2 * labels
    probes = concept_probes(values, labels, [(0, 0), (0, 1), (1, 2)])
    assert (probes[1].sign, probes[2].unit) == (-1, (1, 2))
    for row, probe in zip(values, probes, strict=True):

        def gain(sign: int, bound: float, row: np.ndarray = row) -> float:
            on = sign * row >= bound
            return float(on[labels].mean() - on[~labels].mean())

        best = max(gain(sign, sign * v) for sign in (1, -1) for v in row)
        assert gain(probe.sign, probe.threshold) == pytest.approx(best)
    with pytest.raises(ConfigError):
        concept_probes(values, np.ones(200, dtype=bool), [(0, 0)] * 3)


def test_the_nearest_state_is_itself_and_each_tune_comes_once() -> None:
    rng = np.random.default_rng(5)
    values = rng.uniform(-1, 1, (8, 90)).astype(np.float16)
    recording = recording_of(values, [30, 20, 40], layers=2)
    found, median = nearest(recording, values[:, 41].reshape(2, 4), top=3)
    assert found[0] == (1, 11, 0.0)
    assert sorted(text for text, _, _ in found) == [0, 1, 2]
    distances = np.sqrt(((values.astype(np.float64) - values[:, [41]]) ** 2).sum(axis=0))
    assert median == pytest.approx(np.median(distances), abs=1e-4)
    for text, at, distance in found:
        begin, end = recording.starts[text : text + 2]
        assert distance == pytest.approx(distances[begin:end].min(), abs=1e-5)
        assert distances[begin + at] == pytest.approx(distance, abs=1e-5)


def test_what_cannot_be_searched_is_a_sentence() -> None:
    acts = acts_of(np.zeros((1, 5, 2)))
    for start, end in ((3, 3), (4, 9), (-1, 2)):
        with pytest.raises(ConfigError):
            select(acts, start, end)
    with pytest.raises(ConfigError):
        select(acts, 0, 2, threshold=1.5)
    recording = recording_of(np.zeros((2, 5)), [5])
    with pytest.raises(ConfigError):
        match(recording, [])
    with pytest.raises(ConfigError):
        match(recording, [Probe(Unit(0, 9), 1, 0.3)])
    with pytest.raises(ConfigError):
        nearest(recording, np.zeros(3))

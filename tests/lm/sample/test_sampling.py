"""Sampling: its laws, with networks whose every symbol is as likely, or random ones."""

from __future__ import annotations

import numpy as np
import pytest

from charlstm.errors import ConfigError, VocabularyError
from charlstm.lm.config import SampleConfig
from charlstm.lm.infer.engine import Engine
from charlstm.lm.sample import sampling
from charlstm.lm.sample.decoding import distribution
from charlstm.lm.sample.sampling import resample, sample, stream
from charlstm.lm.vocab import Vocab

SHORT = SampleConfig(max_length=60)
SETTINGS = [
    {},
    {"temperature": 0.5},
    {"temperature": 0.0},
    {"top_k": 3},
    {"top_p": 0.7},
    {"temperature": 1.7, "top_k": 9, "top_p": 0.9},
]


def biased(engine: Engine, **symbols: float) -> Engine:
    """The engine with the biases of some symbols moved; END as `end`."""
    bias = engine.weights["decoder.bias"].copy()
    for symbol, by in symbols.items():
        bias[engine.vocab.end if symbol == "end" else engine.vocab.ids[symbol]] += by
    return Engine(engine.config, engine.vocab, dict(engine.weights) | {"decoder.bias": bias})


def test_frequencies_match_the_distribution(make_engine):
    """First symbols of 4,000 tunes: chi square over those expected more than five times, at 1 in 1,000."""
    engine = make_engine(scale=1.0)
    config = SampleConfig(temperature=0.8, top_k=30, max_length=1)
    tunes = sample(engine, config, n=4000)
    logits = engine.step([engine.vocab.start], engine.initial_state())[0]
    allowed = np.ones((1, len(engine.vocab)), dtype=bool)
    allowed[0, :2] = False  # neither START, nor END of nothing
    expected = 4000 * distribution(logits, config, allowed)[0]
    found = np.bincount([engine.vocab.ids[tune.text] for tune in tunes], minlength=len(expected))
    assert found[expected == 0].sum() == 0
    often = expected > 5
    degrees = often.sum() - 1
    assert degrees > 5
    chi_square = ((found - expected)[often] ** 2 / expected[often]).sum()
    assert chi_square < degrees * (1 - 2 / (9 * degrees) + 3.09 * (2 / (9 * degrees)) ** 0.5) ** 3  # Wilson-Hilferty


# The same tune


@pytest.mark.parametrize("settings", SETTINGS)
def test_a_batch_is_many_singles_and_a_stream(settings, make_engine, monkeypatch):
    monkeypatch.setattr(sampling, "BATCH_SIZE", 5)
    engine = biased(make_engine(scale=0.8, lookback_bars=(1, 2)), end=-1.0)
    config = SampleConfig(max_length=60, **settings)
    batch = sample(engine, config, n=12, seed=7, prime="K:D\n|:d")
    assert [tune.seed for tune in batch] == list(range(7, 19))
    for tune in batch:
        (single,) = sample(engine, config, seed=tune.seed, prime="K:D\n|:d")
        assert (single.text, single.stopped) == (tune.text, tune.stopped)
        np.testing.assert_allclose(single.log_probs, tune.log_probs, atol=1e-5)
        assert "".join(stream(engine, config, seed=tune.seed, prime="K:D\n|:d")) == tune.text


def test_a_streams_value_is_its_sample(tiny_engine):
    writing = stream(tiny_engine, SHORT, seed=5)
    value = None

    def read():
        nonlocal value
        value = yield from writing

    text = "".join(read())
    (expected,) = sample(tiny_engine, SHORT, seed=5)
    assert (value.text, value.stopped, text) == (expected.text, expected.stopped, expected.text)


def test_same_seed_same_tune_and_another_seed_another(tiny_engine):
    once, again, other = (sample(tiny_engine, SHORT, seed=seed)[0].text for seed in (3, 3, 4))
    assert once == again != other


@pytest.mark.parametrize("settings", SETTINGS)
def test_float32_writes_what_float64_writes(settings, make_engine):
    engine = biased(make_engine(scale=0.8, hidden_size=32, num_layers=2), end=-2.0)
    config = SampleConfig(max_length=80, **settings)
    exact = sample(engine.exact, config, n=8)
    assert [tune.text for tune in sample(engine, config, n=8)] == [tune.text for tune in exact]


def test_an_unsure_draw_is_settled_by_the_exact_network(make_engine):
    """A network that is visibly off still writes the exact one's tune, as long as it knows how far off it is."""
    engine = biased(make_engine(scale=0.8), end=-2.0)
    expected = [tune.text for tune in sample(engine.exact, SHORT, n=6)]
    blunt = dict(engine.weights) | {"decoder.bias": engine.weights["decoder.bias"] + _noise(engine, 0.02)}
    off = Engine(engine.config, engine.vocab, blunt)
    off.__dict__["exact"] = engine.exact
    off.__dict__["rounding"] = 0.0
    assert [tune.text for tune in sample(off, SHORT, n=6)] != expected
    del off.__dict__["rounding"]
    assert off.rounding > 0.02
    for settings in SETTINGS:
        config = SampleConfig(max_length=60, **settings)
        right = [tune.text for tune in sample(engine.exact, config, n=6)]
        assert [tune.text for tune in sample(off, config, n=6)] == right


def _noise(engine: Engine, size: float) -> np.ndarray:
    return np.random.default_rng(2).uniform(-size, size, len(engine.vocab)).astype(np.float32)


def test_temperature_zero_ignores_the_seed(tiny_engine):
    greedy = SampleConfig(temperature=0, max_length=50)
    assert len({tune.text for tune in sample(tiny_engine, greedy, n=5)}) == 1
    logits, _ = tiny_engine.run([0, *tiny_engine.vocab.encode(sample(tiny_engine, greedy)[0].text)])
    logits[:, 0], logits[0, 1] = -np.inf, -np.inf
    text = sample(tiny_engine, greedy)[0].text
    assert logits[: len(text)].argmax(axis=1).tolist() == tiny_engine.vocab.encode(text).tolist()


# Ends and beginnings


def test_tunes_stop_at_end_or_at_their_length(tiny_engine):
    tunes = sample(biased(tiny_engine, end=1.5), SampleConfig(max_length=20), n=40)
    assert {tune.stopped for tune in tunes} == {"end", "max_length"}
    for tune in tunes:
        assert 1 <= len(tune.text) <= 20
        assert len(tune.text) == 20 or tune.stopped == "end"
        assert len(tune.log_probs) == len(tune.text) + (tune.stopped == "end")


def test_neither_start_nor_end_is_drawn_first(uniform_engine):
    tunes = sample(biased(uniform_engine, end=50.0), SHORT, n=30)
    assert all(len(tune.text) == 1 and tune.stopped == "end" for tune in tunes)
    start_lover = Engine(
        uniform_engine.config,
        uniform_engine.vocab,
        dict(uniform_engine.weights) | {"decoder.bias": np.eye(len(uniform_engine.vocab), dtype=np.float32)[0] * 50},
    )
    for temperature in (0.0, 1.0):
        assert len(sample(start_lover, SampleConfig(temperature=temperature, max_length=30))[0].text) >= 1


def test_log_probs_are_the_models_own_whatever_the_settings(make_engine):
    engine = biased(make_engine(), end=0.5)
    config = SampleConfig(temperature=0.6, top_k=12, max_length=100)
    for tune in sample(engine, config, n=6, prime="K:D\n"):
        ids = engine.vocab.encode(tune.text)
        logits = engine.exact.run([engine.vocab.start, *ids])[0]
        log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        targets = [*ids, engine.vocab.end][4 : 4 + len(tune.log_probs)]
        np.testing.assert_allclose(tune.log_probs, log_p[np.arange(4, 4 + len(targets)), targets], atol=1e-5)
        assert tune.log_probability == tune.log_probs.sum() < 0


def test_a_prime_begins_the_tune_and_counts(tiny_engine):
    tune = sample(tiny_engine, SampleConfig(max_length=9), prime="M:6/8\n")[0]
    assert tune.text.startswith("M:6/8\n") and tune.prime == "M:6/8\n"
    assert len(tune.text) <= 9 and len(tune.log_probs) == len(tune.text) - 6 + (tune.stopped == "end")
    with pytest.raises(ConfigError, match="max_length: leaves no room after a prime of 6 characters"):
        sample(tiny_engine, SampleConfig(max_length=6), prime="M:6/8\n")


def test_a_reference_number_is_dropped_unless_the_model_writes_them(uniform_engine):
    assert sample(uniform_engine, SHORT, prime="X:1\nM:6/8\n")[0].prime == "M:6/8\n"
    assert sample(uniform_engine, SHORT, prime="<start>\nX:1\nM:6/8\n")[0].prime == "M:6/8\n"
    assert sample(uniform_engine, SHORT, prime="X:1")[0].prime == ""
    vocab = Vocab.of(["X:1\nK"])
    keeps = Engine(
        uniform_engine.config,
        vocab,
        {name: w if name[0] == "r" else w[: len(vocab)] for name, w in uniform_engine.weights.items()},
    )
    assert sample(biased(keeps, X=5.0), SHORT, prime="X:1\nK:")[0].prime == "X:1\nK:"


def test_what_cannot_be_read_is_a_sentence_before_anything_is_written(tiny_engine):
    for call in (sample, stream):
        with pytest.raises(VocabularyError, match="'é' at position 2"):
            call(tiny_engine, SHORT, prime="T:é")
        with pytest.raises(ConfigError, match="seed"):
            call(tiny_engine, SHORT, seed=-1)


def test_none_are_written_when_none_are_wanted_and_progress_is_told(tiny_engine, monkeypatch):
    assert sample(tiny_engine, SHORT, n=0) == []
    monkeypatch.setattr(sampling, "BATCH_SIZE", 2)
    told = []
    sample(tiny_engine, SampleConfig(max_length=3), n=5, progress=told.append)
    assert told == [2, 4, 5]


@pytest.mark.parametrize("temperature", [0.5, 1.0])
def test_what_is_rewritten_by_the_same_engine_is_the_same(make_engine, temperature):
    """Whatever is kept: each kept character uses up the number that it was drawn with."""
    engine = make_engine(lookback_bars=(1, 0))
    config = SampleConfig(temperature=temperature, max_length=70)
    tunes = sample(engine, config, n=6, seed=11)
    for keep in (0, 1, 17, 40):
        kept = [min(keep, len(tune.text) - 1) for tune in tunes]
        again = resample(engine, tunes, kept, config)
        assert [(t.text, t.stopped, t.seed) for t in again] == [(t.text, t.stopped, t.seed) for t in tunes]
        other = resample(engine.ablate([(0, k) for k in range(8)]), tunes, kept, config)
        assert all(b.text.startswith(a.text[:k]) for a, b, k in zip(tunes, other, kept, strict=True))

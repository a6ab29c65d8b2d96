from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from charlstm.errors import ConfigError, CorpusError
from charlstm.lm.infer.engine import Engine
from charlstm.neurons.auroc import auroc
from charlstm.neurons.baselines import untrained
from charlstm.neurons.concepts.concept import domain
from charlstm.neurons.concepts.registry import CONCEPTS, concepts_fingerprint
from charlstm.neurons.directory.entries import Directory
from charlstm.neurons.directory.file import (
    from_dict,
    is_current,
    is_fresh,
    load_directory,
    measure,
    open_directory,
    save_directory,
    to_dict,
)
from charlstm.neurons.directory.naming import directory
from charlstm.neurons.recording import Unit, record
from charlstm.progress import Progress
from charlstm.tunes.corpus.model import Corpus
from tests.conftest import TUNES, MakeEngine
from tests.memorizing_model import save_reciter


@pytest.fixture(scope="module")
def found(tiny_engine: Engine) -> Directory:
    return directory(tiny_engine, TUNES[:3], TUNES[3:])


def slow_score(engine: Engine, texts: tuple[str, ...], name: str, unit: Unit) -> float:
    """The definition: values and labels of the characters that the concept is asked among, text by text."""
    concept = CONCEPTS[name]
    kept = [domain(text, concept.within) for text in texts]
    values = [record(engine, text).unit(unit)[on] for text, on in zip(texts, kept, strict=True)]
    labels = [concept(text)[on] for text, on in zip(texts, kept, strict=True)]
    return float(auroc(np.concatenate(values)[None], np.concatenate(labels)[None])[0, 0])


def test_scores_are_of_tunes_that_had_no_say(tiny_engine: Engine, found: Directory) -> None:
    assert {"in_header", "bar_line", "note_d"} <= {entry.concept for entry in found.measured}
    for entry in found.measured:
        for best in entry.best:
            chosen, held_out = (slow_score(tiny_engine, t, entry.concept, best.unit) for t in (TUNES[:3], TUNES[3:]))
            assert best.chosen == pytest.approx(chosen, abs=1e-4)  # rounding differs between one text and many
            assert best.held_out == pytest.approx(held_out, abs=1e-4)
            assert best.low <= best.held_out + 0.02 and best.high >= best.held_out - 0.02


def test_the_best_units_are_the_best_where_they_were_chosen(tiny_engine: Engine, found: Directory) -> None:
    entry = found.entry("bar_line")
    assert entry is not None
    scores = [slow_score(tiny_engine, TUNES[:3], "bar_line", Unit(0, k)) for k in range(8)]
    order = sorted(range(8), key=lambda k: -abs(scores[k] - 0.5))
    assert [best.unit.index for best in entry.best] == order[:5]


def test_each_unit_has_its_best_concept_and_the_table_of_all_scores_is_theirs(found: Directory) -> None:
    names = [entry.concept for entry in found.measured]
    assert found.scores.shape == (8, len(names)) and found.tried == 8 * len(names)
    for k, neuron in enumerate(found.neurons):
        assert neuron.score.unit == Unit(0, k)
        assert found.scores[k, names.index(neuron.concept)] == pytest.approx(neuron.score.held_out, abs=1e-6)
        entry = found.entry(neuron.concept)
        assert entry is not None
        assert neuron.named == (neuron.score.directed_auroc > entry.floor)
    assert found.nameless == np.mean([not neuron.named for neuron in found.neurons])


def test_concepts_that_hold_nowhere_are_listed_and_not_measured(tiny_engine: Engine) -> None:
    without = directory(tiny_engine, TUNES[:3], TUNES[5:])  # the sixth tune has no title
    entry = without.entry("in_title")
    assert entry is not None and not entry.best and entry.tunes == 0
    assert "in_title" not in {neuron.concept for neuron in without.neurons}


def test_random_networks_have_no_names_beyond_other_random_networks(make_engine: MakeEngine) -> None:
    """The rule compares with the best unit of an untrained network: of a random one few units are named."""
    engine = untrained(make_engine(hidden_size=32, embedding_size=128), seed=7)
    found = directory(engine, TUNES[:3] * 6, TUNES[3:] * 6)
    assert found.nameless > 0.7


def test_a_planted_unit_gets_its_name_and_its_score(make_engine: MakeEngine) -> None:
    """A network of which one unit is on at the bar line signs, by hand."""
    engine = make_engine(cell="rnn", hidden_size=8, embedding_size=128, scale=0.02)
    weights = {name: array.copy() for name, array in engine.weights.items()}
    weights["rnn.weight_hh_l0"][5] = 0
    weights["rnn.weight_ih_l0"][5] = 0
    weights["rnn.weight_ih_l0"][:, 0] = 0  # the others do not see what it sees
    weights["embedding.weight"][:, 0] = [3.0 if symbol in "|:]" else -3.0 for symbol in engine.vocab.symbols]
    weights["rnn.weight_ih_l0"][5, 0] = 1.0
    planted = Engine(engine.config, engine.vocab, weights)
    found = directory(planted, TUNES[:3] * 6, TUNES[3:] * 6)
    entry = found.entry("bar_line")
    assert entry is not None
    assert entry.best[0].unit == Unit(0, 5)
    assert entry.best[0].directed_auroc > 0.9
    assert entry.shuffled < 0.75 < entry.best[0].low
    assert entry.probes[0] > 0.9


@pytest.mark.slow
def test_the_work_is_reported_and_may_be_stopped(tiny_engine: Engine) -> None:
    seen: list[tuple[int, int]] = []
    directory(tiny_engine, TUNES[:3], TUNES[3:], report=lambda now: seen.append((now.done, now.total)))
    assert [done for done, _ in seen] == list(range(1, seen[0][1] + 1))

    def stop(progress: Progress) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        directory(tiny_engine, TUNES[:3], TUNES[3:], report=stop)
    with pytest.raises(ConfigError, match="tunes"):
        directory(tiny_engine, [], TUNES)


@pytest.mark.slow
def test_it_comes_back_from_its_file_and_a_stale_one_does_not(tmp_path: Path, tiny_corpus: Corpus) -> None:
    from charlstm.lm.infer.engine import load

    engine = load(save_reciter(tmp_path / "reciter", (TUNES[0], TUNES[3], TUNES[5])))
    letters = set("".join((TUNES[0], TUNES[3], TUNES[5])))
    readable = Corpus("tiny", train=TUNES[:1], validation=(TUNES[0], TUNES[3]), test=(TUNES[5], TUNES[1]))
    made = measure(engine, readable)
    assert made.tunes == (2, 1 + (set(TUNES[1]) <= letters))  # tunes with unknown characters are left out
    assert open_directory(engine, readable) is None
    path = save_directory(made, engine.checkpoint.path)
    again = open_directory(engine, readable)
    assert again is not None
    assert to_dict(again) == to_dict(made)
    assert not is_fresh(again, engine, tiny_corpus)
    assert not is_fresh(again, engine.ablate([(0, 1)]), readable)
    assert open_directory(engine, tiny_corpus) is None
    for torn in (b"", b"[1]", b"{}", path.read_bytes()[:-40], b'{"format": "charlstm-directory/1"}'):
        path.write_bytes(torn)
        assert load_directory(engine.checkpoint.path) is None
    with pytest.raises((KeyError, ValueError, TypeError)):
        from_dict({**to_dict(made), "scores": [[1]]})


def test_an_index_is_stale_after_a_concept_was_added_or_changed(tmp_path: Path) -> None:
    from charlstm.lm.infer.engine import load

    engine = load(save_reciter(tmp_path / "reciter", (TUNES[0], TUNES[3], TUNES[5])))
    corpus = Corpus("tiny", train=TUNES[:1], validation=(TUNES[0], TUNES[3]), test=(TUNES[5],))
    made = measure(engine, corpus)
    save_directory(made, engine.checkpoint.path)
    assert open_directory(engine, corpus) is not None
    reel = CONCEPTS["reel"]
    for concepts in (
        {**CONCEPTS, "polka": replace(reel, name="polka")},
        {**CONCEPTS, "reel": replace(reel, spans=CONCEPTS["jig"].spans)},
    ):
        save_directory(replace(made, definitions=concepts_fingerprint(concepts)), engine.checkpoint.path)
        assert load_directory(engine.checkpoint.path) is not None
        assert open_directory(engine, corpus) is None


@pytest.mark.parametrize("model", ["gru-250", "lstm-150", "lstm-250", "lstm-512", "lstm-form", "rnn-250"])
def test_what_is_shipped_is_of_the_shipped_weights_and_concepts(model: str) -> None:
    from charlstm.lm.infer.engine import load

    folder = Path(__file__).parents[3] / "checkpoints" / model
    index = load_directory(folder)
    assert index is not None
    assert is_current(index, load(folder))


def test_a_corpus_without_test_tunes_is_refused(tiny_engine: Engine) -> None:
    with pytest.raises(CorpusError, match="test"):
        measure(tiny_engine, Corpus("half", train=TUNES[:1], validation=TUNES[1:2]))

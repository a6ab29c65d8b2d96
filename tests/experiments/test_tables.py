"""Tables and claims: numbers come from the records, whatever they are, and from nowhere else."""

from __future__ import annotations

import copy
import statistics

import pytest

from charlstm.evaluate.distributions import DISTRIBUTIONS
from charlstm.evaluate.panel import MEASURES
from charlstm.experiments.catalog import catalog
from charlstm.experiments.claims import claims, epochs_to_converge, fluctuation
from charlstm.experiments.jobs import Run, Sampling, Training, settings
from charlstm.experiments.records import CorpusInfo, Record, RecordSet, record_sets
from charlstm.experiments.tables import curves, interval, interval_note, markdown, neuron_rows, rows_of
from tests.experiments.conftest import small

STUDIES = catalog()
PRINT = "fingerprint"


def record(run: Run, result: dict) -> Record:
    corpus = CorpusInfo("c", PRINT, (1, 1, 1))
    about = settings(run.job)
    return Record(run.key(PRINT), run.job.kind, run.job.name, run.seed, about, corpus, {}, 10.0, result)


def trained(start: float, end: float, test: float, epochs: int = 4) -> dict:
    line = [start + (end - start) * k / (epochs - 1) for k in range(epochs)]
    return {
        "parameters": 1000,
        "validation_tunes": test - 0.01,
        "test_tunes": test,
        "test_slices": end,
        "characters_per_second": 5000,
        "curves": {
            "epoch": list(range(1, epochs + 1)),
            "train_slices": line,
            "validation_slices": [loss + 0.02 for loss in line],
            "train_tunes": line,
            "validation_tunes": line,
        },
    }


def neurons(header: float) -> dict:
    one = {"unit": [0, 7], "auroc": 0.9, "mean": [header, -header], "size": [0.1, 0.1], "values": [0.5] * 3}
    roles = {"header": one, "body": {**one, "mean": [-header, header]}, "quiet": one}
    return {"text": "abc", "characters": 3, "usual_size": 0.5, "neurons": roles}


def sampled(t: float) -> dict:
    measure = {"value": 0.5, "low": 0.4, "high": 0.6, "real": 1.0}
    names = ("ended", "valid", "bars_returning", "longest_run", "half_copied", "characters")
    return {
        "measures": dict.fromkeys(names, measure),
        "hesitation": t,
        "header": 0.9,
        "in_meter": 1 / (1 + t),
        "example": "K:C\nc4|]",
    }


def measured(t: float) -> dict:
    """A panel of tunes that are the worse the hotter."""
    measure = {"value": 0.9 - t / 4, "low": 0.1, "high": 0.95, "real": 0.97, "shuffled": 0.2}
    drawn = {"values": ["1", "other"], "tunes": [0.5, 0.5], "real": [1.0, 0.0], "distance": t / 10, "halves": 0.02}
    return {
        "tunes": 200,
        "real_tunes": 359,
        "measures": dict.fromkeys(MEASURES, measure),
        "distributions": dict.fromkeys(DISTRIBUTIONS, drawn),
        "example": "K:C\nc4|]",
    }


def rows_of_study(name, seeds=2, losses=None):
    """Rows of a study: a training's test loss is `losses[cell]`, else 1.3."""
    records = []
    for run in STUDIES[name].runs(seeds):
        if isinstance(run.job, Training):
            level = (losses or {}).get(run.job.model.cell, 1.3) + run.seed / 100
            result = trained(3.0, level, level)
        elif run.job.kind == "sampling":
            result = sampled(run.job.temperature)
        elif run.job.kind == "panel":
            result = measured(run.job.temperature)
        elif run.job.kind == "neurons":
            result = neurons(0.6)
        else:
            result = {"validation_tunes": 1.51, "test_tunes": 1.5}
        records.append(record(run, result))
    return rows_of(STUDIES[name], PRINT, records)


def test_the_interval_of_two_seeds_is_their_range():
    compared = interval([1.0, 1.2])
    assert (compared.mean, compared.low, compared.high, compared.kind) == (pytest.approx(1.1), 1.0, 1.2, "range")


def test_the_interval_of_more_seeds_is_students():
    """Against scipy.stats.t.interval(0.95, 4, loc=mean, scale=sem): t = 2.776 for 4 degrees of freedom."""
    values = [1.0, 1.1, 1.2, 1.3, 1.5]
    compared = interval(values)
    half = 2.776 * statistics.stdev(values) / 5**0.5
    assert compared.kind == "t" and compared.high - compared.mean == pytest.approx(half, rel=1e-3)
    many = interval([1.0, 2.0] * 50)
    assert many.high - many.mean == pytest.approx(1.984 * statistics.stdev([1.0, 2.0] * 50) / 10, rel=1e-3)


def test_one_seed_has_no_interval_and_none_no_mean():
    assert interval([2.0]).text() == "2.000" and interval([]) is None


@pytest.mark.parametrize("name", STUDIES)
def test_every_study_has_a_table_and_findings(name):
    rows = rows_of_study(name)
    text = markdown(STUDIES[name], rows)
    assert STUDIES[name].question in text and "| - | - | 0 |" not in text
    if name != "heatmaps":
        assert all((case.figure or "-") in text for case in STUDIES[name].cases)
        assert ("the bootstrap" if name == "panel" else "the range over two seeds") in text
    compared = claims(STUDIES[name], rows)
    assert compared and all(one.finds.endswith(".") for one in compared)
    assert any(one.agrees is not None for one in compared)


@pytest.mark.parametrize("name", STUDIES)
def test_without_records_there_is_a_table_and_nothing_is_claimed(name):
    rows = rows_of(STUDIES[name], PRINT, [])
    assert markdown(STUDIES[name], rows) and claims(STUDIES[name], rows) == [] and curves(rows) == []


def test_findings_follow_the_records():
    """The same claims, of records that say the opposite."""
    usual = claims(STUDIES["cells"], rows_of_study("cells", losses={"lstm": 1.3, "rnn": 1.9}))
    other = claims(STUDIES["cells"], rows_of_study("cells", losses={"lstm": 1.9, "rnn": 1.3}))
    assert usual[0].agrees is True and other[0].agrees is False
    assert "LSTM's loss is 1.30 to 1.31" in usual[0].finds and "LSTM's loss is 1.90 to 1.91" in other[0].finds
    assert usual[1].agrees is True and other[1].agrees is False


def test_half_a_study_is_shown_as_far_as_it_is():
    records = [record(run, trained(3.0, 1.4, 1.4)) for run in STUDIES["sizes"].runs(1)[:2]]
    rows = rows_of(STUDIES["sizes"], PRINT, records)
    assert sum(len(row.records) for row in rows) == 2
    assert claims(STUDIES["sizes"], rows) == [] and "one seed" in markdown(STUDIES["sizes"], rows)


def test_curves_are_in_long_form():
    rows = rows_of_study("baseline")
    compared = curves(rows)
    assert {(p["set"], p["way"]) for p in compared} == {
        (s, w) for s in ("training", "validation") for w in ("slices", "tunes")
    }
    assert len(compared) == 2 * 4 * 4 and {p["seed"] for p in compared} == {0, 1}
    assert min(p["loss"] for p in compared if p["way"] == "slices") == pytest.approx(1.3)


def test_more_seeds_than_asked_for_are_found():
    rows = rows_of_study("baseline", seeds=5)
    assert len(rows[0].records) == 5 and "Student" in interval_note(rows)
    assert len(rows_of(STUDIES["baseline"], PRINT, rows[0].records, seeds=2)[0].records) == 2


def test_neurons_have_rows_of_their_own():
    entries = neuron_rows(rows_of_study("heatmaps"))
    assert len(entries) == (1 + 2) * 3 and entries[0]["unit"] == "0:7"


def test_the_neurons_of_a_model_are_counted_once():
    """Seeds train other networks; a model of checkpoints/ is the same one, also where an old record says "seed 1"."""
    rows = rows_of_study("heatmaps")
    assert [len(row.records) for row in rows] == [1, 2]
    twice = [record(Run(STUDIES["heatmaps"].cases[0].job, seed), neurons(0.6)) for seed in (0, 1)]
    assert [len(row.records) for row in rows_of(STUDIES["heatmaps"], PRINT, twice)] == [1, 0]


def test_a_panels_table_ends_with_real_and_shuffled_tunes():
    rows = rows_of_study("panel")
    table = [line for line in markdown(STUDIES["panel"], rows).splitlines() if line.startswith("| ")]
    assert table[-2].startswith("| - | real tunes |") and " 0.970 |" in table[-2] and " 0.020 |" in table[-2]
    assert table[-1].startswith("| - | bars shuffled |") and " 0.200 |" in table[-1]
    assert "0.700 (0.100 to 0.950)" in table[3]  # T = 0.8
    assert rows[0].to_dict()["fully_valid"] == [pytest.approx(0.775), 0.1, 0.95]


def test_the_best_setting_is_the_one_of_the_records():
    rows = rows_of_study("panel")
    best = claims(STUDIES["panel"], rows)[0]
    assert "250 neurons and T = 1" in best.says and best.agrees is False and "at T = 0.5" in best.finds
    for row in rows:
        if row.case.columns == {"model": "lstm-250", "T": 1.0}:
            row.records[0].result["measures"] = {**row.records[0].result["measures"], "valid": {"value": 0.99}}
    assert claims(STUDIES["panel"], rows)[0].agrees is True


def test_a_loud_quiet_neuron_is_not_called_quiet():
    rows = rows_of_study("heatmaps")
    assert claims(STUDIES["heatmaps"], rows)[2].agrees is True
    loud = copy.deepcopy(rows)
    for row in loud:
        for one in row.records:
            one.result["neurons"]["quiet"]["size"] = [0.49, 0.1]
    assert claims(STUDIES["heatmaps"], loud)[2].agrees is False


def test_measures_of_a_curve():
    assert fluctuation([3.0, 2.0, 1.5, 1.5, 1.5, 1.5]) == 0 and fluctuation([3, 2, 1, 2, 1, 2]) == pytest.approx(1.0)
    assert epochs_to_converge([3.0, 2.0, 1.04, 1.03, 1.0]) == 3
    assert epochs_to_converge([1.0]) == 1


def test_a_bar_in_a_label_does_not_break_the_table():
    rows = rows_of_study("baseline")
    rows[0].case.columns["cell"] = "L|M"
    assert "L\\|M" in markdown(STUDIES["baseline"], rows)


def test_records_of_another_length_are_a_set_of_their_own():
    usual, longer = Run(small(epochs=2), 0), Run(small(epochs=50), 0)  # 50 is TrainConfig's default, and not written
    other = Run(Sampling(network=longer.job, temperature=1.0), 0)
    named = Run(Sampling(network="lstm-512", temperature=1.0), 0)
    records = [record(run, {}) for run in (usual, longer, other, named)]
    short, long = RecordSet("c", PRINT, 2), RecordSet("c", PRINT, 50)
    assert record_sets(records) == {short: 1, long: 1}
    assert [long.has(r) for r in records] == [False, True, True, True]
    assert [short.has(r) for r in records] == [True, False, False, True]
    assert not RecordSet("c", "another", 2).has(records[0])

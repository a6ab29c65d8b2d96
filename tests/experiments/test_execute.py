"""The runner: same settings, same record; what is done is skipped; what died goes on; two processes do not collide."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from charlstm.errors import CharlstmError, ConfigError
from charlstm.experiments import execute as run_module
from charlstm.experiments.execute import RECORD_FILE, Update, execute_run, run_all
from charlstm.experiments.jobs import Counting, Measuring, Neurons, Run, Sampling
from charlstm.experiments.ray import on_ray
from charlstm.experiments.records import (
    CorpusInfo,
    Record,
    find_record,
    read_record,
    read_records,
    reproducible_part,
    to_json,
    write_record,
)
from charlstm.experiments.train import thinned
from charlstm.lm.store.checkpoint import load_checkpoint
from charlstm.processes import locked
from tests.experiments.conftest import small

RESULTS = Path(__file__).resolve().parent.parent.parent / "data" / "results"


def test_same_settings_same_record_but_for_the_time(runs, tiny_corpus, tmp_path):
    first = run_all(runs[:2], tiny_corpus, results=tmp_path / "a", work=tmp_path / "work-a")
    second = run_all(runs[:2], tiny_corpus, results=tmp_path / "b", work=tmp_path / "work-b")
    assert [reproducible_part(r) for r in first] == [reproducible_part(r) for r in second]
    assert first[0].result["curves"] != first[1].result["curves"]


def test_another_seed_is_another_record(runs, tiny_corpus, tmp_path):
    one, _, other, _ = run_all(runs, tiny_corpus, results=tmp_path / "results", work=tmp_path / "work")
    assert (one.seed, other.seed) == (0, 1) and one.settings == other.settings
    assert one.result["curves"] != other.result["curves"]


def test_a_record_says_what_was_run_and_what_came_of_it(tiny_corpus, tmp_path):
    run = Run(small(epochs=3), 4)
    (record,) = run_all([run], tiny_corpus, results=tmp_path / "results", work=tmp_path / "work")
    assert record == find_record(run, tiny_corpus.fingerprint, tmp_path / "results")
    assert record.corpus == CorpusInfo("tiny", tiny_corpus.fingerprint, (4, 1, 1))
    assert {"cpu", "cores", "torch", "threads", "python"} <= record.machine.keys() and record.seconds >= 0
    result = record.result
    curves = result["curves"]
    assert curves["epoch"] == [1, 2, 3] and all(len(values) == 3 for values in curves.values())
    assert all(0 < loss < 6 for name, values in curves.items() if name != "epoch" for loss in values)
    assert result["validation_tunes"] == min(curves["validation_tunes"])
    kept = load_checkpoint((tmp_path / "work" / record.key).resolve())
    assert result["test_tunes"] == pytest.approx(kept.test_loss, abs=1e-4)
    assert result["parameters"] == sum(w.size for w in kept.weights().values()) and result["steps"] == 6


def test_what_is_done_is_not_done_again(runs, tiny_corpus, tmp_path, monkeypatch):
    results, work = tmp_path / "results", tmp_path / "work"
    before = run_all(runs, tiny_corpus, results=results, work=work)
    monkeypatch.setattr(run_module, "execute_run", lambda *_, **__: pytest.fail("it was done"))
    assert run_all(runs, tiny_corpus, results=results, work=work) == before


def test_again_does_it_again_and_comes_to_the_same(runs, tiny_corpus, tmp_path):
    results, work = tmp_path / "results", tmp_path / "work"
    (before,) = run_all(runs[:1], tiny_corpus, results=results, work=work)
    path = work / before.key / RECORD_FILE
    written = path.stat().st_mtime_ns
    (after,) = run_all(runs[:1], tiny_corpus, results=results, work=work, again=True)
    assert reproducible_part(after) == reproducible_part(before) and path.stat().st_mtime_ns > written


def test_progress_is_told(runs, tiny_corpus, tmp_path):
    told: list[Update] = []
    run_all(runs[:2], tiny_corpus, results=tmp_path / "results", work=tmp_path / "work", report=told.append)
    assert [u.done for u in told] == sorted(u.done for u in told) and told[-1].done == told[-1].total == 2
    assert [u.run for u in told if u.share == 1] == runs[:2]
    assert any(0 < u.share < 1 for u in told)


KILLED = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from charlstm.experiments.execute import execute_run
from charlstm.lm.train import trainer as train
from tests.conftest import TUNES
from charlstm.processes import locked
from tests.experiments.conftest import small
from charlstm.experiments.jobs import Run
from charlstm.tunes.corpus.model import Corpus

train.SAVE_SECONDS = 0.0
train.SAMPLE = replace(train.SAMPLE, max_length=10)
corpus = Corpus("tiny", train=TUNES[:4], validation=TUNES[4:5], test=TUNES[5:])
stop = float(sys.argv[2])
execute_run(Run(small(epochs=6), 0), corpus, Path(sys.argv[1]),
          share=lambda part: os.kill(os.getpid(), signal.SIGKILL) if part > stop else None)
"""


@pytest.mark.slow
def test_a_run_that_is_killed_goes_on_to_the_same_record(tiny_corpus, tmp_path):
    """Killed after a third of its epochs, before that epoch's line of the curve, and again after two thirds."""
    run, work = Run(small(epochs=6), 0), tmp_path / "work"
    for stop in ("0.3", "0.6"):
        done = subprocess.run([sys.executable, "-c", KILLED, str(work), stop], check=False)
        assert done.returncode == -signal.SIGKILL
    lines = (work / run.key(tiny_corpus.fingerprint) / "metrics.jsonl").read_text().splitlines()
    assert 0 < len(lines) < 6
    resumed = execute_run(run, tiny_corpus, work)
    assert reproducible_part(resumed) == reproducible_part(execute_run(run, tiny_corpus, tmp_path / "other"))


def test_a_run_that_cannot_be_gone_on_with_begins_anew(runs, tiny_corpus, tmp_path):
    folder = tmp_path / "work" / runs[0].key(tiny_corpus.fingerprint)
    folder.mkdir(parents=True)
    (folder / "resume.safetensors").write_bytes(b"of another version")
    (folder / "curve.jsonl").write_text('{"epoch": 1.0, "half a line')
    record = execute_run(runs[0], tiny_corpus, tmp_path / "work")
    assert reproducible_part(record) == reproducible_part(execute_run(runs[0], tiny_corpus, tmp_path / "other"))


@pytest.mark.slow
def test_two_processes_on_one_run_do_it_once(tiny_corpus, tmp_path):
    """The second waits for the first, and takes its record: nothing is written twice into one folder."""
    code = KILLED.replace("os.kill(os.getpid(), signal.SIGKILL) if part > stop else None", "print(part, flush=True)")
    both = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path), "0"], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=120)[0].split() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sorted(len(shares) for shares in said) == [0, 6]


def test_tunes_of_a_trained_network_are_measured(tiny_corpus, tmp_path):
    """The network is trained first if need be; then both of its samplings use the one that is there."""
    network = small()
    run = Run(Sampling(network=network, temperature=0.5, tunes=3, max_length=40), 1)
    hot = Run(Sampling(network=network, temperature=2.0, tunes=3, max_length=40), 1)
    records = run_all([run, hot], tiny_corpus, results=tmp_path / "results", work=tmp_path / "work")
    cold, warm = (record.result for record in records)
    assert cold["tunes"] == 3 and len(cold["example"]) <= 40 and cold["first_seed"] == 1000
    assert cold["hesitation"] < warm["hesitation"]
    assert set(cold["measures"]["valid"]) == {"value", "low", "high", "real"}
    assert 0 <= cold["in_meter"] <= cold["header"] <= 1
    trained = tmp_path / "work" / Run(network, 1).key(tiny_corpus.fingerprint)
    assert load_checkpoint(trained.resolve()).config.hidden_size == 8
    assert len(read_records(tmp_path / "results").records) == 2


def test_a_models_tunes_are_measured_beside_real_and_shuffled_ones(tiny_corpus, tmp_path):
    (trained,) = run_all([Run(small(), 0)], tiny_corpus, results=tmp_path / "r", work=tmp_path / "w")
    job = Measuring(network=str((tmp_path / "w" / trained.key).resolve()), temperature=1.0, tunes=4, max_length=40)
    (record,) = run_all([Run(job, 0)], tiny_corpus, results=tmp_path / "x", work=tmp_path / "w")
    result = record.result
    assert result["tunes"] == 4 and result["real_tunes"] == len(tiny_corpus.test)
    assert set(result["measures"]["valid"]) == {"value", "low", "high", "real", "shuffled"}
    for drawn in result["distributions"].values():
        assert len(drawn["values"]) == len(drawn["tunes"]) == len(drawn["real"])
        assert sum(drawn["real"]) == pytest.approx(1, abs=1e-3)
    (again,) = run_all([Run(job, 0)], tiny_corpus, results=tmp_path / "y", work=tmp_path / "w", again=True)
    assert reproducible_part(again) == reproducible_part(record)


def test_three_neurons_are_found_by_measuring(tiny_corpus, tmp_path):
    (record,) = run_all([Run(Neurons(network=small()), 0)], tiny_corpus, results=tmp_path / "r", work=tmp_path / "w")
    result = record.result
    header, body, quiet = (result["neurons"][role] for role in ("header", "body", "quiet"))
    assert header["auroc"] > 0.5 > body["auroc"]
    assert max(quiet["size"]) <= result["usual_size"]
    assert len({tuple(neuron["unit"]) for neuron in (header, body, quiet)}) == 3
    assert all(len(neuron["values"]) == len(result["text"]) for neuron in (header, body, quiet))


def test_counting_needs_no_training(tiny_corpus, tmp_path):
    (record,) = run_all([Run(Counting(order=3), 0)], tiny_corpus, results=tmp_path / "r", work=tmp_path / "w")
    assert 0 < record.result["test_tunes"] < 6


def test_a_record_is_read_as_it_was_written(tmp_path):
    result = {"x": [1.5, 2, None], "t": "[\n 1\n]", "s": ["a", "b"]}
    record = Record("a", "counting", "n", 0, {}, CorpusInfo("c", "f", (1, 2, 3)), {"cpu": "x"}, 1.5, result)
    path = write_record(record, tmp_path)
    assert read_record(path) == record and "[1.5, 2, null]" in to_json(record)
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_the_committed_records_are_rewritten_byte_for_byte():
    """A record of any version stays what it is, whoever reads and writes it."""
    for path in RESULTS.glob("*.json"):
        assert to_json(read_record(path)) == path.read_text(encoding="utf-8")


def test_a_damaged_record_hides_no_other(tmp_path):
    for path in list(RESULTS.glob("*.json"))[:3]:
        shutil.copy(path, tmp_path)
    for name, text in (("a.json", "{"), ("z.json", "[]"), ("y.json", '{"format": "charlstm-result/1", "result": {}}')):
        (tmp_path / name).write_text(text)
    stored = read_records(tmp_path)
    assert len(stored.records) == 3 and len(stored.problems) == 3
    assert all("is not a record" in problem for problem in stored.problems)


@pytest.mark.parametrize("text", ["", "[]", '{"format": "other"}', '{"format": "charlstm-result/1"}', "\ufeff{"])
def test_what_is_no_record_is_a_sentence(tmp_path, text):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(CharlstmError, match=r"x\.json is not a record"):
        read_record(tmp_path / "x.json")


def test_long_curves_are_thinned_and_keep_their_end():
    assert thinned(list(range(7))) == list(range(7))
    long = thinned(list(range(1, 1001)), 100)
    assert len(long) == 100 and long[-1] == 1000 and thinned(list(range(1, 1003)), 100)[-1] == 1002
    assert thinned([]) == []


def test_the_lock_goes_with_its_holder(tmp_path):
    """A killed process must not keep a run locked."""
    code = "import sys, time; from pathlib import Path; from charlstm.processes import locked\n"
    code += "with locked(Path(sys.argv[1])): print('held', flush=True); time.sleep(600)"
    holder = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "x.lock")], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    holder.kill()
    holder.wait()
    holder.stdout.close()
    started = time.monotonic()
    with locked(tmp_path / "x.lock", wait=60):
        assert time.monotonic() - started < 30


def test_the_committed_records_are_whole():
    """What the page shows on a fresh clone: every record has its key's name, and nothing that is not a number."""
    stored = read_records(RESULTS)
    assert stored.records and not stored.problems
    assert {f"{r.key}.json" for r in stored.records} == {p.name for p in RESULTS.glob("*.json")}


def test_without_ray_installed_there_is_a_sentence(runs, tiny_corpus, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigError, match="engine: ray is not installed here"):
        run_all(runs, tiny_corpus, results=tmp_path, work=tmp_path, executor=on_ray())


def test_ray_and_torch_are_loaded_only_when_they_are_asked_for():
    code = "import sys, charlstm.cli, charlstm.experiments.execute, charlstm.experiments.claims\n"
    code += "import charlstm.experiments.sweep\n"
    code += "import charlstm.experiments.ray; print([m for m in ('ray', 'torch', 'streamlit') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

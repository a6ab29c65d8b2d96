"""Ray: the same records as without it, on one node or two; a dead worker's run is run again, a dead driver's go on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from charlstm.errors import CharlstmError, ConfigError
from charlstm.experiments import ray as ray_module
from charlstm.experiments.execute import execute_run, run_all
from charlstm.experiments.jobs import Run, Sampling
from charlstm.experiments.ray import on_ray
from charlstm.experiments.records import find_record, reproducible_part
from charlstm.experiments.sweep import sweep
from tests.experiments.conftest import small

ray = pytest.importorskip("ray", reason="ray is not installed")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.flaky(reruns=1),  # Ray gives its own processes 30 seconds to start, whatever else the machine does
    # Ray's own: files and sockets of processes that it has ended already, and what it will do in a later version.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:ray"),
    pytest.mark.filterwarnings("ignore::FutureWarning:ray"),
]


@pytest.fixture
def none_yet() -> Iterator[None]:
    """No Ray is there before, and none is left behind."""
    ray.shutdown()
    yield
    ray.shutdown()


@pytest.fixture(scope="module")
def two_workers() -> Iterator[None]:
    """A Ray that is there already, which several tests use: starting one takes seconds."""
    with ray_module.connected(workers=2):
        yield


def local(runs: list[Run], corpus: Any, tmp_path: Path) -> list[dict[str, Any]]:
    """What the local engine makes of the runs, without what is the machine's."""
    records = run_all(runs, corpus, results=tmp_path / "local", work=tmp_path / "work-local")
    return [reproducible_part(record) for record in records]


def test_the_same_records_as_without_ray(none_yet, runs, tiny_corpus, tmp_path):
    """Two workers; one run samples a network that another one trains, and gets it sent."""
    runs = [*runs, Run(Sampling(network=runs[0].job, temperature=1.0, tunes=2, max_length=30), 0)]
    told = []
    records = run_all(
        runs,
        tiny_corpus,
        results=tmp_path / "ray",
        work=tmp_path / "work-ray",
        executor=on_ray(workers=2),
        report=lambda update: told.append((update.done, update.total)),
    )
    assert not ray.is_initialized()  # what was started is ended
    assert [reproducible_part(record) for record in records] == local(runs, tiny_corpus, tmp_path)
    assert told == [(n, 5) for n in range(1, 6)]
    assert all(find_record(run, tiny_corpus.fingerprint, tmp_path / "ray") for run in runs)


def test_two_nodes_on_loopback(none_yet, runs, tiny_corpus, tmp_path, monkeypatch):
    """A cluster of two nodes of one core each, by its address: both have done something, and no folder is shared."""
    from ray.cluster_utils import Cluster

    usual, seen = ray_module._task, tmp_path / "nodes"
    seen.mkdir()

    def task(run: Run, corpus: Any, work: str, again: bool, files: Any) -> Any:
        node = ray.get_runtime_context().get_node_id()
        (seen / node).touch()
        return usual(run, corpus, f"{work}-{node}", again, files)

    monkeypatch.setattr(ray_module, "_task", task)
    options = {"num_cpus": 1, "object_store_memory": 100 * 2**20}
    nodes = Cluster(initialize_head=True, head_node_args={**options, "include_dashboard": False})
    try:
        nodes.add_node(**options)
        nodes.wait_for_nodes()
        records = run_all(
            runs,
            tiny_corpus,
            results=tmp_path / "ray",
            work=tmp_path / "work",
            executor=on_ray(nodes.address),
        )
    finally:
        ray.shutdown()
        nodes.shutdown()
    assert [reproducible_part(record) for record in records] == local(runs, tiny_corpus, tmp_path)
    assert len(list(seen.iterdir())) == 2
    home = tmp_path / "work" / records[0].key
    assert (home / "model.safetensors").exists()  # its network came home


DRIVER = """
import sys
from pathlib import Path
from charlstm.experiments.jobs import Run
from charlstm.experiments.execute import run_all
from charlstm.experiments.ray import on_ray
from charlstm.tunes.corpus.model import Corpus
from tests.conftest import TUNES
from tests.experiments.conftest import small

corpus = Corpus("tiny", train=TUNES[:4], validation=TUNES[4:5], test=TUNES[5:])
runs = [Run(small(epochs=2), 0), Run(small(epochs=150), 0), Run(small("rnn", epochs=150), 0)]
out = Path(sys.argv[1])
run_all(runs, corpus, results=out / "results", work=out / "work", executor=on_ray())
"""


def test_a_driver_that_is_killed_goes_on_where_it_was(tiny_corpus, tmp_path):
    """Killed after the first of three records; started again, it does not do that one again, and does the others."""
    runs = [Run(small(epochs=2), 0), Run(small(epochs=150), 0), Run(small("rnn", epochs=150), 0)]
    first = tmp_path / "results" / f"{runs[0].key(tiny_corpus.fingerprint)}.json"
    driver = subprocess.Popen([sys.executable, "-c", DRIVER, str(tmp_path)])
    deadline = time.monotonic() + 240
    while not first.exists():
        assert driver.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    assert len(list((tmp_path / "results").glob("*.json"))) < 3
    written = first.stat().st_mtime_ns
    subprocess.run([sys.executable, "-c", DRIVER, str(tmp_path)], check=True, timeout=300)
    assert first.stat().st_mtime_ns == written
    found = [find_record(run, tiny_corpus.fingerprint, tmp_path / "results") for run in runs]
    assert None not in found
    assert found[2] and reproducible_part(found[2]) == local(runs[2:], tiny_corpus, tmp_path)[0]


def test_an_address_without_a_cluster_is_a_sentence(none_yet, runs, tiny_corpus, tmp_path):
    with pytest.raises(ConfigError, match=r"address: Ray cannot be reached at 127\.0\.0\.1:1"):
        run_all(runs, tiny_corpus, results=tmp_path, work=tmp_path, executor=on_ray("127.0.0.1:1"))


def test_a_worker_that_is_killed_is_run_again(two_workers, tiny_corpus, tmp_path, monkeypatch):
    """In the middle of its run, by SIGKILL. The next worker goes on, and comes to what an undisturbed run comes to."""
    usual, attempts = ray_module._task, tmp_path / "attempts"
    attempts.mkdir()

    def task(run: Run, corpus: Any, work: str, again: bool, files: Any) -> Any:
        from charlstm.lm.train import trainer as train

        number = len(list(attempts.iterdir()))
        (attempts / str(number)).touch()
        if number == 0:
            train.SAVE_SECONDS = 0.0
            execute_run(run, corpus, Path(work), share=lambda part: os.kill(os.getpid(), 9) if part > 0.4 else None)
        return usual(run, corpus, work, again, files)

    monkeypatch.setattr(ray_module, "_task", task)
    runs = [Run(small(epochs=6), 0)]
    records = run_all(runs, tiny_corpus, results=tmp_path / "ray", work=tmp_path / "work", executor=on_ray())
    assert len(list(attempts.iterdir())) == 2
    assert [reproducible_part(record) for record in records] == local(runs, tiny_corpus, tmp_path)


def test_a_run_that_fails_is_a_sentence(two_workers, tiny_corpus, tmp_path):
    broken = Run(Sampling(network="there-is-no-such-model", temperature=1.0, tunes=1), 0)
    with pytest.raises(CharlstmError, match="there-is-no-such-model"):
        run_all([broken], tiny_corpus, results=tmp_path / "r", work=tmp_path / "w", executor=on_ray())


def test_a_sweep_with_asha(two_workers, tiny_corpus, tmp_path, capfd):
    """Five trials, of which most cannot learn: those are ended early, the best goes to its end and is what it is
    without Ray; done again, nothing is done."""
    usual = small(epochs=9)
    rates = [1e-7 * n for n in range(1, 5)]
    runs = [Run(replace(usual, train=replace(usual.train, learning_rate=rate)), 0) for rate in (0.01, *rates)]
    told = []
    records = sweep(runs, tiny_corpus, tmp_path / "out", engine="ray", report=lambda done, total: told.append(done))
    assert len(records) == 5 and sorted(told) == list(range(1, 6))
    best = records[0]
    assert best.settings["train"]["learning_rate"] == 0.01 and best.result["curves"]["epoch"] == list(range(1, 10))
    early = [record for record in records if record.result.get("ended") == "asha"]
    assert early and all(len(record.result["curves"]["epoch"]) < 9 for record in early)
    assert reproducible_part(best) == local(runs[:1], tiny_corpus, tmp_path)[0]
    assert capfd.readouterr().out == ""  # it is the command's
    again = sweep(runs, tiny_corpus, tmp_path / "out", engine="ray", report=lambda *_: pytest.fail("it was done"))
    assert [record.key for record in again] == [record.key for record in records]

"""The runs of a study as Ray tasks, on this machine or many. The only file, beside sweep.py, that knows Ray.

Every run is one task of one core. A task whose worker dies is run again; where it can see the dead one's folder, it
goes on from there. Networks travel with the records, so that no file system need be shared: what a run looks at comes
to it, and what it trained comes back. Ray's own dashboard and usage statistics stay off.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import charlstm
from charlstm.errors import CharlstmError, ConfigError
from charlstm.experiments.execute import RECORD_FILE, Executor, Work, execute_run
from charlstm.experiments.jobs import Run, Training
from charlstm.experiments.records import Record
from charlstm.files import write_atomic
from charlstm.lm.store.checkpoint import JSON_FILE, WEIGHTS_FILE
from charlstm.tunes.corpus.model import Corpus

RETRIES = 3  # of a task whose worker died
STORE_BYTES = 256 * 2**20  # of shared memory for a Ray of our own: a corpus and some networks
CONNECT_SECONDS = 10.0
NETWORK_FILES = (WEIGHTS_FILE, JSON_FILE, RECORD_FILE)  # the record last: with it a run's folder is complete

Files = Mapping[str, bytes]


def load_ray() -> Any:
    """The ray package, its statistics off. Raises ConfigError where it is not installed."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # what Ray will do anyway, and warns of
    try:
        import ray
    except ImportError:
        message = "ray is not installed here; python -m pip install 'charlstm[sweep]' brings it."
        raise ConfigError("engine", message) from None
    return ray


@contextmanager
def connected(address: str | None = None, workers: int | None = None) -> Iterator[Any]:
    """Ray, connected: to a cluster by its address, or to one of our own that ends with the block.

    A connection that is there already is used, and left as it is.

    Raises
    ------
    ConfigError
        If Ray is not installed, or no cluster answers at the address.
    """
    ray = load_ray()
    if ray.is_initialized():
        yield ray
        return
    if address is not None:
        _check_reachable(address)
    package = Path(charlstm.__file__).parent
    quiet: dict[str, Any] = {"include_dashboard": False, "log_to_driver": False, "logging_level": "ERROR"}
    try:
        if address is None:
            path = os.pathsep.join(filter(None, (str(package.parent), os.environ.get("PYTHONPATH"))))
            ray.init(
                address="local",
                num_cpus=workers,
                object_store_memory=STORE_BYTES,
                runtime_env={"env_vars": {"PYTHONPATH": path}},
                **quiet,
            )
        else:
            del quiet["include_dashboard"]
            modules = {"py_modules": [str(package)], "excludes": ["__pycache__"]}
            ray.init(address=address, runtime_env=modules, **quiet)
    except Exception as error:  # Ray raises bare exceptions here, too
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise ConfigError("address", f"Ray cannot be reached at {address or 'this machine'}: {reason}") from None
    try:
        yield ray
    finally:
        ray.shutdown()


def _check_reachable(address: str) -> None:
    """Raise ConfigError unless somebody answers at host:port: Ray itself would try for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not port.isdigit():
        return  # "auto", say, which Ray looks up
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise ConfigError("address", f"Ray cannot be reached at {address}: {error}") from None


def on_ray(address: str | None = None, workers: int | None = None) -> Executor:
    """Execute runs as Ray tasks: an executor for `run_all`.

    Parameters
    ----------
    address : str, optional
        Of the Ray cluster; one is started for the occasion when absent.
    workers : int, optional
        Of the Ray that is started (default: one a core).
    """
    return partial(_execute, address=address, workers=workers)


def _execute(work: Work, *, address: str | None, workers: int | None) -> None:
    """Run what is left to do, and keep every record as it comes.

    Raises
    ------
    ConfigError
        If Ray is not installed, or no cluster answers.
    CharlstmError
        If a run failed, or its workers kept dying. What had been done is kept.
    """
    corpus, folder = work.corpus, work.folder
    with connected(address, workers) as ray:
        task = ray.remote(num_cpus=1, max_retries=RETRIES, num_returns=2)(_task)
        shared = ray.put(corpus)
        outcomes: dict[Any, Run] = {}
        networks: dict[Run, Any] = {}
        # Start every run; what it looks at comes along, or is the result of a task before it.
        for run in work.runs:
            needed = run.needs()
            files = None if needed is None else networks.get(needed) or _read(folder / needed.key(corpus.fingerprint))
            outcome, network = task.remote(run, shared, str(folder), work.again, files)
            outcomes[outcome] = run
            if isinstance(run.job, Training):
                networks[run] = network
        # Take the records in the order in which they are done; a trained network comes with its record.
        waiting = list(outcomes)
        while waiting:
            (ready, *_), waiting = ray.wait(waiting, num_returns=1)
            run = outcomes[ready]
            try:
                record, problem = ray.get(ready)
                if run in networks and not problem:
                    _write(folder / run.key(corpus.fingerprint), ray.get(networks[run]))
            except ray.exceptions.RayError as error:
                name = run.key(corpus.fingerprint)
                raise CharlstmError(f"{name} could not be run on Ray: {str(error).splitlines()[0]}") from error
            if problem:
                raise CharlstmError(problem)
            work.keep(run, record)


def _task(
    run: Run, corpus: Corpus, work: str, again: bool, files: Files | None
) -> tuple[tuple[Record | None, str], Files | None]:
    """On a worker: execute a run. Returns its record, or what is wrong; and the network it trained."""
    folder = Path(work)
    try:
        if files and (needed := run.needs()):
            _write(folder / needed.key(corpus.fingerprint), files)
        record = execute_run(run, corpus, folder, again=again)
    except CharlstmError as error:
        return (None, str(error)), None
    return (record, ""), _read(folder / record.key) if isinstance(run.job, Training) else None


def _read(folder: Path) -> Files | None:
    """The network of a run's folder, if it is complete."""
    paths = [folder / name for name in NETWORK_FILES]
    return {path.name: path.read_bytes() for path in paths} if all(path.exists() for path in paths) else None


def _write(folder: Path, files: Files) -> None:
    """Put a network into a run's folder, unless a complete one is there."""
    if not (folder / RECORD_FILE).exists():
        for name in NETWORK_FILES:
            write_atomic(folder / name, files[name])

"""Sweep: many trainings over a grid or at random, to find what is best on validation; here, or with Ray Tune's ASHA.

Every trial is a training as a study's: a folder of its own, a record when it is done. On Ray, ASHA (Li et al. 2020,
"A System for Massively Parallel Hyperparameter Tuning") looks at all trials after 1, 3, 9, ... times the grace period
and ends those that are not among the best third, so that the best get the time.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from charlstm.errors import CharlstmError, ConfigError
from charlstm.experiments.execute import execute_run, run_all
from charlstm.experiments.jobs import Run, Training
from charlstm.experiments.ray import connected
from charlstm.experiments.records import Record, find_record, new_record, write_record
from charlstm.lm.config import ModelConfig, TrainConfig
from charlstm.tunes.corpus.model import Corpus

ENGINES = ("local", "ray")
REDUCTION = 3  # of ASHA: one trial in three goes on at each rung
FAILURES = 3  # of a trial whose worker died
MODEL_FIELDS = tuple(f.name for f in fields(ModelConfig))
TRAIN_FIELDS = tuple(f.name for f in fields(TrainConfig))
_RANGE = re.compile(r"(.+?)\.\.(.+)")


@dataclass(frozen=True)
class Axis:
    """One setting and what is tried: `values`, each of them, or `low` to `high` at random.

    Of a range, whole numbers are drawn evenly; others evenly too, or evenly in the logarithm if it spans a factor of
    ten or more.
    """

    name: str
    values: tuple[Any, ...] = ()
    low: float = 0.0
    high: float = 0.0

    @property
    def random(self) -> bool:
        """Whether it is a range."""
        return not self.values

    def draw(self, rng: np.random.Generator) -> Any:
        """A value at random: of the range, or one of the values."""
        if self.values:
            return self.values[int(rng.integers(len(self.values)))]
        if isinstance(self.low, int) and isinstance(self.high, int):
            return int(rng.integers(self.low, self.high + 1))
        if self.low > 0 and self.high / self.low >= 10:
            return float(f"{math.exp(rng.uniform(math.log(self.low), math.log(self.high))):.4g}")
        return float(f"{rng.uniform(self.low, self.high):.4g}")


def parse_axis(text: str) -> Axis:
    """An axis as the command line gives it: `hidden-size=128,256`, `learning-rate=1e-4..1e-2`, `cell=lstm`.

    Raises
    ------
    ConfigError
        If it has no `=`, names no setting of a model or a training, or is a range from high to low.
    """
    name, equals, wanted = text.partition("=")
    name = name.strip().replace("-", "_")
    if not equals or not wanted.strip():
        raise ConfigError("try", f"{text!r} is not NAME=VALUES, such as hidden-size=128,256 or dropout=0..0.5.")
    if name not in MODEL_FIELDS + TRAIN_FIELDS or name == "seed":
        known = ", ".join(n for n in MODEL_FIELDS + TRAIN_FIELDS if n != "seed")
        raise ConfigError("try", f"{name!r} is not a setting that can be tried; there are {known}.")
    between = _RANGE.fullmatch(wanted.strip())
    if between is None:
        return Axis(name, tuple(_value(part.strip()) for part in wanted.split(",")))
    low, high = _value(between[1]), _value(between[2])
    numbers = all(isinstance(end, int | float) and not isinstance(end, bool) for end in (low, high))
    if not numbers or not low < high:
        raise ConfigError("try", f"{wanted!r} is not a range from a lower to a higher number.")
    return Axis(name, (), low, high)


def _value(text: str) -> Any:
    """A number, a truth value, none, bars such as 1:2:4, or a word."""
    words: dict[str, Any] = {"true": True, "false": False, "none": None}
    if text.lower() in words:
        return words[text.lower()]
    if re.fullmatch(r"\d+(:\d+)+", text):
        return tuple(int(part) for part in text.split(":"))
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def trials(
    axes: Sequence[Axis], model: ModelConfig, train: TrainConfig, *, samples: int | None = None, seed: int = 0
) -> list[Run]:
    """The trainings of a sweep: all combinations of values, or `samples` of them drawn at random.

    Parameters
    ----------
    axes : sequence of Axis
    model, train : ModelConfig, TrainConfig
        What no axis changes.
    samples : int, optional
        How many to draw; needed where an axis is a range. Without it, the whole grid.
    seed : int
        Of the draws, and of every training.

    Raises
    ------
    ConfigError
        If a value is out of its range, or a range is given without `samples`.
    """
    if samples is None:
        if ranges := [axis.name for axis in axes if axis.random]:
            raise ConfigError("samples", f"{', '.join(ranges)} is a range; say how many trials to draw.")
        chosen = [
            dict(zip([a.name for a in axes], row, strict=True)) for row in itertools.product(*(a.values for a in axes))
        ]
    else:
        rng = np.random.default_rng(seed)
        chosen = [{axis.name: axis.draw(rng) for axis in axes} for _ in range(samples)]
    runs = [Run(_trial(model, train, values), seed) for values in chosen]
    return list(dict.fromkeys(runs))


def _trial(model: ModelConfig, train: TrainConfig, values: Mapping[str, Any]) -> Training:
    ours: dict[str, Any] = {
        name: () if name == "lookback_bars" and value is None else value for name, value in values.items()
    }
    if isinstance(bars := ours.get("lookback_bars"), int):
        ours["lookback_bars"] = (bars,)
    if "lookback_bars" in ours:  # as `charlstm train` has it
        ours = {name: bool(ours["lookback_bars"]) for name in ("clock", "match")} | ours
    return Training(
        model=replace(model, **{name: value for name, value in ours.items() if name in MODEL_FIELDS}),
        train=replace(train, **{name: value for name, value in ours.items() if name in TRAIN_FIELDS}),
    )


def sweep(
    runs: Sequence[Run],
    corpus: Corpus,
    out: Path,
    *,
    engine: str = "local",
    address: str | None = None,
    workers: int | None = None,
    grace: int = 1,
    report: Callable[[int, int], None] | None = None,
) -> list[Record]:
    """Run trials and return their records, the best on validation first. What has a record is not run.

    Parameters
    ----------
    runs : sequence of Run
        As `trials` gives them.
    corpus : Corpus
        With validation tunes: trials are compared by them.
    out : Path
        Folder: a record a trial, and under networks/ a folder a trial.
    engine : "local" or "ray"
        One after the other and each to its end; or side by side on Ray, ended early by ASHA.
    address : str, optional
        Of a Ray cluster, which sees the same folder; one is started for the occasion when absent.
    workers : int, optional
        Of the Ray that is started (default: one a core).
    grace : int
        Epochs that every trial gets.
    report : callable, optional
        Called with how many trials are done, of how many.

    Raises
    ------
    ConfigError
        If there is no such engine, Ray is not installed, or the corpus has no validation tunes.
    CharlstmError
        If a trial failed.
    """
    if engine not in ENGINES:
        raise ConfigError("engine", f"{engine!r} must be one of {', '.join(ENGINES)}.")
    if not corpus.validation:
        raise ConfigError("corpus", f"{corpus.name} has no validation tunes, so trials cannot be compared.")
    out = out.resolve()
    if engine == "local":
        records = run_all(
            runs,
            corpus,
            results=out,
            work=out / "networks",
            report=lambda u: report(u.done, u.total) if report else None,
        )
    else:
        records = _on_ray(runs, corpus, out, address, workers, grace, report)
    return sorted(records, key=lambda record: record.result["validation_tunes"])


def _on_ray(
    runs: Sequence[Run],
    corpus: Corpus,
    out: Path,
    address: str | None,
    workers: int | None,
    grace: int,
    report: Callable[[int, int], None] | None,
) -> list[Record]:
    """The trials as a Ray Tune experiment. Records are written by this process, as trials end."""
    os.environ.setdefault("TUNE_DISABLE_AUTO_CALLBACK_LOGGERS", "1")  # our records are the log
    os.environ.setdefault("TUNE_DISABLE_SIGINT_HANDLER", "1")
    os.environ.setdefault("RAY_AIR_NEW_OUTPUT", "0")  # the new one prints even with verbose=0
    records = {run: record for run in runs if (record := find_record(run, corpus.fingerprint, out))}
    missing = [run for run in runs if run not in records]
    if not missing:
        return [records[run] for run in runs]

    def keep(run: Run, record: Record) -> None:
        write_record(record, out)
        records[run] = record
        if report:
            report(len(records), len(runs))

    with connected(address, workers) as ray:
        from ray import tune
        from ray.tune.schedulers import ASHAScheduler

        longest = max(run.job.train.epochs for run in missing if isinstance(run.job, Training))
        scheduler = ASHAScheduler(
            time_attr="epoch", max_t=longest, grace_period=min(grace, longest), reduction_factor=REDUCTION
        )
        trial = tune.with_parameters(_tune_trial, runs=missing, corpus=corpus, work=str(out / "networks"))
        tuner = tune.Tuner(
            tune.with_resources(trial, {"cpu": 1}),
            param_space={"trial": tune.grid_search(list(range(len(missing))))},
            tune_config=tune.TuneConfig(metric="val_loss", mode="min", scheduler=scheduler),
            run_config=tune.RunConfig(
                name="tune",
                storage_path=str(out),
                verbose=0,
                failure_config=tune.FailureConfig(max_failures=FAILURES),
                callbacks=[_keeper(tune, missing, corpus, keep)],
            ),
        )
        with contextlib.redirect_stdout(sys.stderr):  # standard output is the command's
            results = tuner.fit()
        if results.errors:
            raise CharlstmError(f"a trial failed: {str(results.errors[0]).strip().splitlines()[-1]}")
        del ray
    return [records[run] for run in runs]


def _tune_trial(config: Mapping[str, Any], runs: Sequence[Run], corpus: Corpus, work: str) -> None:
    """On a worker: train, report the validation loss to Tune after each epoch, and the record after the last one."""
    from ray import tune

    run = runs[config["trial"]]
    last = run.job.train.epochs if isinstance(run.job, Training) else 0

    def report(epoch: float, loss: float | None) -> None:
        if epoch < last:
            tune.report({"epoch": int(epoch), "val_loss": loss})

    record = execute_run(run, corpus, Path(work), each_epoch=report)
    tune.report({"epoch": last, "val_loss": record.curves["validation_tunes"][-1], "record": record})


def _keeper(tune: Any, runs: Sequence[Run], corpus: Corpus, keep: Callable[[Run, Record], None]) -> Any:
    """A Tune callback that makes a record of every trial that ends, whole or ended early."""

    class Keeper(tune.Callback):  # type: ignore[misc]
        def __init__(self) -> None:
            self.curves: dict[int, dict[int, float]] = {}
            self.records: dict[int, Record] = {}
            self.seconds: dict[int, float] = {}

        def on_trial_result(self, iteration: int, trials: Any, trial: Any, result: Any, **info: Any) -> None:
            number = trial.config["trial"]
            self.seconds[number] = float(result.get("time_total_s", 0.0))
            if "record" in result:
                self.records[number] = result["record"]
            else:
                self.curves.setdefault(number, {})[result["epoch"]] = result["val_loss"]

        def on_trial_complete(self, iteration: int, trials: Any, trial: Any, **info: Any) -> None:
            number = trial.config["trial"]
            run = runs[number]
            keep(run, self.records.get(number) or self._ended_early(run, number))

        def _ended_early(self, run: Run, number: int) -> Record:
            curve = self.curves[number]
            result = {
                "ended": "asha",
                "best_epoch": min(curve, key=lambda epoch: curve[epoch]),
                "validation_tunes": round(min(curve.values()), 4),
                "curves": {
                    "epoch": list(curve),
                    "validation_tunes": [round(loss, 4) for loss in curve.values()],
                },
            }
            return new_record(run, corpus, result, round(self.seconds[number], 1))

    return Keeper()

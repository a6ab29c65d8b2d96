"""Tables: records to rows, curves and Markdown; intervals over seeds. Draws nothing, trains nothing."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scipy.special import stdtrit

from charlstm.evaluate.distributions import DISTRIBUTIONS
from charlstm.evaluate.panel import MEASURES
from charlstm.experiments.catalog import SLICE
from charlstm.experiments.jobs import Case, Measuring, Neurons, Sampling, Study, Training
from charlstm.experiments.records import Record
from charlstm.neurons.directory.entries import ROLES

WINDOWS = f"{SLICE}-character windows"
TRAINING = {  # column -> what it is
    "parameters": "weights of the network",
    "train": f"training loss on {WINDOWS} in the last epoch, as the report plots it",
    "validation": f"validation loss on {WINDOWS} after the last epoch, as the report plots it",
    "test windows": f"test loss on {WINDOWS}",
    "validation tunes": "validation loss on whole tunes, at its lowest",
    "test tunes": "test loss on whole tunes, of the network that did best on validation",
    "characters/s": "characters trained on per second, on one thread",
    "seconds": "time of the whole training",
}
SAMPLING = {
    "ended": "tunes that the model ended",
    "header": "tunes with a readable meter and key",
    "in_meter": "bars that fill their meter, none in a tune without a readable meter and key",
    "valid": "tunes with a readable header, complete bars, balanced repeats, a final bar line and 8 bars or more",
    "bars_returning": "bars that occur again in their tune",
    "longest_run": "notes of the longest run shared with a training tune",
    "half_copied": "tunes that share half their notes in one run with a training tune",
    "characters": "characters of a tune",
    "hesitation": "mean entropy of the choice of a character, in nats",
}
DISTANCES = {f"{name} distance": f"distance from real tunes: {about}" for name, about in DISTRIBUTIONS.items()}
PANEL = {**MEASURES, **DISTANCES}
SHOWN = (  # of a panel in a text: what fits on a page
    "fully_valid", "bars_filled", "last_note_tonic", "bars_returning", "phrase_returns", "longest_run", "half_copied",
    "note_length", "rests", "speed_changes", "repeated_notes", *DISTANCES,
)  # fmt: skip
WHOLE = "parameters", "characters/s", "seconds", "characters"  # columns without digits behind the point
BESIDE = {"real": "real tunes", "shuffled": "bars shuffled"}  # what stands beside a panel's tunes


@dataclass(frozen=True)
class Interval:
    """A mean with its lower and upper end.

    `kind` says of what: "t" or "range" of n seeds, "bootstrap" of n tunes, or "" where there is none.
    """

    mean: float
    low: float
    high: float
    n: int
    kind: str

    def text(self, digits: int = 3) -> str:
        """The mean, and the interval behind it."""
        middle = f"{self.mean:,.{digits}f}"
        if not self.kind or self.low == self.high:
            return middle
        return f"{middle} ({self.low:,.{digits}f} to {self.high:,.{digits}f})"


def interval(values: Sequence[float]) -> Interval | None:
    """Mean and interval of one number a seed; None without numbers.

    From three seeds on, the 95% interval of the mean by Student's t:

    mean +- t(n - 1) s / sqrt(n),  s^2 = sum_i (x_i - mean)^2 / (n - 1)

    With two seeds t is 12.7 and such an interval says nothing; then it is the range, from the lower to the higher.
    """
    n = len(values)
    if not n:
        return None
    mean = statistics.fmean(values)
    if n < 3:
        return Interval(mean, min(values), max(values), n, "range" if n > 1 else "")
    half = float(stdtrit(n - 1, 0.975)) * statistics.stdev(values) / math.sqrt(n)
    return Interval(mean, mean - half, mean + half, n, "t")


@dataclass(frozen=True)
class Row:
    """A case with the records that are there, one a seed."""

    case: Case
    records: tuple[Record, ...]

    def values(self, column: str) -> list[float]:
        """One number a seed under a column of TRAINING or SAMPLING; fewer where a record lacks it."""
        values = (_value(record, column) for record in self.records)
        return [value for value in values if value is not None]

    def interval(self, column: str) -> Interval | None:
        """Mean and interval over seeds; of a panel, which has one, over its tunes."""
        if len(self.records) == 1 and (estimate := _estimate(self.records[0], column)) is not None:
            return estimate
        return interval(self.values(column))

    def to_dict(self) -> dict[str, Any]:
        """The row as plain JSON values: the case's columns, then mean, low and high of each measure."""
        measures = {
            name: None if (mean := self.interval(name)) is None else [mean.mean, mean.low, mean.high]
            for name in dict.fromkeys((*TRAINING, *SAMPLING, *PANEL))
            if self.values(name)
        }
        report = {f"report {name}": value for name, value in self.case.report.items()}
        return {
            "case": self.case.label,
            **self.case.columns,
            "figure": self.case.figure,
            "seeds": [record.seed for record in self.records],
            **measures,
            **report,
        }


def _estimate(record: Record, column: str) -> Interval | None:
    """A measure of a panel's record with the bootstrap's interval; None of other records and columns."""
    measure = record.result.get("measures", {}).get(column)
    if record.kind != "panel" or measure is None:
        return None
    return Interval(measure["value"], measure["low"], measure["high"], record.result["tunes"], "bootstrap")


def reference_row(record: Record, column: str) -> tuple[float, float] | None:
    """A column of a panel's record for the real tunes and for those with shuffled bars; None where it is not known."""
    if column in DISTANCES:
        halves = record.result.get("distributions", {}).get(column.removesuffix(" distance"), {}).get("halves")
        return None if halves is None else (halves, math.nan)
    measure = record.result.get("measures", {}).get(column, {})
    values = [measure.get(part) for part in BESIDE]
    return None if None in values else (float(values[0]), float(values[1]))


def _value(record: Record, column: str) -> float | None:
    result, curves = record.result, record.curves
    places: Mapping[str, Any] = {
        "train": _last(curves.get("train_slices")),
        "validation": _last(curves.get("validation_slices")),
        "test windows": result.get("test_slices"),
        "validation tunes": result.get("validation_tunes"),
        "test tunes": result.get("test_tunes"),
        "characters/s": result.get("characters_per_second"),
        "seconds": record.seconds if curves else None,
    }
    value = places[column] if column in places else result.get(column)
    if value is None and column in result.get("measures", {}):
        value = result["measures"][column]["value"]
    if value is None and column in DISTANCES:
        value = result.get("distributions", {}).get(column.removesuffix(" distance"), {}).get("distance")
    return None if value is None else float(value)


def _last(values: Sequence[float] | None) -> float | None:
    return values[-1] if values else None


def rows_of(study: Study, fingerprint: str, records: Iterable[Record], *, seeds: int | None = None) -> list[Row]:
    """A study's cases with their records.

    Parameters
    ----------
    study : Study
    fingerprint : str
        Of the corpus.
    records : iterable of Record
        Of any runs.
    seeds : int, optional
        At most this many; when absent, as many as there are.
    """
    by_key = {record.key: record for record in records}
    there = sorted({record.seed for record in by_key.values() if seeds is None or record.seed < seeds})
    rows = []
    for case in study.cases:
        keys = [run.key(fingerprint) for run in case.runs(max(there, default=0) + 1) if run.seed in there]
        rows.append(Row(case, tuple(by_key[key] for key in keys if key in by_key)))
    return rows


def curves(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Loss curves in long form: one entry a case, seed, epoch, set and way of measuring.

    `set` is "training" or "validation"; `way` "slices", as the report plots it, or "tunes", whole ones.
    """
    points = []
    for row in rows:
        for record in row.records:
            lines = record.curves
            for name in (k for k in lines if k != "epoch"):
                which, _, way = name.partition("_")
                points += [
                    {
                        "case": row.case.label,
                        "figure": row.case.figure,
                        "seed": record.seed,
                        "epoch": epoch,
                        "set": {"train": "training"}.get(which, which),
                        "way": way,
                        "loss": loss,
                    }
                    for epoch, loss in zip(lines["epoch"], lines[name], strict=True)
                    if loss is not None
                ]
    return points


def columns(study: Study) -> dict[str, str]:
    """The measures of a study's table, with what each is."""
    kinds = {type(case.job) for case in study.cases}
    tables = {Training: TRAINING, Sampling: SAMPLING, Measuring: PANEL}
    return {name: about for kind, table in tables.items() if kind in kinds for name, about in table.items()}


def cell(row: Row, column: str) -> str:
    """One measure of a row as text: mean and interval over seeds, or a hyphen."""
    measured = row.interval(column)
    if measured is None:
        return "-"
    if column in WHOLE:
        return f"{measured.mean:,.0f}"
    return measured.text(_digits(column))


def _digits(column: str) -> int:
    """Digits behind the point."""
    return 1 if column in ("longest_run", "distinct_pitches", "bars", "notes") else 3


def beside(rows: Sequence[Row], column: str) -> dict[str, str]:
    """A panel's column for the real tunes and for those with shuffled bars, by the names of BESIDE, as text."""
    record = next((record for row in rows for record in row.records), None)
    values = None if record is None else reference_row(record, column)
    if values is None:
        return dict.fromkeys(BESIDE, "-")
    texts = (f"{value:,.{0 if column in WHOLE else _digits(column)}f}" for value in values)
    return {part: "-" if text == "nan" else text for part, text in zip(BESIDE, texts, strict=True)}


def neuron_rows(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """The three neurons of each network: role, unit, AUROC for the header, mean values in header and body."""
    entries = []
    for row in rows:
        is_named = isinstance(row.case.job, Neurons) and isinstance(row.case.job.network, str)  # no seed trained it
        for record in row.records:
            for role, neuron in record.result.get("neurons", {}).items():
                entries.append(
                    {
                        "network": row.case.label if is_named else f"{row.case.label}, seed {record.seed}",
                        "neuron": ROLES[role],
                        "unit": "{}:{}".format(*neuron["unit"]),
                        "AUROC of the header": neuron["auroc"],
                        "mean in headers": neuron["mean"][0],
                        "mean in bodies": neuron["mean"][1],
                        "mean size in headers": neuron["size"][0],
                        "mean size in bodies": neuron["size"][1],
                    }
                )
    return entries


def markdown(study: Study, rows: Sequence[Row]) -> str:
    """A study as Markdown: title, question, table, and what the columns are."""
    head = [f"## {study.title}", "", study.question, "", study.about, ""]
    if any(isinstance(case.job, Neurons) for case in study.cases):
        entries = neuron_rows(rows)
        names = list(entries[0]) if entries else ["network"]
        return "\n".join([*head, *_grid(names, [[str(entry[name]) for name in names] for entry in entries])])
    measures = columns(study)
    own = list(dict.fromkeys(name for row in rows for name in row.case.columns))
    reported = list(dict.fromkeys(name for row in rows for name in row.case.report))
    is_panel = any(isinstance(case.job, Measuring) for case in study.cases)
    shown = [name for name in (SHOWN if is_panel else measures) if any(row.values(name) for row in rows)]
    names = ["figure", *own, *(f"report: {name}" for name in reported), *shown, "seeds"]
    body = [
        [
            row.case.figure or "-",
            *(str(row.case.columns.get(name, "-")) for name in own),
            *(f"{row.case.report[name]:g}" if name in row.case.report else "-" for name in reported),
            *(cell(row, name) for name in shown),
            str(len(row.records)),
        ]
        for row in rows
    ]
    if is_panel:
        cells = {name: beside(rows, name) for name in shown}
        blanks = [""] * (len(own) - 1 + len(reported))
        body += [["-", label, *blanks, *(cells[name][part] for name in shown), "-"] for part, label in BESIDE.items()]
    notes = [f"- {name}: {measures[name]}" for name in shown]
    return "\n".join([*head, *_grid(names, body), "", *notes, f"- {interval_note(rows)}"])


def interval_note(rows: Sequence[Row]) -> str:
    """What the brackets are, for these rows."""
    if any(record.kind == "panel" for row in rows for record in row.records):
        return (
            "in brackets: the 95% interval over tunes by the bootstrap; the distance of real tunes is that between "
            "two halves of them"
        )
    most = max((len(row.records) for row in rows), default=0)
    if most < 2:
        return "one seed: no intervals"
    if most == 2:
        return "in brackets: the range over two seeds"
    return "in brackets: the 95% interval of the mean over seeds by Student's t (of two seeds, their range)"


def _grid(names: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [_line(names), _line(["---"] * len(names)), *map(_line, rows)]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(text.replace('|', chr(92) + '|') for text in cells)} |"

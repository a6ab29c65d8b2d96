"""Claims of the report beside what our records say, sentence by sentence. Every number is computed.

The records agree, or not, or cannot be compared (None). Where records are missing a claim is left out.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from charlstm.experiments.catalog import Study, catalog
from charlstm.experiments.records import Record, RecordSet
from charlstm.experiments.tables import ROLES, WINDOWS, Row, markdown, rows_of

NEAR = 0.1  # nats a character: what we call "similar" or "slight"
CLOSE = 0.15  # nats a character: what we call the number that the report gives, read off a plot
QUIET = 0.67  # of a usual neuron's size
CONVERGED = 0.05  # nats a character above the last epoch's loss


@dataclass(frozen=True)
class Claim:
    """One claim of the report (none: an empty text) and what our records say of it."""

    says: str
    finds: str
    agrees: bool | None = None


def claims(study: Study, rows: Sequence[Row]) -> list[Claim]:
    """What there is to say of a study, from the records that are there."""
    present = [row for row in rows if row.records]
    return _STUDIES[study.name](present) if present else []


def _mean(row: Row, column: str) -> float:
    return statistics.fmean(row.values(column))


def _cases(rows: Sequence[Row], **wanted: Any) -> list[Row]:
    """Rows whose columns hold these values ("dropout acts" as dropout_acts)."""
    names = {name.replace("_", " "): value for name, value in wanted.items()}
    return [row for row in rows if all(row.case.columns.get(name) == value for name, value in names.items())]


def _span(rows: Sequence[Row], column: str) -> str:
    """The lowest to the highest value over rows and seeds, as text."""
    values = [value for row in rows for value in row.values(column)]
    low, high = f"{min(values):.2f}", f"{max(values):.2f}"
    return low if low == high else f"{low} to {high}"


def _as_reported(rows: Sequence[Row]) -> bool:
    """Whether every mean loss is within 0.15 of what the report gives for its figure."""
    return all(abs(_mean(row, name) - loss) < CLOSE for row in rows for name, loss in row.case.report.items())


def _baseline(rows: Sequence[Row]) -> list[Claim]:
    trained = _cases(rows, cell="LSTM")
    if not trained:
        return []
    row = trained[0]
    train, validation = _mean(row, "train"), _mean(row, "validation")
    epochs = row.records[0].curves["epoch"][-1]
    compared = [
        Claim(
            "Training and validation loss both come below 1.5.",
            f"After {epochs:g} epochs {train:.2f} and {validation:.2f} on {WINDOWS}.",
            max(train, validation) < 1.5,
        ),
        Claim(
            "The network does not overfit: the two losses are similar.",
            f"They are {abs(validation - train):.2f} apart.",
            abs(validation - train) < NEAR,
        ),
    ]
    counted = [row for row in rows if not row.values("train")]
    if counted:
        whole, ngram = _mean(row, "test tunes"), _mean(counted[0], "test tunes")
        words = "better than" if whole < ngram else "no better than"
        compared.append(
            Claim(
                "",
                f"On whole test tunes the network reaches {whole:.2f}; {words} counting {counted[0].case.label}s, "
                f"which reaches {ngram:.2f}.",
            )
        )
    return compared


def fluctuation(curve: Sequence[float]) -> float:
    """How much a curve goes up and down in its second half: the standard deviation of its steps.

    sd of (x_(e+1) - x_e) over the epochs e of the second half.
    """
    half = list(curve)[len(curve) // 2 :]
    steps = [after - before for before, after in pairwise(half)]
    return statistics.pstdev(steps) if steps else 0.0


def epochs_to_converge(curve: Sequence[float]) -> int:
    """The first epoch whose loss is within 0.05 of the last one's, and stays there."""
    last = curve[-1]
    outside = [place for place, loss in enumerate(curve, 1) if loss > last + CONVERGED]
    return max(outside, default=0) + 1


def _over(rows: Sequence[Row], curve: str, measure: Callable[[Sequence[float]], float]) -> float:
    """Mean of a measure of a curve, over rows and seeds."""
    return statistics.fmean(measure(record.curves[curve]) for row in rows for record in row.records)


def _cells(rows: Sequence[Row]) -> list[Claim]:
    reported = [row for row in rows if row.case.columns.get("dropout acts") != "yes"]
    lstm, rnn, gru = (_cases(reported, cell=name) for name in ("LSTM", "RNN", "GRU"))
    if not lstm or not rnn:
        return []

    def gap(these: Sequence[Row]) -> float:
        return statistics.fmean(_mean(row, "validation") - _mean(row, "train") for row in these)

    worst = max(value for row in lstm for value in row.values("test tunes"))
    best = min(value for row in rnn for value in row.values("test tunes"))
    compared = [
        Claim(
            "The LSTM learns better than the RNN.",
            f"On whole test tunes the LSTM's loss is {_span(lstm, 'test tunes')}, the RNN's "
            f"{_span(rnn, 'test tunes')}.",
            worst < best,
        ),
        Claim(
            "The LSTM's losses are around 1.3, the RNN's 1.8 (training) and 2.0 (validation).",
            f"On {WINDOWS}, LSTM {_span(lstm, 'train')} and {_span(lstm, 'validation')}, RNN "
            f"{_span(rnn, 'train')} and {_span(rnn, 'validation')}.",
            _as_reported([*lstm, *rnn]),
        ),
        Claim(
            "The RNN's validation loss stays further above its training loss.",
            f"It is {gap(rnn):.2f} above; the LSTM's {gap(lstm):.2f}.",
            gap(rnn) > gap(lstm),
        ),
    ]
    shaking = [_over(these, "validation_slices", fluctuation) for these in (lstm, rnn)]
    compared.append(
        Claim(
            "The RNN's validation curve fluctuates more.",
            f"From epoch to epoch it moves by {shaking[1]:.3f}, the LSTM's by {shaking[0]:.3f}.",
            shaking[1] > shaking[0],
        )
    )
    speed = [_over(these, "train_slices", epochs_to_converge) for these in (lstm, rnn)]
    compared.append(
        Claim(
            "The RNN's training loss settles within 10 epochs.",
            f"It is within {CONVERGED} of its last value after {speed[1]:.0f} epochs, the LSTM's after {speed[0]:.0f}.",
            speed[1] <= 10,
        )
    )
    first = [_over(these, "train_slices", lambda curve: curve[0]) for these in (lstm, rnn)]
    compared.append(
        Claim(
            "The RNN's training loss starts lower.",
            f"After the first epoch it is {first[1]:.2f}, the LSTM's {first[0]:.2f}.",
            first[1] < first[0],
        )
    )
    if gru:
        compared.append(
            Claim(
                "",
                f"A GRU reaches {_span(gru, 'validation')} on {WINDOWS}, {_span(gru, 'test tunes')} on whole "
                "test tunes.",
            )
        )
    return compared


def _sizes(rows: Sequence[Row]) -> list[Claim]:
    compared: list[Claim] = []
    for cell in ("LSTM", "RNN", "GRU"):
        these = {row.case.columns.get("neurons"): row for row in _cases(rows, cell=cell)}
        if not {150, 250} <= these.keys():
            continue
        drops = [_mean(these[150], name) - _mean(these[250], name) for name in ("validation", "test tunes")]
        says = f"More neurons reduce the loss of the {cell} only slightly." if cell != "GRU" else ""
        direction = ["falls" if drop > 0 else "rises" for drop in drops]
        compared.append(
            Claim(
                says,
                f"From 150 to 250 neurons the {cell}'s loss {direction[0]} by {abs(drops[0]):.3f} on validation "
                f"windows, and {direction[1]} by {abs(drops[1]):.3f} on whole test tunes.",
                None if cell == "GRU" else 0 <= drops[0] < NEAR,
            )
        )
    return compared


def _dropout(rows: Sequence[Row]) -> list[Claim]:
    compared: list[Claim] = []
    for cell in ("LSTM", "RNN"):
        given = _cases(rows, cell=cell, dropout_acts="no")
        acting = _cases(rows, cell=cell, dropout_acts="yes")
        if given:
            keys = {tuple(record.key for record in row.records) for row in given}
            same = len(keys) == 1
            seeds = given[0].values("validation")
            apart = f"Its {len(seeds)} seeds are {max(seeds) - min(seeds):.3f} apart on validation {WINDOWS}."
            compared.append(
                Claim(
                    "Dropout from 0.1 to 0.3 changes nothing for the LSTM."
                    if cell == "LSTM"
                    else "For the RNN, 0.1 gives the smallest training loss and 0.3 the smallest validation loss; the "
                    "difference is not significant.",
                    ("It cannot: with one layer PyTorch drops nothing, so the three are one training. " if same else "")
                    + (apart if len(seeds) > 1 else "One seed was run."),
                    same if cell == "LSTM" else not same,
                )
            )
        if len(acting) > 1:
            best = []
            for name in ("train", "validation"):
                losses = {row.case.columns["dropout"]: _mean(row, name) for row in acting}
                best.append(min(losses, key=lambda rate: losses[rate]))
            whole = {row.case.columns["dropout"]: _mean(row, "test tunes") for row in acting}
            listed = ", ".join(f"{value:.2f} at {rate:g}" for rate, value in whole.items())
            none = f"; without it {_mean(given[0], 'test tunes'):.2f}" if given else ""
            compared.append(
                Claim(
                    "",
                    f"Output dropout: the {cell}'s training loss is lowest at {best[0]:g}, its validation loss at "
                    f"{best[1]:g}. Whole test tunes: {listed}{none}.",
                )
            )
    return compared


def _temperatures(rows: Sequence[Row]) -> list[Claim]:
    compared: list[Claim] = []
    ours = {row.case.columns["T"]: row for row in _cases(rows, model="baseline")}
    if {0.5, 1.0, 2.0} <= ours.keys():
        filled = {t: _mean(row, "in_meter") for t, row in ours.items()}
        best = max(filled, key=lambda t: filled[t])
        listed = ", ".join(f"{share:.0%} at T = {t:g}" for t, share in filled.items())
        compared.append(
            Claim(
                "T = 1 gives the best tune of three, by listening.",
                f"Bars that fill the meter that the tune names: {listed}. By this measure T = {best:g} is best.",
                best == 1.0,
            )
        )
        choices = {t: math.exp(_mean(row, "hesitation")) for t, row in ours.items()}
        listed = ", ".join(f"{n:.1f} at T = {t:g}" for t, n in choices.items())
        compared.append(
            Claim(
                "A low temperature makes confident choices, a high one uniform ones.",
                f"At each character the network chooses as if between so many equally likely ones: {listed}.",
                all(choices[a] < choices[b] for a, b in pairwise(sorted(choices))),
            )
        )
        compared.append(
            Claim(
                "At T = 2 it sounds like pressing keys at random.",
                f"At T = 2 {_mean(ours[2.0], 'header'):.0%} of the tunes have a readable meter and key, and "
                f"{filled[2.0]:.0%} of the bars fill their meter; at T = 1 {_mean(ours[1.0], 'header'):.0%} and "
                f"{filled[1.0]:.0%}.",
                filled[2.0] < 0.5 * filled[best],
            )
        )
        runs = [_mean(ours[t], "longest_run") for t in (0.5, 1.0)]
        compared.append(
            Claim(
                "At T = 0.5 the tune is more like the training tunes.",
                f"The longest run of notes that a training tune has too: {runs[0]:.1f} at T = 0.5, {runs[1]:.1f} at "
                f"T = 1.",
                runs[0] > runs[1],
            )
        )
        networks = {str(record.settings["network"]) for row in ours.values() for record in row.records}
        if len(networks) == 1:
            compared.append(
                Claim(
                    "The loss plots of T = 0.5, 1 and 2 differ, and T = 1 trains best (figures 4, 7, 10).",
                    "The temperature has no part in training: all our temperatures sample the same networks. Such "
                    "plots can differ only by the seed.",
                    False,
                )
            )
    context = {row.case.columns["T"]: row for row in _cases(rows, model="lstm-512")}
    if context:
        listed = ", ".join(f"{_mean(row, 'valid'):.0%} at T = {t:g}" for t, row in context.items())
        own = ", ".join(f"{_mean(row, 'valid'):.0%} at T = {t:g}" for t, row in ours.items())
        compared.append(
            Claim(
                "",
                f"Tunes without a fault: lstm-512 {listed}" + (f"; the baseline {own}." if own else "."),
            )
        )
    return compared


_SAYS = {
    "header": "The first neuron is high in the header and low in the body.",
    "body": "The second neuron is high in the body and low in the header.",
    "quiet": "The third neuron is low in both.",
}


def _heatmaps(rows: Sequence[Row]) -> list[Claim]:
    compared: list[Claim] = []
    for role, says in _SAYS.items():
        parts, agree = [], True
        for row in rows:
            for record in row.records:
                neuron = record.result["neurons"][role]
                inside, outside = neuron["mean"]
                name = (
                    row.case.label
                    if len(row.records) == 1 or record.seed == 0
                    else f"{row.case.label} (seed {record.seed})"
                )
                unit = neuron["unit"][1]
                if role == "quiet":
                    size, usual = max(neuron["size"]), record.result["usual_size"]
                    parts.append(f"{name} {unit}: {size:.2f} away from 0, a usual neuron {usual:.2f}")
                    agree = agree and size < QUIET * usual
                else:
                    parts.append(f"{name} {unit}: {inside:+.2f} in headers, {outside:+.2f} in bodies")
                    agree = agree and (inside > outside if role == "header" else outside > inside)
        compared.append(Claim(says, f"{ROLES[role]}: {'; '.join(parts)}.", agree))
    return compared


_STUDIES: dict[str, Callable[[Sequence[Row]], list[Claim]]] = {
    "baseline": _baseline,
    "cells": _cells,
    "sizes": _sizes,
    "dropout": _dropout,
    "temperatures": _temperatures,
    "heatmaps": _heatmaps,
}


# ---- the whole report -----------------------------------------------------------------------------------------------


def report(which: RecordSet, records: Sequence[Record]) -> str:
    """The studies of a set as Markdown: their tables, and the report's claims beside our results."""
    ours = [record for record in records if which.has(record)]
    seconds = sum(record.seconds for record in ours)
    machines = sorted({record.machine["cpu"] for record in ours})
    parts = [
        "# The report's studies, reproduced",
        "",
        f"Corpus {which.corpus}, {which.epochs} epochs of one window per tune. {len(ours)} records, "
        f"{seconds / 60:.0f} minutes of one core ({', '.join(machines)}). Losses are in nats per character.",
    ]
    for study in catalog(which.epochs).values():
        rows = rows_of(study, which.fingerprint, records)
        parts += ["", markdown(study, rows), ""]
        if compared := claims(study, rows):
            parts += ["| original report | this reproduction | |", "| --- | --- | --- |"]
            marks = {True: "agrees", False: "differs", None: ""}
            parts += [f"| {one.says or '-'} | {one.finds} | {marks[one.agrees]} |" for one in compared]
    return "\n".join(parts) + "\n"

"""Claims of the report beside what our records say, sentence by sentence. Every number is computed.

The records agree, or not, or cannot be compared (None). Where records are missing a claim is left out.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from itertools import pairwise

from charlstm.experiments.catalog import catalog
from charlstm.experiments.claim import Claim, cases, mean, span
from charlstm.experiments.claims_of_tunes import of_panel, of_temperatures
from charlstm.experiments.jobs import Study
from charlstm.experiments.records import Record, RecordSet
from charlstm.experiments.tables import WINDOWS, Row, markdown, rows_of
from charlstm.neurons.directory.entries import ROLES

NEAR = 0.1  # nats a character: what we call "similar" or "slight"
CLOSE = 0.15  # nats a character: what we call the number that the report gives, read off a plot
QUIET = 0.67  # of a usual neuron's size
CONVERGED = 0.05  # nats a character above the last epoch's loss


def claims(study: Study, rows: Sequence[Row]) -> list[Claim]:
    """What there is to say of a study, from the records that are there."""
    present = [row for row in rows if row.records]
    return _STUDIES[study.name](present) if present else []


def _as_reported(rows: Sequence[Row]) -> bool:
    """Whether every mean loss is within 0.15 of what the report gives for its figure."""
    return all(abs(mean(row, name) - loss) < CLOSE for row in rows for name, loss in row.case.report.items())


def _baseline(rows: Sequence[Row]) -> list[Claim]:
    trained = cases(rows, cell="LSTM")
    if not trained:
        return []
    row = trained[0]
    train, validation = mean(row, "train"), mean(row, "validation")
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
        whole, ngram = mean(row, "test tunes"), mean(counted[0], "test tunes")
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
    lstm, rnn, gru = (cases(reported, cell=name) for name in ("LSTM", "RNN", "GRU"))
    if not lstm or not rnn:
        return []

    def gap(these: Sequence[Row]) -> float:
        return statistics.fmean(mean(row, "validation") - mean(row, "train") for row in these)

    worst = max(value for row in lstm for value in row.values("test tunes"))
    best = min(value for row in rnn for value in row.values("test tunes"))
    compared = [
        Claim(
            "The LSTM learns better than the RNN.",
            f"On whole test tunes the LSTM's loss is {span(lstm, 'test tunes')}, the RNN's {span(rnn, 'test tunes')}.",
            worst < best,
        ),
        Claim(
            "The LSTM's losses are around 1.3, the RNN's 1.8 (training) and 2.0 (validation).",
            f"On {WINDOWS}, LSTM {span(lstm, 'train')} and {span(lstm, 'validation')}, RNN "
            f"{span(rnn, 'train')} and {span(rnn, 'validation')}.",
            _as_reported([*lstm, *rnn]),
        ),
        Claim(
            "The RNN's validation loss stays further above its training loss.",
            f"It is {gap(rnn):.2f} above; the LSTM's {gap(lstm):.2f}.",
            gap(rnn) > gap(lstm),
        ),
    ]
    tested = [statistics.fmean(mean(row, "test windows") for row in these) for these in (lstm, rnn)]
    compared.append(
        Claim(
            "The LSTM's test loss is around 1.4, the RNN's 2.0.",
            f"On {WINDOWS} of test tunes {tested[0]:.2f} and {tested[1]:.2f}.",
            abs(tested[0] - 1.4) < CLOSE and abs(tested[1] - 2.0) < CLOSE,
        )
    )
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
    starts = [_over(rnn, name, lambda curve: curve[0]) for name in ("validation_slices", "train_slices")]
    compared.append(
        Claim(
            "The RNN's validation loss starts much higher than its training loss.",
            f"After the first epoch they are {starts[0]:.2f} and {starts[1]:.2f}.",
            starts[0] > starts[1] + NEAR,
        )
    )
    if gru:
        compared.append(
            Claim(
                "",
                f"A GRU reaches {span(gru, 'validation')} on {WINDOWS}, {span(gru, 'test tunes')} on whole test tunes.",
            )
        )
    return compared


def _mingru(rows: Sequence[Row]) -> list[Claim]:
    trained = [row for row in rows if row.values("test tunes")]
    sampled = [row for row in rows if row.values("in_meter")]

    def listed(these: Sequence[Row], name: str, form: str) -> str:
        return ", ".join(f"{row.case.label.split(', T')[0]} {mean(row, name):{form}}" for row in these)

    compared = []
    grus, min_grus = cases(trained, cell="GRU"), cases(trained, cell="minGRU")
    if grus and min_grus:
        best = min(min_grus, key=lambda row: mean(row, "test tunes"))
        losses = mean(best, "test tunes"), mean(grus[0], "test tunes")
        compared.append(
            Claim(
                "Feng et al. 2024, not the report: a minGRU learns about as well as a GRU.",
                f"Whole test tunes: {losses[0]:.2f} (the best, {best.case.label}) and {losses[1]:.2f}.",
                losses[0] <= max(grus[0].values("test tunes")),  # no worse than one seed of it
            )
        )
    if trained:
        compared.append(Claim("", f"Loss on whole test tunes: {listed(trained, 'test tunes', '.2f')}."))
    if sampled:
        compared.append(Claim("", f"Bars that fill their meter at T = 0.8: {listed(sampled, 'in_meter', '.0%')}."))
        compared.append(Claim("", f"Valid tunes at T = 0.8: {listed(sampled, 'valid', '.0%')}."))
    return compared


def _sizes(rows: Sequence[Row]) -> list[Claim]:
    compared: list[Claim] = []
    for cell in ("LSTM", "RNN", "GRU"):
        these = {row.case.columns.get("neurons"): row for row in cases(rows, cell=cell)}
        if not {150, 250} <= these.keys():
            continue
        drops = [mean(these[150], name) - mean(these[250], name) for name in ("validation", "test tunes")]
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


def _depth(rows: Sequence[Row]) -> list[Claim]:
    these = {row.case.columns.get("layers"): row for row in cases(rows, cell="LSTM")}
    if len(these) < 2 or 1 not in these:
        return []
    parts = []
    for name, words in (("validation", f"validation {WINDOWS}"), ("test tunes", "whole test tunes")):
        listed = ", ".join(f"{mean(row, name):.2f} with {layers}" for layers, row in these.items())
        parts.append(f"on {words} {listed}")
    best = min(these, key=lambda layers: mean(these[layers], "test tunes"))
    return [
        Claim(
            "Depth was tuned; the networks shown have one layer.",
            f"The loss of 150 neurons by layers: {'; '.join(parts)}. {best} is best on whole tunes.",
            best == 1,
        )
    ]


def _dropout(rows: Sequence[Row]) -> list[Claim]:
    compared: list[Claim] = []
    for cell in ("LSTM", "RNN"):
        given = cases(rows, cell=cell, dropout_acts="no")
        acting = cases(rows, cell=cell, dropout_acts="yes")
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
                losses = {row.case.columns["dropout"]: mean(row, name) for row in acting}
                best.append(min(losses, key=lambda rate: losses[rate]))
            whole = {row.case.columns["dropout"]: mean(row, "test tunes") for row in acting}
            listed = ", ".join(f"{value:.2f} at {rate:g}" for rate, value in whole.items())
            none = f"; without it {mean(given[0], 'test tunes'):.2f}" if given else ""
            compared.append(
                Claim(
                    "",
                    f"Output dropout: the {cell}'s training loss is lowest at {best[0]:g}, its validation loss at "
                    f"{best[1]:g}. Whole test tunes: {listed}{none}.",
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
    "mingru": _mingru,
    "sizes": _sizes,
    "depth": _depth,
    "dropout": _dropout,
    "temperatures": of_temperatures,
    "heatmaps": _heatmaps,
    "panel": of_panel,
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

"""The report's claims about the tunes themselves: of temperatures, of the two cells, of the best setting."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

from charlstm.experiments.claim import Claim, cases, mean
from charlstm.experiments.tables import Row, reference_row


def of_temperatures(rows: Sequence[Row]) -> list[Claim]:
    """What the temperature does to tunes of the report's baseline."""
    compared: list[Claim] = []
    ours = {row.case.columns["T"]: row for row in cases(rows, model="baseline")}
    if {0.5, 1.0, 2.0} <= ours.keys():
        filled = {t: mean(row, "in_meter") for t, row in ours.items()}
        best = max(filled, key=lambda t: filled[t])
        listed = ", ".join(f"{share:.0%} at T = {t:g}" for t, share in filled.items())
        compared.append(
            Claim(
                "T = 1 gives the best tune of three, by listening.",
                f"Bars that fill the meter that the tune names: {listed}. By this measure T = {best:g} is best.",
                best == 1.0,
            )
        )
        choices = {t: math.exp(mean(row, "hesitation")) for t, row in ours.items()}
        listed = ", ".join(f"{n:.1f} at T = {t:g}" for t, n in choices.items())
        compared.append(
            Claim(
                "A low temperature makes confident choices, a high one uniform ones.",
                f"At each character the network chooses as if among this many equally likely ones: {listed}.",
                all(choices[a] < choices[b] for a, b in pairwise(sorted(choices))),
            )
        )
        compared.append(
            Claim(
                "At T = 2 it sounds like pressing keys at random.",
                f"At T = 2 {mean(ours[2.0], 'header'):.0%} of the tunes have a readable meter and key, and "
                f"{filled[2.0]:.0%} of the bars fill their meter; at T = 1 {mean(ours[1.0], 'header'):.0%} and "
                f"{filled[1.0]:.0%}.",
                filled[2.0] < 0.5 * filled[best],
            )
        )
        runs = [mean(ours[t], "longest_run") for t in (0.5, 1.0, 2.0)]
        compared.append(
            Claim(
                "At T = 0.5 the tune is more like the training tunes.",
                f"The longest run of notes that a training tune has too: {runs[0]:.1f} at T = 0.5, {runs[1]:.1f} at "
                f"T = 1.",
                runs[0] > runs[1],
            )
        )
        compared.append(
            Claim(
                "At T = 2 it is more different from the training tunes.",
                f"The longest run is {runs[2]:.1f} notes at T = 2, {runs[1]:.1f} at T = 1.",
                runs[2] < runs[1],
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
    context = {row.case.columns["T"]: row for row in cases(rows, model="lstm-512")}
    if context:
        listed = ", ".join(f"{mean(row, 'valid'):.0%} at T = {t:g}" for t, row in context.items())
        own = ", ".join(f"{mean(row, 'valid'):.0%} at T = {t:g}" for t, row in ours.items())
        compared.append(
            Claim(
                "",
                f"Valid tunes: lstm-512 {listed}" + (f"; the baseline {own}." if own else "."),
            )
        )
    return compared


def of_panel(rows: Sequence[Row]) -> list[Claim]:
    """What the report says of tunes by listening, measured on the shipped models' tunes."""
    ours = {(row.case.columns["model"], row.case.columns["T"]): row for row in rows}
    return [*_best(ours), *_coherence(ours), *_high_temperature(ours), *_form(ours)]


def _shares(ours: Mapping[tuple[str, float], Row], column: str, model: str) -> dict[float, float]:
    """A measure of a model's tunes by temperature."""
    return {t: mean(row, column) for (name, t), row in ours.items() if name == model and row.values(column)}


def _best(ours: Mapping[tuple[str, float], Row]) -> list[Claim]:
    """250 neurons and T = 1 beside the other sizes and temperatures, by valid tunes."""
    valid = {
        (neurons, t): share for neurons in (150, 250) for t, share in _shares(ours, "valid", f"lstm-{neurons}").items()
    }
    if (250, 1.0) not in valid:
        return []
    neurons, t = max(valid, key=lambda setting: valid[setting])
    at_one = ", ".join(f"{share:.0%} with {n} neurons" for (n, temperature), share in valid.items() if temperature == 1)
    return [
        Claim(
            "250 neurons and T = 1 give the best result.",
            f"Valid tunes at T = 1: {at_one}. The most, {valid[neurons, t]:.0%}, come from {neurons} neurons "
            f"at T = {t:g}.",
            (neurons, t) == (250, 1.0),
        )
    ]


def _coherence(ours: Mapping[tuple[str, float], Row]) -> list[Claim]:
    """RNN and LSTM of 250 units at T = 1: what "coherent", "pauses" and "changes in tempo" can be measured by."""
    rnn, lstm = ours.get(("rnn-250", 1.0)), ours.get(("lstm-250", 1.0))
    if rnn is None or lstm is None:
        return []
    filled, rests, changes, valid = (
        (mean(rnn, name), mean(lstm, name)) for name in ("bars_filled", "rests", "speed_changes", "valid")
    )
    return [
        Claim(
            "The RNN's tunes are less coherent than the LSTM's, fragmented.",
            f"At T = 1, {filled[0]:.0%} of the bars of rnn-250 and {filled[1]:.0%} of those of lstm-250 fill their "
            f"meter; {valid[0]:.0%} and {valid[1]:.0%} of their tunes are valid.",
            filled[0] < filled[1] and valid[0] < valid[1],
        ),
        Claim(
            "In the RNN's tunes there are occasional pauses, or sudden changes in tempo.",
            f"Rests take {rests[0]:.1%} of the time of rnn-250's tunes and {rests[1]:.1%} of lstm-250's. From one bar "
            f"to the next the notes become twice as fast or half as fast in {changes[0]:.0%} and {changes[1]:.0%} of "
            "the bars.",
            rests[0] > rests[1] and changes[0] > changes[1],
        ),
    ]


def _high_temperature(ours: Mapping[tuple[str, float], Row]) -> list[Claim]:
    """T = 2 beside T = 1: slower, and similar notes."""
    hot, warm = ours.get(("lstm-150", 2.0)), ours.get(("lstm-150", 1.0))
    if hot is None or warm is None:
        return []
    length, same, pitches = (
        (mean(hot, name), mean(warm, name)) for name in ("note_length", "repeated_notes", "distinct_pitches")
    )
    return [
        Claim(
            "At T = 2 the tempo is slower and the notes are similar.",
            f"A note of lstm-150 lasts {length[0]:.2f} eighths at T = 2 and {length[1]:.2f} at T = 1; {same[0]:.0%} "
            f"and {same[1]:.0%} of the notes repeat the one before; a tune has {pitches[0]:.0f} and {pitches[1]:.0f} "
            "different pitches.",
            length[0] > length[1] and same[0] > same[1],
        )
    ]


def _form(ours: Mapping[tuple[str, float], Row]) -> list[Claim]:
    """What the report does not ask: whether bars return."""
    row = ours.get(("lstm-512", 0.8))
    beside = reference_row(row.records[0], "bars_returning") if row is not None else None
    if row is None or beside is None:
        return []
    listed, planned = (
        ", ".join(f"{share:.0%} at T = {t:g}" for t, share in _shares(ours, "bars_returning", model).items())
        for model in ("lstm-512", "lstm-form")
    )
    real, shuffled = beside
    return [
        Claim(
            "",
            f"Bars that return, which is what form is made of: lstm-512, which sees earlier bars, {listed}; "
            + (f"lstm-form, by form plans, {planned}; " if planned else "")
            + f"real tunes {real:.0%}, with their bars shuffled {shuffled:.0%}; lstm-250 "
            f"{_shares(ours, 'bars_returning', 'lstm-250').get(0.8, 0):.0%} at T = 0.8.",
        )
    ]

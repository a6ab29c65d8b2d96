"""Report: all studies in one Markdown text, from the records that are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from charlstm.experiments.catalog import EPOCHS, catalog
from charlstm.experiments.claims import findings
from charlstm.experiments.records import Record
from charlstm.experiments.tables import markdown, rows_of
from charlstm.lm.config import TrainConfig


@dataclass(frozen=True)
class Set:
    """Records that belong together: of one corpus, with trainings of one length."""

    corpus: str
    fingerprint: str
    epochs: int


def sets(records: Sequence[Record]) -> dict[Set, int]:
    """The sets that there are, with how many trainings each has; the catalog's own length first, then the most."""
    found: dict[Set, int] = {}
    for record in records:
        if record.get("kind") == "training":
            epochs = record["settings"]["train"].get("epochs", TrainConfig().epochs)
            one = Set(record["corpus"]["name"], record["corpus"]["fingerprint"], epochs)
            found[one] = found.get(one, 0) + 1
    return dict(sorted(found.items(), key=lambda item: (item[0].epochs != EPOCHS, -item[1])))


def belongs(record: Record, which: Set) -> bool:
    """Whether a record is of a set: of its corpus, and of a training of its length or of none of ours."""
    network = record["settings"] if record["kind"] == "training" else record["settings"].get("network")
    epochs = network["train"].get("epochs", TrainConfig().epochs) if isinstance(network, dict) else which.epochs
    return bool(record["corpus"]["fingerprint"] == which.fingerprint and epochs == which.epochs)


def report(which: Set, records: Sequence[Record], folder: Path | None = None) -> str:
    """The studies of a set as Markdown: what the report says, what we find, and the tables."""
    ours = [record for record in records if belongs(record, which)]
    seconds = sum(record["seconds"] for record in ours)
    machines = sorted({record["machine"]["cpu"] for record in ours})
    parts = [
        "# The report's studies, again",
        "",
        f"Corpus {which.corpus}, {which.epochs} epochs of one slice a tune. {len(ours)} records, "
        f"{seconds / 60:.0f} minutes of one core ({', '.join(machines)}). Losses are in nats per character.",
    ]
    for study in catalog(which.epochs).values():
        rows = rows_of(study, which.fingerprint, folder=folder)
        parts += ["", markdown(study, rows), ""]
        found = findings(study, rows)
        if found:
            parts += ["| the report says | we find | |", "| --- | --- | --- |"]
            marks = {True: "agrees", False: "differs", None: ""}
            parts += [f"| {one.says or '-'} | {one.finds} | {marks[one.agrees]} |" for one in found]
    return "\n".join(parts) + "\n"

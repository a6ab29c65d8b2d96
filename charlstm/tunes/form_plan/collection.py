"""The form plans of a corpus: which tunes of some meter, rhythm and unit are built how. They travel with a model.

A plan has none of its tune's notes, so a tune written by it is like that one in form only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from charlstm.errors import ConfigError
from charlstm.tunes.abc import split_header
from charlstm.tunes.form_plan.notation import MOST_CHARACTERS, parse_plan, write_plan
from charlstm.tunes.form_plan.plan import FormPlan
from charlstm.tunes.form_plan.reading import read_plan

MOST = 500  # plans of a model: some 60 kB
READ = 4000  # tunes of a corpus that are read at most


class TunePlan(NamedTuple):
    """The form of one tune, as text, and what of its header goes with it; "" where a field is missing."""

    meter: str
    rhythm: str
    unit: str
    plan: str


@dataclass(frozen=True)
class PlanCollection:
    """The plans of some tunes."""

    plans: tuple[TunePlan, ...]

    def __len__(self) -> int:
        return len(self.plans)

    def draw(self, rng: np.random.Generator, meter: str, rhythm: str = "", unit: str = "") -> FormPlan | None:
        """The plan of a tune of this meter, and of this rhythm and unit if there is one; None if there is none."""
        for wanted in ((meter, rhythm, unit), (meter, None, unit), (meter, rhythm, None), (meter, None, None)):
            fitting = [
                one.plan
                for one in self.plans
                if all(want is None or want == value for want, value in zip(wanted, one[:3], strict=True))
            ]
            for place in rng.permutation(len(fitting)).tolist():
                with suppress(ConfigError):  # of a file that somebody wrote
                    return parse_plan(fitting[place])
        return None


def collect_plans(texts: Sequence[str], *, most: int = MOST, seed: int = 0) -> PlanCollection:
    """The plans of tunes: those of all in their proportions, and of every meter, rhythm and unit at least one.

    Parameters
    ----------
    texts : sequence of str
        Model texts.
    most : int
        How many plans, at least.
    seed : int
        Of which tunes are taken where there are more.
    """
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(texts))[:READ].tolist()
    groups: dict[tuple[str, str, str], list[TunePlan]] = defaultdict(list)
    for place in order:
        plan = read_plan(texts[place])
        if plan is not None:
            header = split_header(texts[place])
            meter, rhythm, unit = (header.get(letter) or "" for letter in "MRL")
            groups[meter, rhythm, unit].append(TunePlan(meter, rhythm, unit, write_plan(plan)))
    total = sum(map(len, groups.values()))
    share = min(1.0, most / total) if total else 1.0
    taken = [plan for key in sorted(groups) for plan in groups[key][: max(1, round(share * len(groups[key])))]]
    return PlanCollection(tuple(taken))


def checked_plans(values: Iterable[object]) -> PlanCollection:
    """The plans of a file: lists of meter, rhythm, unit and plan. Raises ValueError at what is none.

    They are read when they are drawn; one that cannot be read is passed over then.
    """
    plans = []
    for value in values:
        if not isinstance(value, list) or len(value) != 4 or not all(isinstance(word, str) for word in value):
            raise ValueError("a plan is a list of meter, rhythm, unit and form")
        if max(map(len, value)) <= MOST_CHARACTERS:
            plans.append(TunePlan(*value))
    return PlanCollection(tuple(plans))

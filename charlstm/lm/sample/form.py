"""The form of a tune that is to be written: drawn for its header, taken over from another tune, or given."""

from __future__ import annotations

from typing import Literal

import numpy as np

from charlstm.errors import ConfigError
from charlstm.lm.infer.engine import Engine
from charlstm.lm.sample.adapter import TuneAdapter
from charlstm.lm.store.checkpoint import NO_PLANS
from charlstm.tunes.abc import split_header
from charlstm.tunes.form_plan.edit import with_breaks
from charlstm.tunes.form_plan.notation import parse_plan
from charlstm.tunes.form_plan.plan import FormPlan
from charlstm.tunes.form_plan.reading import read_plan

Form = FormPlan | Literal["auto", "free"]
_DRAW = 1  # the random numbers that plans are drawn with: others than those of the characters


def plan_of(engine: Engine, form: Form, header: str, seed: int) -> FormPlan | None:
    """The plan that a tune with this header is written by; None for one that is written free.

    "auto" draws one of the model's own, of the header's meter, rhythm and unit; the same seed draws the same one.
    """
    if not engine.config.plan or form == "free":
        return None
    if isinstance(form, FormPlan):
        return form
    fields = split_header(header)
    meter, rhythm, unit = (fields.get(letter) or "" for letter in "MRL")
    plans = engine.checkpoint.plans if engine.checkpoint else NO_PLANS
    return plans.draw(np.random.default_rng([seed, _DRAW]), meter, rhythm, unit)


def form_like(engine: Engine, text: str) -> FormPlan:
    """The form of a tune in any spelling, without its notes. Raises ConfigError if its bar lines make none."""
    plan = read_plan(TuneAdapter(engine, text).before(len(text)))
    if plan is None:
        raise ConfigError("form", "the bar lines of this tune make no form; take another tune, or write a form out.")
    return plan


def form_of_text(text: str) -> FormPlan:
    """The form that somebody wrote; without line breaks of its own it gets them. Raises ConfigError."""
    plan = parse_plan(text)
    return plan if any(bar.breaks for bar in plan.bars) else with_breaks(plan)

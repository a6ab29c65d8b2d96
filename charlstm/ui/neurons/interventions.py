"""An intervention as a visitor chooses it, the engine that it makes, and pairs of tunes without it and with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import streamlit as st

from charlstm.lm.config import SampleConfig
from charlstm.lm.infer.engine import Engine
from charlstm.lm.sample.sampling import Sample, sample
from charlstm.neurons.concept_units import concept_direction
from charlstm.neurons.concepts.registry import CONCEPTS
from charlstm.neurons.paired_samples import with_headers_of
from charlstm.neurons.recording import Unit
from charlstm.neurons.steering import Intervention, deviations
from charlstm.progress import Progress, Report
from charlstm.ui.background import with_bar
from charlstm.ui.neurons.names import label_of
from charlstm.ui.neurons.recordings import recording_of
from charlstm.ui.neurons.settings import number, one_of, unit_name, units_setting
from charlstm.ui.neurons.unit_picker import shown_unit
from charlstm.ui.neurons.view_context import ViewContext
from charlstm.ui.shared.choices import choose
from charlstm.ui.shared.models import engine
from charlstm.ui.shared.notices import plain
from charlstm.ui.state import Setting

Action = Literal["ablate", "clamp", "steer"]
NEURONS, CONCEPT = "Neurons", "Concept"
ACTIONS: dict[Action, str] = {"ablate": "Ablate", "clamp": "Clamp", "steer": "Steer"}
DIRECTIONS = {"means": "Means", "probe": "Probe"}
WHAT = Setting("intervene.what", NEURONS, query="on", parse={"concept": CONCEPT}.get, write=str.lower)
CONCEPT_NAME = Setting("intervene.concept", "high_note", query="concept", parse=one_of(CONCEPTS))
DIRECTION = Setting("intervene.direction", "means", query="direction", parse=one_of(DIRECTIONS))
CONCEPT_STRENGTH = Setting("intervene.strength", 0.5, query="strength", parse=number(-4.0, 4.0), write="{:g}".format)
UNITS = units_setting("intervene.units")
ACTION: Setting[Action] = Setting("intervene.action", "ablate", query="action", parse=one_of(ACTIONS))
VALUE = Setting("intervene.value", 1.0, query="strength", parse=number(-1.0, 1.0), write="{:g}".format)
STRENGTH = Setting("intervene.push", 2.0, query="strength", parse=number(-4.0, 4.0), write="{:g}".format)
ADDRESSED = (WHAT, CONCEPT_NAME, DIRECTION, CONCEPT_STRENGTH, UNITS, ACTION, VALUE, STRENGTH)


@dataclass(frozen=True)
class Choice:
    """What the visitor wants changed: hashable, and not yet applied."""

    action: Action
    units: tuple[Unit, ...] = ()
    strength: float = 0.0
    concept: str = ""
    way: str = ""

    def words(self, layers: int) -> str:
        """As a sentence begins: "Neurons 3, 5 clamped at +1"."""
        if self.concept:
            return f"Steered by {self.strength:+g} standard deviations towards “{CONCEPTS[self.concept].title}”"
        names = ", ".join(unit_name(unit, layers) for unit in self.units)
        done = {
            "ablate": "ablated",
            "clamp": f"clamped at {self.strength:+g}",
            "steer": f"steered by {self.strength:+g} standard deviations",
        }
        return f"{'Neuron' if len(self.units) == 1 else 'Neurons'} {names} {done[self.action]}"


def shown_settings() -> tuple[Setting[Any], ...]:
    """The settings that say what is shown now, for the address."""
    if WHAT.get() == CONCEPT:
        return WHAT, CONCEPT_NAME, DIRECTION, CONCEPT_STRENGTH
    return UNITS, ACTION, *{"ablate": (), "clamp": (VALUE,), "steer": (STRENGTH,)}[ACTION.get()]


# ---- what the visitor chooses ---------------------------------------------------------------------------------------


def choose_intervention(context: ViewContext) -> Choice | None:
    """Widgets for what to change, and how much; None while no neuron is chosen."""
    left, right = st.columns([2, 5], vertical_alignment="bottom")
    if choose("Intervene on", (NEURONS, CONCEPT), WHAT, hidden=False, place=left) == CONCEPT:
        concept = right.selectbox(
            "Concept", list(CONCEPTS), key=CONCEPT_NAME.widget(), format_func=lambda name: CONCEPTS[name].title
        )
        return _steer_concept(concept)
    units = [Unit(*divmod(row, context.size)) for row in range(context.layers * context.size)]
    wanted = UNITS.get()
    if wanted != []:  # the neuron that is looked at, at first; of another model, only what this one has
        UNITS.set([Unit(*unit) for unit in wanted or [shown_unit(context)] if unit in units] or units[:1])
    chosen = right.multiselect(
        "Neurons", units, max_selections=16, key=UNITS.widget(), placeholder="By number or by name",
        format_func=lambda unit: label_of(context, unit),
    )  # fmt: skip
    left, right = st.columns([2, 5], vertical_alignment="bottom")
    action = choose("Intervention", ACTIONS, ACTION, labels=ACTIONS, hidden=False, place=left)
    strength = 0.0
    if action == "clamp":
        strength = right.slider("Value", -1.0, 1.0, step=0.05, key=VALUE.widget())
    elif action == "steer":
        strength = right.slider(
            "Strength, in standard deviations", -4.0, 4.0, step=0.25, key=STRENGTH.widget(),
            help="Of each neuron’s own activation. 0 changes nothing.",
        )  # fmt: skip
    else:
        right.caption("Its output is 0 after every character.")
    return Choice(action, tuple(Unit(*unit) for unit in chosen), strength) if chosen else None


def _steer_concept(concept: str) -> Choice:
    left, right = st.columns([2, 5], vertical_alignment="bottom")
    way = choose(
        "Direction", DIRECTIONS, DIRECTION, labels=DIRECTIONS, hidden=False, place=left,
        help="Means: from the mean state without the concept to the mean state with it. Probe: Fisher’s discriminant, "
        "which ignores what varies in both. Both of length 1.",
    )  # fmt: skip
    strength = right.slider(
        "Strength, in standard deviations", -4.0, 4.0, step=0.25, key=CONCEPT_STRENGTH.widget(),
        help="Of the states along the direction, over the tunes it was measured on. 0 changes nothing.",
    )  # fmt: skip
    return Choice("steer", (), strength, concept, way)


# ---- the engine that it makes ---------------------------------------------------------------------------------------


def intervened_engine(context: ViewContext, choice: Choice) -> Engine | None:
    """The engine that writes tune B: a new one; the shared one stays as it is. None while it needs a reading."""
    model = engine(context.model)
    if choice.action != "steer":
        return Intervention(choice.action, choice.units, choice.strength).apply(model)
    if (read := recording_of(context)) is None:
        return None
    recording, tunes = read
    if not choice.concept:
        spread = deviations(recording.rows, context.layers)
        return Intervention("steer", choice.units, choice.strength).apply(model, spread)
    along, share = with_bar(
        "direction",
        (*context.key, tunes, choice.concept, choice.way),
        lambda report: concept_direction(
            recording, CONCEPTS[choice.concept], "probe" if choice.way == "probe" else "means"
        ),
        "Finding the direction",
    )
    st.caption(
        plain(
            f"From {tunes}; {share:.1%} have the concept. A standard deviation along the direction is "
            f"{along.deviation:.2f}. It is added to the last layer after every character."
        )
    )
    return Intervention("steer", strength=choice.strength, along=along).apply(model)


# ---- pairs of tunes -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PairWriter:
    """Writes tunes without an intervention (A) and with it (B), with the same settings and random numbers for both."""

    context: ViewContext
    changed: Engine
    choice: Choice
    same_header: bool  # B takes the header of A

    def write(self, count: int, *, cancel: Callable[[], None] | None = None) -> tuple[list[Sample], list[Sample]]:
        """So many pairs, cached: the tunes A, the tunes B. `cancel` takes back what asked for them."""

        def cached(which: str, key: object, work: Callable[[Report], list[Sample]]) -> list[Sample]:
            letter = which[0]
            words = "Writing" if count == 1 else f"{plain(self.context.model)} writes {count} pairs, tunes {letter}"
            kind = f"{'pair' if count == 1 else 'pairs'} {which}"
            return with_bar(kind, (*self.context.key, self.context.composed, count, key), work, words, cancel=cancel)

        model = engine(self.context.model)
        own = cached("A", (), lambda report: self._sample(model, count, report))
        if not self.same_header:
            return own, cached("B", self.choice, lambda report: self._sample(self.changed, count, report))
        a = own
        if self.writes_again:
            a = cached("A again", (), lambda report: self._rewrite(model, own, report))
        key = self.choice, "header"
        return a, cached("B", key, lambda report: self._rewrite(self.changed, own, report))

    @property
    def writes_again(self) -> bool:
        """Whether the music of A is written again, as that of B is: fixed fields use fewer random numbers."""
        return self.same_header and bool(self.context.composed.header)

    @property
    def _config(self) -> SampleConfig:
        composed = self.context.composed
        return SampleConfig(temperature=composed.temperature, max_length=composed.length)

    def _sample(self, writer: Engine, count: int, report: Report) -> list[Sample]:
        """New tunes from their first character on."""
        composed = self.context.composed
        return sample(
            writer, self._config, n=count, seed=composed.seed, fields=composed.header,
            progress=lambda done: report(Progress("Writing", done, count)),
        )  # fmt: skip

    def _rewrite(self, writer: Engine, own: list[Sample], report: Report) -> list[Sample]:
        """Tunes with the headers of these, and music of their own."""
        return with_headers_of(
            own, writer, self._config, progress=lambda done: report(Progress("Writing", done, len(own)))
        )

"""Cause: neurons silenced, fixed or pushed while the model writes, what that changes, and why a character came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from charlstm.errors import CharlstmError
from charlstm.lm.config import SampleConfig
from charlstm.lm.infer.engine import Engine
from charlstm.lm.sample.sampling import Sample, resample, sample
from charlstm.neurons.ablation import loss_increases
from charlstm.neurons.attribution import REACH, logit_attribution, occlusion
from charlstm.neurons.concepts.concept import domain, labels_of
from charlstm.neurons.concepts.layout import layout
from charlstm.neurons.concepts.registry import CONCEPTS
from charlstm.neurons.paired_samples import MEASURES, Change, changes, differences
from charlstm.neurons.recording import Activations, Unit
from charlstm.neurons.steering import Direction, Intervention, deviations, direction
from charlstm.progress import Report
from charlstm.tunes.abc import split_header
from charlstm.ui.background import counted, with_bar
from charlstm.ui.chart_style import visible
from charlstm.ui.neurons.intervene_charts import attribution_chart, cost_chart
from charlstm.ui.neurons.names import name_of
from charlstm.ui.neurons.recordings import surveyed
from charlstm.ui.neurons.unit_picker import unit_name
from charlstm.ui.neurons.view_context import ViewContext
from charlstm.ui.shared.drawing import draw
from charlstm.ui.shared.models import engine
from charlstm.ui.shared.notices import plain, stop_with
from charlstm.ui.shared.player import show_tune, sound_tune
from charlstm.ui.shared.tune_source import source_tune

CHANGE, WHY = "Change a tune", "Why this character?"
NEURONS, DIRECTION = "Neurons", "A concept"
ACTIONS = {"ablate": "Silence", "clamp": "Fix", "steer": "Push"}
PAIRS = 100
VOTES = 12  # neurons shown
COSTS = 14  # concepts shown
Sounds = list[tuple[str, str]]


@dataclass(frozen=True)
class _Asked:
    """What the visitor wants changed: hashable, in words, and not yet applied."""

    action: str
    units: tuple[Unit, ...] = ()
    strength: float = 0.0
    concept: str = ""
    way: str = ""

    def words(self, layers: int) -> str:
        if self.concept:
            return f"“{CONCEPTS[self.concept].title}” pushed by {self.strength:+g} deviations"
        many = ", ".join(unit_name(unit, layers) for unit in self.units)
        whose = f"Neuron {many}" if len(self.units) == 1 else f"Neurons {many}"
        done = {
            "ablate": "silenced",
            "clamp": f"fixed at {self.strength:+g}",
            "steer": f"pushed by {self.strength:+g} deviations",
        }
        return f"{whose} {done[self.action]}"


def show(context: ViewContext) -> None:
    """The view, top to bottom."""
    st.header("Cause", anchor=False)
    about = st.empty()
    way = st.segmented_control(
        "What to ask", [CHANGE, WHY], default=CHANGE, required=True, key="cause.way", label_visibility="collapsed"
    )
    try:
        sounds = _change(context, about) if way == CHANGE else _why(context, about)
    except CharlstmError as error:
        stop_with(error)
    for text, key in sounds:
        sound_tune(draw(text), key=key)


# ---- change a tune --------------------------------------------------------------------------------------------------


def _change(context: ViewContext, about: Any) -> Sounds:
    """Tune A and tune B, and what changes over a hundred pairs."""
    about.caption("Tune A is the model’s own. Tune B comes from the same random numbers, with some neurons changed.")
    model = engine(context.model)
    layers, size = model.config.num_layers, model.config.hidden_size
    asked = _controls(context, layers, size)
    context.publish()
    if asked is None:
        st.info("Choose a neuron.")
        return []
    changed = _changed(context, model, asked)
    same_header = st.toggle(
        "Both with A’s header", value=True, key="cause.header",
        help="The change begins with the music: title, meter and key of B are those that the model wrote for A.",
    )  # fmt: skip
    (a,), (b,) = _pairs(context, model, changed, asked, same_header, 1)
    mine, theirs = differences(a.text, b.text)
    left, right = st.columns(2)
    for column, letter, tune, marks, said in (
        (left, "A", a, mine, f"{context.model}, as it writes"),
        (right, "B", b, theirs, asked.words(layers)),
    ):
        with column:
            st.subheader(f"Tune {letter}", anchor=False)
            st.caption(plain(said))
            show_tune(draw(tune.text), key=f"cause.{letter}", marks=marks)
    if a.text == b.text:
        st.caption("B is A, sign by sign.")
    else:
        st.caption("Outlined: what the other tune does not have.")
    _hundred(context, model, changed, asked, same_header)
    _costs(context, changed, asked)
    return [(a.text, "cause.A"), (b.text, "cause.B")]


def _controls(context: ViewContext, layers: int, size: int) -> _Asked | None:
    """What to change, and how much; None while no neuron is chosen."""
    state = st.session_state
    left, right = st.columns([1, 3], vertical_alignment="bottom")
    what = left.segmented_control("Change", [NEURONS, DIRECTION], default=NEURONS, required=True, key="cause.what")
    if what == DIRECTION:
        concept = right.selectbox(
            "Concept", list(CONCEPTS), index=list(CONCEPTS).index("high_note"), key="cause.concept",
            format_func=lambda name: CONCEPTS[name].title,
        )  # fmt: skip
        left, right = st.columns([1, 3], vertical_alignment="bottom")
        way = left.segmented_control(
            "Direction", ["means", "probe"], default="means", required=True, key="cause.direction",
            format_func=lambda way: {"means": "Means", "probe": "Probe"}[way],
            help="Means: from the mean state without the concept to the mean with it. Probe: Fisher’s discriminant, "
            "which leaves out what varies in both. Both of length 1.",
        )  # fmt: skip
        strength = right.slider(
            "Strength, in standard deviations", -4.0, 4.0, 0.5, 0.25, key="cause.strength",
            help="Of the states along the direction, over the tunes it was measured on. 0 changes nothing.",
        )  # fmt: skip
        return _Asked("steer", (), strength, concept, way)
    units = [Unit(*divmod(row, size)) for row in range(layers * size)]
    first = state.get("neurons.unit", (0, 0))
    kept = [unit for unit in state.get("cause.kept", [Unit(*first)]) if unit in units] or units[:1]
    chosen = right.multiselect(
        "Neurons", units, default=kept, max_selections=16, key=f"cause.units.{context.model}",
        format_func=lambda unit: _named(context, unit, layers), placeholder="By number or by name",
    )  # fmt: skip
    state["cause.kept"] = chosen
    left, right = st.columns([1, 3], vertical_alignment="bottom")
    action = left.segmented_control(
        "How", list(ACTIONS), default="ablate", required=True, key="cause.action", format_func=ACTIONS.__getitem__
    )
    strength = 0.0
    if action == "clamp":
        strength = right.slider("At the value", -1.0, 1.0, 1.0, 0.05, key="cause.value")
    elif action == "steer":
        strength = right.slider(
            "By standard deviations",
            -4.0,
            4.0,
            2.0,
            0.25,
            key="cause.push",
            help="Each neuron’s own. 0 changes nothing.",
        )
    else:
        right.caption("Its output is 0 after every character.")
    return _Asked(action, tuple(Unit(*unit) for unit in chosen), strength) if chosen else None


def _named(context: ViewContext, unit: Unit, layers: int) -> str:
    name = name_of(context, unit)
    return unit_name(unit, layers) + (f" · {name}" if name else "")


def _changed(context: ViewContext, model: Engine, asked: _Asked) -> Engine:
    """The engine that writes tune B: a new one; the shared one stays as it is."""
    if asked.action != "steer":
        return Intervention(asked.action, asked.units, asked.strength).apply(model)  # type: ignore[arg-type]
    read, words = surveyed(context)
    if not asked.concept:
        spread = deviations(read.rows, model.config.num_layers)
        return Intervention("steer", asked.units, asked.strength).apply(model, spread)
    along, share = with_bar(
        "direction",
        (context.model, context.stamp, words, asked.concept, asked.way),
        lambda report: _direction(read, asked),
        "Finding the direction",
    )
    st.caption(
        plain(
            f"From {words}; {share:.1%} have it. A standard deviation along the direction is {along.deviation:.2f}."
            f" It is added to the last layer after every character."
        )
    )
    return Intervention("steer", strength=asked.strength, along=along).apply(model)


def _direction(read: Activations, asked: _Asked) -> tuple[Direction, float]:
    """The direction of a concept in the last layer, and the share of the characters asked about that have it."""
    concept = CONCEPTS[asked.concept]
    labels = labels_of(read.texts, [concept])[0]
    inside = np.concatenate([domain(text, concept.within) for text in read.texts])
    states: NDArray[np.float32] = read.rows[-read.size :, inside].astype(np.float32).T
    found = direction(states, labels[inside], layer=read.layers - 1, way="probe" if asked.way == "probe" else "means")
    return found, float(labels[inside].mean())


def _pairs(
    context: ViewContext, model: Engine, changed: Engine, asked: _Asked, same_header: bool, count: int
) -> tuple[list[Sample], list[Sample]]:
    """Tunes of the model and of the changed one: the same settings and random numbers for both."""
    wish = context.wish
    config = SampleConfig(temperature=wish.temperature, max_length=wish.length)
    settings = context.model, context.stamp, wish.temperature, wish.length, tuple(wish.header.items()), wish.seed, count
    kind = "pair" if count == 1 else "hundred"
    words = "Writing" if count == 1 else f"{plain(context.model)} writes {count} tunes"

    def written(writer: Engine, report: Report) -> list[Sample]:
        fields = wish.header
        return sample(
            writer, config, n=count, seed=wish.seed, fields=fields, progress=lambda done: counted(report)(done, count)
        )

    def from_the_body_on(writer: Engine, own: list[Sample], report: Report) -> list[Sample]:
        heads = [split_header(tune.text).body_start for tune in own]
        keep = [head if head < min(len(tune.text), wish.length) else 0 for head, tune in zip(heads, own, strict=True)]
        return resample(writer, own, keep, config, progress=lambda done: counted(report)(done, count))

    a = with_bar(f"{kind} A", settings, lambda report: written(model, report), words)
    if not same_header:
        b = with_bar(f"{kind} B", (settings, asked), lambda report: written(changed, report), words)
        return a, b
    own = a
    if wish.header:  # fixed fields use up fewer numbers: the music of A is written anew, as that of B is
        a = with_bar(f"{kind} A again", settings, lambda report: from_the_body_on(model, own, report), words)
    b = with_bar(f"{kind} B", (settings, asked, "header"), lambda report: from_the_body_on(changed, own, report), words)
    return a, b


def _hundred(context: ViewContext, model: Engine, changed: Engine, asked: _Asked, same_header: bool) -> None:
    """What changes over many pairs, with intervals; asked for by a button, because it takes seconds."""
    st.subheader(f"Over {PAIRS} pairs", anchor=False)
    state = st.session_state
    key = context.model, context.stamp, context.wish, asked, same_header
    if st.button(f"Write {PAIRS} pairs", key="cause.hundred", icon=":material/library_music:"):
        state["cause.asked"] = key
    if state.get("cause.asked") != key:
        st.caption("One pair is an anecdote. A hundred, of a hundred seeds, say what the change does.")
        return
    seed = context.wish.seed
    a, b = _pairs(context, model, changed, asked, same_header, PAIRS)
    found = with_bar("changes", key, lambda report: changes(a, b), "Counting")
    tried = state.setdefault("cause.tried", set())
    tried.add((context.model, asked, same_header))
    same = sum(x.text == y.text for x, y in zip(a, b, strict=True))
    st.dataframe(
        [_row(change) for change in found],
        hide_index=True,
        column_config={"Clear": st.column_config.CheckboxColumn(help="The interval leaves out 0.", width="small")},
        key="cause.table",
    )
    st.caption(
        plain(
            f"{asked.words(model.config.num_layers)}. Seeds {seed} to {seed + PAIRS - 1}; "
            f"in {same} of the pairs B is A. "
            f"95 % intervals of the mean difference, by bootstrap over pairs. {len(MEASURES)} measures, and "
            f"{len(tried)} {'change' if len(tried) == 1 else 'changes'} tried in this visit: "
            f"of 20 intervals about one leaves out 0 by chance."
        )
    )


def _row(change: Change) -> dict[str, Any]:
    percent = change.name in ("bars filled", "ended")

    def number(value: float, sign: str = "") -> str:
        return f"{100 * value:{sign}.0f} %" if percent else f"{value:{sign}.1f}"

    return {
        "Measure": MEASURES[change.name],
        "A": number(change.before),
        "B": number(change.after),
        "Change": number(change.change, "+"),
        "from … to": f"{number(change.low, '+')} … {number(change.high, '+')}",
        "Clear": change.is_clear,
    }


def _costs(context: ViewContext, changed: Engine, asked: _Asked) -> None:
    """What the change costs the model's predictions, by concept."""
    st.subheader("What it costs", anchor=False)
    state = st.session_state
    key = context.model, context.stamp, asked
    if st.button("Read tunes with the change", key="cause.cost", icon=":material/menu_book:"):
        state["cause.cost_asked"] = key
    if state.get("cause.cost_asked") != key:
        st.caption("How much worse the changed model foresees real tunes, and which of their characters.")
        return
    read, words = surveyed(context)
    found = with_bar(
        "losses",
        (*key, words),
        lambda report: loss_increases(changed, read, CONCEPTS, progress=counted(report)),
        "Reading again",
    )
    st.altair_chart(cost_chart(found[:1] + found[1:COSTS]), width="stretch", key="cause.costs")
    st.caption(
        plain(
            f"{words}. Loss more than without the change, in nats a character, with 95 % intervals over tunes; the "
            f"{COSTS - 1} that lose most of {len(found) - 1} concepts, so some stand out by chance."
        )
    )


# ---- why this character ---------------------------------------------------------------------------------------------


def _why(context: ViewContext, about: Any) -> Sounds:
    """The votes for one character, and what the characters before it did for it."""
    about.caption(
        "Choose a character. Which neurons voted for it, and which characters before it helped to foresee it?"
    )
    read = source_tune(context)
    text = read.text
    context.publish(**read.query)
    model = engine(context.model)
    state = st.session_state
    player = st.container()
    kept = state.get("cause.position")
    if not kept or kept[0] != text:
        state["cause.position"] = kept = (text, _somewhere(text))
    position = kept[1]
    left, middle, right = st.columns([3, 5, 8], vertical_alignment="bottom")
    state["cause.character"] = position + 1

    def moved() -> None:
        state["cause.position"] = (text, state["cause.character"] - 1)

    left.number_input("Character", 2, len(text), key="cause.character", on_change=moved)
    how = middle.segmented_control(
        "Each one before is", ["skip", "replace"], default="skip", required=True, key="cause.how",
        format_func=lambda how: {"skip": "Skipped", "replace": "Replaced"}[how],
        help="Skipped: what follows moves one place nearer. Replaced: by what the model held likeliest there instead.",
    )  # fmt: skip
    found = logit_attribution(model, text, position)
    right.caption(
        plain(f"Character {position + 1} is “{visible(text[position])}”. The model gave it {found.probability:.1%}.")
    )
    effects = with_bar(
        "occlusion",
        (context.model, context.stamp, text, position, how),
        lambda report: occlusion(
            model, text, position, how="replace" if how == "replace" else "skip", progress=counted(report)
        ),
        "Asking again without each character before it",
    )
    values = np.zeros(len(text))
    values[:position] = effects.clip(-1, 1)
    with player:
        chosen = show_tune(
            draw(text),
            key="cause.player",
            values=values.tolist(),
            label="Helped, in nats",
            marks=[(position, position + 1)],
            selectable=True,
        )
    if chosen and (text, chosen) != state.get("cause.dragged"):
        state["cause.dragged"] = (text, chosen)
        state["cause.position"] = (text, max(chosen.start, 1))
        st.rerun()
    st.caption(
        plain(
            f"Red helped to foresee it, blue stood in the way: log probability with the character less without it, "
            f"full colour from 1 nat on. Most: {_most(text, effects)}. {min(position, REACH)} were tried."
        )
    )
    st.subheader("Votes", anchor=False)
    layers = model.config.num_layers
    order = np.argsort(-np.abs(found.centred))
    shown = [(_named(context, Unit(layers - 1, int(j)), layers), float(found.centred[j])) for j in order[:VOTES]]
    rest = float(found.centred[order[VOTES:]].sum())
    st.altair_chart(attribution_chart(shown), width="stretch", key="cause.votes")
    total = found.centred.sum() + found.centred_bias
    st.caption(
        plain(
            f"The {len(shown)} loudest of {len(order)} neurons; the others together {rest:+.2f}, the bias "
            f"{found.centred_bias:+.2f}. Exact: all of it adds up to {total:+.2f}, the character’s logit "
            f"less the mean logit ({found.logit:+.2f} less {found.logit - total:+.2f}). What all get alike changes no "
            f"probability, so it is left out of each vote."
        )
    )
    return [(text, "cause.player")]


def _most(text: str, effects: NDArray[np.float64]) -> str:
    """The three characters that helped most, in words."""
    best = [int(j) for j in np.argsort(-effects)[:3] if effects[j] > 0]
    return ", ".join(f"“{visible(text[j])}” ({j + 1}) {effects[j]:+.2f}" for j in best) or "none"


def _somewhere(text: str) -> int:
    """A character to begin with: the first of the third bar, or the last there is."""
    bars = layout(text).bars
    return bars[2].bar.start if len(bars) > 2 else max(len(text) - 1, 1)

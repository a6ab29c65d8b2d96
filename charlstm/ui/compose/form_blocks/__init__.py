"""The form of a tune as rows of coloured blocks, one a bar: a component. A click chooses a bar. Knows no model."""

from __future__ import annotations

import re
from collections.abc import Callable

from charlstm.tunes.form_plan.notation import write_plan
from charlstm.tunes.form_plan.plan import FormPlan
from charlstm.ui.palette import SERIES
from charlstm.ui.shared.component import component
from charlstm.ui.state import component_value

_component = component("form_blocks", __file__, html='<section class="form"></section>')
_NAME = re.compile(r"[a-z]{1,2}'*")


def bar_names(plan: FormPlan) -> list[str]:
    """The name of each bar as the form's text has it: a, b, a, b'."""
    words = write_plan(plan).partition(": ")[2].split()
    return [name[0] for word in words if (name := _NAME.match(word))]


def bar_in_words(plan: FormPlan, bar: int) -> str:
    """What a bar is, in a few words: by the names of bars, since only full ones have numbers in the score."""
    one, names = plan.bars[bar], bar_names(plan)
    if one.of is None:
        return "new"
    return f"{names[one.of]} again" if one.kind == "return" else f"a variant of {names[one.of]}"


def is_pickup(plan: FormPlan, bar: int) -> bool:
    """Whether a bar is a pickup: one shorter than the meter says, at the beginning of a part."""
    return bar in plan.starts and plan.bars[bar].length is not None


def show_form(plan: FormPlan, chosen: int, *, key: str, on_choose: Callable[[], None]) -> None:
    """Draw the blocks.

    Parameters
    ----------
    plan : FormPlan
    chosen : int
        The bar that is outlined, from 0.
    key : str
        Streamlit key; `chosen_bar(key)` says which bar was clicked.
    on_choose : callable
        Called before the next run when a bar was clicked.
    """
    names = bar_names(plan)
    ids: dict[str, int] = {}  # of the music without its variations: bars of one colour
    blocks = [
        {
            "name": name,
            "colour": SERIES[ids.setdefault(name.rstrip("'"), len(ids)) % len(SERIES)],
            "kind": plan.bars[bar].kind,
            "words": bar_in_words(plan, bar),
            "ending": plan.bars[bar].ending,
            "short": plan.bars[bar].length is not None,
            "pickup": is_pickup(plan, bar),
        }
        for bar, name in enumerate(names)
    ]
    edges = [*plan.starts, len(blocks)]
    rows = [
        {"part": letter, "repeated": part.repeated, "first": start, "bars": blocks[start:end]}
        for letter, part, start, end in zip(plan.letters, plan.parts, edges[:-1], edges[1:], strict=True)
    ]
    _component(key=key, data={"rows": rows, "chosen": chosen}, on_bar_change=on_choose)


def chosen_bar(key: str) -> int | None:
    """The bar that was clicked last; for `on_choose`."""
    number = getattr(component_value(key), "bar", None)
    return number if isinstance(number, int) and not isinstance(number, bool) else None

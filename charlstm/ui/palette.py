"""The page's colours, once: of values, of a chart's lines, of marks. Style sheets get them as CSS variables.

All pairs that stand side by side are told apart by colour-blind eyes, on the light page and on the dark one.
"""

from __future__ import annotations

import json

# Ends of the value scale, (red, green, blue): -1, +1, and 1 where values run from 0 to 1. Nothing is drawn at 0.
BELOW, ABOVE, UNIT = (33, 102, 172), (178, 24, 43), (224, 130, 20)
# The same in charts, where thin lines and dots want lighter colours; MIDDLE is 0.
BLUE, RED, MIDDLE = "#4393c3", "#d6604d", "#b8b2a6"
GREEN, AMBER, PURPLE, FAINT = "#2b8874", "#c9822b", "#8073ac", "#8b8579"
SERIES = (GREEN, AMBER, PURPLE, BLUE, RED, FAINT, "#b8860b", "#5e7d3a")  # for up to eight lines of equal rank
TRAINING, VALIDATION = AMBER, GREEN
OUTLINE = "#f2a900"

_SCALE = {name: " ".join(map(str, colour)) for name, colour in (("below", BELOW), ("above", ABOVE), ("unit", UNIT))}


def css_variables() -> str:
    """The value scale as CSS variables of a component: --below, --above, --unit."""
    return "section { " + " ".join(f"--{name}: rgb({colour});" for name, colour in _SCALE.items()) + " }\n"


def js_constants() -> str:
    """The value scale as a constant of a component's script: COLOURS.below, .above, .unit, "33 102 172" each."""
    return f"const COLOURS = {json.dumps(_SCALE)};\n"


def tint(value: float) -> str:
    """A value in [-1, 1] as a CSS colour: blue below 0, red above, the stronger the further away."""
    red, green, blue = BELOW if value < 0 else ABOVE
    return f"rgba({red},{green},{blue},{min(abs(value), 1.0):.2f})"


def heat_colours(*, unit: bool) -> list[tuple[int, int, int]]:
    """The value scale on white, for a picture: from the lowest value to the highest; `unit`: from 0 to 1."""
    white = (255, 255, 255)
    return [white, UNIT] if unit else [BELOW, white, ABOVE]

"""What the page Your tune remembers of a visit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from charlstm.lm.config import SampleConfig
from charlstm.lm.sample.infill import Infilling
from charlstm.ui.shared.notices import NEAREST
from charlstm.ui.shared.player import Selection
from charlstm.ui.state import Setting

CONTINUE, REWRITE, TRANSPOSE = "Continue", "Rewrite bars", "Change key"
AUTOMATIC = "Automatic"

TOOL = Setting("your_tune.tool", CONTINUE)
BOOK_TUNE = Setting("your_tune.book_tune", 0)
# How a MIDI file is read.
METER = Setting("your_tune.midi.meter", AUTOMATIC)
KEY = Setting("your_tune.midi.key", AUTOMATIC)
GRID = Setting("your_tune.midi.grid", AUTOMATIC)
VOICE: Setting[int | None] = Setting("your_tune.midi.voice", None)
# What a model is asked for; bars have their printed numbers, 0 is a pickup.
MODEL = Setting("your_tune.model", "")
TEMPERATURE = Setting("your_tune.temperature", 0.8)
SEED = Setting("your_tune.seed", 1)
UNKNOWN = Setting("your_tune.unknown", NEAREST)
GUARD = Setting("your_tune.guard", True)
NO_GUARD = Setting("your_tune.no_guard", False)  # of a model that knows too few characters
KEEP_BARS = Setting("your_tune.keep_bars", 0)
FIRST_BAR = Setting("your_tune.first", 1)
LAST_BAR = Setting("your_tune.last", 2)
STEPS = Setting("your_tune.steps", 0)
# What the page showed last, and what comes next.
SELECTION: Setting[Selection | None] = Setting("your_tune.selection", None)
SHOWN_TEXT = Setting("your_tune.shown", "")
NEXT_SEED: Setting[int | None] = Setting("your_tune.next_seed", None)  # for a widget that this run has drawn already
HEARD: Setting[int | None] = Setting("your_tune.heard", None)  # place of the version that is played
PLAYS = Setting("your_tune.plays", 0)


@dataclass(frozen=True)
class ModelSettings:
    """Which model writes and how; `nearest`: whether it reads the nearest letters for those that it does not know."""

    model: str
    temperature: float
    guard: bool
    seed: int
    nearest: bool = True

    def config(self, **more: int) -> SampleConfig:
        """How characters are drawn."""
        return SampleConfig(temperature=self.temperature, guard=self.guard, **more)

    @property
    def query(self) -> dict[str, Any]:
        """What a record of the tune says of them, in the words of an address of Compose."""
        named = {"model": self.model, "temperature": self.temperature, "seed": self.seed}
        return named | ({"guard": 1} if self.guard else {})


@dataclass(frozen=True)
class Continuation:
    """What a model was asked for: to go on in a text after the bar of this printed number."""

    text: str
    keep_bars: int
    model: ModelSettings


@dataclass(frozen=True)
class Rewrite:
    """What a model was asked for: other bars in a text, from one printed number to another."""

    text: str
    first: int
    last: int
    model: ModelSettings


CONTINUED: Setting[Continuation | None] = Setting("your_tune.continued", None)
VERSIONS: Setting[tuple[Rewrite, Infilling] | None] = Setting("your_tune.versions", None)

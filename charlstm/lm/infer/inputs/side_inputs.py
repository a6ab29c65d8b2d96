"""SideInputs: all that a network reads beside the current character, of one text, character by character or at once.

One path for lookback, clock, plan and match: training, playing and recording ask for ids here, in the order of
`lm/columns.py`, and know nothing of what they say.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from charlstm.lm.config import ModelConfig
from charlstm.lm.infer.inputs.clock import Clock
from charlstm.lm.infer.inputs.lookback import Lookback, lookback_ids
from charlstm.lm.infer.inputs.match import Match
from charlstm.lm.infer.inputs.plan import PlanCursor
from charlstm.lm.vocab import Vocab
from charlstm.tunes.form_plan.plan import FormPlan


class SideInputs:
    """The side inputs of one text; `read` moves them on.

    Parameters
    ----------
    config : ModelConfig
        Says which there are.
    characters : mapping from character to int
        Ids of the model's characters; None stands for nothing (see `character_ids`).
    plan : FormPlan, optional
        Of the text; without one it is written free.
    """

    __slots__ = ("_characters", "_clock", "_config", "_cursor", "_lookback", "_match")

    def __init__(self, config: ModelConfig, characters: Mapping[str | None, int], plan: FormPlan | None = None) -> None:
        self._config, self._characters = config, characters
        self._lookback = Lookback(config.lookback_bars) if config.lookback_bars else None
        self._clock = Clock() if config.clock or config.plan else None
        self._cursor = PlanCursor(plan, characters) if config.plan else None
        self._match = Match() if config.match else None

    def copied(self) -> SideInputs:
        """Some that change for themselves."""
        new = object.__new__(SideInputs)
        new._config, new._characters = self._config, self._characters
        new._lookback, new._match = self._lookback, self._match
        new._clock = self._clock and self._clock.copied()
        new._cursor = self._cursor and self._cursor.copied()
        return new

    @property
    def plan(self) -> FormPlan | None:
        """The plan of the text."""
        return self._cursor.plan if self._cursor else None

    def set_plan(self, plan: FormPlan | None) -> None:
        """Give the text a plan; only before its body begins, which is the first that a plan says anything of."""
        if self._cursor is not None:
            self._cursor.plan = plan

    def read(self, char: str) -> None:
        """Take one more character."""
        if self._lookback is not None:
            self._lookback = self._lookback.after(char)
        if self._clock is not None:
            before = self._clock.mode
            self._clock.read(char)
            if self._cursor is not None:
                self._cursor.read(char, before, self._clock)
        if self._match is not None:
            self._match = self._match.after(char)

    def ids(self) -> list[int]:
        """One id a column, for predicting the next character."""
        ids: list[int] = []
        if self._lookback is not None:
            ids += [self._characters[c] for c in self._lookback.characters]
        if self._clock is not None:
            if self._config.clock:
                ids += self._clock.ids()
            if self._cursor is not None:
                ids += self._cursor.ids(self._clock)
        if self._match is not None:
            ids.append(self._match.id(self._characters))
        return ids


def character_ids(vocab: Vocab) -> dict[str | None, int]:
    """Character -> id, and None, for nothing, -> V."""
    return {None: len(vocab)} | vocab.ids


def side_ids(
    ids: NDArray[np.int32], vocab: Vocab, config: ModelConfig, plan: FormPlan | None = None
) -> NDArray[np.int32] | None:
    """The side inputs of a whole text at once: what `SideInputs` gives after each of its characters.

    Parameters
    ----------
    ids : int array, shape (T,)
        A text without START and END, as `vocab.encode` gives it.
    vocab : Vocab
    config : ModelConfig
    plan : FormPlan, optional

    Returns
    -------
    int32 array, shape (T + 1, K), or None
        Row i is for predicting character i (row T: END), so row i goes in beside character i-1 (row 0: beside START).
        It depends on ids[:i] and the plan only. None for a network without side inputs.
    """
    back = lookback_ids(ids, vocab, config.lookback_bars) if config.lookback_bars else None
    if not (config.clock or config.plan or config.match):
        return back
    alone = ModelConfig(clock=config.clock, plan=config.plan, match=config.match)
    inputs = SideInputs(alone, character_ids(vocab), plan)
    rows = [inputs.ids()]
    for i in ids.tolist():
        inputs.read(vocab.symbols[i])
        rows.append(inputs.ids())
    others = np.array(rows, dtype=np.int32)
    return others if back is None else np.concatenate([back, others], axis=1)

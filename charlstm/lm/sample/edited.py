"""A tune written again after its form plan was edited: what the edit leaves alone stays note for note.

Header and kept bars are given, so that the model reads them; the bars that the edit touches it writes, each with random
numbers of its own; and every bar line is the plan's. So an edit of one bar changes that bar alone, and the same seed
gives the same music for it.
"""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray

from charlstm.errors import ConfigError
from charlstm.lm.config import SampleConfig
from charlstm.lm.infer.engine import Engine
from charlstm.lm.infer.inputs.lookback import SIGNS
from charlstm.lm.infer.logits import Floats, log_softmax
from charlstm.lm.infer.session import InferenceSession
from charlstm.lm.sample.attribute_control import AttributeControl
from charlstm.lm.sample.attributes import NO_ATTRIBUTES, Attributes
from charlstm.lm.sample.decoding import SymbolPicker
from charlstm.lm.sample.guard import Guard
from charlstm.lm.sample.guarded import Overruled, guard_of, pick_guarded
from charlstm.lm.sample.infill import MAX_BAR, closes_bar
from charlstm.lm.sample.sampling import DEFAULT, Sample
from charlstm.tunes.abc import split_header
from charlstm.tunes.form_plan.edit import FormEdit
from charlstm.tunes.form_plan.plan import FormPlan
from charlstm.tunes.form_plan.reading import written_bars


def stream_edited(
    engine: Engine,
    text: str,
    edit: FormEdit,
    config: SampleConfig = DEFAULT,
    *,
    seed: int = 0,
    attributes: Attributes = NO_ATTRIBUTES,
) -> Generator[str, None, Sample]:
    """Write a tune by an edited plan, a character at a time, the header's first.

    Parameters
    ----------
    engine : Engine
        A model that reads form plans.
    text : str
        The tune before the edit, as a model text (`Sample.text`).
    edit : FormEdit
        The plan, and which of the tune's bars its bars keep.
    config : SampleConfig
        Its `guard` holds the new bars to what can be played, as long as what is kept can be.
    seed : int
        Of the new bars.
    attributes : Attributes
        What the new bars are to be like, all bars counted in.

    Returns
    -------
    generator of str
        Its value is the Sample; `log_probs` are of what was drawn.

    Raises
    ------
    ConfigError
        If the model reads no plans, or the tune has fewer bars than the edit keeps; before the first character.
    """
    if not engine.config.plan:
        raise ConfigError("form", f"{engine.name or 'this model'} reads no form plans; choose a model that does.")
    _, written = written_bars(text)
    if max((k for k in edit.origins if k is not None), default=-1) >= len(written):
        raise ConfigError("form", f"keeps bars that this tune of {len(written)} bars does not have.")
    engine.vocab.encode(text)
    return _Writer(engine, text, edit, config, seed, attributes).characters()


class _Writer:
    """A tune being written: what stands there, and the model that has read it."""

    def __init__(
        self, engine: Engine, before: str, edit: FormEdit, config: SampleConfig, seed: int, attributes: Attributes
    ) -> None:
        self._engine, self._edit, self._config, self._seed = engine, edit, config, seed
        self._before, self._written = before, written_bars(before)[1]
        self.text = ""
        self._session, self._logits = _begun(engine, edit.plan)
        self._control = AttributeControl(engine.vocab, attributes, config) if attributes else None
        heads = self._control.heads if self._control else None
        self._guard: Guard | None = guard_of(engine, config, "", {}, heads) if config.guard else None
        self._overruled: list[Overruled] = []
        self._log_probs: list[float] = []

    def characters(self) -> Generator[str, None, Sample]:
        """The tune, a character at a time."""
        plan = self._edit.plan
        yield from self._give(self._before[: split_header(self._before).body_start])
        if self._guard:
            self._guard.follow(plan)
        if self._control:
            self._control.follow(plan)
        yield from self._give(plan.opening)
        for number, (origin, line) in enumerate(zip(self._edit.origins, plan.lines, strict=True)):
            if origin is None:
                yield from self._write_bar(number)
            else:
                bar = self._written[origin]
                yield from self._give(self._before[bar.start : bar.end])
            yield from self._give(line)
        log_probs, overruled = np.array(self._log_probs), tuple(self._overruled)
        return Sample(self.text, "", self._seed, log_probs, "end", overruled, plan)

    def _write_bar(self, number: int) -> Generator[str, None, None]:
        """One bar as the model writes it, in a new line where the guard has no room left in this one."""
        vocab, music = self._engine.vocab, ""
        if self._guard and not any(self._guard.allows(c) for c in vocab.ids if c not in SIGNS):
            yield from self._give("\n")
        prefix = self.text
        picker = SymbolPicker(self._engine, self._config, [self._seed, number], begin=lambda: self._exact(prefix))

        def forbid(z: Floats) -> None:
            if not music:  # a bar begins with music
                z[[vocab.end, *[i for c, i in vocab.ids.items() if c in SIGNS]]] = -np.inf
            if self._control:
                self._control.apply(z)

        while len(music) < MAX_BAR:
            config = self._control.config if self._control else None
            symbol, nats = pick_guarded(picker, self._logits, forbid, vocab, self._guard, config)
            char = vocab.written[symbol]
            if char in ("", "\n") or closes_bar(music, char):
                return
            if nats is not None:
                self._overruled.append(Overruled(len(self.text), nats))
            self._log_probs.append(float(log_softmax(self._logits)[symbol]))
            picker.put(symbol)
            music += char
            yield from self._give(char)

    def _give(self, text: str) -> Generator[str, None, None]:
        """Put characters down, and let the model read them; the guard follows as long as it can."""
        for char in text:
            self.text += char
            self._logits = self._session.read([self._engine.vocab.ids[char]])[0]
            if self._guard and not self._guard.read(char, given=True):
                self._guard = None
            if self._control:
                self._control.read(char)
            yield char

    def _exact(self, text: str) -> tuple[InferenceSession, NDArray[np.floating]]:
        """The network in float64 after some text."""
        session, logits = _begun(self._engine.exact, self._edit.plan)
        for symbol in self._engine.vocab.encode(text).tolist():
            logits = session.read([symbol])[0]
        return session, logits


def _begun(engine: Engine, plan: FormPlan) -> tuple[InferenceSession, NDArray[np.floating]]:
    """A session before a text of this plan, and its logits."""
    session = InferenceSession(engine, engine.initial_state())
    session.set_plan(0, plan)
    return session, session.read([engine.vocab.start])[0]

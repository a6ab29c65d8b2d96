"""Sampling: many tunes in a batch, or one as a stream of characters, with a prime and fixed header fields.

Same seed, same tune, alone or in a batch, on any machine (lm/sample/decoding.py says why). Knows no ABC: the header's
layout is in lm/sample/header.py, and how a prime is spelled for a model in lm/sample/adapter.py.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from charlstm.errors import ConfigError
from charlstm.lm.config import SampleConfig
from charlstm.lm.infer.engine import Engine
from charlstm.lm.infer.logits import Floats, log_softmax
from charlstm.lm.infer.session import InferenceSession
from charlstm.lm.sample.adapter import adapted_prime
from charlstm.lm.sample.attribute_control import AttributeControl
from charlstm.lm.sample.attributes import NO_ATTRIBUTES, Attributes
from charlstm.lm.sample.decoding import SymbolPicker
from charlstm.lm.sample.fields import adapted_fields
from charlstm.lm.sample.form import Form, plan_of
from charlstm.lm.sample.guarded import Overruled, guard_of, pick_guarded
from charlstm.lm.sample.header import Header, fixed_lines
from charlstm.tunes.form_plan.plan import FormPlan

BATCH_SIZE = 128  # tunes written at once; from 64 to 256 the speed is the same
DEFAULT = SampleConfig()


@dataclass(frozen=True, eq=False)
class Sample:
    """A tune a model wrote.

    Attributes
    ----------
    text : str
        The model text, prime included: no START, END or X: line.
    prime : str
        What the text was made to begin with.
    seed : int
        Gives the same tune again, with the same model, settings, prime and fields.
    log_probs : float array, shape (N,)
        Nats of each symbol drawn, END included, under the model's own distribution (temperature 1, nothing cut
        off). Characters of the prime and of fixed fields are given, not drawn.
    stopped : "end" or "max_length"
        Whether the model ended the tune, or the length did.
    overruled : tuple of Overruled
        The characters that the guard put instead of the model's, in their order.
    form : FormPlan or None
        What it was written by; None: it was written free.
    """

    text: str
    prime: str
    seed: int
    log_probs: Floats
    stopped: Literal["end", "max_length"]
    overruled: tuple[Overruled, ...] = ()
    form: FormPlan | None = None

    @property
    def log_probability(self) -> float:
        """Sum of log_probs, in nats."""
        return float(self.log_probs.sum())

    @property
    def guard_cost(self) -> float:
        """What the guard cost in all, in nats."""
        return sum(one.nats for one in self.overruled)


class _Tune:
    """One tune being written: what is there, what must come, and its random choices."""

    def __init__(
        self,
        engine: Engine,
        config: SampleConfig,
        prime: str,
        lines: Mapping[str, str],
        seed: int,
        skip: int = 0,
        form: Form = "free",
        attributes: Attributes = NO_ATTRIBUTES,
    ) -> None:
        self._engine, self._form, self._in_header = engine, form, True
        self.plan: FormPlan | None = None
        self._vocab, self._prime, self.seed, self._max_length = engine.vocab, prime, seed, config.max_length
        self._header = Header(lines, engine.vocab, prime) if lines else None
        self._given = prime + (self._header.given if self._header else "")  # comes before anything is chosen
        self.text = ""
        self.stopped: Literal["end", "max_length"] | None = None
        self._picker = SymbolPicker(engine, config, seed, skip=skip)
        self._control = AttributeControl(engine.vocab, attributes, config) if attributes else None
        heads = self._control.heads if self._control else None
        self._guard = guard_of(engine, config, prime, lines, heads) if config.guard else None
        self._overruled: list[Overruled] = []
        self._chosen: list[tuple[NDArray[np.floating], int]] = []
        self._log_probs: list[Floats] = []

    def next(self, logits: NDArray[np.floating]) -> int:
        """The id of the next symbol, given the logits (V,) after what is there; added, unless it is END."""
        vocab = self._vocab
        # What the model would write; a header may put a fixed line down instead.
        if not self._given:
            config = self._control.config if self._control else None
            symbol, nats = pick_guarded(self._picker, logits, self._forbid, vocab, self._guard, config)
            if nats is not None:
                self._overruled.append(Overruled(len(self.text), nats))
            if self._header:
                self._given = self._header.instead(vocab.symbols[symbol])
        is_given = bool(self._given)
        if is_given:
            symbol, self._given = vocab.ids[self._given[0]], self._given[1:]
        else:
            self._chosen.append((logits.copy(), symbol))
            if len(self._chosen) == 64:
                self._settle()
        if symbol == vocab.end:
            self.stopped = "end"
            return symbol
        # The tune with one more character.
        self._picker.put(symbol)
        self.text += vocab.symbols[symbol]
        if self._guard and len(self.text) > len(self._prime):
            self._guard.read(vocab.symbols[symbol], given=is_given)
        if self._header and len(self.text) > len(self._prime):
            self._header.read(vocab.symbols[symbol])
        if self._control:
            self._control.read(vocab.symbols[symbol])
        if self._in_header and vocab.symbols[symbol] == "\n" and "\nK:" in "\n" + self.text:
            self._in_header = False
            if self._form != "auto" or len(self.text) >= len(self._prime):  # bars that are given have no form of ours
                self.plan = plan_of(self._engine, self._form, self.text, self.seed)
                self._picker.set_plan(self.plan)
                if self._guard and self.plan:
                    self._guard.follow(self.plan)
                if self._control:
                    self._control.follow(self.plan)
        if len(self.text) >= self._max_length:
            self.stopped = "end" if self._guard and self._guard.allows("") else "max_length"
        return symbol

    def _forbid(self, z: Floats) -> None:
        """What may not come now: END of nothing, what the header does not allow; what the attributes ask for."""
        if not self.text:
            z[self._vocab.end] = -np.inf
        if self._control:
            self._control.apply(z)
        if self._header and (allowed := self._header.allowed()) is not None:
            z[~allowed] = -np.inf

    def _settle(self) -> None:
        """Turn the logits so far into log probabilities of what was chosen."""
        if self._chosen:
            log_p = log_softmax(np.array([logits for logits, _ in self._chosen]))
            self._log_probs.append(log_p[np.arange(len(log_p)), [symbol for _, symbol in self._chosen]])
            self._chosen = []

    def sample(self) -> Sample:
        """The finished tune."""
        assert self.stopped is not None
        self._settle()
        log_probs = np.concatenate([np.zeros(0), *self._log_probs])
        return Sample(self.text, self._prime, self.seed, log_probs, self.stopped, tuple(self._overruled), self.plan)


def _write(engine: Engine, tunes: list[_Tune]) -> Iterator[None]:
    """Write tunes side by side, a symbol of each at a time, until all have stopped."""
    session = InferenceSession(engine, engine.initial_state(len(tunes)))
    ids = [engine.vocab.start] * len(tunes)
    planned: list[FormPlan | None] = [None] * len(tunes)
    while tunes:
        ids = [tune.next(logits) for tune, logits in zip(tunes, session.read(ids), strict=True)]
        for row, tune in enumerate(tunes):
            if tune.plan is not planned[row]:  # its header is written
                planned[row] = tune.plan
                session.set_plan(row, tune.plan)
        yield
        if any(tune.stopped for tune in tunes):
            going = [row for row, tune in enumerate(tunes) if not tune.stopped]
            tunes, ids, planned = (
                [tunes[row] for row in going],
                [ids[row] for row in going],
                [planned[row] for row in going],
            )
            session = InferenceSession(engine, session.state.take(going))


def _begin(
    engine: Engine,
    config: SampleConfig,
    prime: str,
    fields: Mapping[str, str] | None,
    seeds: range,
    form: Form,
    attributes: Attributes,
) -> Iterator[_Tune]:
    """Tunes not yet begun, one a seed. Everything the user gave is checked here, before the first is made."""
    prime = adapted_prime(engine, prime)
    engine.vocab.encode(prime)
    lines = fixed_lines(adapted_fields(engine, fields), engine.vocab) if fields else {}
    if len(prime) >= config.max_length:
        message = f"leaves no room after a prime of {len(prime)} characters; it counts them too, so make it larger."
        raise ConfigError("max_length", message)
    if seeds.start < 0:
        raise ConfigError("seed", "must be 0 or more.")
    if lines:
        Header(lines, engine.vocab, prime)
    if config.guard:
        guard_of(engine, config, prime, lines)
    if isinstance(form, FormPlan) and not engine.config.plan:
        raise ConfigError("form", f"{engine.name or 'this model'} reads no form plans; choose a model that does.")
    AttributeControl(engine.vocab, attributes, config)
    return (_Tune(engine, config, prime, lines, seed, form=form, attributes=attributes) for seed in seeds)


def sample(
    engine: Engine,
    config: SampleConfig = DEFAULT,
    *,
    prime: str = "",
    fields: Mapping[str, str] | None = None,
    n: int = 1,
    seed: int = 0,
    form: Form = "auto",
    attributes: Attributes = NO_ATTRIBUTES,
    progress: Callable[[int], None] | None = None,
) -> list[Sample]:
    """Write tunes.

    Parameters
    ----------
    engine : Engine
    config : SampleConfig
        Temperature, top_k, top_p, max_length.
    prime : str
        What every tune begins with: a header, a part of one, or some bars too.
    fields : mapping from str to str, optional
        Header fields to put in their place: {"M": "6/8", "K": "D"}. The model writes the others.
    n : int
        How many tunes.
    seed : int
        Tune i is the one tune of seed + i.
    form : "auto", "free" or FormPlan
        By which form: one of the model's own that goes with the header, none, or this one. A model that reads no plans
        writes free.
    attributes : Attributes
        What they are to be like beside it: range, notes per bar, leaps, a temperature by part.
    progress : callable, optional
        Called with the number of finished tunes, now and then; it may raise to stop.

    Returns
    -------
    list of Sample, in the order of their seeds

    Raises
    ------
    VocabularyError
        If the prime or a field has a character that the model does not know.
    ConfigError
        If a setting is out of its range, a field cannot be fixed, or the prime and the fields or the length disagree.
    """
    return _sampled(engine, _begin(engine, config, prime, fields, range(seed, seed + n), form, attributes), progress)


def sample_variants(
    engine: Engine,
    configs: Sequence[SampleConfig],
    *,
    prime: str = "",
    fields: Mapping[str, str] | None = None,
    seed: int = 0,
    form: Form = "auto",
    attributes: Attributes = NO_ATTRIBUTES,
) -> list[Sample]:
    """Write one tune of a seed for each configuration, side by side: the same tunes as with `sample` one by one.

    Takes and raises what `sample` does.
    """
    seeds = range(seed, seed + 1)
    begun = [tune for config in configs for tune in _begin(engine, config, prime, fields, seeds, form, attributes)]
    return _sampled(engine, iter(begun), None)


def resample(
    engine: Engine,
    tunes: Sequence[Sample],
    keep: Sequence[int],
    config: SampleConfig = DEFAULT,
    *,
    progress: Callable[[int], None] | None = None,
) -> list[Sample]:
    """Sample tunes again from some place on, with the random numbers that came there.

    A character that is kept uses up the number it was drawn with. So the engine that wrote a tune, with the same
    settings, no prime and no fixed fields, writes it again, whatever is kept; and another engine writes what it would
    have written from there on.

    Parameters
    ----------
    engine : Engine
    tunes : sequence of n Samples
    keep : sequence of n ints
        How many characters of each to keep; fewer than `max_length`.
    config : SampleConfig
    progress : callable, optional
        As in `sample`.
    """
    begun = (
        _Tune(engine, config, tune.text[:length], {}, tune.seed, length, tune.form or "free")
        for tune, length in zip(tunes, keep, strict=True)
    )
    return _sampled(engine, begun, progress)


def _sampled(engine: Engine, waiting: Iterator[_Tune], progress: Callable[[int], None] | None) -> list[Sample]:
    """Write all tunes, batch by batch."""
    samples: list[Sample] = []
    while tunes := list(islice(waiting, BATCH_SIZE)):
        stopped = 0
        for _ in _write(engine, tunes):
            if progress and (now := sum(tune.stopped is not None for tune in tunes)) > stopped:
                stopped = now
                progress(len(samples) + stopped)
        samples += [tune.sample() for tune in tunes]
    return samples


def stream(
    engine: Engine,
    config: SampleConfig = DEFAULT,
    *,
    prime: str = "",
    fields: Mapping[str, str] | None = None,
    seed: int = 0,
    form: Form = "auto",
    attributes: Attributes = NO_ATTRIBUTES,
) -> Generator[str, None, Sample]:
    """Write one tune, a character at a time, the prime's first; joined they are `sample(...)[0].text`.

    Takes and raises what `sample` does; raises before the first character is asked for. The generator's value, when
    it ends, is the Sample.
    """
    (tune,) = _begin(engine, config, prime, fields, range(seed, seed + 1), form, attributes)

    def characters() -> Generator[str, None, Sample]:
        length = 0
        for _ in _write(engine, [tune]):
            if len(tune.text) > length:
                length = len(tune.text)
                yield tune.text[-1]
        return tune.sample()

    return characters()

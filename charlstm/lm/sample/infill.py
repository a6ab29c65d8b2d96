"""Infill: some bars of a tune written again, candidates that fit their place, ranked by how well the rest follows.

A candidate is drawn from the model's distribution, given the tune up to the first chosen bar, and given that it fits:
bars as long as they must be, and between them and after them the very bar lines and line breaks that stand there. It
is found by trying: bars of other lengths are thrown away. With a guard (lm/sample/guard_bar.py) nothing is: each
character is one that leads to a bar that fits. Everything outside the chosen bars stays byte for byte.

The rank is exact: log p(rest | tune before, candidate), END included, summed in float64 by the model that wrote.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import count, pairwise

import numpy as np
from numpy.typing import NDArray

from charlstm.errors import ConfigError
from charlstm.lm.config import SampleConfig
from charlstm.lm.infer.engine import Engine
from charlstm.lm.infer.logits import log_softmax
from charlstm.lm.infer.session import InferenceSession, State
from charlstm.lm.sample.adapter import TuneAdapter, written_places
from charlstm.lm.sample.decoding import SymbolPicker
from charlstm.lm.sample.guard_bar import BarGuard, quarters_of
from charlstm.lm.sample.guarded import Overruled, pick_guarded
from charlstm.tunes.abc import body_tokens, default_unit, is_compound, lex, parse_meter, parse_unit, split_header
from charlstm.tunes.parse.rhythm import timings
from charlstm.tunes.views.bars import Bar, bars, misfits

BATCH_SIZE = 48  # tries at once
MAX_TRIES = 480
MAX_BAR = 80  # characters; a longer bar fits no meter
DEFAULT = SampleConfig(temperature=0.8)


@dataclass(frozen=True)
class Candidate:
    """A tune with some bars written again.

    Attributes
    ----------
    text : str
        The whole tune.
    start, end : int
        The characters of `text` that are new.
    seed : int
        Of this candidate; alone it comes out the same.
    rest_log_prob : float
        Nats of all that follows, END included; the higher, the better it follows.
    overruled : tuple of Overruled
        The characters of `text` that the guard put instead of the model's.
    """

    text: str
    start: int
    end: int
    seed: int
    rest_log_prob: float
    overruled: tuple[Overruled, ...] = ()


@dataclass(frozen=True)
class Infilling:
    """The result of an infill.

    Attributes
    ----------
    candidates : tuple of Candidate
        The best first; no two alike, none like the original. Fewer than asked for where the tries ran out.
    rest_log_prob : float
        Nats of the same rest after the original bars.
    rest_length : int
        Symbols in the rest as the model reads it, END included.
    tries, misfit, alike : int
        How many were drawn, how many did not fit, and how many were like the original or another.
    """

    candidates: tuple[Candidate, ...]
    rest_log_prob: float
    rest_length: int
    tries: int
    misfit: int
    alike: int


class _Plan:
    """What is the same for all candidates: the model, the places of the bars, what stands between them."""

    def __init__(
        self, engine: Engine, text: str, chosen: Sequence[Bar], targets: Sequence[Fraction | None], nearest: bool
    ) -> None:
        self.engine, self.text, self.targets, self.nearest = engine, text, targets, nearest
        self.adapter = adapter = TuneAdapter(engine, text, nearest=nearest)
        self.start, self.end = chosen[0].start, chosen[-1].end
        spans = [(a.end, b.start) for a, b in pairwise(chosen)]
        self.gaps = [text[a:b] for a, b in spans]  # as they stand,
        self.read_gaps = [engine.vocab.encode(adapter.read(a, b)).tolist() for a, b in spans]  # and as they are read
        self.prime = [engine.vocab.start, *engine.vocab.encode(adapter.before(self.start)).tolist()]
        rest = adapter.read(self.end, len(text)).rstrip()
        self.rest = [*engine.vocab.encode(rest).tolist(), engine.vocab.end]
        self.unit, self.meter_text = unit_and_meter(text, self.start)
        self.read_before = adapter.before(self.start)
        self._rhythm = (split_header(text).get("R") or "").lower()
        self._exact: tuple[State, NDArray[np.floating]] | None = None

    def length(self, content: str) -> Fraction:
        """Duration of a bar's characters, in whole notes."""
        meter, compound = parse_meter(self.meter_text), is_compound(self.meter_text)
        times = timings(list(lex(content)), self.unit, meter, compound=compound)
        return sum((time.duration for time in times), Fraction(0))

    def bar_guard(self, place: int) -> BarGuard | None:
        """The guard of one of the chosen bars; None if its length cannot be written in those of the guard."""
        target, quarters = self.targets[place], None
        if target is not None:
            quarters = quarters_of(target * self.adapter.scale, self.unit)
            if not quarters:
                return None
        before = "" if place else self.read_before
        on_beat = "hornpipe" in self._rhythm
        return BarGuard(self.engine.vocab.symbols[2:], quarters, before=before, on_beat=on_beat, room=MAX_BAR)

    def after_prime(self, engine: Engine) -> tuple[State, NDArray[np.floating]]:
        """The state of an engine that has read the prime, and its logits (1, V)."""
        session = InferenceSession(engine, engine.initial_state())
        for symbol in self.prime:
            logits = session.read([symbol])
        return session.state, logits.copy()

    def exact(self) -> tuple[InferenceSession, NDArray[np.floating]]:
        """A session in float64 that has read the prime, and its logits (V,)."""
        if self._exact is None:
            self._exact = self.after_prime(self.engine.exact)
        state, logits = self._exact
        return InferenceSession(self.engine.exact, state), logits[0]

    def rest_log_prob(self, read: Sequence[int]) -> float:
        """log p(rest | prime, these symbols), nats."""
        session, row = self.exact()
        for symbol in read:
            row = session.read([symbol])[0]
        total = 0.0
        for symbol in self.rest:
            total += float(log_softmax(row)[symbol])
            row = session.read([symbol])[0]
        return total

    def with_bars(self, content: str) -> str:
        """The whole tune with other characters in place of the chosen bars."""
        return self.text[: self.start] + content + self.text[self.end :]

    def as_read(self, content: str) -> list[int]:
        """The symbols of new bars as the model reads them in their place."""
        adapter = TuneAdapter(self.engine, self.with_bars(content), nearest=self.nearest)
        ids: list[int] = self.engine.vocab.encode(adapter.read(self.start, self.start + len(content))).tolist()
        return ids

    def fits(self, content: str, tune: Sequence[Bar], targets: Sequence[Fraction | None]) -> bool:
        """Whether the tune with the new bars has the old ones' number, lines and lengths."""
        after = bars(self.with_bars(content))
        if len(after) != len(tune):
            return False
        if re.search(r"^[-<>]|[<>]$", content):
            return False  # it would reach into a bar that stays
        for old, new, target in zip(tune, after, targets, strict=True):
            if (new.left, new.right) != (old.left, old.right):
                return False
            wanted = target if self.start <= old.start < self.end else old.duration
            if wanted is not None and new.duration != wanted:
                return False
        return True


class _Draft:
    """One candidate being written."""

    def __init__(self, plan: _Plan, config: SampleConfig, seed: int) -> None:
        self._plan, self.seed = plan, seed
        self._picker = SymbolPicker(plan.engine, config, seed, begin=plan.exact)
        self._finished: list[str] = []  # bars, in the tune's own spelling
        self._bar = ""  # as the model writes it
        self._given: list[int] = []  # comes before anything is chosen
        self._guarded = config.guard
        self._guard = plan.bar_guard(0) if config.guard else None
        self._bar_overruled: list[Overruled] = []  # of the bar as the model writes it
        self.overruled: list[Overruled] = []  # of the content
        self.state = ""  # then "fits" or "misfit"

    @property
    def content(self) -> str:
        """The finished bars and what stands between them."""
        return "".join(part for pair in zip(self._finished, [*self._plan.gaps, ""], strict=False) for part in pair)

    def next(self, logits: NDArray[np.floating]) -> int:
        """The next symbol to read, given the logits (V,) after what is there; `state` says when there is none."""
        vocab = self._plan.engine.vocab
        if not self._given:
            symbol, nats = pick_guarded(self._picker, logits, lambda z: None, vocab, self._guard)
            character = "|" if symbol == vocab.end else vocab.symbols[symbol]
            if nats is not None:
                self._bar_overruled.append(Overruled(len(self._bar), nats))
            if character == "\n" or len(self._bar) >= MAX_BAR:
                self.state = "misfit"
            elif closes_bar(self._bar, character):
                self._close()
            else:
                self._bar += character
                self._given = [symbol]
                if self._guard:
                    self._guard.read(character)
        if self.state:
            return vocab.end
        symbol = self._given.pop(0)
        self._picker.put(symbol)
        return symbol

    def _close(self) -> None:
        """End the bar: go on with what stands after it, or stop."""
        plan, place = self._plan, len(self._finished)
        content = plan.adapter.write(self._bar.strip())
        places, at = written_places(self._bar.strip(), content), len(self.content)
        self.overruled += [Overruled(at + places[k], nats) for k, nats in self._bar_overruled if k < len(places)]
        self._bar_overruled = []
        wanted = plan.targets[place]
        if not content or (wanted is not None and plan.length(content) != wanted):
            self.state = "misfit"
            return
        self._finished.append(content)
        self._bar = ""
        if place == len(plan.gaps):
            self.state = "fits"
        else:
            self._given = list(plan.read_gaps[place])
            self._guard = plan.bar_guard(place + 1) if self._guarded else None


def infill(
    engine: Engine,
    text: str,
    first: int,
    last: int,
    *,
    n: int = 5,
    config: SampleConfig = DEFAULT,
    seed: int = 0,
    nearest: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> Infilling:
    """Write some bars of a tune again.

    Parameters
    ----------
    engine : Engine
    text : str
        The tune as ABC, in any spelling.
    first, last : int
        The first and the last of the bars, from 0, both counted in; bars as `tunes.views.bars.bars` gives them.
    n : int
        How many candidates, from 1 to 50.
    config : SampleConfig
        Temperature, top_k, top_p; with `guard` every try fits.
    seed : int
        Tries have the seeds from this one on; the first n that fit are taken.
    nearest : bool
        Whether characters that the model does not know are read as their nearest, or left out.
    progress : callable, optional
        Called with the number of candidates and of tries, now and then.

    Raises
    ------
    ConfigError
        If there are no such bars, or a number is out of its range.
    """
    tune = bars(text)
    if not 0 <= first <= last < len(tune):
        raise ConfigError("bars", f"this tune has the bars 1 to {len(tune)}; choose among them.")
    if not 1 <= n <= 50:
        raise ConfigError("n", "must be from 1 to 50.")
    if seed < 0:
        raise ConfigError("seed", "must be 0 or more.")
    # A new bar is as long as the old one, or as the meter asks where the old one was wrong.
    wrong = set(misfits(tune))
    targets = [bar.expected if i in wrong else (bar.expected and bar.duration) for i, bar in enumerate(tune)]
    chosen = tune[first : last + 1]
    if config.guard:  # else what is left of a triplet's sign makes other lengths
        chosen = [replace(bar, start=_with_tuplet(text, bar.start)) for bar in chosen]
    plan = _Plan(engine, text, chosen, targets[first : last + 1], nearest)
    state, logits = plan.after_prime(engine)

    # Try in batches until there are enough candidates that fit and differ.
    contents: dict[str, _Draft] = {}
    size = 2 * n if config.guard else BATCH_SIZE
    original = text[plan.start : plan.end]
    misfit = alike = 0
    for tries in count(size, size):
        drafts = [_Draft(plan, config, seed + tries - size + i) for i in range(size)]
        _write(engine, drafts, logits, state)
        for draft in drafts:
            if draft.state != "fits" or not plan.fits(draft.content, tune, targets):
                misfit += 1
            elif draft.content == original or draft.content in contents:
                alike += 1
            elif len(contents) < n:
                contents[draft.content] = draft
        if progress:
            progress(len(contents), tries)
        if len(contents) == n or tries >= MAX_TRIES or config.temperature == 0:
            break

    # Rank them by how likely the rest of the tune is after each.
    candidates = []
    for content, draft in contents.items():
        rest_log_prob = plan.rest_log_prob(plan.as_read(content))
        end = plan.start + len(content)
        overruled = tuple(Overruled(plan.start + place, nats) for place, nats in draft.overruled)
        candidates.append(Candidate(plan.with_bars(content), plan.start, end, draft.seed, rest_log_prob, overruled))
    candidates.sort(key=lambda c: (-c.rest_log_prob, c.seed))
    before = plan.rest_log_prob(engine.vocab.encode(plan.adapter.read(plan.start, plan.end)).tolist())
    return Infilling(tuple(candidates), before, len(plan.rest), tries, misfit, alike)


def _write(engine: Engine, drafts: list[_Draft], logits: NDArray[np.floating], state: State) -> None:
    """Write candidates side by side, a symbol of each at a time, until all have stopped."""
    session = InferenceSession(engine, state.take([0] * len(drafts)))
    rows: NDArray[np.floating] = np.repeat(logits, len(drafts), axis=0)
    while drafts:
        ids = [draft.next(row) for draft, row in zip(drafts, rows, strict=True)]
        if any(draft.state for draft in drafts):
            going = [i for i, draft in enumerate(drafts) if not draft.state]
            drafts, ids = [drafts[i] for i in going], [ids[i] for i in going]
            if not drafts:
                return
            session = InferenceSession(engine, session.state.take(going))
        rows = session.read(ids)


def _with_tuplet(text: str, start: int) -> int:
    """Where a bar begins whose first note is at `start`: at the sign of a tuplet that stands before it."""
    before = [token for token in body_tokens(text) if token.start < start]
    return before[-1].start if before and before[-1].kind == "tuplet" else start


def closes_bar(bar: str, character: str) -> bool:
    """Whether this character ends the bar, rather than standing in a mark of it."""
    if character not in "|:":
        return False
    if bar.count('"') % 2:
        return False
    return character == "|" or not re.search(r"\(\d+(:\d*)?$|\[[A-Za-z]$", bar)


def unit_and_meter(text: str, at: int) -> tuple[Fraction, str | None]:
    """The unit note length and the meter that hold at a place."""
    header = split_header(text)
    unit_text, meter_text = header.get("L"), header.get("M")
    for token in body_tokens(text):
        if token.start >= at:
            break
        if token.kind in ("field", "inline_field"):
            inner = token.text.strip("[]")
            if inner.startswith("L:"):
                unit_text = inner[2:]
            elif inner.startswith("M:"):
                meter_text = inner[2:].strip()
    return parse_unit(unit_text) or default_unit(parse_meter(header.get("M"))), meter_text

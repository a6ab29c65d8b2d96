"""Some bars of a tune written anew: candidates that fit their place, ranked by how well the rest follows them.

A candidate is drawn from the model's distribution, given the tune up to the first chosen bar, and given that it fits:
bars as long as they must be, and between them and after them the very bar lines and line breaks that stand there. It
is found by trying: bars of other lengths are thrown away. Everything outside the chosen bars stays byte for byte.

The rank is exact: log p(rest | tune before, candidate), END included, summed in float64 by the model that wrote.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import count, pairwise

import numpy as np
from numpy.typing import NDArray

from charlstm.errors import ConfigError
from charlstm.lm.config import SampleConfig
from charlstm.lm.infer.engine import Engine
from charlstm.lm.infer.session import Reader, State
from charlstm.lm.sample.adapter import Dialect
from charlstm.lm.sample.decoding import Floats, draw
from charlstm.tunes.abc import body_tokens, default_unit, is_compound, lex, parse_meter, parse_unit, split_header
from charlstm.tunes.parse.rhythm import timings
from charlstm.tunes.views.bars import Bar, bars, misfits

BATCH_SIZE = 48  # tries at once
MAX_TRIES = 480
MAX_BAR = 80  # characters; a longer bar fits no meter
DEFAULT = SampleConfig(temperature=0.8)


@dataclass(frozen=True)
class Candidate:
    """A tune with some bars written anew.

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
    """

    text: str
    start: int
    end: int
    seed: int
    rest_log_prob: float


@dataclass(frozen=True)
class Rewriting:
    """What came of it.

    Attributes
    ----------
    candidates : tuple of Candidate
        The best first; no two alike, none like the original. Fewer than asked for where the tries ran out.
    rest_log_prob : float
        Nats of the same rest after the original bars.
    rest_length : int
        Symbols in the rest as the model reads it, END included.
    tries, misfit, alike : int
        How many were drawn, how many did not fit, and how many were there already.
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
        self, engine: Engine, text: str, chosen: Sequence[Bar], targets: Sequence[Fraction | None],
        nearest: bool,
    ) -> None:  # fmt: skip
        self.engine, self.text, self.targets, self.nearest = engine, text, targets, nearest
        self.dialect = dialect = Dialect(engine, text, nearest=nearest)
        self.start, self.end = chosen[0].start, chosen[-1].end
        spans = [(a.end, b.start) for a, b in pairwise(chosen)]
        self.gaps = [text[a:b] for a, b in spans]  # as they stand,
        self.read_gaps = [engine.vocab.encode(dialect.read(a, b)).tolist() for a, b in spans]  # and as they are read
        self.prime = [engine.vocab.start, *engine.vocab.encode(dialect.before(self.start)).tolist()]
        rest = dialect.read(self.end, len(text)).rstrip()
        self.rest = [*engine.vocab.encode(rest).tolist(), engine.vocab.end]
        self.unit, self.meter_text = _setting(text, self.start)
        self.exact_state: State | None = None

    def length(self, content: str) -> Fraction:
        """Duration of a bar's characters, in whole notes."""
        meter, compound = parse_meter(self.meter_text), is_compound(self.meter_text)
        times = timings(list(lex(content)), self.unit, meter, compound=compound)
        return sum((time.duration for time in times), Fraction(0))

    def exact(self) -> Reader:
        """A reader in float64 that has read the prime."""
        exact = self.engine.exact
        if self.exact_state is None:
            reader = Reader(exact, exact.initial_state())
            for symbol in self.prime:
                logits = reader.read([symbol])
            self.exact_state, self.exact_logits = reader.state, logits.copy()
        return Reader(exact, self.exact_state)

    def follow(self, read: Sequence[int]) -> float:
        """log p(rest | prime, these symbols), nats."""
        reader = self.exact()
        row = self.exact_logits[0]
        for symbol in read:
            row = reader.read([symbol])[0]
        total = 0.0
        for symbol in self.rest:
            z = row - row.max()
            total += float(z[symbol] - np.log(np.exp(z).sum()))
            row = reader.read([symbol])[0]
        return total


class _Draft:
    """One candidate being written."""

    def __init__(self, plan: _Plan, config: SampleConfig, seed: int) -> None:
        self._plan, self._config, self.seed = plan, config, seed
        self._random = np.random.default_rng(seed).random
        self.read: list[int] = []  # symbols after the prime
        self.contents: list[str] = []  # finished bars, in the tune's own spelling
        self._bar, self._given = "", []  # type: tuple[str, list[int]]
        self._exact: Reader | None = None
        self._exactly_read = 0
        self.state = ""  # then "fits" or "misfit"

    def next(self, logits: NDArray[np.floating]) -> int:
        """The next symbol to read, given the logits (V,) after what is there; `state` says when there is none."""
        if not self._given:
            symbol = self._pick(logits)
            character = "|" if symbol == self._plan.engine.vocab.end else self._plan.engine.vocab.symbols[symbol]
            if character == "\n" or len(self._bar) >= MAX_BAR:
                self.state = "misfit"
            elif _closes(self._bar, character):
                self._close()
            else:
                self._bar += character
                self._given = [symbol]
        if self.state:
            return self._plan.engine.vocab.end
        self.read.append(self._given.pop(0))
        return self.read[-1]

    def _close(self) -> None:
        plan, place = self._plan, len(self.contents)
        content = plan.dialect.write(self._bar.strip())
        wanted = plan.targets[place]
        if not content or (wanted is not None and plan.length(content) != wanted):
            self.state = "misfit"
            return
        self.contents.append(content)
        self._bar = ""
        if place == len(plan.gaps):
            self.state = "fits"
        else:
            self._given = list(plan.read_gaps[place])

    def _pick(self, logits: NDArray[np.floating]) -> int:
        """Draw a symbol as the sampler does: float32 where it is sure, else exact."""
        u = self._random()
        engine = self._plan.engine
        symbol = draw(self._masked(logits), u, self._config, engine.rounding)
        if symbol is None:
            symbol = draw(self._masked(self._exact_row()), u, self._config)
            assert symbol is not None  # an exact draw is always sure
        return symbol

    def _masked(self, logits: NDArray[np.floating]) -> Floats:
        z = logits.astype(np.float64)
        z[self._plan.engine.vocab.start] = -np.inf
        return z

    def _exact_row(self) -> NDArray[np.floating]:
        if self._exact is None:
            self._exact = self._plan.exact()
            self._exact_last: NDArray[np.floating] = self._plan.exact_logits[0]
        for symbol in self.read[self._exactly_read :]:
            self._exact_last = self._exact.read([symbol])[0]
        self._exactly_read = len(self.read)
        return self._exact_last


def rewrite(
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
) -> Rewriting:
    """Write some bars of a tune anew.

    Parameters
    ----------
    engine : Engine
    text : str
        The tune as ABC, in any spelling.
    first, last : int
        The first and the last of the bars, from 0, both counted in; bars as `tunes.bars.bars` finds them.
    n : int
        How many candidates, from 1 to 50.
    config : SampleConfig
        Temperature, top_k, top_p.
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
    found = bars(text)
    if not 0 <= first <= last < len(found):
        raise ConfigError("bars", f"this tune has the bars 1 to {len(found)}; choose among them.")
    if not 1 <= n <= 50:
        raise ConfigError("n", "must be from 1 to 50.")
    if seed < 0:
        raise ConfigError("seed", "must be 0 or more.")
    wrong = set(misfits(found))
    targets = [bar.expected if i in wrong else (bar.expected and bar.duration) for i, bar in enumerate(found)]
    plan = _Plan(engine, text, found[first : last + 1], targets[first : last + 1], nearest)
    begin = Reader(engine, engine.initial_state())
    for symbol in plan.prime:
        logits = begin.read([symbol])
    logits, state = logits.copy(), begin.state
    kept: list[tuple[_Draft, str]] = []
    seen = {text[plan.start : plan.end]}
    misfit = alike = 0
    for tries in count(BATCH_SIZE, BATCH_SIZE):
        drafts = [_Draft(plan, config, seed + tries - BATCH_SIZE + i) for i in range(BATCH_SIZE)]
        for _ in _write(engine, drafts, logits, state):
            pass
        for draft in drafts:
            content = _join(draft.contents, plan.gaps)
            if draft.state != "fits" or not _fits(text, content, plan, found, targets):
                misfit += 1
            elif content in seen:
                alike += 1
            elif len(kept) < n:
                seen.add(content)
                kept.append((draft, content))
        if progress:
            progress(len(kept), tries)
        if len(kept) == n or tries >= MAX_TRIES or config.temperature == 0:
            break
    candidates = [
        Candidate(
            text[: plan.start] + content + text[plan.end :], plan.start, plan.start + len(content), draft.seed,
            plan.follow(_as_read(engine, text, plan, content)),
        )
        for draft, content in kept
    ]  # fmt: skip
    candidates.sort(key=lambda c: (-c.rest_log_prob, c.seed))
    original = plan.follow(engine.vocab.encode(plan.dialect.read(plan.start, plan.end)).tolist())
    return Rewriting(tuple(candidates), original, len(plan.rest), tries, misfit, alike)


def _as_read(engine: Engine, text: str, plan: _Plan, content: str) -> list[int]:
    """The symbols of new bars as the model reads them in their place."""
    new = text[: plan.start] + content + text[plan.end :]
    dialect = Dialect(engine, new, nearest=plan.nearest)
    ids: list[int] = engine.vocab.encode(dialect.read(plan.start, plan.start + len(content))).tolist()
    return ids


def _write(engine: Engine, drafts: list[_Draft], logits: NDArray[np.floating], state: State) -> Iterator[None]:
    """Write candidates side by side, a symbol of each at a time, until all have stopped."""
    reader = Reader(engine, state.take([0] * len(drafts)))
    rows: NDArray[np.floating] = np.repeat(logits, len(drafts), axis=0)
    while drafts:
        ids = [draft.next(row) for draft, row in zip(drafts, rows, strict=True)]
        if any(draft.state for draft in drafts):
            going = [i for i, draft in enumerate(drafts) if not draft.state]
            drafts, ids = [drafts[i] for i in going], [ids[i] for i in going]
            if not drafts:
                return
            reader = Reader(engine, reader.state.take(going))
        rows = reader.read(ids)
        yield


def _join(contents: Sequence[str], gaps: Sequence[str]) -> str:
    return "".join(part for pair in zip(contents, [*gaps, ""], strict=False) for part in pair)


def _fits(text: str, content: str, plan: _Plan, found: Sequence[Bar], targets: Sequence[Fraction | None]) -> bool:
    """Whether the tune with the new bars has the old ones' number, lines and lengths."""
    after = bars(text[: plan.start] + content + text[plan.end :])
    if len(after) != len(found):
        return False
    if re.search(r"^[-<>]|[<>]$", content):
        return False  # it would reach into a bar that stays
    for old, new, target in zip(found, after, targets, strict=True):
        if (new.left, new.right) != (old.left, old.right):
            return False
        wanted = target if plan.start <= old.start < plan.end else old.duration
        if wanted is not None and new.duration != wanted:
            return False
    return True


def _closes(bar: str, character: str) -> bool:
    """Whether this character ends the bar, rather than standing in a mark of it."""
    if character not in "|:":
        return False
    if bar.count('"') % 2:
        return False
    return character == "|" or not re.search(r"\(\d+(:\d*)?$|\[[A-Za-z]$", bar)


def _setting(text: str, at: int) -> tuple[Fraction, str | None]:
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

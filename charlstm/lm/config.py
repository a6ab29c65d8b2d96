"""The three configurations: of a model, of a training, of sampling. Frozen, keyword-only, checked, JSON both ways.

Knows no torch and no NumPy. A field's comment gives its reason or its range.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, ClassVar, Literal, Self

from charlstm.errors import ConfigError
from charlstm.lm.cells import CELLS, CellSpec

LOOKBACK_BARS = (1, 2, 4, 8, 0)
MAX_TEMPERATURE = 100.0
ENOUGH_UPDATES = 1300  # that a network of a small corpus is trained with


def _require(ok: bool, field: str, message: str) -> None:
    if not ok:
        raise ConfigError(field, message)


def _is_count(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


class _Config:
    """What the configurations share: a JSON round trip that ignores nothing and refuses what it does not know."""

    _LATER: ClassVar[frozenset[str]] = frozenset()  # fields that are younger than the format: left out where unset

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain JSON values."""
        values = {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}  # type: ignore[call-overload]
        later = [f for f in fields(self) if f.name in self._LATER]  # type: ignore[arg-type]
        unset = {f.name for f in later if getattr(self, f.name) == f.default}
        return {k: v for k, v in values.items() if k not in unset}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The configuration of a JSON object. Raises ConfigError at an unknown field or a value out of range."""
        known = {f.name for f in fields(cls)}  # type: ignore[arg-type]
        for name in values:
            _require(name in known, name, f"is not a setting; known are {', '.join(sorted(known))}.")
        try:
            return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})
        except TypeError as error:
            raise ConfigError(cls.__name__, str(error)) from None


@dataclass(frozen=True, kw_only=True)
class ModelConfig(_Config):
    """Shape of a network. Everything needed to rebuild it, given the vocabulary."""

    _LATER: ClassVar = frozenset({"clock", "plan", "match", "weight_dropout"})
    cell: str = "lstm"  # one of charlstm.lm.cells.CELLS
    hidden_size: int = 250  # H; the report tries 150, 200, 250
    num_layers: int = 1  # L
    embedding_size: int | None = None  # E of the current character; None: 128
    dropout: float = 0.0  # on the outputs of every layer, the last one too: nn.LSTM's own skips a single layer
    embedding_dropout: float = 0.0
    weight_dropout: float = 0.0  # on the matrices from hidden state to hidden state, while training
    tie_weights: bool = False  # decoder = embedding transposed (through a projection to E where H != E)
    lookback_bars: tuple[int, ...] = ()  # lags in bars, 0: the open repeat; () is the report's plain network
    lookback_size: int = 32  # embedding of a lookback character, shared by the lags
    clock: bool = False  # it reads how full the bar is, the key and the meter (lm/infer/inputs/clock.py)
    plan: bool = False  # it reads a form plan, where a tune has one (lm/infer/inputs/plan.py)
    match: bool = False  # it reads what followed the last characters before (lm/infer/inputs/match.py)

    def __post_init__(self) -> None:
        _require(self.cell in CELLS, "cell", f"must be one of {', '.join(CELLS)}, not {self.cell!r}.")
        for field, high in (("hidden_size", 8192), ("num_layers", 8), ("lookback_size", 1024)):
            _require(_is_count(getattr(self, field), 1, high), field, f"must be from 1 to {high}.")
        size = self.embedding_size
        _require(size is None or _is_count(size, 1, 8192), "embedding_size", "must be from 1 to 8192.")
        for field in ("dropout", "embedding_dropout", "weight_dropout"):
            value = getattr(self, field)
            _require(isinstance(value, (int, float)) and 0 <= value < 1, field, "must be in [0, 1).")
        _require(
            not self.weight_dropout or self.cell_spec.has_recurrent_weights,
            "weight_dropout",
            f"must be 0: {self.cell_spec.label} cells have no weights from state to state.",
        )
        lags = self.lookback_bars
        _require(
            len(lags) <= 9 and all(_is_count(k, 0, 64) for k in lags) and len(set(lags)) == len(lags),
            "lookback_bars",
            "must be up to nine different numbers: bars from 1 to 64, and 0 for the open repeat.",
        )
        for field in ("clock", "plan", "match"):
            _require(isinstance(getattr(self, field), bool), field, "must be true or false.")

    @property
    def cell_spec(self) -> CellSpec:
        """What is particular to its cells."""
        return CELLS[self.cell]

    @property
    def width(self) -> int:
        """E: size of the embedding of the current character."""
        return self.embedding_size or 128


@dataclass(frozen=True, kw_only=True)
class TrainConfig(_Config):
    """How a network is trained. The defaults are the recipe that won (docs/lab-log.md)."""

    _LATER: ClassVar = frozenset({"drop_plan", "teachers", "teacher_weight", "teacher_tunes"})
    batching: Literal["tunes", "slices"] = "tunes"  # whole tunes, or the report's random slices
    sequence_length: int = 128  # characters of a slice; whole tunes do not use it
    batch_size: int = 32  # tunes or slices a step
    learning_rate: float = 3e-3  # peak
    warmup_steps: int = 100
    final_rate: float = 0.01  # share of the peak that the cosine ends at; 1: constant, as the report
    optimizer: Literal["adamw", "adam"] = "adamw"
    weight_decay: float = 0.01  # adamw only
    clip_norm: float = 1.0  # plain RNNs explode without it
    epochs: int = 50
    minutes: float | None = None  # a budget instead of epochs: the schedule then runs by the clock
    patience: int | None = None  # epochs without a better validation loss before an early stop; None: never
    transpose: bool = True  # each epoch each tune is written in a key drawn from the corpus's own
    drop_fields: float = 0.1  # chance that an optional header field is left out, so that short primes work
    drop_plan: float = 0.35  # chance that a tune goes without its form plan, so that the network writes free as well
    ema: float = 0.0  # memory of a running average of the weights, kept instead of the last ones; 0: none
    bfloat16: bool = False  # recurrent layers in bfloat16 while training: faster on CPUs and GPUs made for it
    teachers: tuple[str, ...] = ()  # trained models that it learns from beside the tunes (lm/train/teachers.py)
    teacher_weight: float = 0.8  # of the loss, share that compares with what they predict
    teacher_tunes: int = 0  # tunes that the first of them writes, to be learned from beside the corpus's
    seed: int = 0

    def __post_init__(self) -> None:
        _require(self.batching in ("tunes", "slices"), "batching", "is tunes or slices.")
        _require(self.optimizer in ("adamw", "adam"), "optimizer", "is adamw or adam.")
        for field, low, high in (
            ("sequence_length", 2, 100_000),
            ("batch_size", 1, 65_536),
            ("warmup_steps", 0, 10**9),
            ("epochs", 1, 10**6),
            ("seed", 0, 2**63 - 1),
        ):
            _require(_is_count(getattr(self, field), low, high), field, f"must be from {low} to {high}.")
        for field, least in (("learning_rate", 0.0), ("clip_norm", 0.0)):
            value = getattr(self, field)
            _require(math.isfinite(value) and value > least, field, "must be above 0.")
        _require(0 <= self.final_rate <= 1, "final_rate", "must be in [0, 1].")
        _require(self.weight_decay >= 0, "weight_decay", "must not be negative.")
        _require(0 <= self.drop_fields < 1, "drop_fields", "must be in [0, 1).")
        _require(0 <= self.drop_plan <= 1, "drop_plan", "must be in [0, 1].")
        named = isinstance(self.teachers, tuple) and all(isinstance(name, str) and name for name in self.teachers)
        _require(named and len(self.teachers) <= 16, "teachers", "must be up to 16 names of models.")
        _require(0 <= self.teacher_weight <= 1, "teacher_weight", "must be in [0, 1].")
        _require(_is_count(self.teacher_tunes, 0, 10**6), "teacher_tunes", "must be from 0 to 1000000.")
        _require(self.teacher_tunes == 0 or self.teachers != (), "teacher_tunes", "needs a teacher that writes them.")
        _require(0 <= self.ema < 1, "ema", "must be in [0, 1).")
        _require(self.minutes is None or self.minutes > 0, "minutes", "must be above 0.")
        _require(self.patience is None or _is_count(self.patience, 1, 10**6), "patience", "must be 1 or more.")


def trained_to_the_end(train: TrainConfig, tunes: int) -> TrainConfig:
    """The training with as many epochs as a corpus of so many tunes needs, and an early stop where it is a small one.

    Networks come to their end after some 1,300 updates (docs/lab-log.md); 50 epochs of 800 tunes are fewer. One that
    stops getting better before, as a small corpus lets it, ends after a quarter of them without a better loss.
    """
    needed = enough_epochs(train, tunes)
    if needed <= train.epochs:
        return train
    return replace(train, epochs=needed, patience=train.patience or max(10, needed // 4))


def enough_epochs(train: TrainConfig, tunes: int) -> int:
    """Epochs of so many tunes after which a network has learned most of what it can."""
    return math.ceil(ENOUGH_UPDATES / updates(train, tunes))


def updates(train: TrainConfig, tunes: int) -> int:
    """Updates of one epoch of so many tunes."""
    return max(1, math.ceil(tunes / train.batch_size))


@dataclass(frozen=True, kw_only=True)
class SampleConfig(_Config):
    """How a tune is drawn from a network's distributions."""

    temperature: float = 1.0  # [0, 100]; 0 is greedy; 1 the model's own distribution, the report's best
    top_k: int | None = None  # keep the k likeliest symbols
    top_p: float | None = None  # keep the smallest set of symbols with this much probability
    max_length: int = 1000  # characters, the prime's included
    guard: bool = False  # allow only what leads to a tune that can be engraved and played (lm/sample/guard.py)

    def __post_init__(self) -> None:
        ok = isinstance(self.temperature, (int, float)) and 0 <= self.temperature <= MAX_TEMPERATURE
        _require(ok, "temperature", f"must be in [0, {MAX_TEMPERATURE:g}].")
        _require(self.top_k is None or _is_count(self.top_k, 1, 10**6), "top_k", "must be 1 or more.")
        _require(self.top_p is None or 0 < self.top_p <= 1, "top_p", "must be in (0, 1].")
        _require(_is_count(self.max_length, 1, 10**6), "max_length", "must be from 1 to 1000000.")

"""The options of `charlstm train` that make a network and its training, and the two configurations they ask for."""

from __future__ import annotations

import argparse
from typing import Any

from charlstm.lm.cells import CELLS
from charlstm.lm.config import ENOUGH_UPDATES, LOOKBACK_BARS, ModelConfig, TrainConfig

# What a corpus nobody has seen does best with; the report's plain network is --lookback none --dropout 0.
DROPOUT = 0.2
EMBEDDING_DROPOUT = 0.1
FLAGS = {
    "num_layers": "layers",
    "lookback_bars": "lookback",
    "transpose": "no_transpose",
    "teachers": "teacher",
}  # settings named otherwise
_MODEL = ModelConfig()
_TRAIN = TrainConfig()


def add_network_options(parser: argparse.ArgumentParser) -> None:
    """The options of ModelConfig."""
    model = parser.add_argument_group("the network")
    model.add_argument("--cell", choices=CELLS, default=_MODEL.cell)
    model.add_argument(
        "--hidden-size", type=int, default=_MODEL.hidden_size, metavar="N", help=_default("units per layer")
    )
    model.add_argument("--layers", type=int, default=_MODEL.num_layers, metavar="N", help=_default("number of layers"))
    model.add_argument("--embedding-size", type=int, default=None, metavar="N", help="of each character (default 128)")
    model.add_argument(
        "--dropout", type=float, default=DROPOUT, metavar="P", help=_default("dropout on every layer's output")
    )
    model.add_argument(
        "--embedding-dropout", type=float, default=EMBEDDING_DROPOUT, metavar="P", help=_default("on the input")
    )
    model.add_argument(
        "--weight-dropout", type=float, default=0.0, metavar="P", help=_default("on the recurrent weights")
    )
    model.add_argument(
        "--lookback",
        type=_lags,
        default=LOOKBACK_BARS,
        metavar="BARS",
        help="bars to look back, such as 1,2,4,8,0 (default; 0: whether a repeat is open), or none",
    )
    for name, what in (
        ("clock", "how full the bar is, the key and the meter"),
        ("match", "what followed where the last characters stood before"),
    ):
        help_text = f"it also reads {what} (default: where it looks back)"
        model.add_argument(f"--{name}", action="store_true", default=None, help=help_text)
        model.add_argument(f"--no-{name}", dest=name, action="store_false", default=None, help="it does not")
    model.add_argument(
        "--plan", action="store_true", help="it also reads a form plan: which bars are new, return or are varied"
    )
    model.add_argument("--tie-weights", action="store_true", help="use the transposed embedding as the decoder")


def add_training_options(parser: argparse.ArgumentParser) -> None:
    """The options of TrainConfig, and of the machine it runs on."""
    how = parser.add_argument_group("training")
    length = how.add_mutually_exclusive_group()
    length.add_argument(
        "--epochs",
        type=int,
        default=_TRAIN.epochs,
        metavar="N",
        help=f"passes over the corpus (default %(default)s, or as many as make {ENOUGH_UPDATES:,} updates, then with "
        "an early stop)",
    )
    length.add_argument(
        "--minutes", type=float, default=None, metavar="M", help="train for M minutes instead of a number of epochs"
    )
    how.add_argument(
        "--patience", type=int, default=_TRAIN.patience, metavar="N", help="stop after N epochs without a better loss"
    )
    how.add_argument("--batch-size", type=int, default=_TRAIN.batch_size, metavar="N", help=_default("tunes per step"))
    how.add_argument("--learning-rate", type=float, default=_TRAIN.learning_rate, metavar="R", help=_default("peak"))
    how.add_argument(
        "--final-rate",
        type=float,
        default=_TRAIN.final_rate,
        metavar="P",
        help=_default("share of the peak rate at the end"),
    )
    how.add_argument(
        "--warmup-steps", type=int, default=_TRAIN.warmup_steps, metavar="N", help=_default("steps up to the peak rate")
    )
    how.add_argument("--optimizer", choices=("adamw", "adam"), default=_TRAIN.optimizer)
    how.add_argument("--weight-decay", type=float, default=_TRAIN.weight_decay, metavar="W", help=_default("of adamw"))
    how.add_argument(
        "--clip-norm", type=float, default=_TRAIN.clip_norm, metavar="G", help=_default("largest norm of the gradient")
    )
    how.add_argument(
        "--ema",
        type=float,
        default=_TRAIN.ema,
        metavar="M",
        help=_default("memory of a running average of the weights"),
    )
    how.add_argument("--batching", choices=("tunes", "slices"), default=_TRAIN.batching, help="whole tunes, or slices")
    how.add_argument(
        "--sequence-length",
        type=int,
        default=_TRAIN.sequence_length,
        metavar="N",
        help=_default("characters per slice"),
    )
    how.add_argument("--no-transpose", action="store_true", help="keep the tunes in their own keys")
    how.add_argument(
        "--drop-fields",
        type=float,
        default=_TRAIN.drop_fields,
        metavar="P",
        help=_default("chance of leaving out T:, R: or L:"),
    )
    how.add_argument(
        "--drop-plan",
        type=float,
        default=_TRAIN.drop_plan,
        metavar="P",
        help=_default("with --plan, share of tunes learned without theirs"),
    )
    how.add_argument(
        "--teacher",
        nargs="+",
        default=_TRAIN.teachers,
        metavar="MODEL",
        help="models or runs whose predictions it learns from, too: from their mean",
    )
    how.add_argument(
        "--teacher-weight",
        type=float,
        default=_TRAIN.teacher_weight,
        metavar="W",
        help=_default("share of the loss that compares with the teachers"),
    )
    how.add_argument(
        "--teacher-tunes",
        type=int,
        default=_TRAIN.teacher_tunes,
        metavar="N",
        help=_default("tunes that the first teacher writes, to be learned from beside the corpus"),
    )
    how.add_argument(
        "--bfloat16", action="store_true", help="recurrent layers in bfloat16: faster on hardware made for it"
    )
    how.add_argument("--seed", type=int, default=_TRAIN.seed, metavar="S", help=_default("random seed"))
    how.add_argument("--device", default="auto", metavar="auto|cpu|cuda", help="auto: CUDA if available")
    how.add_argument(
        "--threads", type=int, default=None, metavar="N", help="CPU threads (default: one or all, whichever is faster)"
    )


def _default(what: str = "") -> str:
    return f"{what} (default %(default)s)".strip()


def _lags(text: str) -> tuple[int, ...]:
    """Bars to look back, 0 the open repeat: 1,2,4,8,0; or none."""
    try:
        return () if text in ("none", "") else tuple(int(n) for n in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list such as 1,2,4,8,0, nor none") from None


def configs(options: argparse.Namespace) -> tuple[ModelConfig, TrainConfig]:
    """The two configurations that a parsed command line asks for. Raises ConfigError for what is out of range."""
    model = ModelConfig(
        cell=options.cell,
        hidden_size=options.hidden_size,
        num_layers=options.layers,
        embedding_size=options.embedding_size,
        dropout=options.dropout,
        embedding_dropout=options.embedding_dropout,
        weight_dropout=options.weight_dropout,
        tie_weights=options.tie_weights,
        lookback_bars=options.lookback,
        clock=bool(options.lookback) if options.clock is None else options.clock,
        plan=options.plan,
        match=bool(options.lookback) if options.match is None else options.match,
    )
    same = (
        *("batching", "sequence_length", "batch_size", "learning_rate", "warmup_steps", "final_rate", "optimizer"),
        *("weight_decay", "clip_norm", "epochs", "minutes", "patience", "drop_fields", "drop_plan"),
        *("teacher_weight", "teacher_tunes", "ema", "bfloat16", "seed"),
    )
    values: dict[str, Any] = {name: getattr(options, name) for name in same}
    return model, TrainConfig(transpose=not options.no_transpose, teachers=tuple(options.teacher), **values)

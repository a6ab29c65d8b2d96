"""charlstm models [export | import]: the models there are, written to one file and read from it."""

from __future__ import annotations

import argparse
from pathlib import Path

from charlstm.cli.common import Commands, add_command, add_model, show, table


def add(commands: Commands) -> None:
    group = add_command(commands, "models", "list the models in checkpoints/", "charlstm models", _models)
    travel = group.add_subparsers(metavar="COMMAND")
    out = add_command(
        travel, "export", "write a model to one file", "charlstm models export lstm-150 --out lstm-150.zip", _export
    )
    add_model(out)
    out.add_argument("--out", type=Path, metavar="FILE", help="(default MODEL.zip)")
    bring = add_command(
        travel, "import", "add an exported model to checkpoints/", "charlstm models import lstm-150.zip", _import
    )
    bring.add_argument("file", type=Path, metavar="FILE")
    bring.add_argument("--name", metavar="NAME", help="name to give it (default: the file's)")
    bring.add_argument("--replace", action="store_true", help="replace a model that already has this name")


def _models(options: argparse.Namespace) -> None:
    from charlstm.lm.store.checkpoint import list_checkpoints
    from charlstm.paths import checkpoints_path

    models = list_checkpoints()
    values = [
        {
            "name": model.name,
            "config": model.config.to_dict(),
            "corpus": model.corpus.name,
            "val_loss": model.val_loss,
            "test_loss": model.test_loss,
            "temperature": model.temperature,
        }
        for model in models
    ]
    rows = [
        (
            model.name,
            model.config.cell,
            f"{model.config.num_layers} x {model.config.hidden_size}",
            " ".join(
                [",".join(map(str, model.config.lookback_bars)) or "-"]
                + [name for name in ("clock", "plan", "match") if getattr(model.config, name)]
            ),
            model.corpus.name or "-",
            "-" if model.val_loss is None else f"{model.val_loss:.3f}",
            "-" if model.test_loss is None else f"{model.test_loss:.3f}",
            f"{model.temperature:g}",
        )
        for model in models
    ]
    head = ("model", "cell", "units", "lookback", "corpus", "validation", "test", "temperature")
    nothing = (
        f"There are no models in {checkpoints_path()}; train one: charlstm train --out {checkpoints_path() / 'mine'}"
    )
    show(options, values, table(rows, head) if rows else nothing)


def _export(options: argparse.Namespace) -> None:
    from charlstm.files import write_atomic
    from charlstm.lm.store.archive import pack
    from charlstm.lm.store.checkpoint import load_checkpoint

    model = load_checkpoint(options.model)
    data = pack(model)
    out = options.out or Path(f"{model.path.resolve().name}.zip")
    write_atomic(out, data)
    show(options, {"path": str(out), "bytes": len(data)}, f"{out}: {len(data):,} bytes")


def _import(options: argparse.Namespace) -> None:
    from charlstm.lm.store.archive import MAX_BYTES, clean_name, unpack

    with open(options.file, "rb") as file:
        data = file.read(MAX_BYTES + 1)
    model = unpack(data, options.name or clean_name(options.file.name), replace=options.replace)
    show(options, {"name": model.name, "path": str(model.path)}, f"{model.name}: in {model.path}")

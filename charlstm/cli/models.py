"""charlstm models [export | import] | app: what there is to play with, how it travels, and the page."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from charlstm.cli.common import Commands, add_command, show, table
from charlstm.errors import CharlstmError


def add(commands: Commands) -> None:
    group = add_command(commands, "models", "what is in checkpoints/", "charlstm models", _models)
    travel = group.add_subparsers(metavar="COMMAND")
    out = add_command(
        travel, "export", "a model as one file", "charlstm models export lstm-150 --out lstm-150.zip", _export
    )
    out.add_argument("model", metavar="MODEL", help="a name in checkpoints/, or a folder: a run's, say")
    out.add_argument("--out", type=Path, metavar="FILE", help="(default MODEL.zip)")
    bring = add_command(
        travel, "import", "take an exported model into checkpoints/", "charlstm models import lstm-150.zip", _import
    )
    bring.add_argument("file", type=Path, metavar="FILE")
    bring.add_argument("--name", metavar="NAME", help="of the model here (default: the file's)")
    bring.add_argument("--replace", action="store_true", help="take the place of a model that has this name already")
    page = add_command(commands, "app", "open the page: streamlit run app.py", "charlstm app --port 8501", _app)
    page.add_argument("--port", type=int, help="of the page's server (streamlit's own default when absent)")


def _models(options: argparse.Namespace) -> None:
    from charlstm.lm.store.checkpoint import list_checkpoints
    from charlstm.paths import checkpoints_path

    found = list_checkpoints()
    values = [
        {
            "name": model.name,
            "config": model.config.to_dict(),
            "corpus": model.corpus.get("name"),
            "val_loss": model.val_loss,
            "test_loss": model.test_loss,
            "temperature": model.temperature,
        }
        for model in found
    ]
    rows = [
        (
            model.name,
            model.config.cell,
            f"{model.config.num_layers} x {model.config.hidden_size}",
            ",".join(map(str, model.config.lookback_bars)) or "-",
            model.corpus.get("name") or "-",
            "-" if model.val_loss is None else f"{model.val_loss:.3f}",
            "-" if model.test_loss is None else f"{model.test_loss:.3f}",
            f"{model.temperature:g}",
        )
        for model in found
    ]
    head = ("model", "cell", "units", "lookback", "corpus", "validation", "test", "temperature")
    nothing = f"There are no models in {checkpoints_path()}; train one: charlstm train --out checkpoints/mine"
    show(options, values, table(rows, head) if rows else nothing)


def _export(options: argparse.Namespace) -> None:
    from charlstm.lm.store.archive import pack
    from charlstm.lm.store.checkpoint import load_checkpoint, replace_file

    model = load_checkpoint(options.model)
    data = pack(model)
    out = options.out or Path(f"{model.path.resolve().name}.zip")
    replace_file(out, data)
    show(options, {"path": str(out), "bytes": len(data)}, f"{out}: {len(data):,} bytes")


def _import(options: argparse.Namespace) -> None:
    from charlstm.lm.store.archive import MAX_BYTES, clean_name, unpack

    with open(options.file, "rb") as file:
        data = file.read(MAX_BYTES + 1)
    model = unpack(data, options.name or clean_name(options.file.name), replace=options.replace)
    show(options, {"name": model.name, "path": str(model.path)}, f"{model.name}: in {model.path}")


def _app(options: argparse.Namespace) -> None:
    import importlib.util

    import charlstm

    page = Path(charlstm.__file__).resolve().parent.parent / "app.py"
    if importlib.util.find_spec("streamlit") is None:
        raise CharlstmError("the page needs Streamlit; install it: python -m pip install -r requirements.txt")
    if not page.is_file():
        raise CharlstmError(f"{page} is not there; run this in a clone of the project.")
    port = ["--server.port", str(options.port)] if options.port else []
    status = subprocess.call([sys.executable, "-m", "streamlit", "run", str(page), *port], cwd=page.parent)
    if status:
        raise CharlstmError(f"the page's server ended with status {status}.")

"""charlstm app: the page, in Streamlit's server."""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys

from charlstm.cli.common import Commands, add_command
from charlstm.errors import CharlstmError
from charlstm.paths import entry_script, home


def add(commands: Commands) -> None:
    page = add_command(commands, "app", "open the page: streamlit run app.py", "charlstm app --port 8501", _app)
    page.add_argument("--port", type=int, help="of the page's server (streamlit's own default when absent)")


def _app(options: argparse.Namespace) -> None:
    if importlib.util.find_spec("streamlit") is None:
        raise CharlstmError("the page needs Streamlit; install it: python -m pip install 'charlstm[app]'")
    page = entry_script()
    port = ["--server.port", str(options.port)] if options.port else []
    status = subprocess.call(
        [sys.executable, "-m", "streamlit", "run", str(page), *port],
        cwd=page.parent,
        env={**os.environ, "CHARLSTM_HOME": str(home().resolve())},  # it may be relative to where this was called
    )
    if status:
        raise CharlstmError(f"the page's server ended with status {status}.")

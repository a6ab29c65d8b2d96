"""charlstm app: the page, in Streamlit's server."""

from __future__ import annotations

import argparse
import importlib.util
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from charlstm.cli.common import Commands, add_command
from charlstm.errors import CharlstmError
from charlstm.paths import entry_script, home
from charlstm.sharing import is_shared


def add(commands: Commands) -> None:
    page = add_command(
        commands, "app", "open the page in a browser: streamlit run app.py", "charlstm app --port 8501", _app
    )
    page.add_argument("--port", type=int, help="port of the page's server (default: Streamlit's own)")
    page.add_argument(
        "--shared",
        action="store_true",
        help="for a class: open to the network, with a queue, limits and a teacher's code",
    )


def _app(options: argparse.Namespace) -> None:
    if importlib.util.find_spec("streamlit") is None:
        raise CharlstmError("the page needs Streamlit; install it: python -m pip install 'charlstm[app]'")
    page = entry_script()
    flags = ["--server.port", str(options.port)] if options.port else []
    environment = {**os.environ, "CHARLSTM_HOME": str(home().resolve())}  # it may be relative to where this was called
    if options.shared or is_shared():
        code = environment.get("CHARLSTM_TEACHER") or secrets.token_hex(4)
        environment |= {"CHARLSTM_SHARED": "1", "CHARLSTM_TEACHER": code}
        flags += ["--server.address", "0.0.0.0"]
        print(f"charlstm: shared with everybody on the network; the teacher's code is {code}", file=sys.stderr)
    line = [sys.executable, "-m", "streamlit", "run", str(page), *flags]
    status = serve(line, cwd=page.parent, env=environment)
    if status not in (0, -signal.SIGTERM):
        raise CharlstmError(f"the page's server ended with status {status}.")


def serve(line: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> int:
    """Run the server to its end and return its exit status; whoever ends this process ends the server with it."""
    with subprocess.Popen(line, cwd=cwd, env=env) as server:
        before = signal.signal(signal.SIGTERM, lambda *_: server.terminate())
        try:
            return server.wait()
        except BaseException:  # Ctrl-C, which the server has heard too
            server.terminate()
            raise
        finally:
            signal.signal(signal.SIGTERM, before)

"""A server of the page in a process of its own, and how a Chromium looks at it: for benchmarks and browser tests."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent
CHROMIUM_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)


@contextmanager
def served(script: str = "app.py", home: Path | None = None) -> Iterator[str]:
    """The address of a server of a page; as `started`."""
    with started(script, home) as (address, _):
        yield address


@contextmanager
def started(script: str = "app.py", home: Path | None = None) -> Iterator[tuple[str, int]]:
    """The address and the process of a fresh server of a page on a free port; it is ended afterwards.

    `home`: a house of its own, where it also leaves its log; by default that of the checkout, and torch's own threads.
    """
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port = probe.getsockname()[1]
    options = ["--server.port", str(port), "--server.headless", "true"]
    command = [sys.executable, "-m", "streamlit", "run", script, *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    if home:
        environment |= {"CHARLSTM_HOME": str(home), "CHARLSTM_SHIPPED": str(home), "OMP_NUM_THREADS": "1"}
    with open(home / "server.log" if home else os.devnull, "wb") as log:
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://localhost:{port}/_stcore/health", timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield f"http://localhost:{port}", server.pid
    finally:
        server.terminate()
        server.wait(20)

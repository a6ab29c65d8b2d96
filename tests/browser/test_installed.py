"""The page of an installed package, started with `charlstm app` from an empty folder."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.wheel import Installed

WAIT = 120.0  # seconds; a machine may be slow


@pytest.fixture
def server(installed: Installed) -> Iterator[str]:
    """The address of `charlstm app`."""
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port = probe.getsockname()[1]
    line = [str(installed.environment / "bin" / "charlstm"), "app", "--port", str(port)]
    variables = {**installed.variables(), "STREAMLIT_SERVER_HEADLESS": "true"}
    with open(installed.home / "server.log", "wb") as log:
        process = subprocess.Popen(
            line, cwd=installed.work, env=variables, stdout=log, stderr=log, start_new_session=True
        )
    try:
        end = time.monotonic() + WAIT
        while True:
            try:
                urllib.request.urlopen(f"http://localhost:{port}/_stcore/health", timeout=1).close()
                break
            except OSError:
                assert time.monotonic() < end, (installed.home / "server.log").read_text()
                time.sleep(0.1)
        yield f"http://localhost:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)


def test_the_page_opens_with_a_tune_in_the_projects_colours(installed: Installed, server: str, page: Any) -> None:
    before = installed.written()
    page.goto(server)
    page.locator(".player .sheet svg").first.wait_for()
    background = page.get_by_test_id("stApp").evaluate("element => getComputedStyle(element).backgroundColor")
    assert background == "rgb(254, 253, 251)"  # of .streamlit/config.toml
    assert installed.written() == before

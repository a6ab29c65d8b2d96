"""How quickly does the Train page answer a click while a network learns?

    python benchmarks/train_page.py [--clicks 15] [--neurons 150]

Starts a server of its own in a folder of its own, and a headless Chromium (Debian's chromium; playwright). A click is
on a view of the page; it is answered when what it asks for stands there. Three rounds: idle, while a network trains in
a process of its own (one thread, nice 10), idle again. Prints medians, the slowest, and the ratio training / idle; the
machine's load matters, so read the ratio.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright
from serving import CHROMIUM_FLAGS, ROOT, served

from charlstm.lm.train import training_runs
from charlstm.lm.train.metrics import Metrics

VIEWS = (("Models", "Export model"), ("New", "1. Tunes"))


def clicks(page: Any, count: int) -> list[float]:
    """Seconds from a click on a view to its heading, one after the other."""
    found = []
    for number in range(count):
        name, heading = VIEWS[number % 2]
        radio = page.get_by_role("radio", name=name, exact=True)
        started = time.perf_counter()
        radio.evaluate("e => e.click()")
        page.get_by_role("heading", name=heading).wait_for()
        found.append(time.perf_counter() - started)
        page.wait_for_timeout(400)
    return found[1:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--clicks", type=int, default=15)
    parser.add_argument("--neurons", type=int, default=150)
    options = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="charlstm-bench-"))
    shutil.copytree(ROOT / "checkpoints", home / "checkpoints")
    shutil.copytree(ROOT / "data" / "corpus", home / "data" / "corpus")
    os.environ["CHARLSTM_HOME"] = str(home)
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    rounds: dict[str, list[float]] = {}
    try:
        with served("app.py", home) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
            page = browser.new_page()
            page.set_default_timeout(120_000)
            page.goto(f"{address}/train?view=new")
            page.get_by_role("heading", name="1. Tunes").wait_for()
            clicks(page, 6)  # everything is loaded once
            time.sleep(8)  # and the machine's speed measured
            rounds["idle"] = clicks(page, options.clicks)
            arguments = ["--corpus", "fiddle", "--hidden-size", str(options.neurons), "--lookback", "none"]
            run = training_runs.start([*arguments, "--minutes", "60"], name="bench")
            while not Metrics(run.folder).read():
                time.sleep(0.2)
            rounds["training"] = clicks(page, options.clicks)
            steps = Metrics(run.folder).read()[-1]["characters_per_second"]
            pid = training_runs.read_run(run.folder).pid
            if pid:
                os.kill(pid, signal.SIGKILL)
            time.sleep(1)
            rounds["idle again"] = clicks(page, options.clicks)
            browser.close()
    finally:
        shutil.rmtree(home, ignore_errors=True)
    for name, seconds in rounds.items():
        print(f"{name:12} median {statistics.median(seconds):.3f} s   slowest {max(seconds):.3f} s   of {len(seconds)}")
    idle = statistics.median(rounds["idle"] + rounds["idle again"])
    print(f"training / idle {statistics.median(rounds['training']) / idle:.2f}; {steps:,.0f} characters/s meanwhile")
    print(f"load of the machine now: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()

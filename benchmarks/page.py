"""How long a visitor waits: from opening the browser to the first score, and from a click to the next one.

    python benchmarks/page.py                  a fresh server, the models in checkpoints/
    python benchmarks/page.py --tunes 20 --model lstm-250

Prints seconds: from starting the server until it listens, the first visit to it, a second visit, and the median and
the slowest of several new tunes, each from the click until another score stands on the page, and until it can be
played: "Another tune", which is mostly written before it is asked for, and a seed that is typed, which is not. Then
the seconds from pressing play to the sound, and those of processor time that a new tune takes in the server, in its
workers and in the browser's page. Then the kilobytes that reach the browser over the page's connection, before
compression, and as files of sound: of a visit with its first tune, and of a new tune; and how much each page moves
(benchmarks/shift.py) on its first load, and Compose while tunes are composed. Needs a Chromium and playwright.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, Response, sync_playwright
from serving import CHROMIUM_FLAGS, started
from shift import OBSERVE, total

PAGES = ("", "neurons", "your_tune", "library")
WIDTHS = (1280, 390)

# The player of the page, through the shadow roots.
PLAYER = "() => [...document.querySelectorAll('*')].map((e) => e.shadowRoot?.querySelector('.player')).find(Boolean)"
# The ABC text whose score stands on the page, "" while there is none.
DRAWN = f"""() => {{
  const player = ({PLAYER})();
  return player?.querySelector('.sheet svg') ? player.querySelector('.abc').textContent : '';
}}"""
READY = f"() => Boolean(({PLAYER})()?.sound?.ready)"
# Milliseconds from pressing play to the first note on the sound card, by the player's clock.
PRESS = f"""() => new Promise((resolve) => {{
  const player = ({PLAYER})();
  const began = performance.now();
  player.querySelector('.play').click();
  const look = () => {{
    const {{ currentTime, playbackRate }} = player.sound;
    if (currentTime > 0) resolve(performance.now() - began - (1000 * currentTime) / playbackRate);
    else setTimeout(look, 1);
  }};
  look();
}})"""


def _wait(page: Page, before: str) -> str:
    """Wait until a score of another text than `before` is drawn; its text."""
    handle = page.wait_for_function(
        f"(before) => {{ const text = ({DRAWN})(); return text && text !== before ? text : false; }}",
        arg=before,
        polling=10,
        timeout=180_000,
    )
    return str(handle.json_value())


class Received:
    """The bytes that a page receives: over its connection, and as files of sound."""

    def __init__(self, page: Page) -> None:
        self.bytes = 0
        page.on("websocket", lambda socket: socket.on("framereceived", self._add))
        page.on("response", lambda response: self._sound(response) if response.url.endswith(".mp3") else None)

    def _add(self, data: bytes | str) -> None:
        self.bytes += len(data)

    def _sound(self, response: Response) -> None:
        self.bytes += int(response.headers.get("content-length", 0))

    def taken(self) -> int:
        """What came since it was asked last."""
        taken, self.bytes = self.bytes, 0
        return taken


def processor_time(server: int) -> Counter[str]:
    """Seconds so far: of the server, of its workers, and of the pages of this process's browser. Linux only."""
    spent: Counter[str] = Counter()
    parents, seconds = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                values = (entry / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            process = int(entry.name)
            parents[process] = int(values[1])
            seconds[process] = (int(values[11]) + int(values[12])) / os.sysconf("SC_CLK_TCK"), command
    for process, (time_spent, command) in seconds.items():
        above = [process]
        while above[-1] in parents:
            above.append(parents[above[-1]])
        if server in above:
            spent["server" if process == server else "workers"] += time_spent
        elif os.getpid() in above and b"--type=renderer" in command:
            spent["page"] += time_spent
    return spent


def compose(page: Page, text: str, ask: Callable[[], object]) -> tuple[str, float, float]:
    """Ask for a tune; its text, and the seconds until its score and its sound are there."""
    start = time.perf_counter()
    ask()
    text = _wait(page, text)
    to_score = time.perf_counter() - start
    page.wait_for_function(READY, polling=10, timeout=180_000)
    return text, to_score, time.perf_counter() - start


def first_loads(browser: Browser, address: str) -> dict[str, float]:
    """How much each page moves until five seconds after it has come to its end."""
    shifts = {}
    for name in PAGES:
        for width in WIDTHS:
            context = browser.new_context(viewport={"width": width, "height": 900})
            page = context.new_page()
            page.add_init_script(OBSERVE)
            page.goto(f"{address}/{name}", wait_until="commit")
            page.wait_for_selector(".st-key-frame", state="attached", timeout=180_000)
            page.wait_for_timeout(5000)
            shifts[f"{name or 'compose'}, {width} px"] = total(page)
            context.close()
    return shifts


def main() -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n")[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--tunes", type=int, default=12, help="new tunes to time")
    parser.add_argument("--model", default="", help="a model of checkpoints/; the page's first choice if not given")
    parser.add_argument("--chromium", default=shutil.which("chromium") or "", help="the browser's executable")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    query = f"/?model={options.model}" if options.model else "/"
    figures: dict[str, float] = {}
    began = time.perf_counter()
    with started() as (address, server), sync_playwright() as playwright:
        figures["start of the server"] = time.perf_counter() - began
        browser = playwright.chromium.launch(executable_path=options.chromium or None, args=CHROMIUM_FLAGS)
        for name in ("first visit", "second visit"):
            start = time.perf_counter()
            page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
            page.add_init_script(OBSERVE)
            received = Received(page)
            page.goto(address + query, wait_until="commit")
            text = _wait(page, "")
            figures[name] = time.perf_counter() - start
        page.wait_for_function(READY, timeout=180_000)
        first = received.taken()

        # New tunes: the next one, then one that nobody could know of.
        to_score, to_sound, sizes, presses = [], [], [], []
        page.wait_for_timeout(2000)
        page.evaluate("() => (window.shifts.length = 0)")
        spent = processor_time(server)
        for _ in range(options.tunes):
            text, score, sound = compose(page, text, page.get_by_role("button", name="Another tune").click)
            to_score.append(score)
            to_sound.append(sound)
            page.wait_for_timeout(1000)
            sizes.append(received.taken())
            presses.append(page.evaluate(PRESS) / 1000)
            page.keyboard.press("Escape")
        page.wait_for_timeout(1000)
        spent = processor_time(server) - spent
        moved = total(page)
        to_typed = []
        for number in range(options.tunes):
            page.get_by_label("Seed", exact=True).fill(str(100_000 + 7 * number))
            page.keyboard.press("Tab")
            page.wait_for_timeout(1500)  # what that runs has nothing to do with the tune
            ask = page.get_by_test_id("stSidebar").get_by_role("button", name="Compose").click
            text, score, _ = compose(page, text, ask)
            to_typed.append(score)
            page.wait_for_timeout(1000)
        shifts = {"while composing": moved} | first_loads(browser, address)
        browser.close()
    lists = {
        "click to score": to_score, "click to sound": to_sound, "a typed seed to score": to_typed,
        "press to sound": presses,
    }  # fmt: skip
    for name, times in lists.items():
        figures[f"{name}, median"] = statistics.median(times)
        figures[f"{name}, slowest"] = max(times)
    for name in ("server", "workers", "page"):
        figures[f"processor, {name}"] = spent[name] / options.tunes
    kilobytes = {"a visit, its first tune": first / 1e3, "a new tune, median": statistics.median(sizes) / 1e3}
    kilobytes["a new tune, largest"] = max(sizes) / 1e3
    if options.json:
        print(json.dumps({"seconds": figures, "kilobytes": kilobytes, "shift": shifts}))
        return
    print("\n".join(f"{name:32s} {seconds:8.2f} s" for name, seconds in figures.items()))
    print("\n".join(f"{name:32s} {size:8.1f} kB" for name, size in kilobytes.items()))
    print("\n".join(f"layout shift, {name:18s} {shift:8.3f}" for name, shift in shifts.items()))


if __name__ == "__main__":
    main()

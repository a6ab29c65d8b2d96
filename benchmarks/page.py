"""How long a visitor waits: from opening the browser to the first score, and from a click to the next one.

    python benchmarks/page.py                  a fresh server, the models in checkpoints/
    python benchmarks/page.py --tunes 20 --model lstm-250

Prints seconds: the first visit to a server that has drawn nothing yet, a second visit, and the median and the
slowest of several new tunes, each from the click until another score stands on the page, and until it can be played.
Then the kilobytes that reach the browser over the page's connection, before compression, and as files of sound: of a
visit with its first tune, and of a new tune; and the seconds from pressing play to the sound. Needs a Chromium and
playwright.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import time

from playwright.sync_api import Page, Response, sync_playwright
from serving import CHROMIUM_FLAGS, served

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
    with served() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium or None, args=CHROMIUM_FLAGS)
        figures = {}
        for name in ("first visit", "second visit"):
            start = time.perf_counter()
            page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
            received = Received(page)
            page.goto(address + query, wait_until="commit")
            text = _wait(page, "")
            figures[name] = time.perf_counter() - start
        page.wait_for_function(READY, timeout=180_000)
        first = received.taken()
        to_score, to_sound, sizes, presses = [], [], [], []
        for _ in range(options.tunes):
            page.wait_for_function(READY, timeout=180_000)
            button = page.get_by_role("button", name="Another tune")
            start = time.perf_counter()
            button.click()
            text = _wait(page, text)
            to_score.append(time.perf_counter() - start)
            page.wait_for_function(READY, polling=10, timeout=180_000)
            to_sound.append(time.perf_counter() - start)
            page.wait_for_timeout(500)
            sizes.append(received.taken())
            presses.append(page.evaluate(PRESS) / 1000)
            page.keyboard.press("Escape")
        browser.close()
    for name, times in (("click to score", to_score), ("click to sound", to_sound)):
        figures[f"{name}, median"] = statistics.median(times)
        figures[f"{name}, slowest"] = max(times)
    figures["press to sound, median"] = statistics.median(presses)
    figures["press to sound, slowest"] = max(presses)
    kilobytes = {"a visit, its first tune": first / 1e3, "a new tune, median": statistics.median(sizes) / 1e3}
    kilobytes["a new tune, largest"] = max(sizes) / 1e3
    if options.json:
        print(json.dumps({"seconds": figures, "kilobytes": kilobytes}))
        return
    print("\n".join(f"{name:26s} {seconds:8.2f} s" for name, seconds in figures.items()))
    print("\n".join(f"{name:26s} {size:8.1f} kB" for name, size in kilobytes.items()))


if __name__ == "__main__":
    main()

"""How far the cursor is from the sound, and the metronome's clicks from the beats, in a real browser.

    python benchmarks/player.py                    a tune of lstm-512, 10 seconds each at 50, 100 and 150 %
    python benchmarks/player.py --seconds 20 --json

After every frame that the browser has painted: which note sounds at the player's time, and which is marked in
the score, in the text and on the curve of the values. A frame that shows another note is off by the time from it.
The metronome's clicks: when each is heard, by the page's clock, against when its beat is reached by the sound's. Needs
a Chromium and playwright. What a loudspeaker adds is not in it.
"""

from __future__ import annotations

import argparse
import itertools
import json
import shutil
import statistics
import sys
from typing import Any

from page import READY
from playwright.sync_api import Page, sync_playwright
from serving import CHROMIUM_FLAGS, ROOT, served

PLAYER = "[...document.querySelectorAll('*')].map((e) => e.shadowRoot?.querySelector('.player')).find(Boolean)"
# Frames for so many milliseconds: [page's seconds, sound's seconds, marked note, marked character, curve's character].
FRAMES = f"""(milliseconds) => new Promise((resolve) => {{
  const player = {PLAYER};
  const {{ sound }} = player;
  const frames = [];
  const clicks = new Set();
  const end = performance.now() + milliseconds;
  const look = () => {{
    const sounding = player.querySelector('.abc .sounding');
    const hand = player.querySelector('.hand');
    frames.push([
      performance.now() / 1000, sound.currentTime, player.querySelector('.sheet .sounding')?.id ?? '',
      sounding ? Number(sounding.dataset.at) : -1, hand ? Number(hand.getAttribute('x')) : -1,
    ]);
    if (player.dataset.click) clicks.add(player.dataset.click);
    if (performance.now() < end) requestAnimationFrame(() => painted.port2.postMessage(0));
    else resolve({{ frames, clicks: [...clicks].map((click) => click.split(' ').map(Number)) }});
  }};
  const painted = new MessageChannel(); // what is posted in a frame comes after it has been painted
  painted.port1.onmessage = look;
  requestAnimationFrame(look);
}})"""


def cursor_errors(frames: list[list[Any]], notes: list[tuple[float, float, int]]) -> list[float]:
    """Seconds by which each frame is off: 0 where the marked character is that of a note that sounds."""
    errors = []
    for _, time, _, at, _ in frames:
        now = [(start, end, place) for start, end, place in notes if start <= time < end]
        if not now or any(place == at for _, _, place in now):
            errors.append(0.0)
            continue
        distances = [min(abs(time - start), abs(time - end)) for start, end, place in notes if place == at]
        errors.append(min(distances, default=time - now[0][0]))
    return errors


def click_errors(frames: list[list[Any]], clicks: list[list[float]], rate: float) -> list[float]:
    """Seconds from each click to its beat, by the frame of the sound that is nearest to it."""
    errors = []
    for beat, heard in clicks:
        moment, time, *_ = min(frames, key=lambda frame: abs(frame[0] - heard))
        if abs(moment - heard) < 0.2:
            errors.append(heard - (moment + (beat - time) / rate))
    return errors


def measure(page: Page, notes: list[tuple[float, float, int]], percent: int, seconds: float) -> dict[str, float]:
    """One speed, metronome on."""
    page.locator(".tempo").fill(str(percent))
    page.locator(".play").click()
    page.wait_for_function(f"() => {PLAYER}.sound.currentTime > 0.3", timeout=60_000)
    found = page.evaluate(FRAMES, seconds * 1000)
    page.keyboard.press("Escape")
    frames, rate = found["frames"], percent / 100
    errors = [error / rate for error in cursor_errors(frames, notes)]
    apart = [f for f in frames if (f[2] and f[2] != f"e{f[3]}") or (f[4] >= 0 and f[3] >= 0 and f[4] != f[3])]
    clicks = click_errors(frames, found["clicks"], rate)
    gaps = [later[0] - earlier[0] for earlier, later in itertools.pairwise(frames)]
    return {
        "frames": len(frames),
        "frame, median": statistics.median(gaps),
        "frames that show another note": sum(error > 0 for error in errors),
        "share of frames off by more than 50 ms": sum(error > 0.05 for error in errors) / len(errors),
        "cursor off, largest": max(errors),
        "frame, longest": max(gaps),
        "frames where score, text and curve differ": len(apart),
        "clicks": len(clicks),
        "click off, median": statistics.median(map(abs, clicks)) if clicks else 0.0,
        "click off, largest": max(map(abs, clicks), default=0.0),
    }


def main() -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n")[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=10, help="at each speed")
    parser.add_argument("--model", default="lstm-512")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--chromium", default=shutil.which("chromium") or "", help="the browser's executable")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    with served() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium or None, args=CHROMIUM_FLAGS)
        page = browser.new_context(viewport={"width": 1280, "height": 1000}).new_page()
        page.goto(f"{address}/neurons?model={options.model}&seed={options.seed}&temperature=0.6", timeout=120_000)
        page.wait_for_function(READY, timeout=180_000)
        page.locator("button.metronome").click()
        page.locator("button.loop").click()
        text = page.evaluate(f"{PLAYER}.querySelector('.abc').textContent")
        figures = {f"{p} %": measure(page, played(text), p, options.seconds) for p in (50, 100, 150)}
        browser.close()
    if options.json:
        print(json.dumps(figures))
        return
    for speed, row in figures.items():
        print(speed, *(f"  {name:42s} {value:9.3f}" for name, value in row.items()), sep="\n")


def played(text: str) -> list[tuple[float, float, int]]:
    """The notes of a tune by our own list: from, to (seconds), first character."""
    sys.path.insert(0, str(ROOT))
    from charlstm.score.performance import perform
    from charlstm.tunes.parse.reader import read
    from charlstm.ui.shared.drawing import usual_tempo

    reading = read(text)
    performance = perform(reading, reading.qpm or usual_tempo(reading.get("R") or ""))
    when = performance.clock.seconds
    return [(when(s.onset), when(s.onset + s.duration), s.start) for s in performance.soundings]


if __name__ == "__main__":
    main()

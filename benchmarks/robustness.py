"""Whether any text gives a score or one NotationError, and how long text to page, MIDI and WAV take.

    python benchmarks/robustness.py --count 5000            mutated tunes and random strings
    python benchmarks/robustness.py --tunes FILE --wav      the tunes of a file as they are, timed, with sound

Prints what failed and how, times in ms (median, 95th percentile, most; of this process's processor time too, which a
busy machine does not change), and the resident set after each tenth.
"""

from __future__ import annotations

import argparse
import collections
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

from agreement import BOOKS, mutated, tunes

from charlstm.errors import NotationError
from charlstm.score.audio import to_wav
from charlstm.score.engrave import engrave
from charlstm.score.midi import to_midi
from charlstm.score.notation import read_score
from charlstm.tunes.abc import split_tunebook

MARKS = "ABCDEFGabcdefgzxZ|:[](){}<>-,'/0123456789^_=~.\"!& \n\\%KMLQVTwPX+*#$yHu`"


def texts(count: int, seed: int) -> Iterator[str]:
    """Real tunes with 1 to 60 edits, and a fifth of pure noise made of ABC's own characters."""
    rng = random.Random(seed)
    real = [text for _, text in tunes(BOOKS)]
    for index in range(count):
        if index % 5 == 4:
            noise = "".join(rng.choice(MARKS) for _ in range(rng.randrange(1, 300)))
            yield rng.choice(("", "M:4/4\nL:1/8\nK:G\n", "X:1\nK:Am\n", "M:6/8\nK:D\n")) + noise
        else:
            text = rng.choice(real)
            yield mutated(text, rng.choice((1, 3, 10, 30, 60)), rng)


def resident() -> int:
    """Bytes of this process that are in memory now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tunes", type=Path, help="a tunebook to read instead, unchanged")
    parser.add_argument("--wav", action="store_true", help="render sound too")
    options = parser.parse_args()
    chosen = split_tunebook(options.tunes.read_text("utf-8")) if options.tunes else list(
        texts(options.count, options.seed)
    )  # fmt: skip
    read_score("K:C\nC")  # imports music21
    times: dict[str, list[float]] = collections.defaultdict(list)
    kinds: collections.Counter[str] = collections.Counter()
    slowest: tuple[float, str] = (0.0, "")
    for index, text in enumerate(chosen):
        marks, begun = [time.perf_counter()], time.process_time()
        try:
            score = read_score(text)
            marks.append(time.perf_counter())
            engrave(score)
            marks.append(time.perf_counter())
            midi = to_midi(score)
            marks.append(time.perf_counter())
            if options.wav:
                to_wav(midi, sample_rate=22_050, quick=True)
            marks.append(time.perf_counter())
            kinds["score"] += 1
            for name, a, b in zip(("read", "engrave", "midi", "wav"), marks, marks[1:], strict=False):
                times[name].append(b - a)
            times["all"].append(marks[-1] - marks[0])
            times["all, cpu"].append(time.process_time() - begun)
        except NotationError as error:
            kinds["NotationError: " + error.reason[:60]] += 1
        except Exception as error:
            kinds[f"FAILED {type(error).__name__}: {str(error)[:60]}"] += 1
            print("== failed:", repr(text), flush=True)
        if marks[-1] - marks[0] > slowest[0]:
            slowest = (marks[-1] - marks[0], text)
        if (index + 1) % max(1, len(chosen) // 10) == 0:
            print(f"{index + 1} texts, {resident() >> 20} MB", flush=True)
    for kind, count in kinds.most_common():
        print(f"{count:6} {kind}")
    for name, values in times.items():
        values.sort()
        print(
            f"{name:8} median {values[len(values) // 2] * 1e3:6.0f}  p95 {values[len(values) * 95 // 100] * 1e3:6.0f}"
            f"  most {values[-1] * 1e3:6.0f} ms"
        )
    print(f"slowest text, {slowest[0]:.2f} s: {slowest[1][:200]!r}")


if __name__ == "__main__":
    main()

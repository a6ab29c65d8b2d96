"""Whether any text is read: no exception but NotationError, nothing over two seconds, and memory that stays level.

    python benchmarks/fuzz.py                      10,000 mutated texts, some minutes
    python benchmarks/fuzz.py --count 500 --seed 1

Each text is read, played out, proof-read, cleaned, spelled plainly, transposed, and split as a tunebook and as a file
of any form. Half are tunes of the fiddle books with edits; a quarter have snippets of what is found in mails, web
pages and old files put in; the rest is noise of ABC's own characters. Exit status 1 if anything failed.
`robustness.py` does the same for scores, pages and sound, which take longer.
"""

from __future__ import annotations

import argparse
import collections
import random
import sys
import time
from collections.abc import Callable, Iterator

from agreement import BOOKS, mutated, tunes
from robustness import MARKS, resident

from charlstm.errors import ConfigError, CorpusError, NotationError
from charlstm.score.timeline import timeline
from charlstm.tunes.abc import body_tokens, split_tunebook
from charlstm.tunes.corpus.formats import tunes_of
from charlstm.tunes.edit.clean import Dropped, clean_tune
from charlstm.tunes.edit.lint import proofread
from charlstm.tunes.edit.normalize import plain_body, plain_header, plain_scale
from charlstm.tunes.edit.transpose import transposed
from charlstm.tunes.parse.reader import read
from charlstm.tunes.views.bars import bars, misfits
from charlstm.tunes.views.melody import melody

LONGEST = 2.0  # seconds for one text
LEVEL = 100  # MB that memory may grow by, after the first tenth
SNIPPETS = (
    "\n+: more of it", "\nH:a story\nover lines\n", "\n%%begintext\nBagged\n%%endtext\n", "\n%%beginps\n", "&gt;",
    "&amp;", "&#39;", "“Am”", "’", "–", "♭", "♯", "\r\n", "\r", "\r\r\n", "\x85", "\u2028", "\ufeff", "\0", "> ",
    "    ", "\nV:1\n", "\nV:2 clef=bass middle=d transpose=-24\n", "\nV:*\n", "\nV:1,2\n", "[V:3]", "\nK:none\n",
    "[K:F♯ m]", "\nK:D exp _b\n", "\nQ:C3=60\n", "\nQ:90 =1/4\n", "[Q:1/4=60-66]", "\nw:a-b_c*|~ \\_ gro\\ss\n",
    "\nW:words\n", "\nw:la\\\nla\n", "+GBd+", "+fff+", "!8va(!", "!<(!", "{/a", "}", "[CE", "]", "(3", "(9:2:99", "&",
    "&&", "\\\n", "$", "^/", "_3/2", "Z99999", "x0", "A999999999", "A/0", "\n%%MIDI program 999\n",
    "\n%%MIDI transpose -99\n", "\nI:linebreak $\n", "\nU:T=!trill!\n", "[1-99", "|:::::", ":|2", "!D.C.!", "!fine!",
    "\nP:A(BC)99\n", "\nM:0/0\n", "\nM:99/1\n", "\nL:0\n", "\nL:1/0\n", "\n\n", "\nX:2\n", "<start>", "<end>", "<s>",
    "</s>", "{\"abc\": \"", "\nm:~n=n\n", "a'''''''''''''", "C,,,,,,,,,,,,", "==", "`", "\\u00e9",
)  # fmt: skip


def texts(count: int, seed: int) -> Iterator[str]:
    """The texts, the same for a seed."""
    rng = random.Random(seed)
    real = [text for _, text in tunes(BOOKS)]
    for index in range(count):
        kind = index % 4
        if kind == 3:
            noise = "".join(rng.choice((rng.choice(MARKS), rng.choice(MARKS), rng.choice(SNIPPETS))) for _ in range(90))
            yield rng.choice(("", "M:4/4\nL:1/8\nK:G\n", "X:1\nK:Am\n", "M:6/8\nK:D\n")) + noise
            continue
        text = mutated(rng.choice(real), rng.choice((0, 1, 3, 10, 30, 60)), rng)
        for _ in range(rng.randrange(1, 12) if kind == 2 else 0):
            at = rng.randrange(len(text) + 1)
            text = text[:at] + rng.choice(SNIPPETS) + text[at:]
        yield text


WORK: dict[str, Callable[[str], object]] = {
    "read": read,
    "timeline": timeline,
    "proofread": proofread,
    "bars": lambda text: misfits(bars(text)),
    "melody": melody,
    "clean": clean_tune,
    "plain": lambda text: plain_header(text) + plain_body(body_tokens(text), plain_scale(text)),
    "transpose": lambda text: transposed(text, 3),
    "tunebook": split_tunebook,
    "forms": tunes_of,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    answers: collections.Counter[str] = collections.Counter()
    slowest, level, failed = (0.0, "", ""), 0, 0
    for index, text in enumerate(texts(options.count, options.seed)):
        for name, work in WORK.items():
            begun = time.process_time()
            try:
                work(text)
            except (NotationError, Dropped, CorpusError, ConfigError) as error:
                answers[f"{name}: {type(error).__name__}"] += 1
            except Exception as error:
                failed += 1
                print(f"== {name} failed with {type(error).__name__}: {error}\n{text!r}", flush=True)
            slowest = max(slowest, (time.process_time() - begun, name, text))
        if (index + 1) % max(1, options.count // 10) == 0:
            level = level or resident()
            print(f"{index + 1} texts, {resident() >> 20} MB, slowest {slowest[0]:.2f} s ({slowest[1]})", flush=True)
    for answer, count in sorted(answers.items()):
        print(f"{count:6} {answer}")
    grown = (resident() - level) >> 20
    print(f"{options.count} texts: {failed} failed; slowest {slowest[0]:.2f} s; memory grew by {grown} MB")
    if slowest[0] > LONGEST:
        print(f"too slow in {slowest[1]}: {slowest[2]!r}")
    return int(failed > 0 or slowest[0] > LONGEST or grown > LEVEL)


if __name__ == "__main__":
    sys.exit(main())

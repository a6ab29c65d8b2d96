"""A class on one server: visitors over Streamlit's own protocol, without browsers.

    python benchmarks/load.py                                   1, 10 and 30 visitors, a minute each
    python benchmarks/load.py --visitors 30 --seconds 300
    python benchmarks/load.py --address http://localhost:8501 --pid 4711      a server that runs already

First one visitor composes some tunes without a pause: processor time a tune, of the server and of its workers. Then,
for each number of visitors: everybody composes, edits and moves through the neurons, and looks at what came for some
seconds (--pause, half to one and a half of it) before the next click. Printed are the waits (to the score, or to the
end of the page's run), beside those of the first number of visitors; faults; and the resident memory of server and
workers together, at most, at the end (also with what they share counted once), and a minute after everybody has left.
Every composed tune is compared with the one that the command of its address makes. Waits count from the click to the
last byte; a browser draws after that.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import random
import shlex
import statistics
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from serving import started
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import DoubleArray
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import connect

from charlstm.cli import main as command_line
from charlstm.errors import NotationError
from charlstm.tunes.parse.reader import read
from charlstm.ui.shared.url_state import ComposeSettings, parse_settings

MODELS = ("lstm-512", "lstm-250", "gru-250", "lstm-150")
TIMEOUT = 120.0  # seconds that a visitor waits for a page


class Fault(Exception):
    """What no visitor should see."""


@dataclass
class Waits:
    """What all visitors of a turn waited for, in seconds, and what went wrong."""

    by_action: dict[str, list[float]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    tunes: list[tuple[str, str]] = field(default_factory=list)  # the command of the address, the text of the player
    bytes: list[int] = field(default_factory=list)  # of a compose, all messages

    def add(self, action: str, seconds: float) -> None:
        self.by_action.setdefault(action, []).append(seconds)

    def all(self) -> list[float]:
        return [wait for waits in self.by_action.values() for wait in waits]


class Visitor:
    """One browser's side of Streamlit's protocol: widgets by label, components by key, the address."""

    def __init__(self, address: str, query: str = "") -> None:
        self.socket = connect(
            address.replace("http", "ws", 1) + "/_stcore/stream", subprotocols=["streamlit"], max_size=None, legacy=True
        )
        self.query, self.page, self.pages = query, "", {"compose": ""}
        self.widgets: dict[str, str] = {}  # label -> id
        self.components: dict[str, tuple[str, Any]] = {}  # key -> id, data
        self.text = ""
        self.received = 0

    def run(self, *states: WidgetState, page: str | None = None, until_score: bool = False) -> float:
        """Run the page, with widgets that have changed; seconds until it has ended, or until another score came."""
        if page is not None:
            self.page = self.pages[page]
            self.widgets.clear()
            self.components.clear()
        message = BackMsg()
        message.rerun_script.query_string = self.query
        message.rerun_script.page_script_hash = self.page
        message.rerun_script.widget_states.widgets.extend(states)
        before, scored, self.received = self.text, 0.0, 0
        began = time.perf_counter()
        self.socket.send(message.SerializeToString())
        while True:
            data = self.socket.recv(timeout=TIMEOUT)
            self.received += len(data)
            answer = ForwardMsg.FromString(data)
            kind = answer.WhichOneof("type")
            if kind == "delta" and answer.delta.WhichOneof("type") == "new_element":
                self._element(answer.delta.new_element)
                if self.text != before and not scored:
                    scored = time.perf_counter() - began
            elif kind == "navigation":
                for known in answer.navigation.app_pages:
                    self.pages[known.url_pathname or "compose"] = known.page_script_hash
                self.page = answer.navigation.page_script_hash
            elif kind == "page_info_changed":
                self.query = answer.page_info_changed.query_string
            elif kind == "session_event" and answer.session_event.WhichOneof("type") == "script_compilation_exception":
                raise Fault("the script does not compile")
            elif kind == "script_finished" and answer.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                return scored if until_score and scored else time.perf_counter() - began

    def _element(self, element: Any) -> None:
        kind = element.WhichOneof("type")
        if kind == "exception":
            raise Fault(f"{element.exception.type}: {element.exception.message}")
        if kind == "alert" and "Something went wrong" in element.alert.body:
            raise Fault(element.alert.body)
        if kind == "bidi_component":
            component = element.bidi_component
            data = json.loads(component.json) if component.WhichOneof("data") == "json" else None
            self.components[component.component_name.rpartition(".")[2]] = component.id, data
            if isinstance(data, dict) and "pages" in data:
                if data["message"] and has_notes(data["text"]):  # a model may end a tune after its title
                    raise Fault(data["message"])
                self.text = data["text"]
        part = getattr(element, kind) if kind else None
        if hasattr(part, "label") and hasattr(part, "id"):
            self.widgets[part.label] = part.id

    def click(self, label: str, **how: Any) -> float:
        return self.run(WidgetState(id=self.widgets[label], trigger_value=True), **how)

    def slide(self, label: str, value: float) -> float:
        return self.run(WidgetState(id=self.widgets[label], double_array_value=DoubleArray(data=[value])))

    def type(self, text: str, version: int) -> float:
        name = next(name for name, (_, data) in self.components.items() if data and "version" in data)
        value = json.dumps({"typed": {"text": text, "version": version}})
        return self.run(WidgetState(id=self.components[name][0], json_value=value), until_score=True)

    def editor(self) -> dict[str, Any]:
        return next(data for _, data in self.components.values() if data and "version" in data)

    def compose(self, waits: Waits) -> None:
        """Another tune, which must be that of the next seed."""
        seed = int(parse_qs(self.query)["seed"][0])
        waits.add("compose", self.click("Another tune", until_score=True))
        waits.bytes.append(self.received)
        if parse_qs(self.query)["seed"] != [str(seed + 1)]:
            raise Fault(f"after seed {seed} came {self.query}")
        waits.tunes.append((command_of(self.query), self.text))


def has_notes(text: str) -> bool:
    """Whether a tune has music that can be drawn."""
    try:
        return bool(read(text).events)
    except NotationError:
        return False


def command_of(query: str) -> str:
    """The command line of the tune of an address."""
    values = {name: value for name, (value, *_) in parse_qs(query).items()}
    return parse_settings(values, models=[values["model"]], default=ComposeSettings(model=values["model"]))[0].command


def visit(number: int, address: str, until: float, pause: float, waits: Waits, turn: int) -> None:
    """One visitor, from opening the page until the time is over."""
    rng = random.Random(f"{turn} {number}")

    def look() -> None:
        time.sleep(pause * rng.uniform(0.5, 1.5))

    time.sleep(rng.uniform(0, pause))
    try:
        model = MODELS[number % len(MODELS)]
        visitor = Visitor(address, f"model={model}&seed={turn * 100_000 + number * 1000}")
        waits.add("open", visitor.run())
        while time.monotonic() < until:
            for _ in range(3):
                look()
                visitor.compose(waits)
            look()
            waits.add("edit, open", visitor.click("Edit"))
            look()
            before = visitor.editor()
            waits.add("edit, type", visitor.type(before["text"].rstrip() + " z4|\n", before["version"]))
            look()
            waits.add("neurons", visitor.run(page="neurons"))
            for _ in range(2):
                look()
                waits.add("neuron", visitor.slide("Neuron", rng.randrange(150)))
            look()
            waits.add("back", visitor.run(page="compose"))
        visitor.socket.close()
    except Exception as error:
        waits.faults.append(f"visitor {number}: {type(error).__name__}: {error}"[:400])


def family(pid: int) -> list[int]:
    """A process and those that it has started."""
    children: list[int] = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                children += family(int(stat.parent.name))
    return [pid, *children]


def processor_time(pid: int) -> float:
    """Seconds of processor time of one process, and of its children that have ended; 0 for one that is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> int:
    """Bytes of memory of a process and those that it has started; what they share counts once for each."""
    total = 0
    for member in family(pid):
        with contextlib.suppress(OSError):
            total += int(Path(f"/proc/{member}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return total


def unshared(pid: int) -> int:
    """The same, where what several share is divided among them (Linux's PSS)."""
    total = 0
    for member in family(pid):
        with contextlib.suppress(OSError):
            text = Path(f"/proc/{member}/smaps_rollup").read_text()
            total += int(text.partition("\nPss:")[2].split()[0]) * 1024
    return total


def mixed_up(tunes: Sequence[tuple[str, str]]) -> list[str]:
    """The tunes that are not those of the command of their address."""
    wrong = []
    for command, text in dict.fromkeys(tunes):
        words = shlex.split(command)
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
            command_line(words[words.index("sample") :])
        if out.getvalue().strip() != text.strip():
            wrong.append(f"{command}: the page shows {text[:60]!r}, the command gives {out.getvalue()[:60]!r}")
    return wrong


def composing(address: str, pid: int, count: int, seed: int) -> None:
    """Print the processor time of some tunes that one visitor composes."""
    waits = Waits()
    visitor = Visitor(address, f"model=lstm-512&seed={seed}")
    first = visitor.run()
    for _ in range(4):
        visitor.compose(waits)
    members = family(pid)
    before = {member: processor_time(member) for member in members}
    waits = Waits()
    began = time.perf_counter()
    for _ in range(count):
        visitor.compose(waits)
    wall = time.perf_counter() - began
    used = {member: processor_time(member) - before[member] for member in members}
    visitor.socket.close()
    server = used.pop(pid) / count
    print(
        f"one visitor, {count} tunes of lstm-512: {server + sum(used.values()) / count:.3f} s of processor time a tune "
        f"(server {server:.3f}, workers {sum(used.values()) / count:.3f}), {wall / count:.2f} s by the clock, "
        f"{statistics.median(waits.all()):.2f} s to the score, {statistics.median(waits.bytes) / 1e6:.2f} MB sent; "
        f"first visit {first:.2f} s",
        flush=True,
    )


def together(address: str, pid: int, count: int, seconds: float, pause: float, turn: int) -> Waits:
    """So many visitors at once; memory is looked at every second."""
    waits, memory = Waits(), [resident(pid)]
    until = time.monotonic() + seconds
    threads = [
        threading.Thread(target=visit, args=(number, address, until, pause, waits, turn)) for number in range(count)
    ]
    busy = {member: processor_time(member) for member in family(pid)}
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        memory.append(resident(pid))
        time.sleep(1)
    used = sum(processor_time(member) - busy.get(member, 0.0) for member in family(pid))
    print(
        f"{count} visitors, {seconds:g} s: {len(waits.all())} runs, {used / seconds:.2f} cores; "
        f"memory {memory[0] >> 20} MB before, {max(memory) >> 20} at most, {unshared(pid) >> 20} with what is shared "
        f"counted once, {statistics.median(memory[-20:]) / 2**20:.0f} at the end",
        flush=True,
    )
    return waits


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, nargs="*", default=[1, 10, 30])
    parser.add_argument("--seconds", type=float, default=60, help="for each number of visitors")
    parser.add_argument("--pause", type=float, default=5.0, help="seconds between two clicks of a visitor")
    parser.add_argument("--tunes", type=int, default=20, help="that one visitor composes first, without a pause")
    parser.add_argument("--seed", type=int, default=1, help="of the first of them")
    parser.add_argument("--after", type=float, default=60, help="seconds to wait for memory to fall when all have left")
    parser.add_argument("--address", help="of a server that runs already")
    parser.add_argument("--pid", type=int, help="its process")
    options = parser.parse_args()
    server = contextlib.nullcontext((options.address, options.pid)) if options.address else started()
    with server as (address, pid):
        if options.tunes:
            composing(address, pid, options.tunes, options.seed)
        alone: dict[str, float] = {}
        tunes: list[tuple[str, str]] = []
        for turn, count in enumerate(options.visitors, 1):
            waits = together(address, pid, count, options.seconds, options.pause, turn)
            medians = {action: statistics.median(times) for action, times in sorted(waits.by_action.items())}
            medians["all"] = statistics.median(waits.all())
            alone = alone or medians
            for action, median in medians.items():
                slowest = max(waits.by_action.get(action, waits.all()))
                times = f"{median / alone[action]:.1f} times" if action in alone else ""
                print(f"  {action:12} median {median:6.2f} s  slowest {slowest:6.2f} s  {times}")
            print(f"  faults: {len(waits.faults)}", *waits.faults[:5], sep="\n    ", flush=True)
            tunes += waits.tunes
        if options.after:
            time.sleep(options.after)
            print(f"memory {options.after:g} s after all have left: {resident(pid) >> 20} MB", flush=True)
    if tunes:
        wrong = mixed_up(tunes)
        print(f"{len(tunes)} composed tunes, {len(wrong)} not those of their settings", *wrong[:5], sep="\n    ")


if __name__ == "__main__":
    main()

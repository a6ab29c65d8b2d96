"""What the documents say stays true: commands, code, the two set-up lines, docstrings."""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import charlstm
from charlstm.cli import build_parser
from charlstm.neurons.concepts.registry import CONCEPTS

ROOT = Path(__file__).resolve().parent.parent
NEURONS = ROOT / "docs" / "neurons.md"
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_two_commands_stand_word_for_word():
    assert "python -m pip install -r requirements.txt && python -m streamlit run app.py\n" in README
    assert "python -m pip install -r requirements-dev.txt && python -m pytest\n" in README


def readme_commands():
    return re.findall(r"(?m)^python -m charlstm ([^#\n]*?)(?:\s+#.*)?$", README.replace("\\\n", ""))


def test_readme_has_every_command():
    named = {line.split()[0] for line in readme_commands()}
    assert named | {"app"} == set(commands(build_parser()))


@pytest.mark.parametrize("line", readme_commands())
def test_readme_commands_parse(line):
    build_parser().parse_args(shlex.split(line))


def test_the_program_in_the_readme_runs():
    """The eight lines, on the shipped model that they name."""
    (program,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names = {}
    exec(program, names)
    assert names["tune"].text.startswith("M:6/8\nK:D\n") and names["tune"].stopped == "end"
    assert names["pages"][0].lstrip().startswith("<") and names["midi"].startswith(b"MThd")
    assert names["acts"].values.shape[1] == len(names["tune"].text)
    assert names["best"][0].selectivity > 0.9


def commands(parser):
    return next(action for action in parser._actions if action.choices).choices


def test_every_public_name_is_there_and_has_a_docstring():
    things = {name: getattr(charlstm, name) for name in charlstm.__all__}
    assert [name for name, thing in things.items() if callable(thing) and not (thing.__doc__ or "").strip()] == []


def test_importing_the_package_loads_nothing_heavy():
    heavy = "torch music21 streamlit matplotlib verovio numpy"
    code = f"import charlstm, sys; print([m for m in {heavy.split()} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert found.stdout.strip() == "[]"


def test_every_file_says_what_it_is():
    files = sorted((ROOT / "charlstm").rglob("*.py"))
    assert [path for path in files if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))] == []


def concept_table():
    """The table of concepts, as docs/neurons.md has it."""
    among = {"text": "all", "events": "notes and rests", "letters": "note letters"}
    lines = ["| concept | part of | among | definition |", "|---|---|---|---|"]
    for concept in CONCEPTS.values():
        about = concept.about.replace("|", "\\|")
        lines.append(f"| `{concept.name}` | {concept.group} | {among.get(concept.within, concept.within)} | {about} |")
    return "\n".join(lines) + "\n"


def test_the_table_of_concepts_is_up_to_date():
    assert concept_table() in NEURONS.read_text(encoding="utf-8"), "run python -m tests.test_docs"


if __name__ == "__main__":  # brings the table of concepts up to date
    document = NEURONS.read_text(encoding="utf-8")
    document = re.sub(r"\| concept \|.*?\n(?!\|)", lambda _: concept_table(), document, flags=re.S)
    NEURONS.write_text(document, encoding="utf-8")

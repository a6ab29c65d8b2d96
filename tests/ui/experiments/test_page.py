"""The Experiments page: full from the committed records, honest without any, and every study runs again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from charlstm.cli import build_parser, main
from charlstm.experiments import local
from charlstm.experiments.catalog import catalog
from charlstm.experiments.records import read_records
from charlstm.experiments.tables import curves, rows_of
from charlstm.ui.experiments import heatmaps, temperatures
from charlstm.ui.experiments.charts import loss_domain
from charlstm.ui.shared import written_address
from tests.conftest import TUNES
from tests.memorizing_model import save_reciter
from tests.pages import switch_to

ROOT = Path(__file__).resolve().parents[3]
STUDIES = catalog()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A house with a model that recites and no records; caches are emptied around it."""
    monkeypatch.setenv("CHARLSTM_HOME", str(tmp_path))
    save_reciter(tmp_path / "checkpoints" / "reciter", TUNES[:1])
    st.cache_data.clear()
    yield tmp_path
    st.cache_data.clear()


@pytest.fixture
def full(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same house with the committed records, in silence: sounds are made by the browser's test."""
    for part in (heatmaps, temperatures):
        monkeypatch.setattr(part, "sound_tune", lambda drawing, key: None)
    shutil.copytree(ROOT / "data" / "results", home / "data" / "results")
    return home


def opened(study: str = "") -> AppTest:
    """The page, at a study of the address."""
    app = AppTest.from_file(str(ROOT / "charlstm" / "ui" / "script.py"), default_timeout=120)
    if study:
        app.query_params["study"] = study
    switch_to(app, "experiments").run()
    assert not app.exception
    return app


def texts(app: AppTest) -> str:
    shown = [*app.caption, *app.markdown, *app.header, *app.info, *app.error, *app.warning, *app.success]
    return "\n".join(element.value for element in shown).replace("\\", "")


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(STUDIES))
def test_every_study_is_full_on_a_fresh_clone(full, name):
    app = opened(name)
    assert app.segmented_control(key="experiments.study").value == name
    assert STUDIES[name].question in texts(app) and "There are no records" not in texts(app)
    assert "| Original report | This reproduction |" in texts(app)
    assert sum(len(table.value) for table in (*app.table, *app.dataframe)) >= 2
    app.run()  # a second run shows the same
    assert not app.exception and app.segmented_control(key="experiments.study").value == name


def test_every_case_of_the_catalog_has_two_seeds_committed():
    """What 'the page is full' means: no case of any study lacks a record."""
    fiddle = read_records(ROOT / "data" / "results").records
    there = {record.key for record in fiddle}
    fingerprint = fiddle[0].corpus.fingerprint
    recorded = list(STUDIES.values())
    wanted = {run.key(fingerprint) for study in recorded for run in study.runs(2)}
    assert wanted - there == set()


@pytest.mark.parametrize("name", STUDIES)
def test_without_records_the_page_says_so(home, name):
    app = opened(name)
    assert "There are no records of this study yet" in texts(app) and not app.table and not app.dataframe


@pytest.mark.slow
def test_going_through_the_studies_and_back(full):
    app = opened()
    for name in [*STUDIES, "cells"]:
        app.segmented_control(key="experiments.study").set_value(name).run()
        assert not app.exception and STUDIES[name].question in texts(app)
        address = app.query_params["study"]
        assert (address if isinstance(address, str) else address[0]) == name
    switch_to(app, "compose").run()
    switch_to(app, "experiments").run()
    assert not app.exception and app.segmented_control(key="experiments.study").value == "cells"


@pytest.mark.slow
def test_back_shows_the_study_before(full, monkeypatch):
    """The browser's Back is a run of the page with an earlier address."""
    monkeypatch.setattr(written_address, "LAG", 0.0)
    app = opened("cells")
    for name in ("sizes", "dropout"):
        app.segmented_control(key="experiments.study").set_value(name).run()
    for name in ("sizes", "cells", "sizes"):
        app.query_params["study"] = name
        app.run()
        assert not app.exception and STUDIES[name].question in texts(app)


def test_an_unknown_study_in_the_address_is_the_first(full):
    assert opened("nothing").segmented_control(key="experiments.study").value == next(iter(STUDIES))


def test_losses_on_slices_and_on_whole_tunes(full):
    app = opened("sizes")
    app.segmented_control(key="experiments.way").set_value("tunes").run()
    assert not app.exception
    app.selectbox(key="experiments.measure").set_value("characters/s").run()
    assert not app.exception


@pytest.mark.slow
def test_a_tune_at_each_temperature(full):
    app = opened("temperatures")
    app.segmented_control(key="experiments.model").set_value("lstm-512").run()
    seen = set()
    for t in (0.5, 0.8, 1.0, 2.0):
        app.segmented_control(key="experiments.temperature").set_value(t).run()
        assert not app.exception
        seen.add(app.code[0].value)
    assert len(seen) == 4


@pytest.mark.slow
def test_three_neurons_of_each_network(full):
    app = opened("heatmaps")
    for role in ("header", "body", "quiet"):
        app.segmented_control(key="experiments.role").set_value(role).run()
        assert not app.exception and "characters of test tunes" in texts(app)
    networks = app.selectbox(key="experiments.network").options
    assert networks == ["lstm-150", "baseline, seed 0", "baseline, seed 1"]  # a checkpoint is one network
    for network in networks:
        app.selectbox(key="experiments.network").set_value(network).run()
        assert not app.exception


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(STUDIES))
def test_run_again_starts_the_study_that_is_shown(full, name, monkeypatch):
    """Twice clicked, twice asked; and what the page shows as the command line is what it starts."""
    started = []
    monkeypatch.setattr(local, "start", lambda study, words: started.append((study, words)))
    app = opened(name)
    for _ in range(2):
        app.button(key=f"experiments.run.{name}").click().run()
        assert not app.exception
    assert [study for study, _ in started] == [name, name]
    words = started[0][1]
    assert words[:3] == ["experiment", "run", name] and words[-1] == "--again"
    assert " ".join(["charlstm", *words]) in [code.value for code in app.code]
    assert build_parser().parse_args(words).study == name


def test_other_epochs_and_seeds_are_run_as_chosen(full, monkeypatch):
    started = []
    monkeypatch.setattr(local, "start", lambda study, words: started.append(words))
    app = opened("baseline")
    app.number_input(key="experiments.epochs.baseline").set_value(3)
    app.number_input(key="experiments.seeds.baseline").set_value(4)
    app.button(key="experiments.run.baseline").click().run()
    assert "--epochs 3 --seeds 4" in " ".join(started[0])


def test_how_a_study_stands_is_shown(full, monkeypatch):
    stands = local.StudyStatus(running=True, done=1, total=3, key="rnn-150-s0-ab", share=0.5, seconds=70)
    monkeypatch.setattr(local, "running", lambda: "sizes")
    monkeypatch.setattr(local, "is_running", lambda name: name == "sizes")
    monkeypatch.setattr(local, "status", lambda name: stands if name == "sizes" else None)
    app = opened("sizes")
    assert app.button(key="experiments.run.sizes").disabled and app.button(key="experiments.stop.sizes")
    other = opened("cells")
    assert "The study sizes is running now" in texts(other) and other.button(key="experiments.run.cells").disabled


@pytest.mark.parametrize(
    ("stands", "said"),
    [
        (local.StudyStatus(running=False, done=3, total=3, seconds=61.0), "Done: 3 runs in 1 min 1 s."),
        (
            local.StudyStatus(running=False, done=3, total=3, repeated=3, identical=2),
            "2 of 3 gave exactly the same result",
        ),
        (local.StudyStatus(running=False, done=1, total=3, log="<b>died</b>"), "It stopped after 1 of 3 runs"),
    ],
)
def test_how_a_study_ended_is_shown(full, monkeypatch, stands, said):
    monkeypatch.setattr(local, "status", lambda name: stands)
    assert said in texts(opened("sizes"))


def test_a_damaged_record_is_a_sentence(full):
    """And hides no other: the page shows the rest."""
    next((full / "data" / "results").glob("lstm-150-s0-*.json")).write_text("{")
    app = opened("cells")
    assert "is not a record of a study" in texts(app)
    assert "| Original report | This reproduction |" in texts(app)


def test_the_command_line_shows_the_same(full, capsys):
    """Without a corpus: the records name theirs, and nothing is built to read them."""
    assert main(["experiment", "table", "cells"]) == 0
    assert "| 11 | LSTM | 200 |" in capsys.readouterr().out
    assert main(["experiment", "list"]) == 0
    assert "Does dropout help?" in capsys.readouterr().out
    assert main(["experiment", "report", "--out", str(full / "r.md")]) == 0
    text = (full / "r.md").read_text()
    assert all(study.title in text for study in STUDIES.values()) and "| original report | this reproduction |" in text
    assert not (full / "data" / "corpus").exists()


def test_a_study_runs_from_the_command_line(home, tiny_corpus, capsys, monkeypatch):
    """A tiny corpus and one epoch: the records are there, a second run skips them, --again finds them the same."""
    from charlstm.cli import experiment

    monkeypatch.setattr(experiment, "find_corpus", lambda name: tiny_corpus)
    monkeypatch.setattr(experiment, "catalog", lambda epochs=1: {"baseline": STUDIES["baseline"]})
    line = ["experiment", "run", "baseline", "--epochs", "1", "--seeds", "1", "--progress", str(home / "p.jsonl")]
    assert main(line) == 0
    assert len(read_records().records) == 2 and (home / "p.jsonl").read_text().count("\n") >= 2
    assert main([*line, "--again"]) == 0
    assert "2 of 2 repeated runs gave exactly the same result" in capsys.readouterr().out
    last = json.loads((home / "p.jsonl").read_text().splitlines()[-1])  # the same for a page that watches
    assert (last["repeated"], last["identical"], last["done"], last["total"]) == (2, 2, 2, 2)


def test_a_study_that_is_half_done_shows_what_there_is(full):
    app = opened("depth")
    assert STUDIES["depth"].question in texts(app) and len(app.table) == 1


def test_losses_and_tunes_have_a_table_each_without_an_empty_column(full):
    tables = [table.value for table in opened("mingru").table]
    assert len(tables) == 2 and all("T" not in table or set(table["T"]) == {r"0\.8"} for table in tables)
    for table in tables:
        assert all(set(table[name]) - {"", "–"} for name in table)


def test_the_axis_of_the_losses_reaches_every_epoch():
    records = read_records(ROOT / "data" / "results").records
    for study in (STUDIES["baseline"], STUDIES["cells"]):
        rows = rows_of(study, records[0].corpus.fingerprint, records)
        for way in ("slices", "tunes"):
            low, high = loss_domain(rows, way)
            assert all(low <= point["loss"] <= high for point in curves(rows) if point["way"] == way)


def test_the_loss_plots_of_three_temperatures_are_one(full):
    assert "Loss plots (figures 4, 7, 10)" in [header.value for header in opened("temperatures").header]


def test_the_reports_grid_has_a_pad_factor_and_values(full):
    app = opened("heatmaps")
    app.slider(key="experiments.pad_factor").set_value(33).run()
    app.toggle(key="experiments.values").set_value(True).run()
    assert not app.exception
    assert len(app.selectbox(key="experiments.network").options) == 3  # lstm-150 once, the baseline's two seeds

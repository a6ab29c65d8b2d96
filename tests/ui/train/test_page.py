"""The Train page, without a trainer: runs whose folders are made by hand, and what the buttons ask for."""

from __future__ import annotations

import errno
import json
import os
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from charlstm.cli import build_parser
from charlstm.cli.train_options import configs
from charlstm.errors import ProcessError
from charlstm.lm.config import LOOKBACK_BARS, ModelConfig
from charlstm.lm.store.archive import keep
from charlstm.lm.store.checkpoint import Checkpoint, CorpusInfo, list_checkpoints, load_checkpoint, save_checkpoint
from charlstm.lm.store.epochs import save_epoch
from charlstm.lm.train import training_runs
from charlstm.lm.train.run_files import born, machine
from charlstm.tunes.corpus.io import save_corpus
from charlstm.tunes.corpus.model import Corpus
from charlstm.ui.shared import written_address
from charlstm.ui.shared.durations import duration
from charlstm.ui.shared.notices import plain
from charlstm.ui.train import estimates
from charlstm.ui.train.charts import loss_chart, thinned
from charlstm.ui.train.corpora import kept_rows
from charlstm.ui.train.new import arguments_of
from tests.conftest import TUNES, VOCAB, make_weights
from tests.memorizing_model import save_reciter
from tests.pages import APP, switch_to

CONFIG = ModelConfig(hidden_size=8, embedding_size=5)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A house with a model, a collection of six tunes, and a machine whose speed is known; caches are emptied."""
    monkeypatch.setenv("CHARLSTM_HOME", str(tmp_path))
    monkeypatch.setattr(estimates, "_measured", lambda cell, corpus: 1e9)
    save_reciter(tmp_path / "checkpoints" / "reciter", (TUNES[0],))
    save_corpus(Corpus("fiddle", train=TUNES[:4], validation=TUNES[4:5], test=TUNES[5:]))
    st.cache_resource.clear()
    st.cache_data.clear()
    yield tmp_path
    st.cache_resource.clear()
    st.cache_data.clear()


def opened(**query: str) -> AppTest:
    app = switch_to(AppTest.from_file(APP, default_timeout=120), "train")
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def texts(app: AppTest) -> str:
    """All words on the page, without Markdown's escapes."""
    kinds = (app.caption, app.info, app.error, app.success, app.warning, app.header, app.markdown)
    return "\n".join(element.value for kind in kinds for element in kind).replace("\\", "")


def report(step: int, **values: Any) -> dict[str, Any]:
    row = {
        "step": step, "epoch": step / 10, "done": step / 100, "train_loss": 4 - step / 50, "val_loss": None,
        "seconds": step * 2.0, "grad_norm": 0.5, "learning_rate": 0.003, "characters_per_second": 12345.0,
        "sample": None,
    }  # fmt: skip
    return {**row, **values}


def make_run(
    home: Path, name: str = "mine", *, alive: bool = False, status: str = "", epochs: Sequence[int] = ()
) -> Path:
    """A run's folder as a trainer would have left it."""
    folder = home / "runs" / name
    (folder / "job").mkdir(parents=True)
    settings = {"corpus": "fiddle", "model": CONFIG.to_dict(), "train": {"minutes": None}, "fork": None}
    rows = [report(5), report(10, val_loss=3.5, sample=TUNES[1]), report(20, val_loss=3.1, sample=TUNES[0])]
    process = {"pid": os.getpid(), "born": born(os.getpid()), "machine": machine(), "began": 1.0}
    files: dict[str, Any] = {"start": {"arguments": ["--corpus", "fiddle"], "created": 1.0}, "settings": settings}
    files["process"] = process if alive else {**process, "pid": 2**22 + 1, "born": "1"}
    if status:
        files["status"] = {"state": status, "message": "it ran out of luck" if status == "failed" else ""}
    for stem, values in files.items():
        (folder / "job" / f"{stem}.json").write_text(json.dumps(values))
    (folder / "job" / "heartbeat").touch()
    (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "resume.safetensors").write_bytes((2).to_bytes(8, "little") + b"{}")
    weights = make_weights(CONFIG, VOCAB)
    about = CorpusInfo(name="fiddle")
    save_checkpoint(Checkpoint(folder, CONFIG, VOCAB, corpus=about, val_loss=3.1), weights)
    for number in epochs:
        save_epoch(folder / "epochs", number, weights, epoch=number, step=number, loss=4.0 - number / 10)
    return folder


def button(app: AppTest, label: str) -> Any:
    (found,) = [one for one in app.button if one.label == label]
    return found


def test_a_full_disk_is_a_sentence_that_names_the_file_and_what_to_do(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a callback, and where a page itself cannot go on; never "[Errno 28]"."""

    def full(*args: object, **options: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "runs/mine")

    app = opened()
    monkeypatch.setattr(training_runs, "start", full)
    button(app, "Start").click().run()
    (error,) = app.error
    assert plain("runs/mine: No space left on device; make room on the disk") in error.value
    monkeypatch.setattr(training_runs, "list_runs", full)
    app.run()
    assert any(plain("runs/mine: No space left on device; make room") in error.value for error in app.error)


def test_a_shared_server_offers_no_larger_networks_than_it_trains(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert opened().select_slider(key="train.size").options[-1] == "512"
    monkeypatch.setenv("CHARLSTM_SHARED", "1")
    monkeypatch.setenv("CHARLSTM_NEURONS", "100")
    assert opened().select_slider(key="train.size").options[-1] == "100"


def test_a_training_that_is_too_short_says_how_long_it_has_to_be(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimates, "_measured", lambda cell, corpus: 1.0)  # characters per second
    app = opened(view="new")
    assert re.search(r"train for [\d,]+ minutes or more", texts(app))
    app.segmented_control(key="train.length").set_value("epochs").run()
    (needed,) = re.findall(r"train for ([\d,]+) epochs or more", texts(app))
    app.number_input(key="train.epochs").set_value(int(needed.replace(",", ""))).run()
    assert "or more" not in texts(app)
    monkeypatch.setenv("CHARLSTM_SHARED", "1")
    assert "choose fewer neurons" in texts(opened(view="new"))  # where no training may take so long


def test_what_is_chosen_is_what_is_started(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[tuple[list[str], str]] = []

    def start(arguments: Sequence[str], *, name: str, owner: str) -> training_runs.TrainingRun:
        started.append((list(arguments), name))
        return training_runs.read_run(make_run(home, name, alive=True))

    monkeypatch.setattr(training_runs, "start", start)
    app = opened()
    assert "4 training, 1 validation, 1 test" in texts(app)
    app.select_slider(key="train.size").set_value(32).run()
    app.toggle(key="train.lookback").set_value(True).run()
    app.slider(key="train.dropout").set_value(0.25).run()
    app.number_input(key="train.minutes").set_value(3).run()
    assert not app.exception
    assert "weights" in texts(app)
    button(app, "Start").click().run()
    assert not app.exception
    ((arguments, name),) = started
    assert name == "fiddle-lstm-32"
    model, train = configs(build_parser().parse_args(["train", "--out", "x", *arguments]))
    assert (model.hidden_size, model.dropout, model.lookback_bars) == (32, 0.25, LOOKBACK_BARS)
    assert (train.minutes, train.learning_rate) == (3, 3e-3)
    assert app.session_state["train.view"] == "runs"
    assert any(one.label == "Pause" for one in app.button)


def test_another_tradition_is_trained_by_one_click_and_its_terms_stand_beside_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Any] = []

    def start(arguments: list[str], *, name: str, owner: str) -> Any:
        started.append((arguments, name))
        return training_runs.read_run(make_run(home, name, alive=True))

    monkeypatch.setattr(training_runs, "start", start)
    app = opened(view="new")
    chosen = next(one for one in app.button if one.key == "train.style")
    assert "German and other folk songs" in chosen.label and "non-commercial use" in chosen.help
    chosen.click().run()
    assert not app.exception
    ((arguments, name),) = started
    model, train = configs(build_parser().parse_args(["train", "--out", "x", *arguments]))
    assert (name, arguments[:2]) == ("lstm-essen", ["--corpus", "essen"])
    assert model.clock and model.plan and train.minutes == 20


@pytest.mark.parametrize("cell", ["lstm", "gru", "mingru", "rnn"])
def test_every_choice_is_a_command_line_that_parses(cell: Any) -> None:
    model = ModelConfig(cell=cell, hidden_size=16, num_layers=2, dropout=0.5)
    for length in ("minutes", "epochs"):
        line = ["train", "--out", "x", *arguments_of("mine", model, length, 7, 1e-3, 5)]
        options = build_parser().parse_args(line)
        parsed, train = configs(options)
        assert parsed == model
        assert (getattr(train, length), train.seed, options.keep_epochs) == (7, 5, "float16")


def test_a_second_visitor_is_told_who_runs_what_and_cannot_start(home: Path) -> None:
    make_run(home, "theirs", alive=True)
    app = opened(view="new")
    assert "theirs is being trained on this machine now" in texts(app)
    assert button(app, "Start").disabled
    button(app, "Show it").click().run()
    assert app.session_state["train.run"] == "theirs"
    assert opened().session_state["train.view"] == "runs"  # whoever comes while something runs sees it first


def test_a_running_run_is_seen_and_steered(home: Path) -> None:
    folder = make_run(home, alive=True, epochs=(0, 1, 2))
    app = opened(view="runs")
    values = {metric.label: metric.value for metric in app.metric}
    assert values["Validation loss"] == "3.100"
    assert values["Characters per second"] == "12,345"
    assert values["Gradient norm"] == "0.50"
    app.selectbox(key="train.rate.mine").set_value(0.5).run()
    assert json.loads((folder / "control.json").read_text()) == {"rate": 0.5}
    button(app, "Pause").click().run()
    assert not app.exception
    assert (folder / "job" / "asked").read_text() == "pause"
    assert (folder / "stop").exists()
    assert button(app, "Pause").disabled
    assert "Remove it" not in {one.label for one in app.button}


@pytest.mark.parametrize(
    ("status", "says"), [("", "killed"), ("paused", "nothing is lost"), ("stopped", "was stopped")]
)
def test_a_run_that_ended_early_offers_to_go_on(
    home: Path, monkeypatch: pytest.MonkeyPatch, status: str, says: str
) -> None:
    make_run(home, status=status)
    resumed: list[str] = []
    monkeypatch.setattr(training_runs, "resume", lambda run: resumed.append(run.name))
    app = opened(view="runs")
    assert says in texts(app)
    button(app, "Resume").click().run()
    assert resumed == ["mine"]


def test_a_failed_and_a_damaged_run_say_why(home: Path) -> None:
    make_run(home, "failed", status="failed")
    (make_run(home, "torn", status="paused") / "resume.safetensors").write_bytes(b"\x80pickle")
    assert "it ran out of luck" in texts(opened(view="runs", run="failed"))
    app = opened(view="runs", run="torn")
    assert "is incomplete" in texts(app)
    assert "Resume" not in {one.label for one in app.button}


def test_a_run_is_kept_as_a_model_once(home: Path) -> None:
    make_run(home, status="finished", epochs=(0, 1, 2))
    app = opened(view="runs")
    app.text_input(key="train.as.mine").set_value("../our model").run()
    button(app, "Keep it").click().run()
    assert "our-model is now a model" in texts(app)
    assert load_checkpoint(home / "checkpoints" / "our-model").val_loss == 3.1
    button(app, "Keep it").click().run()  # fast clicks count once
    assert "our-model is now a model" in texts(app)
    assert not app.exception and not app.error


def test_a_fork_begins_with_the_epoch_that_was_chosen(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_run(home, status="finished", epochs=(0, 1, 2))
    started: list[list[str]] = []

    def start(arguments: Sequence[str], *, name: str, owner: str) -> training_runs.TrainingRun:
        started.append([name, *arguments])
        return training_runs.read_run(make_run(home, name, alive=True))

    monkeypatch.setattr(training_runs, "start", start)
    app = opened(view="runs")
    app.selectbox(key="train.fork_at.mine").set_value(1).run()
    button(app, "Start the fork").click().run()
    ((name, *arguments),) = started
    assert name == "mine-fork"
    options = build_parser().parse_args(["train", "--out", "x", *arguments])
    assert (options.fork, options.at, options.corpus) == (str(folder), 1, "fiddle")
    assert not app.exception


def test_a_run_is_removed(home: Path) -> None:
    folder = make_run(home, status="stopped")
    app = opened(view="runs")
    button(app, "Remove it").click().run()
    assert not folder.exists()
    assert "Nothing has been trained here yet" in texts(app)


def test_a_run_that_is_gone_is_said_to_be_and_the_address_names_the_one_that_is_shown(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Back leads to the address of a run that was removed."""
    monkeypatch.setattr(written_address, "LAG", 0.0)
    for name in ("one", "two"):
        make_run(home, name, status="stopped")
    app = opened(view="runs", run="two")
    button(app, "Remove it").click().run()
    assert "The run two is removed" in texts(app) and "no run called" not in texts(app)
    assert app.query_params["run"] == "one"
    app.query_params["run"] = "two"
    app.run()
    assert "There is no run called two here any more. Now shown: one." in texts(app)
    assert app.query_params["run"] == "one"
    assert "no run called" not in texts(app.run())  # once


def test_back_shows_the_view_before(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The browser's Back is a run of the page with an earlier address."""
    monkeypatch.setattr(written_address, "LAG", 0.0)
    app = opened(view="models")
    for view in ("film", "models"):
        app.query_params["view"] = view
        app.run()
        assert not app.exception and app.session_state["train.view"] == view


def test_an_address_that_names_nothing_is_no_error(home: Path) -> None:
    make_run(home, status="stopped")
    for query in ({"view": "runs", "run": "../../etc"}, {"view": "<b>", "run": "x" * 500}, {"run": "\0"}):
        opened(**query)


def test_the_film_shows_an_epoch_and_a_second_run_another(home: Path) -> None:
    make_run(home, status="finished", epochs=(0, 1, 2, 3))
    app = opened(view="film")
    app.selectbox(key="film.source").set_value("run mine").run()
    values = {metric.label: metric.value for metric in app.metric}
    assert values["Validation loss"] == "4.00"
    assert values["Complete bars"] == "–"  # weights by chance write no header
    app.select_slider(key="film.epoch").set_value(3).run()
    assert not app.exception
    assert {metric.label: metric.value for metric in app.metric}["Validation loss"] == "3.70"
    app.number_input(key="film.neuron.mine").set_value(7).run()
    assert "neuron 7" in texts(app)
    assert not app.exception


def test_a_collection_that_is_missing_is_offered(home: Path) -> None:
    for file in (home / "data" / "corpus").iterdir():
        file.unlink()
    app = opened()
    assert button(app, "Build the collection")
    assert "Start" not in {one.label for one in app.button}


def test_inside_a_collection(home: Path) -> None:
    app = opened()
    app.toggle(key="train.inside").set_value(True).run()
    assert not app.exception
    assert len(app.get("arrow_vega_lite_chart")) >= 5 or len(app.get("vega_lite_chart")) >= 5


def test_models_are_offered_for_saving(home: Path) -> None:
    app = opened(view="models")
    assert {one.label for one in app.get("download_button")} == {"Download"}
    assert not app.exception


def test_a_model_that_was_added_is_deleted_and_a_shipped_one_is_not(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHARLSTM_SHIPPED", str(home))
    keep(make_run(home, status="finished"), "kept", owner="somebody")
    app = opened(view="models")
    app.selectbox(key="train.export").set_value("reciter").run()
    assert "Delete it" not in {one.label for one in app.button}
    app.selectbox(key="train.export").set_value("kept").run()
    button(app, "Delete it").click().run()
    assert not app.exception and not app.error
    assert "The model kept is deleted" in texts(app)
    assert [model.name for model in list_checkpoints()] == ["reciter"]


def test_on_a_shared_server_one_deletes_ones_own_models(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARLSTM_SHARED", "1")
    monkeypatch.setenv("CHARLSTM_TEACHER", "open")
    keep(make_run(home, status="finished"), "theirs", owner="somebody")
    app = opened(view="models")
    app.selectbox(key="train.export").set_value("theirs").run()
    assert "Delete it" not in {one.label for one in app.button}
    app.text_input(key="visitor.code").set_value("open").run()
    button(app, "Delete it").click()
    app.text_input(key="visitor.code").set_value("").run()  # the button was there a moment ago
    assert "another visitor" in texts(app)
    assert "theirs" in [model.name for model in list_checkpoints()]


def test_kept_and_why_not() -> None:
    rows = kept_rows({"a": {"kept": 3, "no notes": 2}, "b": {"kept": 1, "a twin": 4}})
    assert rows == [
        {"": "kept", "tunes": 4, "a": 3, "b": 1},
        {"": "a twin", "tunes": 4, "a": 0, "b": 4},
        {"": "no notes", "tunes": 2, "a": 2, "b": 0},
    ]


def test_the_n_gram_is_counted_in_the_background(home: Path) -> None:
    end = time.monotonic() + 60
    while (loss := estimates.baseline("fiddle")) is None and time.monotonic() < end:
        time.sleep(0.05)
    assert loss is not None
    assert 1 < loss < 5
    assert estimates.baseline("nowhere") is None


def test_curves_are_thinned_and_keep_their_end() -> None:
    rows = [report(n) for n in range(1, 5001)]
    few = thinned(rows)
    assert len(few) <= 240
    assert few[-1] == rows[-1]
    text = loss_chart(rows, 1.5).to_json()
    assert len(text) < 60_000
    assert '"n-gram"' in text


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "1 second"), (40, "40 seconds"), (300, "5 minutes"), (6000, "1.7 hours")]
)
def test_spans_in_words(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_two_runs_are_laid_over_each_other(home: Path) -> None:
    make_run(home, "one", status="finished")
    folder = make_run(home, "two", status="stopped")
    settings = json.loads((folder / "job" / "settings.json").read_text())
    settings["model"]["cell"] = "rnn"
    (folder / "job" / "settings.json").write_text(json.dumps(settings))
    app = opened(**{"view": "runs", "run": "one", "with": "two"})
    (differences,) = [table.value.to_dict("records") for table in app.dataframe]
    assert differences == [{"Setting": "cell", "one": "LSTM", "two": "RNN"}]
    assert "two, after epoch 2" in texts(app)
    app.selectbox(key="train.beside").set_value("").run()
    assert not app.exception
    assert not app.dataframe


def test_an_lstm_and_an_rnn_start_together_and_are_compared(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[tuple[list[str], str, str]] = []

    def start(arguments: Sequence[str], *, name: str, beside: str = "", owner: str) -> training_runs.TrainingRun:
        started.append((list(arguments), name, beside))
        return training_runs.read_run(make_run(home, name, alive=True))

    monkeypatch.setattr(training_runs, "start", start)
    app = opened()
    next(one for one in app.button if one.key == "train.pair").click().run()
    assert not app.exception
    assert [(name, beside) for _, name, beside in started] == [("1-minute-lstm", ""), ("1-minute-rnn", "1-minute-lstm")]
    (lstm, training), (rnn, other) = (
        configs(build_parser().parse_args(["train", "--out", "x", *words])) for words, *_ in started
    )
    assert training == other and training.minutes == 1
    assert replace(lstm, cell="rnn") == rnn  # they differ in the cell alone: the loss does for one reason
    assert (app.selectbox(key="train.run").value, app.selectbox(key="train.beside").value) == (
        "1-minute-lstm",
        "1-minute-rnn",
    )


def test_a_second_click_shows_what_the_first_began(home: Path) -> None:
    """The browser may send it before the page has changed."""

    def script() -> None:
        import streamlit as st

        from charlstm.ui.train.new import _once

        def start() -> tuple[str, ...]:
            st.session_state["started"] = st.session_state.get("started", 0) + 1
            return ("mine",)

        for _ in range(3):
            _once("pair", start)

    make_run(home, "mine", alive=True)
    app = AppTest.from_function(script).run()
    assert not app.exception
    assert (app.session_state["started"], app.session_state["train.run"]) == (1, "mine")


def test_a_second_run_is_refused_unless_it_is_to_be_compared(home: Path) -> None:
    make_run(home, "theirs", alive=True)
    with pytest.raises(ProcessError, match="theirs is being trained"):
        training_runs.start(["--corpus", "fiddle"], name="mine")
    with pytest.raises(ProcessError, match="theirs is being trained"):
        training_runs.start(["--corpus", "fiddle"], name="mine", beside="another")


def test_the_newest_tune_is_shown_until_an_earlier_one_is_chosen(home: Path) -> None:
    folder = make_run(home, status="finished", epochs=(0, 1, 2))
    app = opened(view="runs")
    slider = app.select_slider(key="train.heard.mine")
    assert (list(slider.options), slider.value) == (["0", "1", "2"], 20)  # the untrained network's first

    def one_more(step: int) -> None:
        with open(folder / "metrics.jsonl", "a") as file:
            file.write(json.dumps(report(step, val_loss=3.0, sample=TUNES[2])) + "\n")

    one_more(30)
    app.run()
    assert app.select_slider(key="train.heard.mine").value == 30
    app.select_slider(key="train.heard.mine").set_value(10).run()
    one_more(40)
    app.run()
    assert not app.exception
    assert app.select_slider(key="train.heard.mine").value == 10


def test_a_trainer_that_is_not_heard_from_is_said_to_be_alive(home: Path) -> None:
    heartbeat = make_run(home, "silent", alive=True) / "job" / "heartbeat"
    os.utime(heartbeat, (time.time() - 600, time.time() - 600))
    (make_run(home, "early", alive=True) / "metrics.jsonl").unlink()
    make_run(home, "over", status="finished")
    silent, early = "Nothing was heard from the trainer of silent for 10 minutes", "The trainer of early is starting"
    for run, beside, said in (("silent", "", [silent]), ("early", "", [early]), ("silent", "early", [silent, early])):
        app = opened(view="runs", run=run, **{"with": beside} if beside else {})
        assert [words for words in (silent, early) if words in texts(app)] == said
    assert "trainer of" not in texts(opened(view="runs", run="over"))
    heartbeat.touch()
    assert silent not in texts(opened(view="runs", run="silent"))


def test_a_finished_run_leads_to_its_film(home: Path) -> None:
    make_run(home, status="finished", epochs=(0, 1, 2))
    app = opened(view="runs")
    button(app, "Film").click().run()
    assert not app.exception
    assert app.selectbox(key="film.source").value == "run mine"


def test_the_tab_film_shows_the_run_that_was_looked_at(home: Path) -> None:
    for name, epochs in (("one", (0, 1, 2)), ("two", (0, 1, 2)), ("new", (0,))):
        make_run(home, name, status="finished", epochs=epochs)
    app = opened(view="runs")
    for name in ("two", "one", "new", "two"):
        app.segmented_control(key="train.view").set_value("runs").run()
        app.selectbox(key="train.run").set_value(name).run()
        app.segmented_control(key="train.view").set_value("film").run()
        assert not app.exception
        assert app.selectbox(key="film.source").value == f"run {name}"
        assert ("has no film yet" in texts(app)) == (name == "new")  # and no other's in its place


def test_a_film_has_an_address(home: Path) -> None:
    make_run(home, "one", status="finished", epochs=(0, 1, 2))
    make_run(home, "two", status="finished", epochs=(0, 1, 2))
    address = {"view": "film", "of": "run one", "seed": "5", "epoch": "2"}
    app = opened(**address)
    assert "After epoch 2 of one, with seed 5" in texts(app)
    assert dict(app.query_params) == address
    app.select_slider(key="film.epoch").set_value(1).run()
    assert app.query_params["epoch"] == "1"
    assert "After epoch 2 of one, with seed 5" in texts(opened(**{**address, "of": "one"}))  # a run's name alone
    assert "There is no film of nobody here." in texts(opened(**{**address, "of": "nobody"}))  # never silently another
    for bad in ({"of": "../x"}, {"epoch": "<b>"}, {"epoch": "99"}, {"seed": "-1"}, {"seed": "9" * 30}):
        opened(**{**address, **bad})

"""The trainer: losses fall, runs resume to the same numbers whatever stopped them, and the folder always tells."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from charlstm.errors import CharlstmError, CheckpointError, ConfigError
from charlstm.lm.config import ModelConfig, TrainConfig
from charlstm.lm.store.checkpoint import load_checkpoint
from charlstm.lm.store.epochs import epoch_weights, list_epochs
from charlstm.lm.train import step
from charlstm.lm.train import trainer as train_module
from charlstm.lm.train.batches import IGNORED, encode_tune, fixed_batches
from charlstm.lm.train.evaluation import whole_tune_loss
from charlstm.lm.train.network import CharRNN
from charlstm.lm.train.run_folder import Callback, StopTraining, TrainingReport
from charlstm.lm.train.trainer import Trainer
from charlstm.lm.vocab import Vocab
from charlstm.tunes.abc import split_header
from charlstm.tunes.corpus.model import Corpus

MODEL = ModelConfig(hidden_size=8, embedding_size=6, dropout=0.3, embedding_dropout=0.1, lookback_bars=(1, 2))
TRAIN = TrainConfig(batch_size=2, epochs=20, warmup_steps=5, learning_rate=0.01)  # 4 tunes: 2 steps an epoch


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """One thread, a report each third step, and samples of a few characters."""
    torch.set_num_threads(1)
    monkeypatch.setattr(train_module, "REPORT_STEPS", 3)
    monkeypatch.setattr(train_module, "SAMPLE", replace(train_module.SAMPLE, max_length=10))


def metrics(out: Path) -> list[dict[str, object]]:
    """The reports of a run without what the clock says."""
    reports = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    return [{k: v for k, v in r.items() if k not in ("seconds", "characters_per_second")} for r in reports]


def same_run(one: Path, other: Path) -> None:
    """Both runs reported the same, keep the same weights, and stand at the same place."""
    assert metrics(one) == metrics(other)
    for name in ("model.safetensors", "resume.safetensors"):
        tensors, others = load_file(one / name), load_file(other / name)
        assert tensors.keys() == others.keys()
        assert all(np.array_equal(tensors[key], others[key]) for key in tensors)


class StopAt:
    def __init__(self, step: int) -> None:
        self.step = step

    def __call__(self, report: TrainingReport) -> None:
        if report.step >= self.step:
            raise StopTraining


@pytest.mark.parametrize(
    ("model", "train"),
    [
        (MODEL, TRAIN),
        (replace(MODEL, cell="gru", num_layers=2, tie_weights=True), replace(TRAIN, ema=0.9, optimizer="adam")),
        (replace(MODEL, cell="rnn", lookback_bars=()), replace(TRAIN, batching="slices", sequence_length=20)),
    ],
)
def test_forty_steps_are_twenty_and_twenty_more(
    tiny_corpus: Corpus, tmp_path: Path, model: ModelConfig, train: TrainConfig
) -> None:
    Trainer(tiny_corpus, model, train, out=tmp_path / "whole").fit()
    Trainer(tiny_corpus, model, train, out=tmp_path / "halves").fit([StopAt(20)])
    assert len(metrics(tmp_path / "halves")) < len(metrics(tmp_path / "whole"))
    Trainer.resume(tmp_path / "halves", tiny_corpus).fit()
    same_run(tmp_path / "whole", tmp_path / "halves")
    kept = load_checkpoint(tmp_path / "halves")
    assert kept.training.ended == "epochs"
    assert [entry["step"] for entry in kept.history] == list(range(2, 41, 2))
    assert kept.val_loss == min(entry["val_loss"] for entry in kept.history)


def test_a_run_that_has_ended_trains_on_to_a_later_end(tiny_corpus: Corpus, tmp_path: Path) -> None:
    """`--resume --epochs 3` of a run of 2 epochs did nothing, and said nothing."""
    Trainer(tiny_corpus, MODEL, replace(TRAIN, epochs=2), out=tmp_path).fit()
    kept = Trainer.resume(tmp_path, tiny_corpus, epochs=3).fit()
    assert [entry["epoch"] for entry in kept.history] == [1.0, 2.0, 3.0]
    assert (kept.training.ended, kept.training.settings["epochs"], kept.training.steps) == ("epochs", 3, 6)
    assert Trainer.resume(tmp_path, tiny_corpus, epochs=3, bfloat16=False, seed=0).progress.ended == "epochs"
    for setting, says in (
        ({"epochs": 2}, "3 epochs behind it"),
        ({"seed": 1}, "seed: cannot"),
        ({"minutes": 1.0}, "minutes: cannot"),
    ):
        with pytest.raises(ConfigError, match=says):
            Trainer.resume(tmp_path, tiny_corpus, **setting)


def test_a_resumed_run_keeps_its_threads(tiny_corpus: Corpus, tmp_path: Path) -> None:
    """Forgotten, torch took its own choice: 75 times slower in one case."""
    Trainer(tiny_corpus, MODEL, TRAIN, out=tmp_path, threads=1).fit([StopAt(2)])
    torch.set_num_threads(2)
    Trainer.resume(tmp_path, tiny_corpus)
    assert torch.get_num_threads() == 1
    Trainer.resume(tmp_path, tiny_corpus, threads=2)
    assert torch.get_num_threads() == 2


def test_a_stop_within_an_epoch_and_between_two_reports_resumes_too(tiny_corpus: Corpus, tmp_path: Path) -> None:
    train = replace(TRAIN, batch_size=1, epochs=4)  # 4 steps an epoch, reports at 3, 4, 6, 8, ...
    Trainer(tiny_corpus, MODEL, train, out=tmp_path / "whole").fit()
    trainer = Trainer(tiny_corpus, MODEL, train, out=tmp_path / "stopped")
    update = trainer.learner.update

    def stop_after_step_1(*arguments: object) -> None:
        update(*arguments)  # type: ignore[arg-type]
        (tmp_path / "stopped" / "stop").touch()

    trainer.learner.update = stop_after_step_1  # type: ignore[method-assign]
    stopped = trainer.fit()
    assert (stopped.training.steps, stopped.training.ended) == (1, "")
    assert stopped.val_loss is not None  # a checkpoint is there although no epoch is complete
    Trainer.resume(tmp_path / "stopped", tiny_corpus).fit()
    assert not (tmp_path / "stopped" / "stop").exists()
    same_run(tmp_path / "whole", tmp_path / "stopped")


MORTAL = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path

import torch

from charlstm.lm.train import trainer as train
from charlstm.lm.config import ModelConfig, TrainConfig
from charlstm.tunes.corpus.model import Corpus

folder, corpus, model, settings, lives = sys.argv[1], *map(eval, sys.argv[2:6])
torch.set_num_threads(1)
train.REPORT_STEPS, train.SAVE_SECONDS = 3, 0.0
train.SAMPLE = replace(train.SAMPLE, max_length=10)
fsync = os.fsync

def die_in_the_middle_of_a_write(handle):
    global lives
    lives -= 1
    if lives == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    fsync(handle)

os.fsync = die_in_the_middle_of_a_write
out = Path(folder)
resumed = (out / "resume.safetensors").exists()
trainer = train.Trainer.resume(out, corpus) if resumed else train.Trainer(corpus, model, settings, out=out)
trainer.fit()
"""


@pytest.mark.slow
def test_a_run_killed_in_the_middle_of_a_write_resumes_to_the_same_numbers(tiny_corpus: Corpus, tmp_path: Path) -> None:
    """SIGKILL strikes twice, within a write: of the first resume file after a report, then of the weights kept."""
    Trainer(tiny_corpus, MODEL, TRAIN, out=tmp_path / "whole").fit()
    arguments = [str(tmp_path / "killed"), *map(repr, (tiny_corpus, MODEL, TRAIN))]
    for lives in ("4", "19"):
        child = subprocess.run([sys.executable, "-c", MORTAL, *arguments, lives], check=False, capture_output=True)
        assert child.returncode == -signal.SIGKILL, child.stderr.decode()
    assert list((tmp_path / "killed").glob(".*.part"))  # it did die in a write
    killed = Trainer.resume(tmp_path / "killed", tiny_corpus)
    assert 0 < killed.progress.step < 40
    killed.fit()
    same_run(tmp_path / "whole", tmp_path / "killed")


def test_a_rate_changed_by_hand_is_taken_at_the_same_step_after_a_kill(tiny_corpus: Corpus, tmp_path: Path) -> None:
    """control.json comes at step 9; one run goes on, the other dies at step 12 without having saved since."""

    def change_at_9(out: Path) -> Callback:
        def change(report: TrainingReport) -> None:
            if report.step == 9:
                (out / "control.json").write_text('{"rate": 0.25}')

        return change

    class Killed(BaseException):
        pass

    def die_at_12(report: TrainingReport) -> None:
        if report.step == 12:
            raise Killed

    whole = Trainer(tiny_corpus, MODEL, TRAIN, out=tmp_path / "whole").fit([change_at_9(tmp_path / "whole")])
    killed = Trainer(tiny_corpus, MODEL, TRAIN, out=tmp_path / "killed")
    with pytest.raises(Killed):
        killed.fit([change_at_9(tmp_path / "killed"), die_at_12])
    again = Trainer.resume(tmp_path / "killed", tiny_corpus)
    assert (again.progress.step, again.progress.rates) == (9, [[9, 0.25]])
    again.fit()
    same_run(tmp_path / "whole", tmp_path / "killed")
    assert whole.training.rates == [[9, 0.25]]
    rates = {row["step"]: row["learning_rate"] for row in metrics(tmp_path / "whole")}
    assert rates[12] == pytest.approx(0.25 * rates[9], rel=0.2)


@pytest.mark.parametrize("text", ["", "[]", '{"rate": "2"}', '{"rate": 0}', '{"rate": NaN}', '{"rate": 1e9}', "\0"])
def test_a_control_file_that_says_nothing_sensible_is_left_alone(
    tiny_corpus: Corpus, tmp_path: Path, text: str
) -> None:
    trainer = Trainer(tiny_corpus, MODEL, replace(TRAIN, epochs=1), out=tmp_path)
    (tmp_path / "control.json").write_text(text)
    assert trainer.fit().training.rates == ()


def test_kept_epochs_are_those_of_the_run_and_a_resume_keeps_on_keeping(tiny_corpus: Corpus, tmp_path: Path) -> None:
    train = replace(TRAIN, epochs=9)
    whole = Trainer(tiny_corpus, MODEL, train, out=tmp_path / "whole", keep_epochs="float32").fit()
    Trainer(tiny_corpus, MODEL, train, out=tmp_path / "halves", keep_epochs="float32").fit([StopAt(7)])
    halves = Trainer.resume(tmp_path / "halves", tiny_corpus).fit()
    kept = list_epochs(tmp_path / "whole")
    assert [stored.number for stored in kept] == [0, 1, 2, 3, 4, 5, 6, 8, 9]
    assert [stored.number for stored in list_epochs(tmp_path / "halves")] == [stored.number for stored in kept]
    for stored in kept:
        weights = epoch_weights(whole, stored.number)
        assert all(np.array_equal(w, epoch_weights(halves, stored.number)[name]) for name, w in weights.items())
        network = CharRNN(MODEL, len(whole.vocab))
        network.load_weights(weights)
        assert whole_tune_loss(network, tiny_corpus.validation, whole.vocab).all == stored.loss


def test_a_fork_begins_with_its_parents_weights(tiny_corpus: Corpus, tmp_path: Path) -> None:
    parent = Trainer(tiny_corpus, MODEL, replace(TRAIN, ema=0.9), out=tmp_path / "parent", keep_epochs="float32").fit()
    weights = epoch_weights(parent, 4)
    fork = Trainer(tiny_corpus, MODEL, replace(TRAIN, ema=0.9), out=tmp_path / "fork", weights=weights)
    assert fork.validate().all == next(e.loss for e in list_epochs(tmp_path / "parent") if e.number == 4)
    kept = fork.fit()
    assert kept.history[0]["val_loss"] < parent.history[0]["val_loss"]
    with pytest.raises(CheckpointError, match="does not fit"):
        Trainer(tiny_corpus, replace(MODEL, hidden_size=9), TRAIN, out=tmp_path / "other", weights=weights)


def test_twenty_steps_on_one_tune_lower_the_loss(tiny_corpus: Corpus, tmp_path: Path) -> None:
    one = Corpus("one", train=tiny_corpus.train[:1], validation=tiny_corpus.train[:1])
    train = replace(TRAIN, transpose=False, drop_fields=0.0)
    kept = Trainer(one, ModelConfig(hidden_size=32), train, out=tmp_path).fit()
    losses = [entry["val_loss"] for entry in kept.history]
    assert len(losses) == 20
    assert losses[-1] < losses[0] - 0.8
    assert kept.test_loss is None  # there are no test tunes


def test_the_best_weights_are_kept_and_patience_ends_the_run(tiny_corpus: Corpus, tmp_path: Path) -> None:
    """Learnt by heart at a great rate, four tunes say less and less of the fifth."""
    train = replace(TRAIN, learning_rate=0.1, epochs=500, patience=3, transpose=False)
    kept = Trainer(tiny_corpus, replace(MODEL, dropout=0.0), train, out=tmp_path).fit()
    losses = [entry["val_loss"] for entry in kept.history]
    assert kept.training.ended == "patience"
    assert kept.val_loss == min(losses) == losses[-4]
    network = CharRNN(kept.config, len(kept.vocab))
    network.load_weights(kept.weights())
    assert whole_tune_loss(network, tiny_corpus.validation, kept.vocab).all == kept.val_loss
    assert whole_tune_loss(network, tiny_corpus.test, kept.vocab).all == kept.test_loss


def test_an_average_of_the_weights_is_what_is_measured_and_kept(tiny_corpus: Corpus, tmp_path: Path) -> None:
    trainer = Trainer(tiny_corpus, MODEL, replace(TRAIN, ema=0.9, epochs=1, warmup_steps=0), out=tmp_path)
    starts = [p.detach().clone() for p in trainer.learner.parameters]
    first = [p.detach().clone() for p in starts]
    trajectory = []
    update = trainer.learner.update

    def remember(*arguments: object) -> None:
        update(*arguments)  # type: ignore[arg-type]
        trajectory.append([p.detach().clone() for p in trainer.learner.parameters])

    trainer.learner.update = remember  # type: ignore[method-assign]
    kept = trainer.fit()
    for number, weights in enumerate(trajectory):  # the definition: a running mean, of short memory early on
        keep = min(0.9, (1 + number) / (10 + number))
        first = [keep * a + (1 - keep) * w for a, w in zip(first, weights, strict=True)]
    named = trainer.network.named_weights()
    for (name, parameter), average in zip(named.items(), first, strict=True):
        assert np.allclose(kept.weights()[name], average.numpy(), atol=1e-6)
        assert not torch.equal(parameter, average)  # training goes on from the weights themselves


def test_whole_tune_loss_is_its_definition(tiny_corpus: Corpus) -> None:
    """One tune at a time and one character at a time, against batches with padding."""
    vocab = Vocab.of(tiny_corpus.texts)
    torch.manual_seed(0)
    network = CharRNN(MODEL, len(vocab))
    parts = {"all": [], "header": [], "body": []}  # type: dict[str, list[float]]
    network.eval()
    for text in tiny_corpus.texts:
        tune = encode_tune(text, vocab, MODEL)
        assert tune.side is not None
        with torch.no_grad():
            logits, _ = network(torch.from_numpy(tune.inputs)[None], torch.from_numpy(tune.side)[None])
        for i, target in enumerate(tune.targets.tolist()):
            loss = -float(logits[0, i].double().log_softmax(0)[target])
            parts["all"].append(loss)
            parts["header" if i < split_header(text).body_start else "body"].append(loss)
    network.train()
    found = whole_tune_loss(network, tiny_corpus.texts, vocab)
    assert vars(found) == pytest.approx({part: np.mean(losses) for part, losses in parts.items()}, rel=1e-5)
    assert network.training


def test_padding_carries_no_loss(tiny_corpus: Corpus) -> None:
    """The loss of a padded batch is that of its tunes, whatever stands in the padding."""
    vocab = Vocab.of(tiny_corpus.texts)
    network = CharRNN(replace(MODEL, lookback_bars=()), len(vocab)).eval()
    tunes = [encode_tune(text, vocab, network.config) for text in tiny_corpus.texts]
    (batch,) = fixed_batches(tunes, 10)
    targets = torch.from_numpy(batch.targets)
    assert (targets == IGNORED).any()

    @torch.no_grad()
    def loss_of(inputs: np.ndarray) -> float:
        logits, _ = network(torch.from_numpy(inputs))
        return float(torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten()))

    noise = np.where(batch.targets == IGNORED, 5, batch.inputs)
    assert not np.array_equal(noise, batch.inputs)
    assert loss_of(noise) == loss_of(batch.inputs)
    with torch.no_grad():
        alone = sum(
            float(
                torch.nn.functional.cross_entropy(
                    network(torch.from_numpy(t.inputs)[None])[0][0], torch.from_numpy(t.targets).long(), reduction="sum"
                )
            )
            for t in tunes
        )
    assert loss_of(batch.inputs) == pytest.approx(alone / batch.characters, rel=1e-5)


def test_the_rate_warms_up_and_falls_to_its_end(tiny_corpus: Corpus, tmp_path: Path) -> None:
    trainer = Trainer(tiny_corpus, MODEL, replace(TRAIN, warmup_steps=4, final_rate=0.1), out=tmp_path)
    rates = []
    for trainer.progress.step in range(41):
        rates.append(trainer.learning_rate())
    assert rates[0] < rates[1] < rates[2] < rates[3]
    assert max(rates) == pytest.approx(0.01, rel=0.02)
    assert rates[4:] == sorted(rates[4:], reverse=True)
    assert rates[40] == pytest.approx(0.001)


def test_a_budget_of_minutes_is_kept_and_ends_the_schedule(tiny_corpus: Corpus, tmp_path: Path) -> None:
    train = replace(TRAIN, minutes=0.01, epochs=1)  # 0.6 s, many epochs of two steps
    kept = Trainer(tiny_corpus, MODEL, train, out=tmp_path).fit()
    last = metrics(tmp_path)[-1]
    assert kept.training.ended == "minutes"
    assert len(kept.history) > 1
    assert last["done"] == 1.0
    assert last["learning_rate"] == pytest.approx(train.learning_rate * train.final_rate, rel=0.05)


def test_a_run_is_not_written_over(tiny_corpus: Corpus, tmp_path: Path) -> None:
    Trainer(tiny_corpus, MODEL, replace(TRAIN, epochs=1), out=tmp_path).fit()
    with pytest.raises(CheckpointError, match="--resume"):
        Trainer(tiny_corpus, MODEL, TRAIN, out=tmp_path)


def test_what_cannot_be_resumed_says_why(tiny_corpus: Corpus, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no run to resume"):
        Trainer.resume(tmp_path, tiny_corpus)
    Trainer(tiny_corpus, MODEL, replace(TRAIN, epochs=1), out=tmp_path).fit()
    with pytest.raises(CheckpointError, match="another corpus"):
        Trainer.resume(tmp_path, replace(tiny_corpus, train=tiny_corpus.train[:2]))
    data = (tmp_path / "resume.safetensors").read_bytes()
    (tmp_path / "resume.safetensors").write_bytes(data[:-10])
    with pytest.raises(CheckpointError, match="not a usable resume file"):
        Trainer.resume(tmp_path, tiny_corpus)


def test_a_corpus_without_validation_tunes_keeps_the_last_weights(tiny_corpus: Corpus, tmp_path: Path) -> None:
    bare = Corpus("bare", train=tiny_corpus.train, validation=())
    trainer = Trainer(bare, MODEL, replace(TRAIN, epochs=2), out=tmp_path)
    kept = trainer.fit()
    assert kept.val_loss is None
    assert all(np.array_equal(w, kept.weights()[name]) for name, w in trainer.network.weights().items())


def test_a_loss_that_is_no_number_ends_the_run_with_a_sentence(tiny_corpus: Corpus, tmp_path: Path) -> None:
    trainer = Trainer(tiny_corpus, MODEL, TRAIN, out=tmp_path)
    torch.nn.init.constant_(trainer.network.decoder.bias, float("nan"))
    with pytest.raises(CharlstmError, match="lower learning rate"):
        trainer.fit()


def test_settings_that_cannot_be_are_refused(tiny_corpus: Corpus, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="device"):
        Trainer(tiny_corpus, MODEL, TRAIN, out=tmp_path, device="abacus")
    with pytest.raises(ConfigError, match="no training tunes"):
        Trainer(Corpus("empty", train=(), validation=()), MODEL, TRAIN, out=tmp_path)


def test_bfloat16_changes_the_training_a_little_and_the_weights_file_not_at_all(
    tiny_corpus: Corpus, tmp_path: Path
) -> None:
    train = replace(TRAIN, epochs=2, bfloat16=True)
    rounded = Trainer(tiny_corpus, MODEL, train, out=tmp_path / "a").fit()
    exact = Trainer(tiny_corpus, MODEL, replace(train, bfloat16=False), out=tmp_path / "b").fit()
    assert rounded.val_loss != exact.val_loss
    assert rounded.val_loss == pytest.approx(exact.val_loss, rel=0.01)
    assert {w.dtype for w in rounded.weights().values()} == {np.dtype(np.float32)}


def test_the_quickest_threads_are_one_or_all_and_trying_them_changes_nothing(
    tiny_corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    speeds = {1: 100.0, 2: 50.0}
    monkeypatch.setattr(step, "measure_speed", lambda model, *, threads, seconds: speeds[threads])
    torch.set_num_threads(2)
    assert (step.quickest_threads(MODEL), torch.get_num_threads()) == (1, 2)
    speeds[2] = 150.0
    assert step.quickest_threads(MODEL) == 2
    monkeypatch.undo()
    torch.set_num_threads(1)
    whole = Trainer(tiny_corpus, MODEL, TRAIN, out=tmp_path / "whole").fit([StopAt(4)])
    step.measure_speed(MODEL, seconds=0.0)
    again = Trainer(tiny_corpus, MODEL, TRAIN, out=tmp_path / "again").fit([StopAt(4)])
    assert all(np.array_equal(w, again.weights()[name]) for name, w in whole.weights().items())

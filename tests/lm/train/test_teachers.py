"""Teachers: a network comes to predict as they do, where they have something to say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch.nn import functional

from charlstm.cli import main
from charlstm.errors import CheckpointError, ConfigError
from charlstm.lm.config import ModelConfig, TrainConfig
from charlstm.lm.infer.engine import load
from charlstm.lm.sample.sampling import sample
from charlstm.lm.store.checkpoint import Checkpoint, CorpusInfo, load_checkpoint, save_checkpoint
from charlstm.lm.train.batches import IGNORED, Batch, TrainingData, collate, encode_tune
from charlstm.lm.train.network import CharRNN, to_device
from charlstm.lm.train.parallel import Parallel
from charlstm.lm.train.run_folder import StopTraining, TrainingReport
from charlstm.lm.train.step import Learner
from charlstm.lm.train.teacher_tunes import OWN_DISTRIBUTION, teacher_tunes
from charlstm.lm.train.teachers import Teachers, loss_beside
from charlstm.lm.train.trainer import Trainer
from charlstm.lm.vocab import Vocab
from charlstm.tunes.corpus.io import save_corpus
from charlstm.tunes.corpus.model import Corpus
from charlstm.tunes.form_plan.reading import read_plan
from tests.conftest import TUNES, VOCAB, make_weights

CORPUS = Corpus("tiny", train=TUNES[:4], validation=TUNES[4:])
PLAIN = ModelConfig(hidden_size=8, embedding_size=6)
FORM = replace(PLAIN, lookback_bars=(1, 2), clock=True, plan=True)
TRAIN = TrainConfig(batch_size=2, epochs=8, warmup_steps=5, learning_rate=0.02, teacher_weight=1.0)
CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """Several threads spin where another process has the core that one of them needs."""
    torch.set_num_threads(1)


def teacher(folder: Path, config: ModelConfig, vocab: Vocab = VOCAB, *, seed: int = 1) -> Checkpoint:
    about = CorpusInfo(name="tiny", fingerprint=CORPUS.fingerprint)
    return save_checkpoint(Checkpoint(folder, config, vocab, corpus=about), make_weights(config, vocab, seed=seed))


def batch(config: ModelConfig, *, planned: tuple[bool, ...]) -> Batch:
    """One tune a flag, with its plan or without."""
    tunes = [
        encode_tune(text, VOCAB, config, read_plan(text) if has_plan else None)
        for text, has_plan in zip(TUNES, planned, strict=False)
    ]
    return collate(tunes, range(len(planned)))


def predictions(checkpoint: Checkpoint, ids: torch.Tensor, side: torch.Tensor | None) -> torch.Tensor:
    network = CharRNN(checkpoint.config, len(VOCAB)).eval()
    network.load_weights(checkpoint.weights())
    with torch.no_grad():
        return network(ids, side)[0].softmax(dim=2)


def test_a_teacher_that_reads_no_plans_is_not_asked_of_a_tune_that_has_one(tmp_path: Path) -> None:
    form, back = teacher(tmp_path / "form", FORM), teacher(tmp_path / "back", replace(PLAIN, lookback_bars=(2,)))
    ids, _, side = to_device(batch(FORM, planned=(True, False, True)), CPU)
    assert side is not None
    assert read_plan(TUNES[0]) and read_plan(TUNES[2])
    both = Teachers([form, back], FORM, VOCAB)(ids, side)
    with_plan, without = predictions(form, ids, side), predictions(back, ids, side[:, :, 1:2])
    assert torch.allclose(both[[0, 2]], with_plan[[0, 2]], atol=1e-6)
    assert torch.allclose(both[1], (with_plan[1] + without[1]) / 2, atol=1e-6)
    assert not torch.allclose(with_plan, without, atol=0.01)


def test_the_loss_is_least_where_a_network_predicts_as_its_teachers_and_leaves_the_padding_out() -> None:
    torch.manual_seed(0)
    logits, targets = torch.randn(3, 5, 7), torch.randint(7, (3, 5))
    targets[1, 2:] = IGNORED
    predicted = logits.softmax(dim=2)
    least = loss_beside(predicted, logits, targets)
    assert least < loss_beside(predicted, logits + torch.randn_like(logits), targets)
    other = logits.clone()
    other[1, 2:] += torch.randn(3, 7)
    assert torch.equal(least, loss_beside(predicted, other, targets))
    certain = functional.one_hot(targets.clamp(min=0), 7).float()  # teachers that knew what would come
    expected = functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORED, reduction="sum")
    assert torch.allclose(loss_beside(certain, logits, targets), expected)


@pytest.mark.parametrize("config", [PLAIN, FORM], ids=["plain", "form"])
def test_a_network_comes_to_predict_as_its_teachers_do(tmp_path: Path, config: ModelConfig) -> None:
    """Not as the tunes would have it: the teacher is a random network, which has never seen any."""
    own = teacher(tmp_path / "teacher", config)
    ids, targets, side = to_device(batch(config, planned=(True, False)), CPU)
    predicted = predictions(own, ids, side)

    def distance(train: TrainConfig) -> float:
        name = str(len(train.teachers))
        network = Trainer(CORPUS, config, train, out=tmp_path / name, device="cpu")
        network.fit()
        return float(loss_beside(predicted, network.network.eval()(ids, side)[0].detach(), targets))

    assert distance(replace(TRAIN, teachers=(str(own.path),))) < distance(TRAIN)


@pytest.mark.parametrize("tunes", [0, 6])
def test_a_stopped_run_goes_on_with_its_teachers_and_their_tunes(tmp_path: Path, tunes: int) -> None:
    names = (str(teacher(tmp_path / "teacher", FORM).path),)
    train = replace(TRAIN, teachers=names, teacher_tunes=tunes, teacher_weight=0.7, epochs=4)

    def stop(report: TrainingReport) -> None:
        if report.step >= 6:
            raise StopTraining

    whole = Trainer(CORPUS, FORM, train, out=tmp_path / "whole", device="cpu")
    whole.fit()
    Trainer(CORPUS, FORM, train, out=tmp_path / "halves", device="cpu").fit([stop])
    halves = Trainer.resume(tmp_path / "halves", CORPUS, device="cpu")
    kept = halves.fit()
    assert whole.progress.step > 6
    assert all(map(torch.equal, whole.learner.parameters, halves.learner.parameters))
    assert kept.training.settings["teachers"] == list(names)
    assert kept.training.settings.get("teacher_tunes", 0) == tunes
    assert kept.corpus.tunes == len(CORPUS.train)


def test_a_teacher_writes_what_it_writes_at_temperature_1_and_only_whole_tunes_count(tmp_path: Path) -> None:
    own = teacher(tmp_path / "teacher", FORM)
    samples = sample(load(own.path), OWN_DISTRIBUTION, n=12, seed=3)
    ended = [one.text for one in samples if one.stopped == "end"]
    assert teacher_tunes(own, 12, seed=3) == ended
    assert len(ended) > 0


def test_the_teachers_tunes_come_beside_the_corpus_in_turn_and_the_teachers_read_each_by_its_plan() -> None:
    """Two to a tune of the corpus: of five, an epoch of the corpus's two sees four; the next one goes on from there."""
    corpus, written = Corpus("tiny", train=TUNES[:2], validation=TUNES), [text + "\n" for text in TUNES[:5]]
    train = replace(TRAIN, transpose=False, drop_fields=0.0, drop_plan=1.0)
    data = TrainingData(corpus, FORM, train, written)
    vocab = data.vocab
    for epoch, places in ((0, (0, 1, 2, 3)), (1, (4, 0, 1, 2))):
        seen = []
        for read in data.batches(epoch):
            for row in range(len(read.inputs)):
                length = int((read.targets[row] != IGNORED).sum())
                text = vocab.decode(read.inputs[row, 1:length])
                free, planned = (encode_tune(text, vocab, FORM, plan).side for plan in (None, read_plan(text)))
                assert read.side is not None
                assert np.array_equal(read.side[row, :length], free)
                own = read.side if read.teacher_side is None else read.teacher_side
                assert np.array_equal(own[row, :length], planned if text in written else free)
                seen.append(text)
        assert sorted(seen) == sorted([*corpus.train, *(written[place] for place in places)])
    assert len(list(data.batches(0))) == data.steps(0) == 3


def test_a_network_learns_from_what_its_teachers_say_of_a_plan_that_it_does_not_read(tmp_path: Path) -> None:
    own = teacher(tmp_path / "teacher", FORM)
    free, planned = batch(FORM, planned=(False, False)), batch(FORM, planned=(True, True))
    ids, targets, side = to_device(free, CPU)
    _, _, known = to_device(planned, CPU)

    def distance(teacher_side: NDArray[np.int64] | None) -> float:
        learner = Learner(FORM, TRAIN, len(VOCAB), CPU, Parallel(CPU), Teachers([own], FORM, VOCAB))
        for step in range(30):
            learner.update(replace(free, teacher_side=teacher_side), step, 0.02)
        logits = learner.network.eval()(ids, side)[0].detach()
        return float(loss_beside(predictions(own, ids, known), logits, targets))

    assert distance(planned.side) < distance(None)


def test_tunes_of_teachers_need_a_teacher() -> None:
    with pytest.raises(ConfigError, match="teacher"):
        replace(TRAIN, teacher_tunes=6)


def test_teachers_that_cannot_teach_are_refused(tmp_path: Path) -> None:
    form, plain = teacher(tmp_path / "form", FORM), teacher(tmp_path / "plain", PLAIN)
    stranger = teacher(tmp_path / "stranger", PLAIN, Vocab.of(("abc",)))
    for teachers, config, says in (
        ([form], PLAIN, "form reads inputs that this network does not"),
        ([stranger], PLAIN, "stranger knows other characters"),
        ([plain], FORM, "none of them reads form plans"),
    ):
        with pytest.raises(ConfigError, match=says):
            Teachers(teachers, config, VOCAB)
    with pytest.raises(CheckpointError, match="nobody"):
        Trainer(CORPUS, PLAIN, replace(TRAIN, teachers=("nobody",)), out=tmp_path / "run", device="cpu")


def test_the_command_takes_several(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARLSTM_HOME", str(tmp_path))
    save_corpus(CORPUS)
    names = [str(teacher(tmp_path / f"teacher{seed}", PLAIN, seed=seed).path) for seed in (1, 2)]
    line = ["train", "--corpus", "tiny", "--out", str(tmp_path / "run"), "--hidden-size", "4", "--lookback", "none"]
    assert main([*line, "--epochs", "1", "--device", "cpu", "--threads", "1", "--teacher", *names]) == 0
    settings = load_checkpoint(tmp_path / "run").training.settings
    assert (settings["teachers"], settings.get("teacher_weight", 0.8)) == (names, 0.8)
    assert main([*line[:5], "--resume", "--epochs", "2", "--teacher", names[0]]) == 1  # others: a new run

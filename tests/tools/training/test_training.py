"""Learning, and what is left of it: checkpoints, the curve, and a network that the reader can use."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import onnx
import pytest

from glyphfeed.engines.engine import first_output
from glyphfeed.engines.lexicon import Lexicon
from glyphfeed.engines.loading import Backend, charset_of, load_engine
from glyphfeed.engines.models import LineInput, describe_recogniser
from glyphfeed.engines.recogniser import LINES as TOGETHER
from glyphfeed.engines.recogniser import CtcRecogniser
from glyphfeed.tools import cli
from glyphfeed.tools.errors import CommandError
from glyphfeed.tools.training.charset import CHARSET
from glyphfeed.tools.training.pool import Pool
from tests.tools.training.setting import some_pool

pytest.importorskip("torch", reason="the extra train is not installed")
import torch

from glyphfeed.tools.training.batches import LINES, pack, vary
from glyphfeed.tools.training.export import from_onnx, with_gates, without_gates, write_recogniser
from glyphfeed.tools.training.learner import Learner, load_weights
from glyphfeed.tools.training.lesson import ANNEALED
from glyphfeed.tools.training.network import HEIGHT, LINE, STRIDE, Crnn
from glyphfeed.tools.training.recognising import Plan, lesson_of, loss_with, share_right
from glyphfeed.tools.training.training import Progress, Training, load_checkpoint, save_checkpoint

if TYPE_CHECKING:
    from pathlib import Path

    from glyphfeed.tools.training.batches import Batch
    from glyphfeed.tools.training.lesson import Lesson


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """As in training."""
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few made-up words."""
    return some_pool(tmp_path_factory.mktemp("training") / "pool", 16)


@pytest.fixture(scope="module")
def batches(pool: Path) -> list[Batch]:
    """A few batches of eight lines."""
    rng, words = np.random.default_rng(1), Pool([pool])
    return [pack([vary(rng, words[number]) for number in range(start, start + 8)]) for start in (0, 8, 4, 2)]


@pytest.fixture(scope="module")
def lesson(pool: Path, batches: list[Batch]) -> Lesson:
    """The lesson of reading, with just these batches."""
    return replace(lesson_of(Plan([pool], [], pool, 5)), loss=lambda run, number: loss_with(run, batches[number]))


def test_the_network_is_as_small_as_told() -> None:
    network = Crnn().eval()
    assert sum(weight.numel() for weight in network.parameters()) < 1_700_000
    with torch.no_grad():
        assert network(torch.zeros(2, 1, HEIGHT, 96)).shape == (96 // STRIDE, 2, len(CHARSET) + 1)


def test_the_learning_rate_rises_stays_and_falls_to_nothing(lesson: Lesson) -> None:
    whole, rate = 1_000_000, lesson.rate
    assert rate(0, whole) == 0
    assert rate(lesson.warm // 2, whole) == lesson.peak / 2
    assert rate(lesson.warm, whole) == rate(round((1 - ANNEALED) * whole), whole) == lesson.peak
    assert rate(round((1 - ANNEALED / 2) * whole), whole) == pytest.approx(lesson.peak / 2)
    assert rate(whole, whole) == rate(whole + 1, whole) == 0


def test_patience_ends_long_after_the_best_validation(lesson: Lesson, tmp_path: Path) -> None:
    progress = Progress(1_000, 0, [(500, 2.0, 0.1), (800, 1.5, 0.3), (1_000, 1.4, 0.3)])
    assert progress.best == (800, 1.5, 0.3)
    training = Training(lesson, tmp_path, 10**9, Learner(lesson, 2), progress)
    assert training.is_patient
    progress.samples = 100_000_000
    assert not training.is_patient


def test_a_training_that_is_taken_up_goes_on_as_if_it_had_never_been_left(lesson: Lesson, tmp_path: Path) -> None:
    whole = Learner(lesson, 7)
    losses = [whole.learn(number, 1e-3) for number in range(4)]
    first = Learner(lesson, 7)
    assert [first.learn(number, 1e-3) for number in range(2)] == losses[:2]
    save_checkpoint(tmp_path / "checkpoint.pt", first, Progress(2 * LINES, 0, [(LINES, 1.0, 0.5)]))
    second = Learner(lesson, 8)
    progress = load_checkpoint(tmp_path / "checkpoint.pt", second)
    assert progress.samples == 2 * LINES
    assert progress.best == (LINES, 1.0, 0.5)
    assert [second.learn(number, 1e-3) for number in range(2, 4)] == losses[2:]
    for name, weight in whole.weights().items():
        assert np.array_equal(second.weights()[name], weight), name


def test_it_learns(lesson: Lesson) -> None:
    learner = Learner(lesson, 1)
    losses = [learner.learn(0, 2e-3) or np.nan for _ in range(12)]
    assert losses[-1] < 0.3 * losses[0]


def test_steps_that_are_not_finite_are_left_out(lesson: Lesson, batches: list[Batch]) -> None:
    broken = replace(batches[0], lines=np.full_like(batches[0].lines, np.nan))
    learner = Learner(replace(lesson, loss=lambda run, number: loss_with(run, [broken, batches[0]][number])), 1)
    before = {name: tensor.clone() for name, tensor in learner.state()["network"].items()}
    assert learner.learn(0, 1e-3) is None
    assert all(torch.equal(before[name], tensor) for name, tensor in learner.state()["network"].items())
    assert learner.learn(1, 1e-3) is not None
    assert learner.steps == 1


def test_a_validation_leaves_curve_and_network(lesson: Lesson, tmp_path: Path) -> None:
    progress = Progress(640)
    training = Training(lesson, tmp_path, 10_000, Learner(lesson, 2), progress)
    training.validate(3.5)
    assert progress.validations == [(640, 3.5, 0.0)]
    assert (tmp_path / "curve.csv").read_text() == "samples,loss,right\n640,3.5000,0.0000\n"
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
    kept = {entry.key: entry.value for entry in onnx.load(tmp_path / "recogniser.onnx").metadata_props}
    assert json.loads(kept["training"]) == {"synthetic": ["pool"], "real": [], "seed": 5, "samples": 640, "right": 0.0}
    assert [*kept["character"].split("\n"), " "] == list(CHARSET)
    assert msgspec.json.decode(kept["input"], type=LineInput) == describe_recogniser(tmp_path / "recogniser.onnx").input
    (tmp_path / "recogniser.onnx").unlink()
    training.validate(3.4)
    assert not (tmp_path / "recogniser.onnx").exists(), "it is no better than the first"


def test_weights_come_back_from_their_file(lesson: Lesson, tmp_path: Path) -> None:
    weights = Learner(lesson, 3).weights()
    back = without_gates(with_gates(weights))
    assert {name for name in weights if "num_batches" not in name} == back.keys()
    assert all(np.array_equal(back[name], weights[name]) for name in back)
    write_recogniser(tmp_path / "mine.onnx", weights, {"seed": 3})
    read = from_onnx(tmp_path / "mine.onnx")
    assert read.keys() == back.keys()
    assert all(np.allclose(read[name], back[name], atol=2e-3) for name in back)
    begun = Learner(lesson, 9, read).weights()
    assert all(np.array_equal(begun[name], read[name]) for name in read)
    assert (tmp_path / "mine.onnx").stat().st_size < 3_500_000


def test_another_file_is_nothing_to_begin_from(lesson: Lesson, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"none\.onnx cannot be read: No such file"):
        from_onnx(tmp_path / "none.onnx")
    (tmp_path / "none.onnx").write_bytes(b"none")
    with pytest.raises(CommandError, match=r"none\.onnx is no ONNX file that can be read"):
        from_onnx(tmp_path / "none.onnx")
    weights = Learner(lesson, 3).weights()
    weights["classes.bias"] = weights["classes.bias"][:5]
    with pytest.raises(CommandError, match="of a network of another kind; begin without --from"):
        load_weights(Crnn(), weights)


@pytest.mark.parametrize("backend", [Backend.ONNXRUNTIME, Backend.OPENVINO])
def test_the_file_computes_what_the_network_does(backend: Backend, lesson: Lesson, tmp_path: Path) -> None:
    learner = Learner(lesson, 5)
    for number in range(4):
        learner.learn(number, 1e-3)
    path = tmp_path / "mine.onnx"
    write_recogniser(path, learner.weights(), {})
    model = describe_recogniser(path)
    engine = load_engine(backend, path, model.input.shapes, 1, batch=TOGETHER, exact=True)
    lines = np.random.default_rng(2).uniform(-1, 1, (3, 1, HEIGHT, LINE.widths[2])).astype(np.float32)
    given = first_output(engine, lines)
    with torch.no_grad():
        logits = learner.average(torch.from_numpy(lines)).permute(1, 0, 2)
    shares = torch.softmax(logits, 2).numpy()
    powers = np.exp(given - given.max(axis=2, keepdims=True))
    assert np.abs(powers / powers.sum(axis=2, keepdims=True) - shares).max() < 1e-3
    assert charset_of(model, engine) == list(CHARSET)
    assert len(CtcRecogniser(engine, model, charset_of(model, engine), Lexicon({})).read([np.zeros((20, 50, 3), np.uint8)])) == 1


def test_how_far_it_has_come_counts_letters_and_digits(pool: Path) -> None:
    network = Crnn().eval()
    with torch.no_grad():
        network.classes.weight.zero_()
        network.classes.bias.zero_()
        network.classes.bias[0] = 9
    assert share_right(network, Pool([pool])) == 0


def test_sigterm_leaves_a_checkpoint_to_go_on_from(lesson: Lesson, pool: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    plan = ["recogniser", str(pool), "--validation", str(pool), "--out", str(out), "--resume"]
    command = [sys.executable, "-m", "glyphfeed", "train", *plan]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as started:
        while not out.is_dir():
            assert started.poll() is None
            time.sleep(0.05)
        started.send_signal(signal.SIGTERM)
        assert started.stderr is not None
        told = started.stderr.read()
    assert started.returncode == cli.INTERRUPTED
    assert "samples seen" in told
    learner = Learner(lesson, 1)
    progress = load_checkpoint(out / "checkpoint.pt", learner)
    assert progress.samples == learner.steps * LINES
    assert [file.name for file in out.iterdir()] == ["checkpoint.pt"]


def test_a_training_is_not_begun_anew_by_mistake(
    lesson: Lesson, pool: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "checkpoint.pt").write_bytes(b"something")
    plan = ["recogniser", str(pool), "--validation", str(pool), "--out", str(tmp_path)]
    assert cli.run(["train", *plan]) == 2
    assert "holds a training; go on with it by --resume" in capsys.readouterr().err
    with pytest.raises(CommandError, match=r"checkpoint\.pt is no checkpoint to go on from .* begin anew in another folder"):
        load_checkpoint(tmp_path / "checkpoint.pt", Learner(lesson, 1))

"""`glyphfeed train recogniser`: how long a network learns, how far it has come, and what is left of it on disk.

Owns validation, checkpoints, and when it ends.  It may be ended at any time, and taken up again where it was.
"""

from __future__ import annotations

import io
import signal
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
import torch

from glyphfeed.engines.files import write_whole
from glyphfeed.engines.recogniser import lay_lines
from glyphfeed.tools.errors import CommandError, note, writing
from glyphfeed.tools.training.batches import LINES, Batches
from glyphfeed.tools.training.charset import folded, text_of
from glyphfeed.tools.training.ctc import greedy
from glyphfeed.tools.training.curve import draw_curve
from glyphfeed.tools.training.export import from_onnx, write_recogniser
from glyphfeed.tools.training.learner import Learner, rate
from glyphfeed.tools.training.network import LINE
from glyphfeed.tools.training.pool import Pool
from glyphfeed.tools.training.synthesise import step_back

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from glyphfeed.tools.training.network import Crnn

VALIDATED: Final = 25_600
"""Samples between two validations."""
PATIENCE: Final = 4_000_000
"""Without anything better for so many samples it ends."""
SAVED_S: Final = 180.0
TOLD_S: Final = 30.0
REMEMBERED: Final = 400
"""The loss that is told is the mean of so many steps: those between two validations."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is trained with: pools of synthetic and of real words, one that is only validated with, the samples in all, and the
    seed that all chance follows from.
    """

    synthetic: Sequence[Path]
    real: Sequence[Path]
    validation: Path
    samples: int
    seed: int


@dataclass(slots=True)
class Progress:
    """How far a training has come: samples seen, steps left out as they were not finite, and (samples, loss, share of words read
    right, 0..1) of each validation.
    """

    samples: int = 0
    skipped: int = 0
    validations: list[tuple[int, float, float]] = field(default_factory=list)

    @property
    def best(self) -> tuple[int, float, float]:
        """The validation with most words right, the first of several."""
        return max(self.validations, key=lambda validation: validation[2], default=(0, 0.0, -1.0))

    @property
    def patient(self) -> bool:
        """Whether something better may still come."""
        return self.samples - self.best[0] <= PATIENCE


def train(plan: Plan, out: Path, *, resume: bool, begin: Path | None, minutes: float | None) -> None:
    """Train until the samples, the minutes or the patience are over, or somebody ends it.

    The folder then holds `checkpoint.pt`, to go on from, `recogniser.onnx` with its description, the best that was seen, and
    `curve.png` with `curve.csv`.

    Raises:
        CommandError: a pool cannot be read, or the folder written, or holds a training that is not to be resumed.
        KeyboardInterrupt: somebody ended it; what was learnt is kept.

    """
    checkpoint = out / "checkpoint.pt"
    if checkpoint.exists() and not resume:
        raise CommandError(f"{out} holds a training; go on with it by --resume, or name another folder with --out")
    batches = Batches(opened(plan.synthetic), opened(plan.real), plan.seed)
    learner, progress = Learner(plan.seed, from_onnx(begin) if begin else None), Progress()
    if checkpoint.exists():
        progress = load_checkpoint(checkpoint, learner)
        note(f"{out} goes on after {progress.samples} samples")
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
    step_back()
    torch.set_num_threads(1)
    training = Training(plan, out, learner, progress, batches, Pool([plan.validation]))
    with ending() as ended:
        training.go_on(ended, time.monotonic() + 60 * minutes if minutes is not None else np.inf)
        training.save()
    note(f"{progress.samples} samples seen, at best {progress.best[2]:.3f} after {progress.best[0]}; see {out}")
    if ended:
        raise KeyboardInterrupt


def opened(folders: Sequence[Path]) -> Pool | None:
    """The pool of some folders, if there are any."""
    return Pool(folders) if folders else None


@dataclass(frozen=True, slots=True)
class Training:
    """Everything that one training goes on with."""

    plan: Plan
    out: Path
    learner: Learner
    progress: Progress
    batches: Batches
    validation: Pool

    def go_on(self, ended: Sequence[int], until: float) -> None:
        """Take steps until enough samples are seen, patience or time (by the monotonic clock) is over, or it is `ended`; now and
        then tell of it, validate, and save.
        """
        progress, whole = self.progress, self.plan.samples
        told = saved = time.monotonic()
        since, losses = progress.samples, list[float]()
        while progress.samples < whole and progress.patient and not ended and (now := time.monotonic()) < until:
            pace = rate(progress.samples, whole)
            loss = self.learner.learn(self.batches[progress.samples // LINES], pace)
            progress.samples += LINES
            if loss is None:
                progress.skipped += 1
            else:
                losses = [*losses[1 - REMEMBERED :], loss]
            mean = float(np.mean(losses or [np.nan]))
            if progress.samples % VALIDATED == 0:
                self.validate(mean)
            if now - told > TOLD_S:
                speed = (progress.samples - since) / (now - told)
                note(f"{progress.samples} samples, {speed:.0f}/s, loss {mean:.3f}, rate {pace:.1e}, {progress.skipped} skipped")
                told, since = now, progress.samples
            if now - saved > SAVED_S:
                self.save()
                saved = now

    def validate(self, loss: float) -> None:
        """See how far it has come: a line, the curve, and the network itself where it is the best so far."""
        before, right = self.progress.best[2], share_right(self.learner.average, self.validation)
        self.progress.validations.append((self.progress.samples, loss, right))
        note(f"{self.progress.samples} samples: {right:.3f} of the validation words are right, loss {loss:.3f}")
        draw_curve(self.out, self.progress.validations)
        if right > before:
            told = {
                "synthetic": [path.name for path in self.plan.synthetic],
                "real": [path.name for path in self.plan.real],
                "seed": self.plan.seed,
                "samples": self.progress.samples,
                "right": round(right, 4),
            }
            write_recogniser(self.out / "recogniser.onnx", self.learner.weights(), told)

    def save(self) -> None:
        """Write the checkpoint."""
        save_checkpoint(self.out / "checkpoint.pt", self.learner, self.progress)


def share_right(network: Crnn, pool: Pool) -> float:
    """Which share of a pool's words is read right but for case and all but letters and digits, 0..1.

    Lines are laid as the reader lays them (`engines.recogniser`), and words of no letter or digit do not count.
    """
    words = [word for number in range(len(pool)) if folded((word := pool[number]).text)]
    crops = [np.asarray(cv2.cvtColor(word.crop, cv2.COLOR_GRAY2BGR), np.uint8) for word in words]
    device = next(network.parameters()).device
    right = 0
    for lines in lay_lines(crops, LINE, LINES):
        with torch.no_grad():
            steps = network(torch.from_numpy(lines.tensor).to(device)).permute(1, 0, 2).cpu().numpy()
        read = [folded(text_of(greedy(line))) for line in steps]
        right += sum(text == folded(words[number].text) for text, number in zip(read, lines.numbers, strict=True))
    return right / max(len(words), 1)


def save_checkpoint(path: Path, learner: Learner, progress: Progress) -> None:
    """Write all that is needed to go on.

    Raises:
        CommandError: it cannot be written.

    """
    content = io.BytesIO()
    torch.save(learner.state() | {"progress": asdict(progress)}, content)
    with writing(path):
        write_whole(path, content.getvalue())


def load_checkpoint(path: Path, learner: Learner) -> Progress:
    """Take up a training.

    Raises:
        CommandError: the checkpoint cannot be read, or is of another network.

    """
    try:
        state = torch.load(path, map_location=learner.device, weights_only=True)
        learner.restore(state)
        return Progress(**state["progress"])
    except Exception as error:  # there is no end to what unpickling what is no checkpoint may raise
        raise CommandError(f"{path} is no checkpoint to go on from ({error}); begin anew in another folder") from error


@contextmanager
def ending() -> Iterator[list[int]]:
    """Let Ctrl-C and SIGTERM only leave a note of themselves, so that no step is cut in two; a second one ends at once."""
    ended: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def put_back() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def end(number: int, _: object) -> None:
        ended.append(number)
        put_back()

    for number in before:
        signal.signal(number, end)
    try:
        yield ended
    finally:
        put_back()

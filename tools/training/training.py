"""`glyphfeed train recogniser` and `detector`: how long a network learns, how far it has come, and what is left of it on disk.

Owns validation, checkpoints, and when it ends.  It may be ended at any time, and taken up again where it was.
"""

from __future__ import annotations

import io
import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import torch

from glyphfeed.engines.files import write_whole
from glyphfeed.tools.ending import ending
from glyphfeed.tools.errors import CommandError, note, writing
from glyphfeed.tools.training.curve import draw_curve
from glyphfeed.tools.training.learner import Learner
from glyphfeed.tools.training.synthesise import step_back

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from glyphfeed.tools.training.export import Weights
    from glyphfeed.tools.training.lesson import Lesson

SAVED_S: Final = 180.0
TOLD_S: Final = 30.0


@dataclass(slots=True)
class Progress:
    """How far a training has come: samples seen, steps left out as they were not finite, and (samples, loss, figure of 0..1)
    of each validation.
    """

    samples: int = 0
    skipped: int = 0
    validations: list[tuple[int, float, float]] = field(default_factory=list)

    @property
    def best(self) -> tuple[int, float, float]:
        """The validation with the greatest figure, the first of several."""
        return max(self.validations, key=lambda validation: validation[2], default=(0, 0.0, -1.0))


def train(
    lesson: Lesson, out: Path, samples: int, seed: int, *, resume: bool, begin: Weights | None, minutes: float | None
) -> None:
    """Train until the samples, the minutes or the patience are over, or somebody ends it.

    The folder then holds `checkpoint.pt`, to go on from, the network as an ONNX file with its description, the best that was
    seen, and `curve.png` with `curve.csv`.

    Raises:
        CommandError: the folder cannot be written, or holds a training that is not to be resumed.
        KeyboardInterrupt: somebody ended it; what was learnt is kept.

    """
    checkpoint = out / "checkpoint.pt"
    if checkpoint.exists() and not resume:
        raise CommandError(f"{out} holds a training; go on with it by --resume, or name another folder with --out")
    learner, progress = Learner(lesson, seed, begin), Progress()
    if checkpoint.exists():
        progress = load_checkpoint(checkpoint, learner)
        note(f"{out} goes on after {progress.samples} samples")
    # Before there is a folder: whoever sees it may end the training, and finds a checkpoint in it.
    with ending() as ended:
        with writing(out):
            out.mkdir(parents=True, exist_ok=True)
        step_back()
        torch.set_num_threads(1)
        training = Training(lesson, out, samples, learner, progress)
        training.go_on(ended, time.monotonic() + 60 * minutes if minutes is not None else np.inf)
        training.save()
    note(f"{progress.samples} samples seen, at best {progress.best[2]:.3f} after {progress.best[0]}; see {out}")
    if ended:
        raise KeyboardInterrupt


@dataclass(frozen=True, slots=True)
class Training:
    """Everything that one training goes on with."""

    lesson: Lesson
    out: Path
    samples: int
    learner: Learner
    progress: Progress

    @property
    def is_patient(self) -> bool:
        """Whether something better may still come."""
        return self.progress.samples - self.progress.best[0] <= self.lesson.patience

    def go_on(self, ended: Sequence[int], until: float) -> None:
        """Take steps until enough samples are seen, patience or time (by the monotonic clock) is over, or it is `ended`; now and
        then tell of it, validate, and save.
        """
        lesson, progress, whole = self.lesson, self.progress, self.samples
        told = saved = time.monotonic()
        since, losses = progress.samples, list[float]()
        while progress.samples < whole and self.is_patient and not ended and (now := time.monotonic()) < until:
            pace = lesson.rate(progress.samples, whole)
            loss = self.learner.learn(progress.samples // lesson.batch, pace)
            progress.samples += lesson.batch
            if loss is None:
                progress.skipped += 1
            else:
                losses = [*losses[1 - lesson.validated // lesson.batch :], loss]
            mean = float(np.mean(losses or [np.nan]))
            if progress.samples % lesson.validated == 0:
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
        lesson, samples = self.lesson, self.progress.samples
        before, reached = self.progress.best[2], lesson.judge(self.learner.average)
        self.progress.validations.append((samples, loss, reached))
        note(f"{samples} samples: {lesson.figure} {reached:.3f}, loss {loss:.3f}")
        draw_curve(self.out, self.progress.validations, lesson.figure)
        if reached > before:
            told = {**lesson.told, "samples": samples, lesson.figure: round(reached, 4)}
            lesson.write(self.out / f"{lesson.name}.onnx", self.learner.weights(), told)

    def save(self) -> None:
        """Write the checkpoint."""
        save_checkpoint(self.out / "checkpoint.pt", self.learner, self.progress)


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

"""`glyphfeed train recogniser`: the loop that learns, and what it leaves on disk.

Owns optimiser, average, schedule, checkpoints, and when it stops.  It may be ended at any time, and taken up again where it was.
"""

from __future__ import annotations

import io
import signal
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np
import torch
from torch.nn import functional

from glyphfeed.engines.files import write_whole
from glyphfeed.engines.recogniser import lay_lines
from glyphfeed.tools.errors import CommandError, note
from glyphfeed.tools.training.batches import LINES, Batches
from glyphfeed.tools.training.charset import folded, text_of
from glyphfeed.tools.training.ctc import IGNORED, greedy
from glyphfeed.tools.training.curve import draw_curve
from glyphfeed.tools.training.export import LINE, Weights, from_onnx, write_recogniser
from glyphfeed.tools.training.network import Crnn
from glyphfeed.tools.training.pool import Pool
from glyphfeed.tools.training.synthesise import step_back

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from glyphfeed.tools.training.batches import Batch

PEAK: Final = 1e-3
WARM: Final = 20_000
"""Samples over which the learning rate rises to its peak."""
ANNEALED: Final = 0.2
"""The last share of the samples, over which it falls to zero (Hägele et al., Scaling laws and compute-optimal training beyond
fixed training durations, 2024: as good as a cosine, and the end need not be known from the beginning)."""
DECAY: Final = 0.9995
"""Of the average over the steps, whose weights are judged and written."""
GUIDANCE: Final = 0.5
"""What the cross-entropy of the steps weighs beside CTC (Hu et al., GTC: Guided training of CTC, 2020, where another network
guides; here it is the renderer)."""
MOST: Final = 5.0
"""Gradients longer than this are shortened to it."""
JUDGED: Final = 25_600
"""Samples between two looks at how far it has come."""
PATIENCE: Final = 4_000_000
"""Without anything better for so many samples it ends."""
SAVED_S: Final = 180.0
TOLD_S: Final = 30.0


@dataclass(slots=True)
class Progress:
    """How far a training has come: samples seen, steps left out as they were not finite, and (samples, loss, words read right,
    0..1) of each look.
    """

    samples: int = 0
    skipped: int = 0
    looks: list[tuple[int, float, float]] = field(default_factory=list)

    @property
    def best(self) -> tuple[int, float, float]:
        """The look with most words right, the first of several."""
        return max(self.looks, key=lambda look: look[2], default=(0, 0.0, -1.0))

    @property
    def patient(self) -> bool:
        """Whether something better may still come."""
        return self.samples - self.best[0] <= PATIENCE


@dataclass(frozen=True, slots=True)
class Plan:
    """What is trained with: pools of made-up and of real words, one that tells how far it has come, the samples in all, and the
    seed that all chance follows from.
    """

    made: Sequence[Path]
    real: Sequence[Path]
    choosing: Path
    samples: int
    seed: int


def rate(samples: int, whole: int) -> float:
    """The learning rate after so many samples of the whole: a rise, a plateau, and a straight fall to zero."""
    falling = (whole - samples) / max(ANNEALED * whole, 1)
    return PEAK * max(min(samples / WARM, 1.0, falling), 0.0)


class Learner:
    """A network with its average and optimiser."""

    def __init__(self, seed: int, weights: Weights | None = None) -> None:
        """Begin from chance, or from weights."""
        torch.manual_seed(seed)
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        # Channels last: dense convolutions train twice as fast so on CPUs.
        self.network = Crnn().to(self.device, memory_format=torch.channels_last)
        if weights is not None:
            load_weights(self.network, weights)
        self.average = Crnn().to(self.device, memory_format=torch.channels_last).eval()
        self.average.load_state_dict(self.network.state_dict())
        self.optimiser = torch.optim.AdamW(self.network.parameters(), PEAK, weight_decay=0.01)
        self.short = self.device.type == "cuda" or computes_bfloat16()
        self.steps = 0

    def learn(self, batch: Batch, speed: float) -> float | None:
        """Take one step, and give the loss; None, and no step, where it or the gradient is not finite."""
        for group in self.optimiser.param_groups:
            group["lr"] = speed
        self.optimiser.zero_grad()
        lines = torch.from_numpy(batch.lines).to(self.device, memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.short):
            logits = self.network(lines)
        loss = loss_of(logits.float(), batch)
        loss.backward()
        length = torch.nn.utils.clip_grad_norm_(self.network.parameters(), MOST)
        if not bool(torch.isfinite(loss) & torch.isfinite(length)):
            return None
        self.optimiser.step()
        self.steps += 1
        follow(self.average, self.network, min(DECAY, (1 + self.steps) / (10 + self.steps)))
        return float(loss.detach())

    def state(self) -> dict[str, Any]:
        """All that a later `restore` needs to go on as if nothing had happened."""
        parts = {"network": self.network, "average": self.average, "optimiser": self.optimiser}
        return {name: part.state_dict() for name, part in parts.items()} | {"steps": self.steps}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a `state`."""
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.steps = state["steps"]

    def weights(self) -> Weights:
        """The averaged weights."""
        return {name: tensor.float().cpu().contiguous().numpy() for name, tensor in self.average.state_dict().items()}


def computes_bfloat16() -> bool:
    """Whether this processor has instructions for it, with which training is nearly twice as fast."""
    from openvino import Core

    return "BF16" in Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def load_weights(network: Crnn, weights: Weights) -> None:
    """Give a network weights by their names.

    Raises:
        CommandError: they are those of a network of other layers or another charset.

    """
    try:
        # What is missing are counters that only PyTorch has.
        missing, _ = network.load_state_dict(
            {name: torch.from_numpy(array.copy()) for name, array in weights.items()}, strict=False
        )
    except RuntimeError as error:
        raise CommandError("the weights to begin from are of a network of another kind; begin without --from") from error
    if any("num_batches" not in name for name in missing):
        raise CommandError("the weights to begin from are of a network of another kind; begin without --from")


def loss_of(logits: torch.Tensor, batch: Batch) -> torch.Tensor:
    """CTC's loss, and the cross-entropy of those steps that are asked to say something; logits are (steps, lines, classes)."""
    steps = functional.log_softmax(logits, dim=2)
    lengths = torch.full((len(batch.lines),), len(steps))
    classes, counts, asked = (torch.from_numpy(part).to(logits.device) for part in (batch.classes, batch.lengths, batch.asked))
    loss = functional.ctc_loss(steps, classes, lengths, counts.cpu(), zero_infinity=True)
    if bool((asked != IGNORED).any()):
        loss = loss + GUIDANCE * functional.nll_loss(steps.permute(1, 2, 0), asked, ignore_index=IGNORED)
    return loss


def follow(average: Crnn, network: Crnn, decay: float) -> None:
    """Move an average towards a network, the statistics of its normalisations included."""
    with torch.no_grad():
        for mine, other in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
            if mine.is_floating_point():
                mine.lerp_(other, 1 - decay)
            else:
                mine.copy_(other)


def share_right(network: Crnn, pool: Pool) -> float:
    """Which share of a pool's words is read right but for case and all but letters and digits, 0..1.

    Lines are laid as the reader lays them (`engines.recogniser`), and words of no letter or digit do not count.
    """
    words = [pool[number] for number in range(len(pool))]
    words = [word for word in words if folded(word.text)]
    right = 0
    device = next(network.parameters()).device
    for lines in lay_lines([np.asarray(cv2.cvtColor(word.crop, cv2.COLOR_GRAY2BGR), np.uint8) for word in words], LINE, LINES):
        with torch.no_grad():
            steps = network(torch.from_numpy(lines.tensor).to(device)).permute(1, 0, 2).cpu().numpy()
        read = [text_of(greedy(line)) for line in steps]
        right += sum(folded(text) == folded(words[number].text) for text, number in zip(read, lines.numbers, strict=True))
    return right / max(len(words), 1)


def train(plan: Plan, out: Path, *, resume: bool, begin: Path | None, minutes: float | None) -> None:
    """Train until the samples, the minutes or the patience are over, or somebody ends it.

    The folder holds `checkpoint.pt`, to go on from, `recogniser.onnx` with its description, the best that was seen, and
    `curve.png` with `curve.csv`.

    Raises:
        CommandError: a pool cannot be read, or the folder written, or holds a training that is not to be resumed.
        KeyboardInterrupt: somebody ended it; what was learnt is kept.

    """
    checkpoint = out / "checkpoint.pt"
    if checkpoint.exists() and not resume:
        raise CommandError(f"{out} holds a training; go on with it by --resume, or name another folder with --out")
    batches = Batches(opened(plan.made), opened(plan.real), plan.seed)
    choosing = Pool([plan.choosing])
    learner, progress = Learner(plan.seed, from_onnx(begin) if begin else None), Progress()
    if checkpoint.exists():
        progress = load_checkpoint(checkpoint, learner)
        note(f"{out} goes on after {progress.samples} samples")
    step_back()
    torch.set_num_threads(1)
    out.mkdir(parents=True, exist_ok=True)
    with ending() as ended:
        learn(plan, out, learner, progress, batches, choosing, ended, minutes)
        save_checkpoint(checkpoint, learner, progress)
    note(f"{progress.samples} samples seen, at best {progress.best[2]:.3f} after {progress.best[0]}; see {out}")
    if ended:
        raise KeyboardInterrupt


def learn(
    plan: Plan,
    out: Path,
    learner: Learner,
    progress: Progress,
    batches: Batches,
    choosing: Pool,
    ended: Sequence[int],
    minutes: float | None,
) -> None:
    """The loop itself: steps, and now and then a line, a look, a checkpoint."""
    begun = told = saved = time.monotonic()
    since, losses = progress.samples, [0.0]
    while progress.samples < plan.samples and progress.patient and not ended:
        now = time.monotonic()
        if minutes is not None and now - begun > minutes * 60:
            break
        loss = learner.learn(batches[progress.samples // LINES], rate(progress.samples, plan.samples))
        progress.samples += LINES
        progress.skipped += loss is None
        # A short memory of the loss is enough for people.
        losses = [*losses[-399:], loss if loss is not None else losses[-1]]
        if progress.samples % JUDGED == 0:
            look(plan, out, learner, progress, choosing, float(np.mean(losses)))
        if now - told > TOLD_S:
            speed = (progress.samples - since) / (now - told)
            pace = rate(progress.samples, plan.samples)
            note(f"{progress.samples} samples, {speed:.0f}/s, loss {np.mean(losses):.3f}, rate {pace:.1e}")
            told, since = now, progress.samples
        if now - saved > SAVED_S:
            save_checkpoint(out / "checkpoint.pt", learner, progress)
            saved = now


def look(plan: Plan, out: Path, learner: Learner, progress: Progress, choosing: Pool, loss: float) -> None:
    """See how far it has come: a line, the curve, and the network itself where it is the best so far."""
    before = progress.best[2]
    progress.looks.append((progress.samples, loss, share_right(learner.average, choosing)))
    note(f"{progress.samples} samples: {progress.looks[-1][2]:.3f} of the words to choose by are right, loss {loss:.3f}")
    draw_curve(out, progress.looks)
    if progress.looks[-1][2] > before:
        told = {
            "made": [path.name for path in plan.made],
            "real": [path.name for path in plan.real],
            "seed": plan.seed,
            "samples": progress.samples,
            "right": round(progress.best[2], 4),
        }
        write_recogniser(out / "recogniser.onnx", learner.weights(), told)


def opened(folders: Sequence[Path]) -> Pool | None:
    """The pool of some folders, if there are any."""
    return Pool(folders) if folders else None


def save_checkpoint(path: Path, learner: Learner, progress: Progress) -> None:
    """Write all that is needed to go on.

    Raises:
        CommandError: it cannot be written.

    """
    content = io.BytesIO()
    torch.save(learner.state() | {"progress": asdict(progress)}, content)
    try:
        write_whole(path, content.getvalue())
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}; check the path and the space there") from error


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

    def end(number: int, _: object) -> None:
        ended.append(number)
        for other, handler in before.items():
            signal.signal(other, handler)

    for number in before:
        signal.signal(number, end)
    try:
        yield ended
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

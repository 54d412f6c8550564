"""`glyphfeed train recogniser`: what the recogniser is shown, what its loss is, and how it is judged.

Owns the lesson of reading lines; `training` is how it is learnt.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
import torch
from torch.nn import functional

from glyphfeed.engines.recogniser import lay_lines
from glyphfeed.tools.training.batches import LINES, Batches
from glyphfeed.tools.training.charset import folded, text_of
from glyphfeed.tools.training.ctc import IGNORED, greedy
from glyphfeed.tools.training.export import write_recogniser
from glyphfeed.tools.training.lesson import Lesson
from glyphfeed.tools.training.network import LINE, Crnn
from glyphfeed.tools.training.pool import Pool

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from torch import Tensor, nn

    from glyphfeed.tools.training.batches import Batch
    from glyphfeed.tools.training.lesson import Run

GUIDANCE: Final = 0.5
"""What the cross-entropy of the steps weighs beside CTC (Hu et al., GTC: Guided training of CTC, 2020, where another network
guides; here it is the renderer)."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is trained with: pools of synthetic and of real words, one that is only validated with, and the seed that all
    chance follows from.
    """

    synthetic: Sequence[Path]
    real: Sequence[Path]
    validation: Path
    seed: int


def lesson_of(plan: Plan) -> Lesson:
    """The lesson of reading lines.

    Raises:
        CommandError: a pool cannot be read.

    """
    batches, validation = Batches(opened(plan.synthetic), opened(plan.real), plan.seed), Pool([plan.validation])
    return Lesson(
        name="recogniser",
        make=Crnn,
        loss=lambda run, number: loss_with(run, batches[number]),
        figure="right",
        judge=lambda network: share_right(network, validation),
        write=write_recogniser,
        told={
            "synthetic": [path.name for path in plan.synthetic],
            "real": [path.name for path in plan.real],
            "seed": plan.seed,
        },
        batch=LINES,
        peak=1e-3,
        warm=20_000,
        validated=25_600,
        patience=4_000_000,
    )


def opened(folders: Sequence[Path]) -> Pool | None:
    """The pool of some folders, if there are any."""
    return Pool(folders) if folders else None


def loss_with(run: Run, batch: Batch) -> Tensor:
    """The loss of a network with a batch."""
    return loss_of(run(batch.lines), batch)


def loss_of(logits: Tensor, batch: Batch) -> Tensor:
    """CTC's loss, and the cross-entropy of those steps that are asked to say something; logits are (steps, lines, classes)."""
    steps = functional.log_softmax(logits, dim=2)
    lengths = torch.full((len(batch.lines),), len(steps))
    classes, asked = (torch.from_numpy(part).to(logits.device) for part in (batch.classes, batch.asked))
    loss = functional.ctc_loss(steps, classes, lengths, torch.from_numpy(batch.lengths), zero_infinity=True)
    if (batch.asked != IGNORED).any():
        loss = loss + GUIDANCE * functional.nll_loss(steps.permute(1, 2, 0), asked, ignore_index=IGNORED)
    return loss


def share_right(network: nn.Module, pool: Pool) -> float:
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

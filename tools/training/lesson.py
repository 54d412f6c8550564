"""What a network learns, and how: the part of a training that is one network's own.

Owns the schedule.  The steps are `learner`'s, and when they end `training`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn

    from glyphfeed.tools.training.export import Weights

Run: TypeAlias = Callable[[NDArray[np.float32]], Tensor]
"""Runs a network on pictures (n, channels, height, width); what it gives is float32."""

ANNEALED: Final = 0.2
"""The last share of the samples, over which it falls to zero (Hägele et al., Scaling laws and compute-optimal training beyond
fixed training durations, 2024: as good as a cosine, and the end need not be known from the beginning)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What is learnt.

    Attributes:
        name: what the network is called on disk.
        make: makes it, with weights by chance.
        loss: the loss of a batch, a scalar; the same number from 0 is always the same batch.
        figure: what `judge` tells, for people.
        judge: how good a network is, 0..1, by something that is not trained on.
        write: writes weights, and what is told of their training, as an ONNX file with its description.
        told: of what is trained with, for that file.
        batch: samples of a batch.
        peak: the greatest learning rate.
        warm: samples over which it rises to that.
        validated: samples between two validations.
        patience: without anything better for so many samples it ends.

    """

    name: str
    make: Callable[[], nn.Module]
    loss: Callable[[Run, int], Tensor]
    figure: str
    judge: Callable[[nn.Module], float]
    write: Callable[[Path, Weights, Mapping[str, object]], None]
    told: Mapping[str, object]
    batch: int
    peak: float
    warm: int
    validated: int
    patience: int

    def rate(self, samples: int, whole: int) -> float:
        """The learning rate after so many samples of the whole: a rise, a plateau, and a straight fall to zero."""
        falling = (whole - samples) / max(ANNEALED * whole, 1)
        return self.peak * max(min(samples / self.warm, 1.0, falling), 0.0)

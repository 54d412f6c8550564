"""A network while it learns: steps of the optimiser, and the average of its weights that is judged and kept.

Owns one step and what it needs.  When there are steps, and with what, is `training`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import torch

from glyphfeed.tools.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray
    from torch import nn

    from glyphfeed.tools.training.export import Weights
    from glyphfeed.tools.training.lesson import Lesson

DECAY: Final = 0.9995
"""Of the average over the steps (Polyak and Juditsky, Acceleration of stochastic approximation by averaging, 1992)."""
LONGEST: Final = 5.0
"""Gradients longer than this are shortened to it."""


class Learner:
    """A network with its average and optimiser."""

    def __init__(self, lesson: Lesson, seed: int, weights: Weights | None = None) -> None:
        """Begin from chance, or from weights.

        Raises:
            CommandError: the weights are those of another network.

        """
        torch.manual_seed(seed)
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._network, self.average = lesson.make(), lesson.make().eval()
        if weights is not None:
            load_weights(self._network, weights)
        self.average.load_state_dict(self._network.state_dict())
        for network in (self._network, self.average):
            # Channels last: on CPUs dense convolutions train a half faster so.
            network.to(self.device, memory_format=torch.channels_last)
        self._optimiser = torch.optim.AdamW(self._network.parameters(), lesson.peak, weight_decay=0.01)
        self._short = self.device.type == "cuda" or computes_bfloat16()
        self._loss = lesson.loss
        self.steps = 0

    def run(self, pictures: NDArray[np.float32]) -> torch.Tensor:
        """See `lesson.Run`."""
        seen = torch.from_numpy(pictures).to(self.device, memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self._short):
            given: torch.Tensor = self._network(seen)
        return given.float()

    def learn(self, number: int, speed: float) -> float | None:
        """Take one step with a batch at a learning rate, and give the loss; None, and no step, where it or the gradient is not
        finite.
        """
        for group in self._optimiser.param_groups:
            group["lr"] = speed
        self._optimiser.zero_grad()
        loss = self._loss(self.run, number)
        loss.backward()
        length = torch.nn.utils.clip_grad_norm_(self._network.parameters(), LONGEST)
        if not bool(torch.isfinite(loss) & torch.isfinite(length)):
            # Statistics that are not finite would stay so.
            follow(self._network.buffers(), self.average.buffers(), 0.0)
            return None
        self._optimiser.step()
        self.steps += 1
        # The first weights are by chance and soon forgotten.
        decay = min(DECAY, (1 + self.steps) / (10 + self.steps))
        follow(self.average.parameters(), self._network.parameters(), decay)
        follow(self.average.buffers(), self._network.buffers(), decay)
        return float(loss.detach())

    def state(self) -> dict[str, Any]:
        """All that a later `restore` needs to go on as if nothing had happened."""
        parts = {"network": self._network, "average": self.average, "optimiser": self._optimiser}
        return {name: part.state_dict() for name, part in parts.items()} | {"steps": self.steps}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a `state`."""
        self._network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self._optimiser.load_state_dict(state["optimiser"])
        self.steps = state["steps"]

    def weights(self) -> Weights:
        """The averaged weights, by their names."""
        tensors = self.average.state_dict().items()
        return {name: tensor.float().cpu().clone(memory_format=torch.contiguous_format).numpy() for name, tensor in tensors}


def computes_bfloat16() -> bool:
    """Whether this processor has instructions for it, with which training is nearly twice as fast."""
    from openvino import Core

    return "BF16" in Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def load_weights(network: nn.Module, weights: Weights) -> None:
    """Give a network weights by their names.

    Raises:
        CommandError: they are those of another network.

    """
    try:
        missing, _ = network.load_state_dict(
            {name: torch.from_numpy(array.copy()) for name, array in weights.items()}, strict=False
        )
        # Only PyTorch counts the batches, and for nothing that is needed here.
        alien = [name for name in missing if "num_batches" not in name]
    except RuntimeError:
        alien = [*weights]
    if alien:
        raise CommandError("the weights to begin from are of a network of another kind; begin without --from")


def follow(averages: Iterable[torch.Tensor], tensors: Iterable[torch.Tensor], decay: float) -> None:
    """Move tensors towards others, in place, and whole numbers onto them; `decay` is the share that stays, 0..1."""
    with torch.no_grad():
        for average, tensor in zip(averages, tensors, strict=True):
            # What is to be left behind altogether may not be finite, and then lerp would keep it.
            if decay and average.is_floating_point():
                average.lerp_(tensor, 1 - decay)
            else:
                average.copy_(tensor)

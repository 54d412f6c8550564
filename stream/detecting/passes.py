"""What a detector is asked and what it answers: complete in themselves, so that any of them may be dropped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from glyphfeed.stream.detecting.tiles import Tile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from glyphfeed.stream.records import Frame


class PassKind(NamedTuple):
    """How the detector looks at a frame (see `engines.detector.Detector.detect`), and at which part of it, None for all."""

    turned: bool = False
    enhanced: bool = False
    coarse: bool = False
    tile: Tile | None = None

    def like(self, other: PassKind) -> bool:
        """Tell whether two passes find the same texts where both look."""
        return self[:3] == other[:3] and (self.tile is None) == (other.tile is None)


@dataclass(frozen=True, slots=True)
class DetectorPass:
    """A frame that the detector should look at, and how, and at which `part` alone, where that is because something changed
    there; but for the part it is a pass like any other of its kind.
    """

    frame: Frame
    kind: PassKind
    part: Tile | None = None

    @property
    def area(self) -> Tile:
        """The part of the picture that is looked at."""
        return self.part or self.kind.tile or Tile(0, 0, *self.frame.size)


@dataclass(frozen=True, slots=True)
class Detections:
    """What a pass found: quads (N, 4, 2) in pixels of its frame, in the order of `engines.detector`, and scores (N,) in 0..1."""

    asked: DetectorPass
    quads: NDArray[np.float32]
    scores: NDArray[np.float32]

    def only(self, chosen: NDArray[np.bool_]) -> Detections:
        """Those of the quads that are chosen, (N,)."""
        return Detections(self.asked, self.quads[chosen], self.scores[chosen])

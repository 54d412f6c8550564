"""What the recogniser is asked and what it answers: complete in themselves, so that any of them may be dropped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from glyphfeed.engines.lattice import Lattice


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """A crop (height, width, 3) uint8 that deserves reading.

    At both ends it reaches beyond the text's quad by `margin` times the quad's width.  `clipped` text touches the picture's
    border and probably goes on beyond it; `clear` is the part that lies away from the border, from and to in 0..1 along the text.
    `view` is the crop's quality in 0..1, `appearance` what the text looked like.
    """

    track: int
    quarters: int
    crop: NDArray[np.uint8]
    margin: float
    clipped: bool
    view: float
    appearance: NDArray[np.float32]
    pts: float
    clear: tuple[float, float] = (0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the recogniser said of a request."""

    request: ReadRequest
    lattice: Lattice

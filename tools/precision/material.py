"""What networks are calibrated, judged and timed with: pictures and crops from clips.

Owns reading the clips for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from glyphfeed.engines.loading import Engines
from glyphfeed.stream.drivers.recorded import read_recorded
from glyphfeed.stream.reader import Reader
from glyphfeed.stream.sources.address import open_source
from glyphfeed.stream.sources.source import Pace

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from glyphfeed.engines.lattice import Lattice
    from glyphfeed.stream.records import Event, Frame, Snapshot, Status


PICTURES: Final = 8
"""So many frames of the clips show whether detectors agree."""


@dataclass(slots=True)
class Material:
    """What networks are to be fed with: pictures (height, width, 3) uint8, and every crop that reading the clips asked for."""

    pictures: list[NDArray[np.uint8]] = field(default_factory=list)
    crops: list[NDArray[np.uint8]] = field(default_factory=list)


class Keeper:
    """A recogniser that keeps the crops that it is given."""

    def __init__(self, engines: Engines, material: Material) -> None:
        self.name = engines.recogniser.name
        self._recogniser, self._material = engines.recogniser, material

    def read(self, crops: Sequence[NDArray[np.uint8]]) -> list[Lattice]:
        """See `Recogniser.read`."""
        self._material.crops += crops
        return self._recogniser.read(crops)


class Watcher:
    """A sink that keeps a few pictures, evenly spread, of a clip of so many frames."""

    def __init__(self, material: Material, every: int) -> None:
        self._material, self._every = material, every

    def publish(self, frame: Frame, snapshot: Snapshot, events: Sequence[Event]) -> None:  # noqa: ARG002
        """See `Sink.publish`."""
        if frame.index % self._every == 0:
            self._material.pictures.append(frame.bgr())

    def report(self, status: Status) -> None:
        """See `Sink.report`."""


def gather(clips: Sequence[str | Path], engines: Engines, pictures: int = PICTURES) -> Material:
    """Read clips once, and keep so many pictures, evenly spread, and all crops."""
    material = Material()
    for clip in clips:
        frames = sum(1 for _ in open_source(str(clip), "count", Pace.EVERY_FRAME).frames(lambda *_: None))
        watcher = Watcher(material, max(frames // max(pictures // len(clips), 1), 1))
        keeping = Engines(engines.detector, Keeper(engines, material))
        read_recorded(open_source(str(clip), "bench", Pace.EVERY_FRAME), keeping, watcher, Reader())
    return material

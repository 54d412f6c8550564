"""The steps that both drivers take: one detector pass, one batch of reads; and how a failure is told.

Owns: the way between the core's requests and the networks.  Does not own when a step is taken (recorded, live).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import numpy as np

from glyphfeed.engines.errors import GlyphfeedError
from glyphfeed.stream.detecting.passes import Detections
from glyphfeed.stream.reading.requests import Reading
from glyphfeed.stream.sources.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glyphfeed.engines.detector import Detector
    from glyphfeed.engines.recogniser import Recogniser
    from glyphfeed.stream.detecting.passes import DetectorPass
    from glyphfeed.stream.drivers.gauges import Gauges
    from glyphfeed.stream.reader import Reader
    from glyphfeed.stream.reading.requests import ReadRequest
    from glyphfeed.stream.records import Snapshot

STATUS_S: Final = 1.0
"""How often a status is reported."""
BATCH_TEXTS: Final = 3
"""So many texts are read before it is asked again which deserve it most, and their pictures are cut out of a newer frame."""


def take_work(reader: Reader, *, detecting: bool, recognising: bool) -> tuple[list[ReadRequest], DetectorPass | None]:
    """Take what the networks should do next beside a tracker that waits for neither, where they are not at something: some reads,
    at least one if any, and a pass.
    """
    # Asked only when its answer can be followed at once: both questions count as having been granted.
    requests = [] if recognising else reader.take_reads(BATCH_TEXTS)
    # To read what was found is worth more than to find more; both at once would take turns on the same cores.
    busy = detecting or ((recognising or bool(requests)) and reader.unread)
    return requests, None if busy else reader.take_pass(hurried=True)


def run_pass(detector: Detector, wanted: DetectorPass, gauges: Gauges) -> Detections:
    """Run the detector over a frame, or over a part of it.

    Raises:
        EngineError: the network failed.

    """
    image, kind = wanted.frame.bgr(), wanted.kind
    area = wanted.area
    if wanted.part or kind.tile:
        image = area.cut(image)
    begun_s = time.monotonic()
    quads, scores = detector.detect(image, turned=kind.turned, enhanced=kind.enhanced, coarse=kind.coarse)
    if wanted.part or kind.tile:
        quads = quads + np.array(area[:2], np.float32)
    gauges.detect(time.monotonic() - begun_s)
    return Detections(wanted, quads, scores)


def run_reads(recogniser: Recogniser, requests: Sequence[ReadRequest], gauges: Gauges) -> list[Reading]:
    """Read a batch of at least one crop.

    Raises:
        EngineError: the network failed.

    """
    begun_s = time.monotonic()
    lattices = recogniser.read([request.crop for request in requests])
    gauges.read((time.monotonic() - begun_s) / len(requests))
    return [Reading(*pair) for pair in zip(requests, lattices, strict=True)]


def failure(error: BaseException) -> str:
    """What a status says of an error, without credentials."""
    return redact(str(error) if isinstance(error, GlyphfeedError) else f"{type(error).__name__}: {error}")


def revisions(snapshot: Snapshot) -> set[tuple[int, int]]:
    """Which texts there are, and how often each was revised: what makes one message of a frame differ from the next."""
    return {(text.id, text.rev) for text in snapshot.texts}

"""`glyphfeed build-plan`: compile the networks for this machine's NVIDIA GPU now, and not when they are first used."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from glyphfeed.engines.loading import Backend, load_engine, plans_folder
from glyphfeed.engines.models import describe_detector, describe_recogniser
from glyphfeed.engines.recogniser import LINES
from glyphfeed.engines.weights import DETECTOR, RECOGNISER, locate
from glyphfeed.tools.errors import note

if TYPE_CHECKING:
    from glyphfeed.stream.running.networks import Networks


def build_plans(networks: Networks) -> None:
    """Build the plans of both networks, or find that they are there, and say how long that took.

    Raises:
        EngineError: TensorRT cannot be used here, or a plan cannot be built.

    """
    detector, recogniser = locate(DETECTOR, networks.detector), locate(RECOGNISER, networks.recogniser)
    for path, shapes, batch in (
        (detector, describe_detector(detector).input.shapes, 1),
        (recogniser, describe_recogniser(recogniser).input.shapes, LINES),
    ):
        begun_s = time.monotonic()
        # In a thread of its own: TensorRT keeps Ctrl-C to itself while it builds.
        pool = ThreadPoolExecutor(1, "glyphfeed-plans")
        building = pool.submit(load_engine, Backend.TENSORRT, path, shapes, 0, batch=batch)
        pool.shutdown(wait=False)
        engine = building.result()
        note(f"{engine.name} is ready after {time.monotonic() - begun_s:.0f} s; plans are kept in {plans_folder()}")
        engine.close()

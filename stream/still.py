"""Reading a still picture: the same core as for video, shown the same picture a few times."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import accumulate
from typing import TYPE_CHECKING

import cv2
import numpy as np

from stream.driver import run_pass, run_reads
from stream.gauges import Gauges
from stream.reader import Reader
from stream.records import Frame, TextState
from stream.rereading import DOUBTFUL_S, PATIENCE_S
from stream.tiles import tiles_of

if TYPE_CHECKING:
    from engines.loading import Engines
    from stream.records import Colour, Snapshot

LOOKS = 4
LOOK_STEP_S = 0.2
"""The reader decides by time when to look for upright lines, for turned ones, and how often to read: so much passes.  A large
picture is looked at once more for each of its tiles."""
READ_STEPS_S = (DOUBTFUL_S, PATIENCE_S, 2 * PATIENCE_S)
"""After the looks time passes in these steps, in which doubtful text is read again."""
ROUNDS = 8
"""Reads of one text build on each other; so often at most within one look."""


def read_still(image: Colour, engines: Engines) -> Snapshot:
    """Read one picture, (height, width, 3) uint8 blue-green-red; only texts that can be trusted are in the snapshot.

    Raises:
        EngineError: a network failed.

    """
    grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)
    reader = Reader()
    captured_at = time.time()
    gauges = Gauges(0.0, engines.detector.name, engines.recogniser.name)
    looks = [LOOK_STEP_S] * (LOOKS + len(tiles_of((image.shape[1], image.shape[0]))))
    for index, pts in enumerate(accumulate([*looks, *READ_STEPS_S])):
        reader.follow(Frame(index, pts, captured_at, grey, lambda: image))
        if index < len(looks) and (wanted := reader.wanted_pass()) is not None:
            reader.accept_detections(*run_pass(engines.detector, wanted, gauges))
        for _ in range(ROUNDS):
            if not (requests := reader.wanted()):
                break
            reader.accept_readings(run_reads(engines.recogniser, requests, gauges))
    snapshot = reader.snapshot()
    texts = tuple(text for text in snapshot.texts if text.state is not TextState.TENTATIVE)
    return replace(snapshot, frame=0, pts=0.0, texts=texts)

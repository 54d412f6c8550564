"""Reading a still picture: the same core as for video, shown the same picture a few times."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from stream.driver import run_pass, run_reads
from stream.gauges import Gauges
from stream.reader import Reader
from stream.records import Frame, TextState

if TYPE_CHECKING:
    from engines.loading import Engines
    from stream.records import Colour, Snapshot

LOOKS = 4
LOOK_STEP_S = 0.2
"""The reader decides by time when to look for upright lines, for turned ones, and how often to read: so much passes."""
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
    for index in range(LOOKS):
        reader.follow(Frame(index, index * LOOK_STEP_S, captured_at, grey, lambda: image))
        if (wanted := reader.wanted_pass()) is not None:
            reader.accept_detections(*run_pass(engines.detector, wanted, gauges))
        for _ in range(ROUNDS):
            if not (requests := reader.wanted()):
                break
            reader.accept_readings(run_reads(engines.recogniser, requests, gauges))
    snapshot = reader.snapshot()
    texts = tuple(text for text in snapshot.texts if text.state is not TextState.TENTATIVE)
    return replace(snapshot, frame=0, pts=0.0, texts=texts)

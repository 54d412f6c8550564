"""Reading a still picture: the same core as for video, shown the same picture a few times."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import accumulate
from typing import TYPE_CHECKING

import cv2
import numpy as np

from glyphfeed.stream.detecting.passes import DetectorPass, PassKind
from glyphfeed.stream.detecting.tiles import levels_of
from glyphfeed.stream.drivers.gauges import Gauges
from glyphfeed.stream.drivers.steps import run_pass, run_reads
from glyphfeed.stream.reader import Reader
from glyphfeed.stream.reading.rereading import PATIENCE_S, UNCONFIRMED_S
from glyphfeed.stream.records import Frame, TextState

if TYPE_CHECKING:
    from glyphfeed.engines.loading import Engines
    from glyphfeed.stream.records import Colour, Snapshot

PASSES = 4
PASS_STEP_S = 0.2
"""The reader decides by time when to look for upright lines, for turned ones, and how often to read: so much goes by.  Then each
tile of a large picture has one pass: nothing in it changes."""
MOST_TILES = 400
"""So many of them at most, spread evenly if there are more: a photo of 100 megapixels takes 374, which on two cores is a minute
or two; one of 30000x30000 would take 3108."""
READ_STEPS_S = (UNCONFIRMED_S, PATIENCE_S, 2 * PATIENCE_S)
"""After the passes time goes on in these steps, in which unconfirmed text is read again."""
STRIP = 4.0
"""A picture this much higher than wide may be a strip that was turned: lines that run up or down are looked for
in its tiles, too."""
ROUNDS = 8
"""Reads of one text build on each other; so often at most at one time."""


def read_still(image: Colour, engines: Engines, *, codes: bool = False) -> Snapshot:
    """Read one picture, (height, width, 3) uint8 blue-green-red, and QR and bar `codes` in it if those are asked for; only texts
    that can be trusted are in the snapshot.

    In a picture of more than some 100 megapixels, small text is looked for in a part of it only (`MOST_TILES`).

    Raises:
        EngineError: a network failed.

    """
    grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)
    reader = Reader("still", codes=codes)
    captured_at = time.time()
    gauges = Gauges("still", 0.0, engines.detector, engines.recogniser)
    looks = spread(close_looks((image.shape[1], image.shape[0])), MOST_TILES)
    steps = [PASS_STEP_S] * (PASSES + len(looks))
    for index, pts in enumerate(accumulate([*steps, *READ_STEPS_S])):
        frame = Frame(index, pts, captured_at, grey, lambda: image)
        reader.follow(frame)
        if (look := reader.take_code_look()) is not None:
            reader.accept_codes(look.find())
        wanted = None
        if index < PASSES:
            wanted = reader.take_pass()
        elif looks:
            wanted = DetectorPass(frame, looks[0])
        if wanted is not None:
            looks = [kind for kind in looks if kind != wanted.kind._replace(coarse=False)]
            reader.accept_detections(run_pass(engines.detector, wanted, gauges))
        for _ in range(ROUNDS):
            if not (requests := reader.take_reads()):
                break
            reader.accept_readings(run_reads(engines.recogniser, requests, gauges))
    snapshot = reader.snapshot()
    texts = tuple(text for text in snapshot.texts if text.state is not TextState.TENTATIVE)
    return replace(snapshot, frame=0, pts=0.0, texts=texts)


def close_looks(size: tuple[int, int]) -> list[PassKind]:
    """List the passes that show all parts of a picture of (width, height) more closely; none if it is small."""
    tiles = levels_of(size)
    ways = (False, True) if size[1] >= STRIP * size[0] else (False,)
    return [PassKind(turned=turned, tile=tile) for turned in ways for tile in tiles]


def spread(looks: list[PassKind], most: int) -> list[PassKind]:
    """Choose at most so many of the passes, evenly."""
    count = min(len(looks), most)
    return [looks[k * len(looks) // count] for k in range(count)]

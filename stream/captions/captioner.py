"""Captions beside the reading: which events are asked about, in a thread that takes its time.

Owns: what waits to be asked, how often a model is asked, and what is told of one that does not answer.  Never blocks a reader:
what there is no time for is left out.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2

from glyphfeed.stream.captions.asking import Model
from glyphfeed.stream.errors import BridgeError
from glyphfeed.stream.geometry import cut_around
from glyphfeed.stream.records import Action, EventType

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType
    from typing import Self

    from glyphfeed.stream.captions.settings import CaptionSettings
    from glyphfeed.stream.records import Colour, Event, Frame, Polygon, Snapshot, Status

WAITING: Final = 4
"""So many wait at most, each with its frame: who asks for more had better be answered about what is there now."""
QUALITY: Final = 85

_log = logging.getLogger("glyphfeed.captions")


def unheard(_source: str, _identity: int, _text: str, _caption: str) -> None:
    """Nobody is told."""


@dataclass(frozen=True, slots=True)
class Question:
    """A text that is to be described, and the frame that shows it."""

    source: str
    identity: int
    text: str
    polygon: Polygon
    frame: Frame


class Captioner:
    """A sink that asks a model about texts, and hands each caption on: `answer(source, id, text, caption)`, in its own thread.

    `answer` may be set later, when there is somebody to be told.  Use it as a context; its end leaves out what waits, and waits
    for the question that is asked at most as long as a breath.
    Put it where frames and texts arrive as they are shown, so that the model sees nothing that is hidden.

    Raises:
        SourceError: a secret that the settings name cannot be had.
        BridgeError: the file of authorities is none.

    """

    def __init__(self, settings: CaptionSettings, answer: Callable[[str, int, str, str], None] = unheard) -> None:
        self.answer = answer
        self._settings = settings
        self._model = Model(settings)
        self._fails = False
        self._waiting: queue.Queue[Question] = queue.Queue(WAITING)
        self._ended = threading.Event()
        # A daemon, as a model may think for a minute, and nobody waits for that.
        self._thread = threading.Thread(target=self._run, name="glyphfeed-captions", daemon=True)

    def publish(self, frame: Frame, snapshot: Snapshot, events: Sequence[Event]) -> None:
        """See `Sink.publish`."""
        for event in events:
            if self._is_asked(event):
                entity = event.entity
                question = Question(snapshot.source, entity.id, entity.text, entity.polygon, frame)
                try:
                    self._waiting.put_nowait(question)
                except queue.Full:
                    return

    def report(self, status: Status) -> None:
        """See `Sink.report`; nothing is told of it."""

    def _is_asked(self, event: Event) -> bool:
        settings = self._settings
        if event.type.value not in settings.on or not event.entity.text:
            return False
        if any(flag.action is not Action.FLAG for flag in event.entity.flags):
            return False
        if event.type is EventType.FLAGGED and settings.rules:
            return event.flag is not None and event.flag.rule in settings.rules
        return True

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                question = self._waiting.get(timeout=0.2)
            except queue.Empty:
                continue
            began = time.monotonic()
            self._describe(question)
            self._ended.wait(max(60.0 / self._settings.per_minute - (time.monotonic() - began), 0.0))

    def _describe(self, question: Question) -> None:
        try:
            shown = surroundings(question.frame.bgr(), question.polygon, self._settings.around, self._settings.longest_px)
            caption = self._model.ask(question.text, shown)
        except BridgeError as error:
            if not self._fails:
                _log.warning("%s describes nothing (%s); the reading goes on, and it is asked again.", self._model.name, error)
            self._fails = True
            return
        if self._fails:
            _log.info("%s describes texts again.", self._model.name)
        self._fails = False
        if not self._ended.is_set():
            self.answer(question.source, question.identity, question.text, caption)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join(0.5)


def surroundings(picture: Colour, polygon: Polygon, around: float, longest_px: int) -> bytes:
    """A text with so many of its heights around it as a JPEG, no side of which is longer than `longest_px`."""
    crop = cut_around(picture, polygon, around)
    scale = min(longest_px / max(crop.shape[:2]), 1.0)
    size = max(round(crop.shape[1] * scale), 1), max(round(crop.shape[0] * scale), 1)
    _, encoded = cv2.imencode(".jpg", cv2.resize(crop, size, interpolation=cv2.INTER_AREA), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return encoded.tobytes()

"""The stage between the reader of a source and everybody who is told: what its texts mean, and what nobody is to see.

Owns: the order of the steps, and the replacing of what is wanted while it runs.  Does not own the steps: what is found out
(noticing), how it is hidden (masking, covering, blurring), when it is passed on (holding), how it is numbered (revising).
"""

from __future__ import annotations

import logging
import math
import time
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from glyphfeed.stream.records import LAST_STATES, Action, Event, EventType, SourceState, Status
from glyphfeed.stream.understanding.blurring import blurred
from glyphfeed.stream.understanding.covering import Covered, Covering, View, cover_all_of
from glyphfeed.stream.understanding.holding import Holding
from glyphfeed.stream.understanding.masking import masked, spans_before, wholly
from glyphfeed.stream.understanding.noticing import Noticing, with_texts
from glyphfeed.stream.understanding.revising import Revising
from glyphfeed.stream.understanding.settings import MASKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glyphfeed.stream.records import Frame, Snapshot, TextEntity
    from glyphfeed.stream.sink import Sink
    from glyphfeed.stream.understanding.noticing import Exposed
    from glyphfeed.stream.understanding.settings import Settings

_log = logging.getLogger("glyphfeed.understanding")

MOST_BYTES: Final = 4 * 2**30
"""So much may the pictures take that are held, of each source."""
PIXEL_BYTES: Final = 4
"""What a pixel of a held picture takes at most: its grey and its colours.  Of a video it is 1.5, but for those that were read."""


UNSEEN_S: Final = 0.5
"""What came into view so shortly before a live source ended, or was stopped, was not read, and is never going to be."""


FULL: Final = {
    True: "held pictures take more than 4 GiB, and frames are left out: delay for a shorter time, or ask for smaller ones",
    False: "held pictures take more than 4 GiB, and are passed on early: delay for a shorter time",
}
"""By whether the source is live."""


@dataclass(slots=True)
class Moment:
    """A processed frame with what is told of it, on its way; `silent` are the texts and rules of which no event is told."""

    frame: Frame
    snapshot: Snapshot
    events: list[Event]
    picture: Covered
    silent: set[tuple[int, str]]
    act: Callable[[Event], None] | None

    @property
    def size_bytes(self) -> int:
        """What it takes at most."""
        return self.frame.grey.size * PIXEL_BYTES

    def conceal(self, exposed: Exposed) -> None:
        """Hide a text in it of which something was found out since."""
        spans = [flag.span for flag in exposed.flags if flag.action in MASKING]

        def hide(entity: TextEntity) -> TextEntity:
            if entity.id != exposed.id or not entity.text or not spans:
                return entity
            return masked(entity, spans_before(entity.text, exposed.text, spans))

        self.events = [replace(event, entity=hide(event.entity)) for event in self.events]
        texts = [hide(text) for text in self.snapshot.texts]
        if Action.DROP in exposed.hiding:
            self.events = [each for event in self.events if (each := self._dropped(event, exposed.id)) is not None]
            texts = [text for text in texts if text.id != exposed.id]
        self.snapshot = with_texts(self.snapshot, texts)

    def _dropped(self, event: Event, identity: int) -> Event | None:
        """What is left of an event where a text is dropped: what is done when a rule finds something, in silence."""
        if event.entity.id != identity:
            return event
        if event.flag is None:
            return None
        self.silent.add((identity, event.flag.rule))
        return replace(event, entity=masked(event.entity, wholly(event.entity)))

    def tells(self, event: Event) -> bool:
        """Whether an event is for everybody, and not only for what a rule does."""
        return event.flag is None or (event.entity.id, event.flag.rule) not in self.silent


class Understanding:
    """A sink that looks at what is told of one source before it is passed on to another; `close` it when no more comes.

    `settings` may be replaced by any thread at any time, and count from the next frame on.
    """

    def __init__(self, sink: Sink, settings: Settings, *, live: bool) -> None:
        self.settings = settings
        self._sink, self._live = sink, live
        self._noticing, self._covering, self._revising = Noticing(), Covering(), Revising()
        self._holding = Holding[Moment | Status](self._pass_on, by_clock=live)
        self._described: deque[tuple[int, str, str]] = deque()
        self._looked_for = settings
        self._stream_s = -math.inf
        self._held_bytes = self._left_out = 0
        self._was_full = self._ends = False
        self._texts: int | None = None
        """How many were told of last: statuses count no others."""

    def publish(self, frame: Frame, snapshot: Snapshot, events: Sequence[Event]) -> None:
        """See `Sink.publish`."""
        settings = self.settings
        replaced, self._looked_for = settings is not self._looked_for, settings
        self._noticing.look(snapshot, events, settings)
        self._take_captions(snapshot)
        self._stream_s = snapshot.pts
        moment = self._moment(frame, snapshot, events, settings)
        with self._holding.changed:
            held = [each for each in self._holding.held() if isinstance(each, Moment)]
            if replaced and settings.hides:
                self._reconsider(held, snapshot)
            self._look_back(moment, held)
            self._make_room(moment)
        self._hold(moment)
        if not self._live:
            self._holding.advance(self._stream_s)

    def report(self, status: Status) -> None:
        """See `Sink.report`; what is held when a source ends is passed on before that is told, of one that failed at once."""
        if self._live and (delay_s := self.settings.delay(live=True)):
            status = later(status, delay_s)
        self._hold(replace(status, dropped=status.dropped + self._left_out))
        if status.state in LAST_STATES:
            self._ends = True
            if status.state is SourceState.FAILED or not self._live:
                self.hurry()

    def describe(self, identity: int, text: str, caption: str) -> None:
        """Say what there is around a text that still says the same; it is told from the next frame on.  For any thread."""
        self._described.append((identity, text, caption))

    def _take_captions(self, snapshot: Snapshot) -> None:
        while self._described:
            identity, said, caption = self._described.popleft()
            for text in snapshot.texts:
                if text.id == identity and text.text == said:
                    self._noticing.describe(text, caption, snapshot)

    def hurry(self) -> None:
        """Pass on what is held at once, and what still comes; for any thread."""
        self._ends = True
        self._holding.hurry()

    def close(self) -> None:
        """Pass on what is held, of a live source when its time has come; twice is fine.

        Raises:
            Exception: what the sink failed with.

        """
        self._holding.close()

    def _moment(self, frame: Frame, snapshot: Snapshot, events: Sequence[Event], settings: Settings) -> Moment:
        """What is told of a frame, as far as is known now."""
        noticing = self._noticing
        told = [each for event in events if (each := noticing.happened(event, snapshot)) is not None]
        texts = [entity for text in snapshot.texts if (entity := noticing.told(text)) is not None]
        moment = Moment(frame, with_texts(snapshot, texts), told, Covered(View(frame), snapshot), set(), settings.act)
        for text, flag in noticing.due(snapshot):
            entity = noticing.told(text)
            if entity is None or not settings.tells_of(flag):
                moment.silent.add((text.id, flag.rule))
            entity = entity or masked(text, wholly(text))
            event = Event(snapshot.source, EventType.FLAGGED, snapshot.frame, snapshot.captured_at, entity, flag=flag)
            moment.events.append(event)
        return moment

    def _reconsider(self, held: Sequence[Moment], snapshot: Snapshot) -> None:
        """See that new rules hide what is held, the newest first, of texts that are gone or say something else by now."""
        said = {(text.id, text.text): text for moment in held for text in moment.picture.snapshot.texts if text.text}
        self._noticing.reconsider(said.values(), snapshot)
        pictures = [each.picture for each in held]
        for identity in {each.id for each in self._noticing.exposed if each.hiding & MASKING}:
            cover_all_of(identity, pictures)

    def _look_back(self, moment: Moment, held: Sequence[Moment]) -> None:
        """Hide what is to be hidden from now on in all that is held, the newest first, too."""
        for exposed in self._noticing.exposed:
            for earlier in held:
                earlier.conceal(exposed)
        texts = moment.picture.snapshot.texts
        hidden = [text.id for text in texts if MASKING & self._noticing.hiding(text.id)]
        self._covering.cover(moment.picture, hidden, [earlier.picture for earlier in held])

    def _make_room(self, moment: Moment) -> None:
        """See that what is held does not take more than it may: of a live source a frame takes the place of the one before, of a
        recording the oldest is passed on early.
        """
        self._held_bytes += moment.size_bytes
        if self._held_bytes > MOST_BYTES and not self._was_full:
            self._was_full = True
            _log.warning(FULL[self._live], extra={"source": moment.snapshot.source})
        if self._held_bytes > MOST_BYTES and self._live and (last := self._holding.take_back(Moment)) is not None:
            moment.events = [*last.events, *moment.events]
            moment.silent |= last.silent
            self._held_bytes -= last.size_bytes
            self._left_out += 1

    def _hold(self, value: Moment | Status) -> None:
        """Leave something to be passed on when its time has come."""
        now_s = time.monotonic() if self._live else self._stream_s
        self._holding.put(value, now_s + self.settings.delay(live=self._live), now_s)
        while not self._live and self._held_bytes > MOST_BYTES and self._holding.release():
            pass

    def _pass_on(self, value: Moment | Status) -> None:
        if isinstance(value, Status):
            self._sink.report(value if self._texts is None else replace(value, texts=self._texts))
            return
        with self._holding.changed:
            self._held_bytes -= value.size_bytes
        self._texts = len(value.snapshot.texts)
        if self._is_unseen(value):
            value.picture.cover_all()
        snapshot, events = self._revising.revise(value.snapshot, value.events)
        self._sink.publish(blurred(value.frame, value.picture.all), snapshot, list(filter(value.tells, events)))
        for event in events:
            if event.flag is not None and value.act is not None:
                value.act(event)

    def _is_unseen(self, moment: Moment) -> bool:
        """Whether a picture of a live source that ends may show what would have been hidden, had there been time to read it."""
        delays = self._live and self.settings.blurs and self.settings.delay(live=True) > 0
        return self._ends and delays and moment.snapshot.pts > self._stream_s - UNSEEN_S


def later(status: Status, delay_s: float) -> Status:
    """A status whose latencies count that all is told so many seconds later."""
    return replace(
        status,
        latency_p50_ms=None if status.latency_p50_ms is None else status.latency_p50_ms + delay_s * 1000,
        latency_p95_ms=None if status.latency_p95_ms is None else status.latency_p95_ms + delay_s * 1000,
    )

"""Whether messages keep the feed's contract (docs/feed.md): the shape of each, and what has to hold between them.

Owns: the rules, and the words in which a breach is told.  Pure; does not own where the messages come from, nor the shapes
(shapes).

Whoever listens may have come late, may have lost what may be lost, may have fetched events late, or wanted some topics only; so a
rule speaks where it can be sure.  Of what comes on one topic the order counts, between topics `published_at` does.
"""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeAlias, cast

import cv2
import msgspec
import numpy as np

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.feed import wire
from glyphfeed.stream.feed.shapes import MESSAGES, Header
from glyphfeed.stream.records import LAST_STATES, TextState

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glyphfeed.stream.feed.shapes import EntityBody, EventMessage, PictureMessage, StatusMessage, TextMessage

Content: TypeAlias = tuple[Any, ...]
Breaches: TypeAlias = "Iterator[str]"

EARLIEST, LATEST = 946_684_800.0, 4_102_444_800.0
"""Unix seconds of the years 2000 and 2100: a time beyond is no Unix time, or is not in seconds."""
AHEAD_S: Final = 60.0
"""A picture is not captured so much later than it is published, even by the clock of a camera."""
ROUNDED_S: Final = 2e-6
ROUNDED_PX: Final = 0.2
"""Twice the area of a polygon is uncertain by this times its length, as its points are rounded to 0.1."""
REMEMBERED: Final = 20_000
"""So many texts of a source are remembered, and of each the last revisions; a feed has no end."""
REVISIONS: Final = 8
SIDE: Final = 0.02
"""The sides of a picture may be off by this share, or by a pixel, from the shape of the frame."""


@dataclass(slots=True)
class _Text:
    """What is known of one text; `said` is what the last `read` or `changed` told."""

    first_seen: float
    contents: dict[int, Content] = field(default_factory=dict)
    shown_rev: int = 0
    told_rev: int = 0
    said: str | None = None
    is_read: bool = False
    left_at: float | None = None


@dataclass(slots=True)
class _Run:
    """What is known of one source in one epoch."""

    texts: dict[int, _Text] = field(default_factory=dict)
    shown: TextMessage | None = None
    told: EventMessage | None = None
    is_whole: bool = True
    """Whether all of its events were seen so far."""
    began_at_first: bool = False
    """Whether it was seen from the first frame on."""
    promised: StatusMessage | None = None
    """A status that counts events which have not come yet."""
    ended_at: float | None = None
    early: EventMessage | PictureMessage | None = None
    """What came before the text of its frame."""


class Conformance:
    """Holds the messages of one feed against its contract, one after the other."""

    def __init__(self) -> None:
        self._runs: dict[tuple[str, str], _Run] = {}
        self._epochs: dict[str, list[str]] = {}
        self._last: dict[str, tuple[Header, bytes]] = {}
        self._interrupted: set[str] = set()
        self.messages = 0

    @property
    def sources(self) -> set[str]:
        """The names of the sources that were told of so far."""
        return {source for source, _ in self._runs}

    def interrupt(self) -> None:
        """The connection was broken: events may be missing here that were sent."""
        self._interrupted |= self._last.keys()

    def take(self, message: bytes) -> list[str]:
        """Take in the next message and tell in which ways it breaks the contract, in words; mostly in none."""
        self.messages += 1
        try:
            topic, body, rest = _parse(message)
            header = _shaped(topic, body)
        except _BreachError as breach:
            return [str(breach)]
        if self._is_repeated(topic, message):
            return []
        breaches = [*self._order(topic, header), *_times(header)]
        run = self._runs.setdefault((header["source"], header["epoch"]), _Run())
        if run.ended_at is not None and header["published_at"] > run.ended_at and not _begins_anew(topic, header):
            breaches.append("it was published after the source had ended or failed, and no status/ says that it is back")
        match topic.partition("/")[0]:
            case "text":
                breaches += _text(run, cast("TextMessage", header))
            case "event":
                breaches += _event(run, cast("EventMessage", header), may_miss=self._may_miss(topic))
            case "status":
                breaches += _status(run, cast("StatusMessage", header))
            case "picture":
                breaches += _picture(run, cast("PictureMessage", header), rest)
        self._last[topic] = header, message
        self._interrupted.discard(topic)
        return [f"{topic}: {breach}" for breach in breaches]

    def _is_repeated(self, topic: str, message: bytes) -> bool:
        """Whether the last message of a topic has come once more, for others who came late; events never do."""
        return not topic.startswith("event/") and topic in self._last and message == self._last[topic][1]

    def _order(self, topic: str, header: Header) -> Breaches:
        """Compare a message with those before it on its topic."""
        epochs, epoch, seq = self._epochs.setdefault(topic, []), header["epoch"], header["seq"]
        last = self._last[topic][0] if topic in self._last else None
        if last is not None and last["epoch"] == epoch:
            if seq <= last["seq"]:
                yield f"seq {seq} follows {last['seq']}; numbers rise within a topic and an epoch"
        elif epoch in epochs:
            yield f"epoch {epoch!r} had been followed by another one, and is back"
        else:
            epochs.append(epoch)

    def _may_miss(self, topic: str) -> bool:
        """Whether events before this one may have been sent that never came here."""
        return topic in self._interrupted or topic not in self._last

    def finish(self) -> list[str]:
        """Tell what is wrong when no more messages come."""
        breaches = []
        for (source, epoch), run in self._runs.items():
            if run.told is not None and run.promised is not None and run.told["seq"] < run.promised["last_event_seq"]:
                last, told = run.promised["last_event_seq"], run.told["seq"]
                breaches.append(
                    f"event/{source}: the last event of epoch {epoch!r} is {told}, but a status has counted {last} of them"
                )
        return breaches


class _BreachError(Exception):
    """What came cannot be held against any other rule."""


def _parse(message: bytes) -> tuple[str, dict[str, Any], bytes]:
    """Take a message apart: topic, JSON, and what follows the JSON of a picture."""
    name, space, text = message.partition(b" ")
    try:
        topic = name.decode()
    except UnicodeDecodeError:
        raise _BreachError(f"{name[:80]!r} is no topic in UTF-8") from None
    kind, slash, source = topic.partition("/")
    if not (space and kind and slash):
        raise _BreachError(f"{topic[:80]!r} is no message: it is <kind>/<source>, a space, and a JSON object")
    rest = b""
    if kind == "picture":
        text, newline, rest = text.partition(b"\n")
        if not newline:
            raise _BreachError(f"{topic}: no newline and picture follow the JSON")
    try:
        wire.topic(kind, source)
        body = json.loads(text, parse_constant=_refuse, parse_float=_number)
    except FeedError:
        raise _BreachError(f"{topic[:80]!r}: the name of a source has 1 to 64 of the characters A-Z a-z 0-9 . _ -") from None
    except (ValueError, RecursionError) as error:
        raise _BreachError(f"{topic}: what follows is no JSON: {error}") from None
    if b"\n" in text or b"\r" in text:
        raise _BreachError(f"{topic}: the JSON holds a line break")
    if not isinstance(body, dict):
        raise _BreachError(f"{topic}: what follows is JSON, but no object")
    if body.get("source") != source:
        raise _BreachError(f"{topic}: source is {body.get('source')!r} in the JSON")
    return topic, body, rest


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number there")


def _number(text: str) -> float:
    """Numbers are numbers: 0.0 does for 0."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is too large")
    return int(number) if number.is_integer() else number


def _shaped(topic: str, body: dict[str, Any]) -> Header:
    """Check that a body has the fields of its topic; of a topic that a later version has added, those of every message."""
    kind = topic.partition("/")[0]
    try:
        shaped: Header = msgspec.convert(body, MESSAGES.get(kind, Header))
    except msgspec.ValidationError as error:
        raise _BreachError(f"{topic}: {error}".replace(" - at `$.", " - at `")) from None
    return shaped


def _times(header: Header) -> Breaches:
    times = [("published_at", header["published_at"])]
    captured_at = cast("dict[str, Any]", header).get("captured_at")
    if isinstance(captured_at, int | float):
        times.append(("captured_at", captured_at))
        if captured_at > header["published_at"] + AHEAD_S:
            yield f"captured_at is {captured_at - header['published_at']:.0f} s later than published_at"
    for name, time in times:
        if not EARLIEST < time < LATEST:
            yield f"{name} is {time}, which is no time of now in Unix seconds"


def _text(run: _Run, body: TextMessage) -> Breaches:
    last, run.shown = run.shown, body
    if last is not None:
        yield from _progress(last, body)
    else:
        run.began_at_first = body["frame"] == 0
    early, run.early = run.early, None
    # Only where no `text/` can have been lost or left out in between.
    follows = body["seq"] == (last["seq"] if last is not None else 0) + 1
    if early is not None and follows and early["published_at"] < body["published_at"] and early["frame"] >= body["frame"]:
        what = "event" if "entity" in early else "picture"
        yield f"{what} {early['seq']} of frame {early['frame']} came before the text/ of that frame"
    ids = [entity["id"] for entity in body["texts"]]
    for number in _repeated(ids):
        yield f"there are several texts with id {number}"
    for entity in body["texts"]:
        yield from _entity(entity, body["captured_at"])
        yield from _known(run, entity, body["published_at"], is_event=False)
    if "blocks" in body:
        trusted = {entity["id"] for entity in body["texts"] if entity["state"] is not TextState.TENTATIVE}
        yield from _blocks(list(itertools.chain.from_iterable(body["blocks"])), {*ids}, trusted)


def _progress(last: TextMessage, body: TextMessage) -> Breaches:
    """Compare a text with the one before it; some may be missing between."""
    if body["frame"] < last["frame"]:
        yield f"frame {body['frame']} follows {last['frame']}"
    elif body["frame"] > last["frame"] and body["pts"] <= last["pts"]:
        yield f"pts is {body['pts']} at frame {body['frame']}, and was {last['pts']} at frame {last['frame']}"
    elif body["frame"] == last["frame"]:
        yield from _same_frame(last, body)


def _same_frame(text: TextMessage, body: TextMessage | PictureMessage) -> Breaches:
    if (text["pts"], text["captured_at"], text["size"]) != (body["pts"], body["captured_at"], body["size"]):
        yield f"pts, captured_at or size of frame {body['frame']} are not those of the text/ before"


def _repeated(values: Sequence[int]) -> list[int]:
    return sorted({value for value in values if values.count(value) > 1})


def _blocks(listed: list[int], ids: set[int], trusted: set[int]) -> Breaches:
    for number in _repeated(listed):
        yield f"text {number} is in blocks more than once"
    for number in sorted({*listed} - ids):
        yield f"blocks name text {number}, which is not in texts"
    for number in sorted(({*listed} & ids) - trusted):
        yield f"text {number} is tentative, and in a block"
    for number in sorted(trusted - {*listed}):
        yield f"text {number} is in no block, though it is not tentative"


def _entity(entity: EntityBody, captured_at: float) -> Breaches:
    """Check what a text says of itself, at a frame that was captured at a Unix time."""
    number = entity["id"]
    first, last = entity["first_seen"], entity["last_seen"]
    if first > last + ROUNDED_S:
        yield f"text {number} was last seen {first - last:.3f} s before it was first seen"
    if last > captured_at + ROUNDED_S:
        yield f"text {number} was last seen {last - captured_at:.3f} s after the frame was captured"
    if first < EARLIEST:
        yield f"first_seen of text {number} is {first}, which is no time of now in Unix seconds"
    polygons = [(f"text {number}", entity["polygon"])]
    polygons += [(f"the word {word['text']!r} of text {number}", word["polygon"]) for word in entity["words"]]
    polygons += [(f"the character {char['char']!r} of text {number}", char["polygon"]) for char in entity.get("chars", ())]
    for what, polygon in polygons:
        if not is_clockwise(polygon):
            yield f"the polygon of {what} does not go round clockwise: {polygon}"
    for name in ("attributes", "flags"):
        for part in cast("dict[str, Any]", entity).get(name, ()):
            if part["span"][0] > part["span"][1]:
                yield f"a span in {name} of text {number} ends before it starts"


def is_clockwise(polygon: Sequence[Sequence[float]]) -> bool:
    """Whether a polygon goes round clockwise as seen in a picture (y down), without crossing itself.

    One that has no area, as of a character without width, goes round either way.
    """
    points = np.array(polygon, np.float64)
    edges = np.roll(points, -1, axis=0) - points
    following = np.roll(edges, -1, axis=0)
    x, y = (points - points[0]).T
    # Shoelace formula: twice the area, which is positive this way round as y points down.
    area = float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum())
    corners = float(np.abs(edges[:, 0] * following[:, 1] - edges[:, 1] * following[:, 0]).sum())
    uncertain = ROUNDED_PX * float(np.hypot(edges[:, 0], edges[:, 1]).sum())
    return area > uncertain or corners < 3 * uncertain


def _known(run: _Run, entity: EntityBody, published_at: float, *, is_event: bool) -> Breaches:
    """Compare a text with what was told of it before, in `text/` or `event/`, of which some may be missing here."""
    number, rev = entity["id"], entity["rev"]
    content = entity["text"], entity["state"], entity.get("attributes"), entity.get("flags")
    known = run.texts.pop(number, None) or _Text(entity["first_seen"])
    # Back at the end: those that were not told of for longest are forgotten first.
    run.texts[number] = known
    if len(run.texts) > REMEMBERED:
        del run.texts[next(iter(run.texts))]
    if known.left_at is not None and published_at > known.left_at:
        yield f"text {number} has left, and is there again"
        known.left_at = None
    if abs(known.first_seen - entity["first_seen"]) > ROUNDED_S:
        yield f"first_seen of text {number} was {known.first_seen} and is {entity['first_seen']}: is it another text?"
        known.first_seen = entity["first_seen"]
    before = known.told_rev if is_event else known.shown_rev
    if rev < before:
        yield f"rev of text {number} falls from {before} to {rev}"
    if known.contents.get(rev, content) != content:
        yield f"text, state, attributes or flags of text {number} have changed, but rev is still {rev}"
    elif known.contents.get(rev - 1) == content:
        yield f"rev of text {number} has grown to {rev}, but text, state, attributes and flags are the same"
    known.contents[rev] = content
    if len(known.contents) > REVISIONS:
        del known.contents[min(known.contents)]
    if is_event:
        known.told_rev = rev
    else:
        known.shown_rev = rev


def _event(run: _Run, body: EventMessage, *, may_miss: bool) -> Breaches:
    last, run.told = run.told, body
    entity, seq, frame = body["entity"], body["seq"], body["frame"]
    before = last["seq"] if last is not None else 0
    if seq > before + 1:
        run.is_whole = False
        if not may_miss:
            missing = f"event {before + 1} is" if seq == before + 2 else f"events {before + 1} to {seq - 1} are"
            yield f"{f'seq {seq} follows {before}' if before else f'seq begins with {seq}'}: {missing} missing"
    if last is not None and frame < last["frame"]:
        yield f"frame {frame} follows {last['frame']}"
    if run.promised is not None and body["published_at"] > run.promised["published_at"]:
        if seq <= run.promised["last_event_seq"]:
            yield f"a status has counted event {seq} before it was published (last_event_seq {run.promised['last_event_seq']})"
        run.promised = None
    _note_early(run, body)
    yield from _entity(entity, body["captured_at"])
    yield from _known(run, entity, body["published_at"], is_event=True)
    yield from _happening(run.texts[entity["id"]], body, is_whole=run.is_whole and run.began_at_first)


def _happening(known: _Text, body: EventMessage, *, is_whole: bool) -> Breaches:
    """Check that an event can follow what was told of its text before; all of it was seen where that `is_whole`."""
    kind, number, text, previous = body["type"], body["entity"]["id"], body["entity"]["text"], body.get("previous")
    if kind == "read" and known.is_read:
        yield f"text {number} is read for a second time"
    if kind in ("changed", "left") and is_whole and not known.is_read:
        yield f"text {number} has {kind}, but was never read"
    if kind == "changed":
        if previous is None:
            yield "previous is missing in changed"
        elif previous == text:
            yield f"text {number} has changed from {previous!r} to the same"
        elif known.said not in (None, previous):
            yield f"previous of text {number} is {previous!r}, but it was told to say {known.said!r}"
    elif previous is not None:
        yield f"previous is there, but the event is {kind}"
    if kind == "flagged" and "flag" not in body:
        yield "flag is missing in flagged"
    if kind in ("read", "changed"):
        known.is_read, known.said = True, text
    elif kind == "left":
        known.left_at = body["published_at"]


def _note_early(run: _Run, body: EventMessage | PictureMessage) -> None:
    """Note what came before the text of its frame, until the next `text/` tells whether that was only lost or late."""
    if run.early is None and (run.shown is None or body["frame"] > run.shown["frame"]):
        run.early = body


def _begins_anew(topic: str, header: Header) -> bool:
    """Whether a message says that its source, which had ended, is back."""
    return topic.startswith("status/") and cast("StatusMessage", header)["state"] not in LAST_STATES


def _status(run: _Run, body: StatusMessage) -> Breaches:
    counted, told = body["last_event_seq"], run.told
    if told is not None and told["seq"] > counted and told["published_at"] < body["published_at"]:
        yield f"last_event_seq is {counted}, but event {told['seq']} came before"
    if counted > (told["seq"] if told is not None else 0):
        run.promised = body
    run.ended_at = body["published_at"] if body["state"] in LAST_STATES else None


def _picture(run: _Run, body: PictureMessage, jpeg: bytes) -> Breaches:
    _note_early(run, body)
    if run.shown is not None and run.shown["frame"] == body["frame"]:
        yield from _same_frame(run.shown, body)
    is_jpeg = jpeg.startswith(b"\xff\xd8") and jpeg.endswith(b"\xff\xd9")
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR) if is_jpeg else None
    if image is None:
        yield f"the {len(jpeg)} bytes after the JSON are no JPEG"
        return
    (height, width), (full_width, full_height) = image.shape[:2], body["size"]
    if width > full_width or height > full_height:
        yield f"the JPEG is {width}x{height}, larger than the frame, which is {full_width}x{full_height}"
    elif abs(height - width * full_height / full_width) > max(1.0, SIDE * height):
        yield f"the JPEG is {width}x{height}, but the frame {full_width}x{full_height}"

"""Recordings of readers: what was published when, from a feed's file or from the lines of another reader.

Owns: reading the lines, and which texts stand in which frame.  A line is a message of the feed, `<topic> <json>`, or only the
payload of a `text/` message, of which `frame` and `texts` are needed, and of a text `polygon` and `text`.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NoReturn

from glyphfeed.stream.feed.recordings.recording import read_lines
from glyphfeed.tools.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from glyphfeed.stream.feed.wire import Body

MOST: Final = 1e15
"""No number of a message is larger, not even a time in microseconds."""


@dataclass(frozen=True, slots=True)
class Published:
    """What one reader published about one clip: bodies of the feed's messages in their order.

    `events` and `status` are None where the reader has none; `status` is the last one.
    """

    texts: tuple[Body, ...]
    events: tuple[Body, ...] | None
    status: Body | None


def read_recording(path: Path, name: str = "") -> Published:
    """Read a recording of one source; `name` is what messages call it, if not by its path.

    Raises:
        FeedError: it cannot be read.
        CommandError: it is none, or holds several sources.

    """
    name, messages = name or str(path), []
    for number, line in enumerate(read_lines(path), start=1):
        try:
            if text := line.decode().strip():
                messages.append(_parse(text))
        except (ValueError, RecursionError) as error:
            reason = "it is no sound JSON" if isinstance(error, json.JSONDecodeError | RecursionError) else str(error)
            raise CommandError(
                f"the recording {name} is none: line {number} is not a message with its frame and texts ({reason}); "
                "record one with glyphfeed watch --record, or one text/ payload a line"
            ) from error
    sources = {source for _, source, _ in messages}
    if len(sources) > 1:
        raise CommandError(f"the recording {name} holds {len(sources)} sources; record each clip in a file of its own")
    bodies = {kind: tuple(body for k, _, body in messages if k == kind) for kind in ("text", "event", "status")}
    is_feed = sources != {""} and bool(sources)
    return Published(bodies["text"], bodies["event"] if is_feed else None, bodies["status"][-1] if bodies["status"] else None)


def _parse(line: str) -> tuple[str, str, Body]:
    """Kind, source and body of a line; of the body what is scored is as it should be, or this raises a ValueError."""
    topic, _, text = ("text/", "", line) if line.startswith("{") else line.partition(" ")
    kind, _, source = topic.partition("/")
    body = json.loads(text, parse_constant=_refuse)
    _demand(isinstance(body, dict), "it is no object")
    if kind == "text":
        frame, size, texts = body.get("frame"), body.get("size"), body.get("texts")
        _demand(_is_number(frame) and frame >= 0 and frame == int(frame), "frame is no whole number from 0")
        _demand(size is None or _is_pair(size), "size is not [width, height]")
        _demand(all(_is_number(body.get(key), needed=False) for key in ("captured_at", "published_at")), "a time is no number")
        _demand(isinstance(texts, list), "texts is no list")
        body["frame"] = int(frame)
        for entity in texts:
            _check_entity(entity)
    elif kind == "status":
        _demand(_is_number(body.get("reads"), needed=False), "reads is no number")
    return kind, source, body


def _check_entity(entity: Any) -> None:
    _check_word(entity, "a text")
    velocity, words = entity.get("velocity"), entity.get("words")
    _demand(isinstance(entity.get("id"), str | int | float | None), "the id of a text is no number or string")
    _demand(velocity is None or _is_pair(velocity), "the velocity of a text is not [vx, vy]")
    _demand("reads" not in entity or _is_number(entity["reads"]), "the reads of a text are no number")
    _demand(words is None or isinstance(words, list), "the words of a text are no list")
    for word in words or ():
        _check_word(word, "a word")


def _check_word(word: Any, what: str) -> None:
    """Check what texts and their words have in common."""
    _demand(isinstance(word, dict), f"{what} is no object")
    polygon = word.get("polygon")
    _demand(isinstance(word.get("text"), str), f"{what} has no text")
    _demand(
        isinstance(polygon, list) and len(polygon) >= 3 and all(map(_is_pair, polygon)),
        f"the polygon of {what} is not three or more points [x, y]",
    )
    _demand(_is_number(word.get("confidence"), needed=False), f"the confidence of {what} is no number")


def _is_number(value: object, *, needed: bool = True) -> bool:
    if value is None:
        return not needed
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MOST


def _is_pair(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(_is_number, value))


def _demand(sound: bool, complaint: str) -> None:
    if not sound:
        raise ValueError(complaint)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def shown(recording: Published, frames: int, fps: float, *, live: bool) -> list[Sequence[Body]]:
    """The texts that stand in each of so many frames; where a frame has no message the last one before it stands.

    Live, a message counts from the frame in which it was published, as a person sees it.
    """
    by_frame = {body["frame"] + (delay_frames(body, fps) if live else 0): body["texts"] for body in recording.texts}
    standing: list[Sequence[Body]] = []
    for frame in range(frames):
        standing.append(by_frame.get(frame, standing[-1] if standing else ()))
    return standing


def delay_s(body: Body) -> float | None:
    """Seconds from capture to publication of a message, None where it does not say."""
    published, captured = body.get("published_at"), body.get("captured_at")
    return None if published is None or captured is None else max(float(published) - float(captured), 0.0)


def delay_frames(body: Body, fps: float) -> int:
    """Frames from capture until a message is seen."""
    return math.ceil((delay_s(body) or 0.0) * fps - 1e-6)

"""Recordings of readers: what was published when, from a feed's file or from the lines of another reader.

Owns: reading the file, and which texts stand in which frame.  A line is a message of the feed, `<topic> <json>`, or only the
payload of a `text/` message, of which `frame` and `texts` are needed, and of a text `polygon`, `text` and `id`.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tools.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stream.feed.wire import Body


@dataclass(frozen=True, slots=True)
class Recording:
    """What one reader published about one clip: bodies of the feed's messages in their order.

    `events` and `status` are None where the reader has none; `status` is the last one.
    """

    texts: tuple[Body, ...]
    events: tuple[Body, ...] | None
    status: Body | None


def read_recording(path: Path) -> Recording:
    """Read a recording of one source.

    Raises:
        CommandError: it cannot be read, is none, or holds several sources.

    """
    try:
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        messages = [_parse(line) for line in lines]
    except OSError as error:
        raise CommandError(f"the recording {path} cannot be read: {error.strerror}; check the path") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CommandError(
            f"the recording {path} is none: a line is not a message with its frame and texts; "
            "record one with glyphfeed watch --record, or one text/ payload a line"
        ) from error
    names = {name for _, name, _ in messages}
    if len(names) > 1:
        raise CommandError(f"the recording {path} holds {len(names)} sources; record each clip in a file of its own")
    bodies = {kind: tuple(body for k, _, body in messages if k == kind) for kind in ("text", "event", "status")}
    is_feed = names != {""} and bool(names)
    return Recording(bodies["text"], bodies["event"] if is_feed else None, bodies["status"][-1] if bodies["status"] else None)


def _parse(line: str) -> tuple[str, str, dict[str, Any]]:
    """Kind, source and body of a line."""
    topic, _, text = ("text/", "", line) if line.startswith("{") else line.partition(" ")
    kind, _, name = topic.partition("/")
    body = json.loads(text)
    if kind == "text":
        body["frame"] = int(body["frame"])
        if not all(isinstance(entity["text"], str) and len(entity["polygon"]) >= 4 for entity in body["texts"]):
            raise ValueError("a text without letters or place")
    return kind, name, body


def shown(recording: Recording, frames: int, fps: float, *, live: bool) -> list[Sequence[Body]]:
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

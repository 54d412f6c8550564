"""The feed's contract as a JSON Schema, and whatever a test publishes or receives held against it."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator

if TYPE_CHECKING:
    from collections.abc import Callable

    from glyphfeed.stream.feed import wire

SCHEMA = json.loads((Path(__file__).parents[1] / "docs/feed.schema.json").read_text("utf-8"))
NAMES = {"text": "TextMessage", "event": "EventMessage", "status": "StatusMessage", "picture": "PictureMessage"}
MOST = 500
"""So many messages of a test are validated, and then every so many-th: it takes a millisecond each, and some send thousands."""


@cache
def validator(kind: str) -> Draft202012Validator:
    """Knows the shape of the JSON of one kind of message."""
    return Draft202012Validator({"$ref": f"#/$defs/{NAMES[kind]}", "$defs": SCHEMA["$defs"]})


class Watch:
    """Looks on as `wire.message` writes and `wire.message_of` reads, and remembers what breaks the contract."""

    def __init__(self) -> None:
        self.breaches: list[str] = []
        self._seen = 0

    def writing(self, write: Callable[..., bytes]) -> Callable[..., bytes]:
        def watched(*arguments: Any) -> bytes:
            message = write(*arguments)
            topic, _, body = message.partition(b" ")
            self._look(topic.decode(), json.loads(body))
            return message

        return watched

    def reading(self, read: Callable[[str, Any], wire.Message]) -> Callable[[str, Any], wire.Message]:
        def watched(topic: str, body: Any) -> wire.Message:
            message = read(topic, body)
            self._look(topic, message.body)
            return message

        return watched

    def _look(self, topic: str, body: dict[str, Any]) -> None:
        self._seen += 1
        kind, _, _ = topic.partition("/")
        if kind in NAMES and (self._seen <= MOST or self._seen % MOST == 0):
            self.breaches += [f"{topic}: {error.message} at {error.json_path}" for error in validator(kind).iter_errors(body)]

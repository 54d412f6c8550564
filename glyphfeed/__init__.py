"""glyphfeed: point it at a camera, and it reads, follows and publishes the text it sees.

The public interface; docs/library.md has it with examples.  Everything else of the package may change.

    for sight in glyphfeed.watch("rtsp://10.0.0.7/live"):
        for text in sight.texts:
            print(sight.source, text.id, text.state, text.text, text.polygon)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from glyphfeed.engines.errors import EngineError as EngineError
    from glyphfeed.engines.errors import GlyphfeedError as GlyphfeedError
    from glyphfeed.stream.errors import FeedError as FeedError
    from glyphfeed.stream.errors import InputError as InputError
    from glyphfeed.stream.errors import SourceError as SourceError
    from glyphfeed.stream.feed.keys import ClientKeys as ClientKeys
    from glyphfeed.stream.feed.receiving.client import Feed as Feed
    from glyphfeed.stream.feed.receiving.client import connect as connect
    from glyphfeed.stream.feed.receiving.drawing import Shown as Shown
    from glyphfeed.stream.feed.wire import Message as Message
    from glyphfeed.stream.feed.wire import Position as Position
    from glyphfeed.stream.records import Action as Action
    from glyphfeed.stream.records import Attribute as Attribute
    from glyphfeed.stream.records import Char as Char
    from glyphfeed.stream.records import Event as Event
    from glyphfeed.stream.records import EventType as EventType
    from glyphfeed.stream.records import Flag as Flag
    from glyphfeed.stream.records import Sight as Sight
    from glyphfeed.stream.records import Snapshot as Snapshot
    from glyphfeed.stream.records import SourceState as SourceState
    from glyphfeed.stream.records import Status as Status
    from glyphfeed.stream.records import TextEntity as TextEntity
    from glyphfeed.stream.records import TextState as TextState
    from glyphfeed.stream.records import Word as Word
    from glyphfeed.stream.running.library import read as read
    from glyphfeed.stream.running.library import watch as watch
    from glyphfeed.stream.running.pushed import Reader as Reader
    from glyphfeed.stream.running.watching import Watch as Watch
    from glyphfeed.stream.sources.source import Pace as Pace
    from glyphfeed.tools.library import load_rules as load_rules

    __version__: str

_HOMES: Final = {
    "engines.errors": ("EngineError", "GlyphfeedError"),
    "stream.errors": ("FeedError", "InputError", "SourceError"),
    "stream.feed.receiving.client": ("Feed", "connect"),
    "stream.feed.receiving.drawing": ("Shown",),
    "stream.feed.keys": ("ClientKeys",),
    "stream.feed.wire": ("Message", "Position"),
    "stream.records": (
        *("Action", "Attribute", "Char", "Event", "EventType", "Flag", "Sight", "Snapshot", "SourceState"),
        *("Status", "TextEntity", "TextState", "Word"),
    ),
    "stream.running.library": ("read", "watch"),
    "stream.running.pushed": ("Reader",),
    "stream.running.watching": ("Watch",),
    "stream.sources.source": ("Pace",),
    "tools.library": ("load_rules",),
}

__all__ = [
    "Action",
    "Attribute",
    "Char",
    "ClientKeys",
    "EngineError",
    "Event",
    "EventType",
    "Feed",
    "FeedError",
    "Flag",
    "GlyphfeedError",
    "InputError",
    "Message",
    "Pace",
    "Position",
    "Reader",
    "Shown",
    "Sight",
    "Snapshot",
    "SourceError",
    "SourceState",
    "Status",
    "TextEntity",
    "TextState",
    "Watch",
    "Word",
    "__version__",
    "connect",
    "load_rules",
    "read",
    "watch",
]


def __getattr__(name: str) -> Any:
    """Import what is asked for: the command line imports this package, too, and needs none of it."""
    if name == "__version__":
        from importlib.metadata import version

        return version("glyphfeed")
    home = next((home for home, names in _HOMES.items() if name in names), None)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return [*__all__, "engines", "stream", "tools"]

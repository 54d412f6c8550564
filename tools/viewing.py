"""`glyphfeed view`: the cameras of a feed in a window, each picture with the text of its frame on it.

Owns: which cameras are shown, what keys do, and what is told where there is nothing to show.  Does not own how text and picture
find each other (displays.received), the look (displays.tiles), nor the window (displays.window).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from glyphfeed.stream.feed.receiving.client import ARRIVED_S, connect
from glyphfeed.stream.records import NAME
from glyphfeed.tools.displays.received import Clock, Received
from glyphfeed.tools.displays.tiles import BAR_PX, Tile, age_words, cells, compose, decode, draw_tile
from glyphfeed.tools.displays.window import ESCAPE, Canvas
from glyphfeed.tools.errors import CommandError, note

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from glyphfeed.stream.feed.keys import ClientKeys
    from glyphfeed.stream.feed.receiving.client import Feed
    from glyphfeed.stream.feed.wire import Message
    from glyphfeed.stream.records import Colour

SIZE: Final = (1280, 720)
PERIOD_S: Final = 1 / 60
MESSAGES: Final = 1000
"""So many are taken before the window is seen to, however fast they come."""
PATIENCE_S: Final = 2.0
"""Before it is told that there is no connection: one takes a moment."""
TAB, SPACE = 9, 32


@dataclass(frozen=True, slots=True)
class Choice:
    """What the user wants to see: one camera alone, or all, and whether they stand still."""

    camera: str | None = None
    frozen: bool = False


def pressed(key: int, choice: Choice, names: Sequence[str]) -> Choice | None:
    """What a key makes of a choice among the cameras that there are; None for the end.

    q and Escape end, the space bar freezes, Tab shows the next camera alone, and after the last one all of them, and a digit
    that one, where 0 is all.
    """
    if key in (ESCAPE, ord("q"), ord("Q")):
        return None
    if key == SPACE:
        return replace(choice, frozen=not choice.frozen)
    turns = [None, *names]
    if key == TAB and len(names) > 1:
        now = turns.index(choice.camera) if choice.camera in turns else 0
        return replace(choice, camera=turns[(now + 1) % len(turns)])
    if ord("0") <= key <= ord("9") and key - ord("0") < len(turns):
        return replace(choice, camera=turns[key - ord("0")])
    return choice


class Viewer:
    """What has come of a feed's cameras, of all or of one, and how that is drawn."""

    def __init__(self, only: str | None = None) -> None:
        self._only = only
        self._clock = Clock()
        self._cameras: dict[str, Received] = {}
        self._others: set[str] = set()
        self._drawn: dict[str, tuple[object, Colour]] = {}
        self._shown: object = None
        self._changed = False
        self.choice = Choice()

    @property
    def names(self) -> list[str]:
        """The cameras that can be chosen, in their order."""
        return sorted(self._cameras)

    @property
    def others(self) -> list[str]:
        """The cameras of which nothing is wanted, in their order."""
        return sorted(self._others)

    def take(self, message: Message, unix_s: float) -> None:
        """Take in a message that came at a Unix time.

        Raises:
            FeedError: it is not as the feed's contract says.

        """
        self._clock.take(message, unix_s)
        if self._only not in (None, message.source):
            self._others.add(message.source)
        elif not self.choice.frozen or message.kind == "status":
            self._cameras.setdefault(message.source, Received(message.source)).take(message)

    def draw(self, size: tuple[int, int], words: str, unix_s: float) -> Colour | None:
        """Draw everything for a window of a width and height, with a sentence if there is one to say; None where nothing has
        changed since.
        """
        chosen = [self.choice.camera] if self.choice.camera in self._cameras else self.names
        places = cells(len(chosen), size)
        tiles = [self._draw_tile(self._cameras[name], place[2:], unix_s) for name, place in zip(chosen, places, strict=True)]
        shown = size, words, chosen
        if shown == self._shown and not self._changed:
            return None
        self._shown, self._changed = shown, False
        return compose(zip(places, tiles, strict=True), size, words)

    def _draw_tile(self, camera: Received, size: tuple[int, int], unix_s: float) -> Colour:
        """Draw one camera, anew only where it looks otherwise than before."""
        state = camera.status.state if camera.status else None
        age = ""
        if camera.picture is not None:
            age_s = self._clock.age_s(camera.picture.captured_at, unix_s)
            age = age_words(age_s, state, frozen=self.choice.frozen)
        detail = camera.status.detail if camera.status else ""
        look = (size, state, age, detail, camera.picture, camera.text)
        drawn = self._drawn.get(camera.name)
        if drawn is None or drawn[0] != look:
            room = size[0], max(size[1] - BAR_PX, 1)
            picture = decode(camera.picture.jpeg, camera.picture.size, room) if camera.picture else None
            words = detail or "no picture yet"
            drawn = look, draw_tile(Tile(camera.name, state, age, words, picture, camera.shown()), size)
            self._drawn[camera.name], self._changed = drawn, True
        return drawn[1]


def sentence(trouble: str | None, only: str | None, viewer: Viewer, since_s: float) -> str:
    """What is to be said of a feed, "" where all is well; `since_s` is how long there has been this trouble, or none."""
    if trouble is not None:
        return trouble if since_s > PATIENCE_S else ""
    if viewer.names:
        return ""
    if viewer.others:
        there = ", ".join(viewer.others)
        return f"There is no camera {only} in this feed; there are: {there}." if since_s > ARRIVED_S else ""
    return "Nothing is published yet." if since_s > PATIENCE_S else ""


def messages(feed: Feed, period_s: float) -> Iterator[Message]:
    """What comes within a period, and what has come by then."""
    until_s = time.monotonic() + period_s
    for _ in range(MESSAGES):
        message = feed.receive(max(until_s - time.monotonic(), 0.0))
        if message is None:
            return
        yield message


def view_feed(endpoint: str, only: str | None, keys: Path | ClientKeys | None = None) -> None:
    """Show the cameras of a feed, or one of them, until the user closes the window, or Ctrl-C.

    Raises:
        CommandError: there is no screen, or no camera can have such a name.
        FeedError: the address is none, the keys cannot be used, or what comes from there is no feed.

    """
    if only is not None and not NAME.fullmatch(only):
        raise CommandError(f"{only!r} names no camera of a feed; without a name all are shown")
    topics = ["status/", *(f"{kind}/" if only is None else f"{kind}/{only} " for kind in ("text", "picture"))]
    with connect(endpoint, topics, keys=keys) as feed, Canvas(f"glyphfeed {endpoint}", SIZE) as window:
        show(feed, only, window)


def show(feed: Feed, only: str | None, window: Canvas) -> None:
    """Show what comes until the user ends it."""
    viewer = Viewer(only)
    trouble, since_s, told = feed.trouble, time.monotonic(), ""
    while window.is_open:
        for message in messages(feed, PERIOD_S):
            viewer.take(message, time.time())
        if (feed.trouble is None) != (trouble is None):
            since_s = time.monotonic()
        trouble = feed.trouble
        words = sentence(trouble, only, viewer, time.monotonic() - since_s)
        if words not in ("", told):
            note(f"{words} Still waiting; q in the window ends, and Ctrl-C.")
        told = words
        if (image := viewer.draw(window.size, words, time.time())) is not None:
            window.show(image)
        if (choice := pressed(window.key(), viewer.choice, viewer.names)) is None:
            return
        viewer.choice = choice

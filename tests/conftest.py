"""What tests of several rooms share: the networks, and a clip of which it is known what it says."""

from __future__ import annotations

import logging
import signal
from typing import TYPE_CHECKING

import cv2
import pytest
from hypothesis import settings

from glyphfeed.engines.loading import Backend, Engines, load_engines
from glyphfeed.stream.feed import wire
from glyphfeed.tools.scenes.clip import Scene, Sign, Waypoint, render, travel, write_clip
from tests.contract import Watch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from glyphfeed.stream.records import Colour

# A shell that starts the tests in the background has them ignore Ctrl-C, and the programs that they start as well.
signal.signal(signal.SIGINT, signal.default_int_handler)
# As the program does when it loads its networks.
cv2.setNumThreads(1)

# How long an example takes says nothing on a machine that has other things to do.  The same code is tried with the same examples,
# so that what a change broke is told by that change; `pytest --hypothesis-profile=wide` looks further.
settings.register_profile("glyphfeed", deadline=None, derandomize=True)
settings.register_profile("wide", deadline=None, max_examples=1000)
settings.load_profile("glyphfeed")

SIZE = (640, 360)
SIGNS = (
    Sign("EXIT 12", (500, 300), 64, ink=(244, 246, 246), paper=(74, 118, 24), weight=700),
    Sign("Bakery", (760, 420), 72, ink=(28, 26, 26), paper=(206, 232, 240), weight=700),
)
WALK = (Waypoint(0.0, (600, 350)), Waypoint(2.0, (660, 370)))
SCENE = Scene(signs=SIGNS, camera=travel(SIZE, WALK), seconds=2.0, size=SIZE, wall=(1200, 700))


@pytest.fixture(autouse=True)
def all_messages() -> None:
    """What a command line was told to tell has no say in the next test."""
    for name in ("glyphfeed", "glyphfeed.bridges", "glyphfeed.engines"):
        logging.getLogger(name).setLevel(logging.NOTSET)


@pytest.fixture(autouse=True)
def contract(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every message that a test publishes or receives keeps the contract, but where it is marked as `strange`."""
    watch = Watch()
    monkeypatch.setattr(wire, "message", watch.writing(wire.message))
    monkeypatch.setattr(wire, "message_of", watch.reading(wire.message_of))
    yield
    assert request.node.get_closest_marker("strange") or not watch.breaches, watch.breaches


@pytest.fixture(scope="session")
def engines() -> Engines:
    """The default networks."""
    return load_engines(Backend.OPENVINO)


@pytest.fixture(scope="session")
def wall() -> Colour:
    """A picture, 640x360, of a wall with EXIT 12 and Bakery on it."""
    return render(SCENE, 0.0)[0]


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of that wall, 60 frames."""
    path = tmp_path_factory.mktemp("clips") / "wall.mp4"
    write_clip(path, SCENE)
    return path

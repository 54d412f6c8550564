from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from glyphfeed.stream.bridges import glances as module
from glyphfeed.stream.bridges.glances import Glances
from glyphfeed.stream.bridges.mqtt import Mqtt
from glyphfeed.stream.bridges.settings import MqttSettings
from glyphfeed.stream.feed.publishing.publisher import Publisher
from glyphfeed.stream.records import Frame
from tests.stream.bridges.listening import listening
from tests.stream.bridges.messages import status_message
from tests.stream.feed.samples import of, snapshot, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from glyphfeed.stream.feed.wire import Message
    from glyphfeed.stream.records import Colour
    from tests.stream.bridges.conftest import Server


class Cameras:
    """A feed of cameras that never stand still, and how often one of their pictures was wanted."""

    def __init__(self) -> None:
        self.publisher = Publisher("tcp://127.0.0.1:*")
        self.made = 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._work)

    def _picture(self) -> Colour:
        self.made += 1
        return np.zeros((36, 64, 3), np.uint8)

    def _work(self) -> None:
        index = 0
        while not self.over.is_set():
            index += 1
            for source in ("cam1", "cam2"):
                shown = of(source, snapshot(index))
                frame = Frame(index, index / 30, 1_700_000_000.0 + index / 30, np.zeros((36, 64), np.uint8), self._picture)
                self.publisher.pictures.offer(frame, shown)  # type: ignore[arg-type]
                self.publisher.put(shown)
            self.publisher.serve(0.01)
        self.publisher.close()


@contextmanager
def cameras() -> Iterator[Cameras]:
    there = Cameras()
    there.thread.start()
    yield there
    there.over.set()
    there.thread.join()


def test_each_camera_gives_one_picture_a_look_and_none_is_made_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    got: list[Message] = []
    with cameras() as there:
        looking = Glances(there.publisher.endpoint, None, 0.3)
        assert looking.take([]) == []
        for looks in (1, 2):

            def has_all(looks: int = looks) -> bool:
                got.extend(looking.take(["cam1", "cam2"]))
                return len(got) == 2 * looks

            wait_until(has_all)
            assert sorted(message.source for message in got[-2:]) == ["cam1", "cam2"]
        looking.close()
        made = there.made
        # One may have been on its way.
        wait_until(lambda: not there.publisher.pictures._asked)
        assert there.made <= made + 2
    assert all(message.jpeg.startswith(b"\xff\xd8\xff") for message in got)
    # Where nothing comes, the look ends all the same.
    monkeypatch.setattr(module, "GLANCE_S", 0.05)
    looking = Glances(there.publisher.endpoint, None, 100.0)
    assert looking.take(["cam1"]) == []
    wait_until(lambda: looking.take(["cam1"]) == [] and looking._feed is None)


def test_home_assistant_gets_a_picture_as_it_is(broker: Server) -> None:
    with cameras() as there, listening(broker.port, "glances/+/picture") as home:
        address, endpoint = f"mqtt://127.0.0.1:{broker.port}", there.publisher.endpoint
        far = Mqtt(MqttSettings(name="mqtt", address=address, endpoint=endpoint, prefix="glances", pictures_s=1), "1.2")
        far.state(status_message())

        def has_come() -> bool:
            far.tick(0.01)
            return bool(home.got)

        wait_until(has_come)
        far.close()
    (got,) = home.got
    assert (got.topic, got.qos, got.retained) == ("glances/cam1/picture", 0, False)
    assert got.payload.startswith(b"\xff\xd8\xff")
    assert got.payload.endswith(b"\xff\xd9")

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from glyphfeed.stream.detecting.zones import EVERYWHERE, Zones, parse_zone
from glyphfeed.stream.errors import SourceError
from glyphfeed.stream.feed.conformance import Conformance
from glyphfeed.stream.feed.publishing.publisher import Publisher
from glyphfeed.stream.feed.receiving.client import connect
from glyphfeed.stream.records import Action, Snapshot
from glyphfeed.stream.rules.rule import Rule
from glyphfeed.stream.rules.rulebook import Rulebook
from glyphfeed.stream.running.runtime import Runtime, run_sources
from glyphfeed.stream.sources.address import name_sources, open_source
from glyphfeed.stream.sources.source import Pace
from glyphfeed.stream.understanding.settings import Settings
from glyphfeed.tools.watching import show_sources
from tests.stream.driving import ANY_PORT, Broken, Notebook, Poster, Stalled, driver_threads, recorded
from tests.stream.feed.samples import DEADLINE_S, wait_until

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from glyphfeed.engines.loading import Engines
    from glyphfeed.stream.records import Colour, Record
    from glyphfeed.tools.displays.views import View


class Eyes:
    """A display that remembers what it was shown, and ends when it is told."""

    period_s = 0.02

    def __init__(self) -> None:
        self.enough = threading.Event()
        self.views: Sequence[View] = ()

    def draw(self, views: Sequence[View]) -> bool:
        self.views = views
        return not self.enough.is_set()


def test_a_source_that_fails_does_not_stop_the_others(clip: Path, engines: Engines, tmp_path: Path) -> None:
    record = tmp_path / "feed.jsonl"
    address = str(clip)
    sources = [
        open_source(address, "file"),
        open_source(address, "played", Pace.LIVE),
        Broken(open_source(address, "broken", Pace.LIVE), 5),
    ]
    with Publisher(ANY_PORT, record) as publisher, connect(publisher.endpoint, ["status/"]) as subscriber:
        wait_until(lambda: bool(publisher.serve(0.02)) or publisher.subscribers == 1)
        failures = run_sources(sources, engines, publisher)
        last: dict[str, str] = {}
        while set(last.values()) != {"ended", "failed"} or len(last) < 3 or list(last.values()).count("ended") < 2:
            message = subscriber.receive(DEADLINE_S)
            assert message is not None
            last[message.source] = message.body["state"]
    assert [(name, str(error)) for name, error in failures] == [("broken", "broken: the cable was cut")]
    assert isinstance(failures[0][1], SourceError)
    assert last == {"file": "ended", "played": "ended", "broken": "failed"}
    messages = recorded(record)
    assert [message.body["frame"] for message in messages if message.topic == "text/file"] == list(range(60))
    texts = {m.body["entity"]["text"].replace(" ", "") for m in messages if m.topic == "event/file"}
    assert texts == {"EXIT12", "Bakery"}
    assert any(message.topic == "text/played" for message in messages)


def test_the_user_can_end_it_at_a_display_which_has_seen_everything(clip: Path, engines: Engines) -> None:
    eyes = Eyes()
    source = Stalled(open_source(str(clip), "wall", Pace.LIVE), 20)

    class Notes(Notebook):
        def publish(self, *frame: Any) -> None:
            super().publish(*frame)
            if len(self.snapshots) == 5:
                eyes.enough.set()

    notebook = Notes()
    with Publisher(ANY_PORT) as publisher:
        assert show_sources([source], engines, publisher, [eyes], [notebook]) == []
    (view,) = eyes.views
    assert view.status is not None
    assert view.status.state == "ended"
    assert view.newest is not None
    assert view.newest[1] is notebook.snapshots[-1]
    assert driver_threads("wall") == []


def test_a_feed_that_breaks_ends_everything(clip: Path, engines: Engines) -> None:
    class Breaks(Publisher):
        def put(self, record: Record) -> None:
            super().put(record)
            if isinstance(record, Snapshot) and record.frame == 3:
                raise ValueError("a number is not finite")

    with Breaks(ANY_PORT) as publisher, pytest.raises(ValueError, match="not finite"):
        run_sources([open_source(str(clip), "wall")], engines, publisher)
    assert driver_threads("wall") == []


def test_sources_come_and_go_while_others_go_on(wall: Colour, engines: Engines, tmp_path: Path) -> None:
    notebook = Notebook()

    def ids(name: str) -> set[int]:
        return {text.id for snapshot in notebook.snapshots if snapshot.source == name for text in snapshot.texts}

    def states(name: str) -> list[str]:
        told = [status.state.value for status in notebook.statuses if status.source == name]
        return [state for i, state in enumerate(told) if i == 0 or told[i - 1] != state]

    with Publisher(ANY_PORT, tmp_path / "feed.jsonl") as publisher, Runtime(engines, publisher, [notebook]) as runtime:
        runtime.add(Poster(wall, "stays"))
        runtime.add(Poster(wall, "goes"))
        notebook.wait_until(lambda: bool(ids("stays") and ids("goes")))
        before = ids("goes")
        runtime.remove(["goes"])
        assert states("goes")[-1] == "ended"
        assert driver_threads("goes") == []
        # The same name again: another source, whose texts are not taken for the old ones.
        runtime.add(Poster(wall, "goes"))
        notebook.wait_until(lambda: ids("goes") > before)
        assert min(ids("goes") - before) > max(before)
        assert runtime.wait(0)
        runtime.remove(["goes"])
        runtime.add(Poster(wall, "goes"))
        seen = len(notebook.snapshots)
        notebook.wait_until(lambda: any(snapshot.source == "goes" for snapshot in notebook.snapshots[seen:]))
    assert states("stays") == ["connecting", "live", "ended"]
    assert states("goes") == ["connecting", "live", "ended"] * 3
    for name in ("stays", "goes"):
        told = [(snapshot.frame, snapshot.pts) for snapshot in notebook.snapshots if snapshot.source == name]
        assert told == sorted(told)
        assert len({frame for frame, _ in told}) == len({pts for _, pts in told})
    checks = Conformance()
    breaches = [breach for message in (tmp_path / "feed.jsonl").read_bytes().splitlines() for breach in checks.take(message)]
    assert [*breaches, *checks.finish()] == []
    assert runtime.take_failures() == []


def test_zones_change_while_a_source_is_read(wall: Colour, engines: Engines) -> None:
    notebook = Notebook()

    def shown() -> set[str]:
        return {text.text.replace(" ", "") for text in notebook.snapshots[-1].texts if text.text}

    with Runtime(engines, None, [notebook]) as runtime:
        runtime.add(Poster(wall, "wall"), zones=Zones(read=(parse_zone("0,0 1,0.5"),)))
        notebook.wait_until(lambda: notebook.words == {"EXIT12"})
        runtime.change_zones("wall", EVERYWHERE)
        notebook.wait_until(lambda: bool(notebook.snapshots) and shown() == {"EXIT12", "Bakery"})
        runtime.change_zones("wall", Zones(ignore=(parse_zone("0,0 1,0.5"),)))
        notebook.wait_until(lambda: shown() == {"Bakery"})
    assert {text.id for text in notebook.snapshots[-1].texts} == {event.entity.id for event in notebook.events[1:2]}


def test_a_failure_is_told_once_and_does_not_keep_its_name(clip: Path, engines: Engines) -> None:
    with Runtime(engines) as runtime:
        runtime.add(Broken(open_source(str(clip), "wall", Pace.LIVE), 5))
        while runtime.wait(DEADLINE_S):
            pass
        assert [(name, str(error)) for name, error in runtime.take_failures()] == [("wall", "wall: the cable was cut")]
        assert runtime.take_failures() == []
        runtime.remove(["wall"])
        runtime.add(Broken(open_source(str(clip), "wall", Pace.LIVE), 5))
        while runtime.wait(DEADLINE_S):
            pass
        assert [name for name, _ in runtime.take_failures()] == ["wall"]


@pytest.mark.parametrize(
    ("addresses", "names", "called"),
    [
        (["0", "1"], [], ["cam0", "cam1"]),
        (["a/x.mp4", "b/x.mp4", "c/x.mp4"], [], ["x", "x-2", "x-3"]),
        (["0", "1"], ["door"], ["door", "cam1"]),
        (["x.mp4", "y/x.mp4"], ["x"], ["x", "x-2"]),
        (["x-2.mp4", "x.mp4", "y/x.mp4"], [], ["x-2", "x", "x-3"]),
        (["z" * 70 + ".mp4"] * 2, [], ["z" * 64, "z" * 60 + "-2"]),
    ],
)
def test_every_source_has_a_name_of_its_own(addresses: list[str], names: list[str], called: list[str]) -> None:
    assert name_sources(addresses, names) == called


def test_what_is_wanted_of_texts_changes_while_they_are_read(wall: Colour, engines: Engines) -> None:
    notebook = Notebook()

    def told() -> set[str]:
        return {text.text.replace(" ", "") for text in notebook.snapshots[-1].texts} if notebook.snapshots else set()

    with Runtime(engines, None, [notebook], settings=Settings()) as runtime:
        runtime.add(Poster(wall, "wall"))
        notebook.wait_until(lambda: {"EXIT12", "Bakery"} <= told())
        rules = [Rule(name="no", literal=("bakery",), action=Action.MASK)]
        runtime.understand(Settings(rulebook=Rulebook(rules), delay_s=0.1))
        notebook.wait_until(lambda: {"EXIT12", "******"} <= told())
        runtime.understand(Settings())
        notebook.wait_until(lambda: {"EXIT12", "Bakery"} <= told())
    assert notebook.states[-1] == "ended"
    assert driver_threads("wall") == []


def test_where_nothing_is_wanted_no_stage_is_on_the_way(wall: Colour, engines: Engines) -> None:
    notebook = Notebook()
    with Runtime(engines, None, [notebook]) as runtime:
        runtime.add(Poster(wall, "wall"))
        assert runtime._reading["wall"].stage is None

from __future__ import annotations

import json
import logging
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections import defaultdict
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import zmq
from hypothesis import given, settings
from hypothesis import strategies as st

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.feed.endpoint import ANY_ENDPOINT
from glyphfeed.stream.feed.publishing.history import History
from glyphfeed.stream.feed.publishing.kept import BATCH, LEAST_BYTES, KeepIn
from glyphfeed.stream.feed.publishing.publisher import Publisher
from glyphfeed.stream.feed.wire import Position
from tests.stream.feed.samples import DEADLINE_S, event, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

BEFORE_ALL = Position("", 0)

PUBLISH_FOR_EVER = """
import sys
from pathlib import Path
from glyphfeed.stream.feed.publishing.kept import KeepIn
from glyphfeed.stream.feed.publishing.publisher import Publisher
from tests.stream.feed.samples import event, serve_until_subscribed
publisher = Publisher("tcp://127.0.0.1:*", keep=KeepIn(Path(sys.argv[1])))
print(publisher.endpoint, flush=True)
serve_until_subscribed(publisher)
while True:
    publisher.put(event())
"""


def body(epoch: str, seq: int, length: int = 0) -> bytes:
    return json.dumps({"epoch": epoch, "seq": seq, "x": "x" * length}).encode()


def add(history: History, epoch: str, seqs: range, source: str = "cam1", length: int = 0) -> None:
    for seq in seqs:
        history.add_event(source, seq, body(epoch, seq, length))


def position_of(event: bytes) -> Position:
    found = json.loads(event)
    return Position(found["epoch"], found["seq"])


def all_after(history: History, position: Position, source: str = "cam1") -> tuple[list[Position], bool]:
    """Everything that follows a position, page by page, and whether nothing is missing."""
    found: list[Position] = []
    more = complete = True
    while more:
        page = history.after(source, position)
        complete, more = complete and page.complete, page.more
        found += map(position_of, page.events)
        position = found[-1] if more else position
    return found, complete


def run_of(epoch: str, seqs: range) -> list[Position]:
    return [Position(epoch, seq) for seq in seqs]


@contextmanager
def full_disk() -> Iterator[None]:
    """No file may grow or be written: what a full disk looks like to this program."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


STEPS = st.lists(
    st.sampled_from(["cam1"] * 6 + ["cam2"] * 3 + ["restart", "kill", "tend", "full", "room"]), min_size=1, max_size=60
)


@given(STEPS, st.booleans())
@settings(max_examples=25, deadline=None)
def test_what_is_answered_is_what_was_told(steps: list[str], short_lived: bool) -> None:
    """Whatever happens, what is there is the end of what was told, and whatever is gone from a position on is admitted."""
    told: dict[str, list[Position]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        keep = KeepIn(Path(folder), days=1e-9 if short_lived else 30)
        runs, is_full = 1, False
        history = History("run1", keep, length=5)
        for step in steps:
            epoch = f"run{runs}"
            with full_disk() if is_full else closing(sqlite3.connect(":memory:")):
                if step.startswith("cam"):
                    seq = 1 + sum(position.epoch == epoch for position in told[step])
                    told[step].append(Position(epoch, seq))
                    history.add_event(step, seq, body(epoch, seq))
                elif step == "tend" and short_lived:
                    history.tend()
            if step in ("full", "room"):
                is_full = step == "full"
            elif step == "restart":
                # Where there is room again the close takes along what was in memory.
                is_full = False
                history.close()
            elif step == "kill":
                assert history._kept is not None
                history._kept.close()
                is_full = False
            if step in ("restart", "kill"):
                runs += 1
                history = History(f"run{runs}", keep, length=5)
        for source in ("cam1", "cam2"):
            there, whole = all_after(history, BEFORE_ALL, source)
            assert is_ordered_part(there, told[source])
            assert whole <= (there == told[source])
            for index, position in enumerate(told[source]):
                found, complete = all_after(history, position, source)
                following = told[source][index + 1 :]
                assert found == [other for other in there if other in following]
                assert complete <= (found == following)
        history.close()


def is_ordered_part(part: list[Position], whole: list[Position]) -> bool:
    rest = iter(whole)
    return all(position in rest for position in part)


def test_a_restart_answers_what_earlier_runs_told(tmp_path: Path) -> None:
    keep = KeepIn(tmp_path / "events")
    for epoch in ("run1", "run2", "run3"):
        history = History(epoch, keep)
        add(history, epoch, range(1, 4))
        history.close()
        history.close()
    history = History("run4", keep)
    assert all_after(history, Position("run2", 2)) == ([Position("run2", 3), *run_of("run3", range(1, 4))], True)
    assert all_after(history, Position("run4", 0)) == ([], True)
    everything = [position for epoch in ("run1", "run2", "run3") for position in run_of(epoch, range(1, 4))]
    assert all_after(history, BEFORE_ALL) == (everything, True)
    last = history.after("cam1", BEFORE_ALL, 4)
    assert ([position_of(event) for event in last.events], last.complete) == (everything[-4:], True)
    for unknown in (Position("another", 7), Position("\ud800", 7)):
        assert all_after(history, unknown) == (everything, False)
    assert all_after(history, BEFORE_ALL, "cam2") == ([], True)
    history.close()


def test_a_publisher_that_is_killed_has_kept_all_that_it_told(tmp_path: Path) -> None:
    with zmq.Context() as context, context.socket(zmq.SUB) as subscriber:
        subscriber.setsockopt(zmq.RCVTIMEO, int(DEADLINE_S * 1000))
        subscriber.subscribe(b"event/")
        command = [sys.executable, "-c", PUBLISH_FOR_EVER, str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[4]) as child:
            assert child.stdout is not None
            subscriber.connect(child.stdout.readline().strip())
            received = [position_of(subscriber.recv().partition(b" ")[2]) for _ in range(700)]
            child.send_signal(signal.SIGKILL)
        while subscriber.poll(200):
            received.append(position_of(subscriber.recv().partition(b" ")[2]))
    with Publisher(ANY_ENDPOINT, keep=KeepIn(tmp_path)) as publisher:
        publisher.put(event())
        kept, complete = all_after(publisher._history, Position(received[0].epoch, 0))
        assert complete
        assert kept[: len(received)] == received
        assert kept == [*run_of(received[0].epoch, range(1, len(kept))), Position(publisher.epoch, 1)]


def test_the_oldest_go_when_there_are_too_many(tmp_path: Path) -> None:
    history = History("run", KeepIn(tmp_path, LEAST_BYTES))
    add(history, "run", range(1, 1501), length=1500)
    add(history, "run", range(1, 4), "cam2")
    kept, complete = all_after(history, BEFORE_ALL)
    assert not complete
    assert kept == run_of("run", range(kept[0].seq, 1501))
    assert 100 < len(kept) < 1000
    assert (tmp_path / "events.sqlite").stat().st_size < 1.5 * LEAST_BYTES
    assert all_after(history, Position("run", kept[0].seq - 2))[1] is False
    assert all_after(history, Position("run", kept[0].seq - 1)) == (kept, True)
    # What goes is the oldest of all, not of each.
    assert all_after(history, BEFORE_ALL, "cam2") == (run_of("run", range(1, 4)), True)
    history.close()


def test_the_oldest_go_in_time_even_if_nothing_happens(tmp_path: Path) -> None:
    history = History("run1", KeepIn(tmp_path))
    add(history, "run1", range(1, 2 * BATCH))
    history.close()
    history = History("run2", KeepIn(tmp_path, days=1e-9))
    add(history, "run2", range(1, 2))

    def is_empty() -> bool:
        history.tend()
        return not all_after(history, BEFORE_ALL)[0]

    wait_until(is_empty)
    for position, complete in ((BEFORE_ALL, False), (Position("run1", 5), False), (Position("run2", 1), True)):
        assert all_after(history, position) == ([], complete)
    history.close()


def test_a_full_disk_is_told_once_and_nothing_is_lost(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    history = History("run", KeepIn(tmp_path))
    add(history, "run", range(1, 4))
    with caplog.at_level(logging.WARNING, "glyphfeed.feed"):
        with full_disk():
            add(history, "run", range(4, 1000))
            assert all_after(history, Position("run", 2)) == (run_of("run", range(3, 1000)), True)
        (told,) = [record.getMessage() for record in caplog.records]
        assert told.startswith(f"Events cannot be kept in {tmp_path}: ")
        assert "The feed goes on" in told

        def is_kept_again() -> bool:
            history.tend()
            return len(caplog.records) > 1

        wait_until(is_kept_again)
    assert caplog.records[1].getMessage() == f"The events are kept in {tmp_path} again."
    history.close()
    history = History("later", KeepIn(tmp_path))
    assert all_after(history, Position("run", 0)) == (run_of("run", range(1, 1000)), True)
    history.close()


def test_what_a_full_disk_never_took_is_admitted_after_a_restart(tmp_path: Path) -> None:
    history = History("run1", KeepIn(tmp_path))
    add(history, "run1", range(1, 4))
    with full_disk():
        add(history, "run1", range(4, 9))
        with pytest.raises(FeedError, match=rf"The events kept in {tmp_path} are incomplete: .*\."):
            history.close()
        history.close()
    history = History("run2", KeepIn(tmp_path))
    add(history, "run2", range(1, 3))
    assert all_after(history, Position("run1", 2)) == ([Position("run1", 3), *run_of("run2", range(1, 3))], False)
    assert all_after(history, Position("run2", 0)) == (run_of("run2", range(1, 3)), True)
    history.close()


def test_a_folder_that_is_taken_away_is_told_and_its_events_are_still_answered(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder, aside = tmp_path / "events", tmp_path / "aside"
    history = History("run", KeepIn(folder))
    add(history, "run", range(1, 4))
    folder.rename(aside)
    with caplog.at_level(logging.ERROR, "glyphfeed.feed"):
        add(history, "run", range(4, 9))
    (told,) = [record.getMessage() for record in caplog.records]
    assert told.startswith(f"Events cannot be kept in {folder}: events.sqlite was taken away.")
    # Nobody had asked before it was taken away.
    assert all_after(history, Position("run", 1)) == (run_of("run", range(2, 9)), True)
    aside.rename(folder)
    history.close()
    history = History("later", KeepIn(folder))
    assert all_after(history, Position("run", 0)) == (run_of("run", range(1, 9)), True)
    shutil.rmtree(folder)
    history.add_event("cam1", 1, body("later", 1))
    with pytest.raises(FeedError, match=r"incomplete: events\.sqlite was taken away"):
        history.close()


def test_another_program_that_holds_the_database_delays_little_and_loses_nothing(tmp_path: Path) -> None:
    history = History("run", KeepIn(tmp_path))
    with closing(sqlite3.connect(tmp_path / "events.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        add(history, "run", range(1, 1000))
        assert all_after(history, BEFORE_ALL) == (run_of("run", range(1, 1000)), True)
    history.close()
    history = History("later", KeepIn(tmp_path))
    assert len(all_after(history, BEFORE_ALL)[0]) == 999
    history.close()


def test_two_publishers_do_not_share_a_folder(tmp_path: Path) -> None:
    with Publisher(ANY_ENDPOINT, keep=KeepIn(tmp_path)) as owner:
        owner.put(event())
        taken = f"Another publisher keeps its events in {tmp_path}: stop it, or choose another folder with --keep."
        with pytest.raises(FeedError) as refusal:
            Publisher(ANY_ENDPOINT, keep=KeepIn(tmp_path))
        assert str(refusal.value) == taken
        owner.put(event())
        assert len(all_after(owner._history, BEFORE_ALL)[0]) == 2


@pytest.mark.parametrize("content", [b"my notes\n" * 1000, b"SQLite format 3\0" + b"x" * 5000])
def test_a_file_that_is_not_ours_is_kept(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "events.sqlite").write_bytes(content)
    with pytest.raises(FeedError, match=rf"What lies in {tmp_path} is damaged, or not glyphfeed's: move .* --keep\."):
        History("run", KeepIn(tmp_path))
    assert (tmp_path / "events.sqlite").read_bytes() == content


def test_a_database_of_another_program_is_kept(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "events.sqlite")) as other, other:
        other.execute("CREATE TABLE mine (x)")
    with pytest.raises(FeedError, match="not glyphfeed's"):
        History("run", KeepIn(tmp_path))


def test_a_database_of_a_later_version_is_kept(tmp_path: Path) -> None:
    History("run", KeepIn(tmp_path)).close()
    with closing(sqlite3.connect(tmp_path / "events.sqlite")) as later, later:
        later.execute("PRAGMA user_version = 2")
    with pytest.raises(FeedError, match=f"The events in {tmp_path} were kept by a later version of glyphfeed: install"):
        History("run", KeepIn(tmp_path))


def test_a_folder_that_cannot_be_made_or_written_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FeedError, match=r"Cannot keep events in .*/file: it is no folder; choose another one with --keep\."):
        History("run", KeepIn(tmp_path / "file"))
    with pytest.raises(FeedError, match=r"Cannot keep events in .*/file/events: Not a directory; choose another folder"):
        History("run", KeepIn(tmp_path / "file" / "events"))
    full = r"Cannot keep events in .*/full: .*; check the disk, or choose another folder with --keep\."
    with full_disk(), pytest.raises(FeedError, match=full):
        History("run", KeepIn(tmp_path / "full"))


def test_a_damage_that_is_found_later_is_an_answer_in_words(tmp_path: Path) -> None:
    history = History("run1", KeepIn(tmp_path))
    add(history, "run1", range(1, 2000), length=2000)
    history.close()
    with (tmp_path / "events.sqlite").open("r+b") as file:
        file.seek(100_000)
        file.write(b"\xff" * 3_000_000)
    history = History("run2", KeepIn(tmp_path))
    with pytest.raises(FeedError, match=r"The events that were kept cannot be read: .*malformed"):
        all_after(history, Position("run1", 0))
    add(history, "run2", range(1, 4))
    history.close()

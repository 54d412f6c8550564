from __future__ import annotations

from typing import TYPE_CHECKING

from glyphfeed.stream.feed.wire import Position
from glyphfeed.tools.bench.feed_torture import Child, Entry, Ledger, count, torture

if TYPE_CHECKING:
    from pathlib import Path


def test_no_event_is_lost_or_comes_twice_though_both_ends_are_killed_and_stopped(tmp_path: Path) -> None:
    # At a path, where little waits in the buffers of the system: the thousands of a queue, and soon some are dropped.
    toll = torture(4000, tmp_path, endpoint=f"ipc://{tmp_path}/feed", rounds=1, behind=2500)
    assert toll.events >= 4000
    assert (toll.lost, toll.twice, toll.disordered, toll.said_lost) == (0, 0, 0, 0)
    assert (toll.publisher_kills, toll.taker_kills, toll.taker_stops) == (1, 1, 1)
    assert toll.fetched > 0


def entries(*places: tuple[str, str, int]) -> list[Entry]:
    return [Entry(source, Position(epoch, seq)) for source, epoch, seq in places]


def test_what_is_lost_comes_twice_or_out_of_order_is_counted() -> None:
    told = entries(("door", "a", 1), ("hall", "a", 1), ("door", "a", 2), ("door", "b", 1), ("door", "b", 2))
    nobody = Child()
    assert count(told, told, nobody, nobody, 1.0).lost == 0
    toll = count(told, entries(("door", "b", 1), ("door", "a", 2), ("door", "a", 2), ("hall", "a", 3)), nobody, nobody, 1.0)
    # Of the hall the second is lost, too, as the third has come.
    assert (toll.events, toll.lost, toll.twice, toll.disordered) == (5, 4, 1, 1)


def test_an_entry_that_was_cut_off_goes(tmp_path: Path) -> None:
    ledger, (first, second) = Ledger(tmp_path / "told"), entries(("door", "a", 1), ("door", "a", 2))
    assert list(ledger) == []
    with ledger.adding() as add:
        add(first)
    with (tmp_path / "told").open("ab") as file:
        file.write(second.line()[:20])
    with ledger.adding() as add:
        add(second)
    assert list(ledger) == [first, second]

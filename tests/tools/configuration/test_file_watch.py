from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from glyphfeed.tools.configuration import file_watch
from glyphfeed.tools.configuration.file_watch import FileWatch

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that can be looked at as often as a test likes."""
    monkeypatch.setattr(file_watch, "LOOK_S", -1.0)
    path = tmp_path / "glyphfeed.toml"
    path.write_text("one")
    return path


def answers(watch: FileWatch, times: int = 3) -> list[bool]:
    return [watch.changed() for _ in range(times)]


def test_a_change_counts_once_it_is_complete(file: Path) -> None:
    watch = FileWatch(file)
    assert answers(watch) == [False, False, False]
    file.write_text("two")
    # Somebody may be about to write more.
    assert not watch.changed()
    file.write_text("three")
    assert not watch.changed()
    assert watch.changed()
    watch.note()
    assert answers(watch) == [False, False, False]


def test_a_file_that_takes_the_place_of_another_counts(file: Path) -> None:
    watch = FileWatch(file)
    moment = file.stat()
    other = file.with_name("other")
    other.write_text("uno")
    # As long, and as old: as `cp -p` leaves it.
    os.utime(other, ns=(moment.st_atime_ns, moment.st_mtime_ns))
    other.replace(file)
    assert answers(watch, 2) == [False, True]


def test_a_link_that_leads_elsewhere_counts(file: Path) -> None:
    link = file.with_name("link.toml")
    link.symlink_to(file)
    watch = FileWatch(link)
    other = file.with_name("other")
    other.write_text("two")
    link.unlink()
    # For a moment there is none.
    assert not watch.changed()
    link.symlink_to(other)
    assert answers(watch, 2) == [False, True]


def test_a_file_that_stays_away_is_told_once(file: Path) -> None:
    watch = FileWatch(file)
    file.unlink()
    assert answers(watch, 2) == [False, True]
    watch.note()
    assert answers(watch) == [False, False, False]
    file.write_text("one")
    assert answers(watch, 2) == [False, True]


def test_it_is_looked_at_seldom(tmp_path: Path) -> None:
    path = tmp_path / "glyphfeed.toml"
    watch = FileWatch(path)
    path.write_text("two")
    assert answers(watch, 5) == [False] * 5

"""Folders and patterns of pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.stream.errors import SourceError
from glyphfeed.stream.records import SourceState
from glyphfeed.stream.sources.address import open_source
from glyphfeed.stream.sources.images import find_files, natural_key
from glyphfeed.stream.sources.source import Pace
from tests.stream.sources.media import jpeg, number_of, numbered, write_video
from tests.stream.sources.taker import Taker

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    """A folder with shot1 to shot12, of several formats, and a file that is no picture."""
    for number in range(1, 13):
        suffix = (".png", ".jpg", ".BMP")[number % 3]
        cv2.imwrite(str(tmp_path / f"shot{number}{suffix.lower()}"), numbered(number))
    (tmp_path / "notes.txt").write_text("not a picture")
    return tmp_path


def test_a_folder_is_read_in_natural_order(shots: Path) -> None:
    source = open_source(str(shots))
    frames = list(source.frames(lambda *_: None))
    assert not source.live
    assert [number_of(frame) for frame in frames] == list(range(1, 13))
    assert [frame.index for frame in frames] == list(range(12))
    assert [frame.pts for frame in frames] == pytest.approx([index / 25 for index in range(12)])
    assert frames[0].bgr().shape == (96, 160, 3)


def test_a_pattern_chooses(shots: Path) -> None:
    frames = list(open_source(str(shots / "*.png")).frames(lambda *_: None))
    assert [number_of(frame) for frame in frames] == [3, 6, 9, 12]


def test_one_picture_is_a_source(shots: Path) -> None:
    frames = list(open_source(str(shots / "shot3.png")).frames(lambda *_: None))
    assert [number_of(frame) for frame in frames] == [3]


def test_a_folder_whose_name_looks_like_a_pattern(tmp_path: Path) -> None:
    folder = tmp_path / "shots[1]"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(jpeg(numbered(5)))
    assert len(list(open_source(str(folder)).frames(lambda *_: None))) == 1


def test_an_unreadable_picture_is_skipped_and_named(shots: Path, caplog: pytest.LogCaptureFixture) -> None:
    (shots / "shot5.png").write_bytes(b"\x89PNG broken")
    (shots / "shot7.png").write_bytes(b"")
    frames = list(open_source(str(shots / "*.png")).frames(lambda *_: None))
    assert [number_of(frame) for frame in frames] == [3, 6, 9, 12]
    assert [frame.index for frame in frames] == list(range(4))
    assert "shot5.png was cut off (PNG); copy it again, or save it as .png or .jpg; it is skipped" in caplog.text
    assert "shot7.png is empty; copy or record it again; it is skipped" in caplog.text


def test_no_pictures_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="there are no pictures nor videos in this folder"):
        open_source(str(tmp_path))
    (tmp_path / "a.png").write_bytes(b"nothing")
    with pytest.raises(SourceError, match=r"a\.png is not a picture that can be read"):
        list(open_source(str(tmp_path)).frames(lambda *_: None))
    (tmp_path / "b.png").write_bytes(b"nothing")
    with pytest.raises(SourceError, match="none of its 2 files can be read as a picture or a video"):
        list(open_source(str(tmp_path)).frames(lambda *_: None))


def test_at_live_pace_they_play_at_25_a_second(shots: Path) -> None:
    with Taker(open_source(str(shots), pace=Pace.LIVE)) as taker:
        taker.wait_for_end()
    first, last = taker.frames[0], taker.frames[-1]
    assert last.captured_at - first.captured_at == pytest.approx((last.index - first.index) / 25)
    assert last.at_s - first.at_s > (last.index - first.index) / 25 - 0.04
    assert taker.state is SourceState.ENDED


def test_pictures_of_several_sizes(tmp_path: Path) -> None:
    (tmp_path / "1.jpg").write_bytes(jpeg(numbered(1)))
    (tmp_path / "2.jpg").write_bytes(jpeg(numbered(2, 200, 120)))
    assert [frame.size for frame in open_source(str(tmp_path)).frames(lambda *_: None)] == [(160, 96), (200, 120)]


@given(st.lists(st.integers(0, 10**12), unique=True))
def test_numbers_sort_as_numbers(numbers: list[int]) -> None:
    names = [f"shot{number}.png" for number in numbers]
    assert sorted(names, key=natural_key) == [f"shot{number}.png" for number in sorted(numbers)]


@given(st.lists(st.text(max_size=20), unique=True))
def test_natural_order_is_total_and_stable(names: list[str]) -> None:
    backwards = names[::-1]
    assert sorted(names, key=natural_key) == sorted(backwards, key=natural_key)


def test_other_files_of_a_folder_are_left_out_and_told(shots: Path) -> None:
    (shots / ".hidden").write_text("the system's own")
    (shots / "Thumbs.db").write_text("the system's own")
    (shots / "older.jpg").mkdir()
    files, left_out = find_files(str(shots), videos=True)
    assert len(files) == 12
    assert left_out == f"{shots}: left out as neither a picture nor a video: notes.txt, older.jpg/"
    for name in "abc":
        (shots / f"{name}.json").write_text("{}")
    assert find_files(str(shots), videos=True).left_out.endswith("nor a video: a.json, b.json, c.json and 2 more")


def test_videos_are_of_a_folder_where_they_can_be_read(shots: Path) -> None:
    write_video(shots / "shot3.mp4", 3)
    (shots / "notes.txt").unlink()
    assert [file.name for file in find_files(str(shots), videos=True).files[2:5]] == ["shot3.mp4", "shot3.png", "shot4.jpg"]
    files, left_out = find_files(str(shots), videos=False)
    assert len(files) == 12
    assert left_out == f"{shots}: left out as a video, which `glyphfeed watch` reads: shot3.mp4"


def test_a_folder_of_videos_has_no_pictures(tmp_path: Path) -> None:
    write_video(tmp_path / "a.mp4", 3)
    with pytest.raises(SourceError, match="there are no pictures in this folder; read its videos with `glyphfeed watch`"):
        find_files(str(tmp_path), videos=False)

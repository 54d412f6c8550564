"""Several files as one source: videos, pictures, pages and animations, one after the other."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest

from glyphfeed.stream.sources.address import open_source
from glyphfeed.stream.sources.collection import IMAGES_PER_S, PAGE_S, read_files
from glyphfeed.stream.sources.source import Pace
from tests.stream.sources.heif import heic
from tests.stream.sources.media import jpeg, number_of, numbered, picture_bytes, write_video
from tests.stream.sources.taker import Taker

if TYPE_CHECKING:
    from pathlib import Path

    from glyphfeed.stream.records import Colour, Frame


def frames_of(address: Path | str) -> list[Frame]:
    """All frames of a source."""
    return list(open_source(str(address)).frames(lambda *_: None))


def shifted(by: int) -> object:
    """Pictures that count on from a number."""

    def picture(number: int, width: int, height: int) -> Colour:
        return numbered(number + by, width, height)

    return picture


def clips(folder: Path) -> None:
    """Three videos of five frames, of two kinds and sizes, that count on from each other."""
    write_video(folder / "clip2.mkv", 5, width=200, height=120, picture=shifted(5))  # type: ignore[arg-type]
    write_video(folder / "clip1.mp4", 5, picture=shifted(0))  # type: ignore[arg-type]
    write_video(folder / "clip10.mp4", 5, picture=shifted(10))  # type: ignore[arg-type]


def test_a_pattern_of_videos_is_one_source(tmp_path: Path) -> None:
    clips(tmp_path)
    frames = frames_of(tmp_path / "clip*.m*")
    assert [number_of(frame) for frame in frames] == list(range(15))
    assert [frame.index for frame in frames] == list(range(15))
    assert [frame.pts for frame in frames] == pytest.approx([index / 25 for index in range(15)], abs=2e-3)
    assert {frame.size for frame in frames} == {(160, 96), (200, 120)}


def test_so_is_a_folder_of_all_sorts(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    clips(tmp_path)
    (tmp_path / "clip3.jpg").write_bytes(heic(numbered(20)))
    (tmp_path / "clip4").write_bytes(jpeg(numbered(21)))
    (tmp_path / "clip5.mp4").write_bytes((tmp_path / "clip1.mp4").read_bytes()[:300])
    (tmp_path / "notes.txt").write_text("of no use")
    frames = frames_of(tmp_path)
    assert [number_of(frame) for frame in frames] == [*range(10), 20, 21, *range(10, 15)]
    assert all(0.03 < later.pts - earlier.pts < 0.05 for earlier, later in itertools.pairwise(frames))
    assert "left out as neither a picture nor a video: notes.txt" in caplog.text
    assert "clip5.mp4 cannot be read as a video" in caplog.text
    assert caplog.text.count("it is skipped") == 1


def test_a_video_that_ends_early_is_told_and_the_next_one_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    whole = write_video(tmp_path / "b.mkv", 40)
    (tmp_path / "a.mkv").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    frames = frames_of(tmp_path)
    assert [number_of(frame) for frame in frames[-40:]] == list(range(40))
    assert len(frames) > 45
    assert "a.mkv ended early at frame" in caplog.text
    assert "skipped" not in caplog.text


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_an_animation_is_a_video(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "anim.png"
    path.write_bytes(picture_bytes(kind, *(numbered(number) for number in range(4)), duration=[100, 200, 2000, 100]))
    frames = frames_of(path)
    begins = [next(frame for frame in frames if number_of(frame) == number) for number in range(4)]
    assert [frame.pts for frame in begins] == pytest.approx([0, 0.1, 0.3, 2.3])
    assert [frame.pts for frame in frames[2:-1]] == pytest.approx([0.3 + step / IMAGES_PER_S for step in range(50)])
    assert len({frame.scene for frame in frames[:2]}) == 1
    assert len({frame.scene for frame in frames[2:-1]}) == 1
    assert frames[1].scene != frames[2].scene


def test_pages_stand_one_after_the_other_and_are_scenes_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "pages.tif"
    path.write_bytes(picture_bytes("TIFF", numbered(1), numbered(2), numbered(3, 200, 120)))
    (tmp_path / "z.jpg").write_bytes(jpeg(numbered(4)))
    frames = frames_of(tmp_path)
    begins = [next(frame for frame in frames if number_of(frame) == number) for number in (1, 2, 3, 4)]
    assert [frame.pts for frame in begins] == pytest.approx([0, PAGE_S, 2 * PAGE_S, 3 * PAGE_S])
    assert len({frame.scene for frame in begins}) == 4
    assert all(np.array_equal(frame.grey, frames[0].grey) for frame in frames[1:50])


def test_pages_play_by_the_clock(tmp_path: Path) -> None:
    path = tmp_path / "anim.gif"
    path.write_bytes(picture_bytes("GIF", numbered(1), numbered(2), duration=600))
    with Taker(open_source(str(path), pace=Pace.LIVE)) as taker:
        taker.wait_for_end()
    assert taker.frames[-1].at_s - taker.frames[0].at_s > 1.0


def test_a_file_that_vanished_meanwhile_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg(numbered(1)))
    pictures = list(read_files("shots", [tmp_path / "gone.mp4", tmp_path / "a.jpg"]))
    assert len(pictures) == 1
    assert "gone.mp4: there is no such file or folder; check the path; it is skipped" in caplog.text

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from glyphfeed.tools.errors import CommandError
from glyphfeed.tools.evaluation.clips import Clip, find_clips
from glyphfeed.tools.evaluation.truth import fold, read_truth
from glyphfeed.tools.scenes.clip import Scene, Sign, Waypoint, travel
from glyphfeed.tools.scenes.clip import write_clip as film
from tests.tools.evaluation.made import quad, truth, write_clip

if TYPE_CHECKING:
    from pathlib import Path

SCENE = Scene(
    signs=(Sign("EXIT", (200, 150)),), camera=travel((320, 240), (Waypoint(0.0, (200, 150)),), 0), seconds=0.2, fps=25,
    size=(320, 240), wall=(400, 300),
)  # fmt: skip


def points(corners: list[list[float]]) -> str:
    return "".join(f'<Point x="{x:g}" y="{y:g}" />' for x, y in corners)


def icdar(frames: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><Frames video_name="made">{frames}</Frames>'


def test_texts_are_compared_without_case_and_punctuation() -> None:
    assert fold("Café-Bar, 24h!") == fold("CAFÉ BAR 24H") == "cafébar24h"
    assert fold("ẞtraße") == "sstrasse"
    assert fold("•—") == ""


def test_words_count_when_they_can_be_read(tmp_path: Path) -> None:
    told = truth({1: "EXIT", 2: "###", 3: "--", 4: "small", 5: "cut"}, [dict.fromkeys(range(1, 6), (10, 10)), None, {}])
    told["frames"][0][3][1] = quad((10, 10), 40, 11.9)
    told["frames"][0][4][2] = 0.89
    read = read_truth(write_clip(tmp_path, told))
    assert read.texts == {1: "exit", 4: "small", 5: "cut"}
    assert read.frames[0] is not None
    assert [(word.id, word.counts) for word in read.frames[0]] == [(1, True), (2, False), (3, False), (4, False), (5, False)]
    assert read.frames[1:] == (None, ())
    assert (read.fps, read.size, read.partial) == (10.0, (640, 360), False)


def test_a_clip_of_our_own_and_its_truth_are_found(tmp_path: Path) -> None:
    film(tmp_path / "b.mp4", SCENE)
    (tmp_path / "a.mp4").write_bytes(b"no truth")
    (tmp_path / "notes.txt").write_text("no clip")
    clips = find_clips([str(tmp_path), str(tmp_path / "b.mp4")])
    assert clips == [Clip(tmp_path / "b.mp4", tmp_path / "b.gt.json")]
    read = read_truth(clips[0])
    assert (read.fps, len(read.frames), read.texts) == (25.0, 5, {0: "exit"})
    assert all(placed is not None and placed[0].counts for placed in read.frames)


@pytest.mark.parametrize("ending", [".xml", "_GT.xml"])
def test_the_truth_of_icdar_videos_is_read(tmp_path: Path, ending: str) -> None:
    video = tmp_path / "Video_1_2_3.mp4"
    film(video, SCENE)
    video.with_suffix(".gt.json").unlink()
    clear, low = quad((20, 20)), quad((20, 80))
    first = (
        f'<object Transcription="Zürich" ID="1001" Mirrored="UNMIRRORED" Quality="HIGH">{points(clear)}</object>'
        f'<object Transcription="##DONT#CARE##" ID="1002" Quality="MODERATE">{points(low)}</object>'
        f'<object Transcription="blurred" ID="1003" Quality="LOW">{points(low)}</object>'
        f'<object Transcription="leaving" ID="1004" Quality="HIGH">{points(quad((-10, 40)))}</object>'
    )
    third = f'<object Transcription="blurred" ID="1003" Quality="MODERATE">{points(low)}</object>'
    told = icdar(f'<frame ID="1">{first}</frame><frame ID="3">{third}</frame><frame ID="4" />')
    (tmp_path / f"Video_1_2_3{ending}").write_text(told, encoding="utf-8")
    (clip,) = find_clips([str(tmp_path)])
    read = read_truth(clip)
    assert (read.fps, len(read.frames), read.size, read.partial) == (25.0, 4, (320, 240), False)
    assert read.texts == {1001: "zürich", 1003: "blurred", 1004: "leaving"}
    counting = [None if placed is None else [word.id for word in placed if word.counts] for placed in read.frames]
    assert counting == [[1001], None, [1003], []]
    assert read.frames[0] is not None
    assert len(read.frames[0]) == 4


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("made.gt.json", "{", "is no sound JSON: Expecting property name"),
        ("made.gt.json", "[]", "does not hold what it should"),
        ("made.gt.json", '{"fps": 30, "words": []}', "('frames' is missing); it needs fps, words and frames"),
        ("made.gt.json", '{"fps": 0, "words": [], "frames": []}', "(fps is 0)"),
        ("made.gt.json", '{"fps": Infinity, "words": [], "frames": [[]]}', "(fps is inf)"),
        ("made.gt.json", '{"fps": 30, "words": [], "frames": []}', "(it has no frames)"),
        ("made.gt.json", '{"fps": 30, "words": [], "frames": [[[1, [[0, 0], [1, 1]], 1]]]}', "word 1 has no polygon"),
        ("made.gt.json", '{"fps": 30, "words": [{"id": 1}], "frames": []}', "('care' is missing)"),
        (
            "made.gt.json",
            '{"fps": 30, "words": 7, "frames": []}',
            "(something is of another type); it needs fps, words and frames",
        ),
        ("made.gt.json", "[" * 100_000 + "]" * 100_000, "does not hold what it should"),
        ("made.xml", "<Frames>", "is no sound XML: no element found"),
        ("made.xml", '<Frames><frame ID="999999999" /></Frames>', "(it counts up to frame 999999999)"),
        ("made.xml", "<Frames />", "it has no frames that are counted from 1"),
        ("made.xml", '<Frames><frame ID="0" /></Frames>', "it has no frames that are counted from 1"),
        ("made.xml", '<Frames><frame ID="1"><object ID="7" /></frame></Frames>', "word 7 has no polygon"),
        ("made.xml", '<Frames><frame ID="1"><object /></frame></Frames>', "('ID' is missing)"),
    ],
)
def test_a_truth_that_is_none_is_said_in_one_sentence(tmp_path: Path, name: str, content: str, sentence: str) -> None:
    film(tmp_path / "made.mp4", SCENE)
    (tmp_path / "made.gt.json").unlink()
    (tmp_path / name).write_text(content, encoding="utf-8")
    (clip,) = find_clips([str(tmp_path)])
    with pytest.raises(CommandError) as failure:
        read_truth(clip)
    assert str(failure.value).startswith(f"the truth {tmp_path / name} ")
    assert sentence in str(failure.value)


def test_a_video_that_does_not_play_is_said_where_its_truth_needs_it(tmp_path: Path) -> None:
    (tmp_path / "made.mp4").write_bytes(b"no video")
    (tmp_path / "made.xml").write_text('<Frames><frame ID="1" /></Frames>', encoding="utf-8")
    with pytest.raises(CommandError, match="cannot be opened as a video"):
        read_truth(find_clips([str(tmp_path)])[0])


def test_what_is_no_clip_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "alone.mp4").write_bytes(b"")
    for address, sentence in (
        (tmp_path / "none.mp4", "there is no such file or folder; check the path"),
        (tmp_path / "alone.mp4", "has no truth; put its truth beside it as CLIP.gt.json, CLIP.xml or CLIP_GT.xml"),
        (tmp_path, "holds no clip with a truth"),
    ):
        with pytest.raises(CommandError) as failure:
            find_clips([str(address)])
        assert str(failure.value).startswith(str(address))
        assert sentence in str(failure.value)


def test_a_truth_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    clip = write_clip(tmp_path, {})
    clip.truth.write_text("\ufeff" + json.dumps(truth({1: "EXIT"}, [{}])), encoding="utf-8")
    assert read_truth(clip).texts == {1: "exit"}

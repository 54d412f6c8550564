"""Video files: every frame, in order, with the decoder's own grey; and what is said of a bad file."""

from __future__ import annotations

import itertools
import struct
import time
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from glyphfeed.stream.errors import SourceError
from glyphfeed.stream.records import SourceState
from glyphfeed.stream.sources.address import open_source
from glyphfeed.stream.sources.source import Pace
from tests.stream.sources.media import noisy, number_of, numbered, sound, write_video
from tests.stream.sources.taker import Taker

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from glyphfeed.stream.records import Frame

States = list[tuple[SourceState, str]]


def read(path: Path) -> tuple[list[Frame], States]:
    """All frames of a file and all states reported."""
    states: States = []
    frames = list(open_source(str(path)).frames(lambda state, detail: states.append((state, detail))))
    return frames, states


def cut(path: Path, share: float) -> Path:
    """A copy of a file that ends after a share of it."""
    content = path.read_bytes()
    shorter = path.with_name(f"cut{path.suffix}")
    shorter.write_bytes(content[: int(len(content) * share)])
    return shorter


def test_every_frame_comes_once_and_in_order(tmp_path: Path) -> None:
    before = time.time()
    frames, states = read(write_video(tmp_path / "street.mp4", 40))
    assert [number_of(frame) for frame in frames] == list(range(40))
    assert [frame.index for frame in frames] == list(range(40))
    assert [frame.pts for frame in frames] == pytest.approx([index / 25 for index in range(40)])
    assert all(before <= frame.captured_at <= time.time() for frame in frames)
    assert [state for state, _ in states] == [SourceState.LIVE, SourceState.ENDED]
    assert states[-1][1].endswith("street.mp4 ended after 40 frames")


def test_grey_is_the_decoders_plane_and_outlives_the_decoder(tmp_path: Path) -> None:
    frames, _ = read(write_video(tmp_path / "odd.mp4", 30, width=150, height=90))
    assert {frame.grey.shape for frame in frames} == {(90, 150)}
    assert not any(frame.grey.flags.owndata for frame in frames)
    assert not any(frame.grey.flags.writeable for frame in frames)
    # All thirty are held at once, after the file was closed: had the decoder reused the memory, the numbers would be gone.
    assert [number_of(frame) for frame in frames] == list(range(30))


def test_colour_is_converted_once_and_matches(tmp_path: Path) -> None:
    frames, _ = read(write_video(tmp_path / "red.mp4", 2))
    colour = frames[1].bgr()
    assert colour.shape == (96, 160, 3)
    assert colour is frames[1].bgr()
    assert np.abs(colour[60, 80].astype(int) - numbered(1)[60, 80]).max() < 12


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt"),
    [
        ("a.mkv", "libx264", "yuv444p"),
        ("a.avi", "mpeg4", "yuv420p"),
        ("a.avi", "mjpeg", "yuvj422p"),
        ("a.mp4", "libx264", "yuv420p10le"),
        ("a.avi", "rawvideo", "bgr24"),
        ("a.mkv", "ffv1", "gray"),
        ("a.ts", "libx264", "yuv420p"),
        ("a.h264", "libx264", "yuv420p"),
    ],
)
def test_many_codecs_and_pixel_formats(tmp_path: Path, name: str, codec: str, pix_fmt: str) -> None:
    frames, states = read(write_video(tmp_path / name, 20, codec=codec, pix_fmt=pix_fmt))
    assert [number_of(frame) for frame in frames] == list(range(20))
    assert all(earlier.pts < later.pts for earlier, later in itertools.pairwise(frames))
    assert frames[0].bgr().shape == (96, 160, 3)
    assert "ended after 20 frames" in states[-1][1]


@pytest.mark.parametrize(
    ("matrix", "shape", "corner"),
    [
        ((0, 1, -1, 0), (160, 96), (8, 88)),
        ((0, -1, 1, 0), (160, 96), (152, 8)),
        ((-1, 0, 0, -1), (96, 160), (88, 152)),
        ((-1, 0, 0, 1), (96, 160), (8, 152)),
        ((1, 0, 0, -1), (96, 160), (88, 8)),
        ((0, 1, 1, 0), (160, 96), (8, 8)),
        ((0, -1, -1, 0), (160, 96), (152, 88)),
        ((1, 0, 0, 1), (96, 160), (8, 8)),
    ],
)
def test_a_turned_or_mirrored_video_is_shown_as_it_was_meant(
    tmp_path: Path, matrix: tuple[int, ...], shape: tuple[int, int], corner: tuple[int, int]
) -> None:
    path = write_video(tmp_path / "phone.mp4", 2)
    content = bytearray(path.read_bytes())
    # ISO 14496-12, 8.3.2: the matrix of the track header (version 0) is 40 bytes behind the box's name, 16.16 fixed point.
    at = content.index(b"tkhd") + 4 + 40
    a, b, c, d = (value << 16 for value in matrix)
    content[at : at + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(content)
    frames, _ = read(path)
    # Frame 1 has its one bright cell where the top-left corner was.
    assert frames[1].size == shape[::-1]
    assert frames[1].grey.shape == shape
    assert frames[1].grey[corner] > 128
    assert frames[1].bgr().shape == (*shape, 3)
    assert frames[1].bgr()[corner].min() > 128


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("whole.mp4", {"movflags": "faststart"}),
        ("whole.mp4", {"movflags": "frag_keyframe+empty_moov"}),
        ("whole.mkv", {}),
        ("whole.avi", {}),
    ],
)
def test_a_truncated_file_is_read_up_to_there_and_the_end_says_so(tmp_path: Path, name: str, options: dict[str, str]) -> None:
    whole = write_video(tmp_path / name, 60, options=options, picture=noisy)
    frames, states = read(cut(whole, 0.55))
    assert 25 < len(frames) < 40
    assert [number_of(frame) for frame in frames] == list(range(len(frames)))
    assert states[-1][0] is SourceState.ENDED
    assert f"ended early at frame {len(frames)}: the file is damaged or truncated" in states[-1][1]
    frames, states = read(whole)
    assert len(frames) == 60
    assert "ended after 60 frames" in states[-1][1]


def test_a_file_with_a_damaged_end_has_ended_early(tmp_path: Path) -> None:
    path = write_video(tmp_path / "damaged.mp4", 60, options={"movflags": "faststart"}, picture=noisy)
    content = path.read_bytes()
    half = len(content) // 2
    path.write_bytes(content[:half] + bytes(len(content) - half))
    frames, states = read(path)
    assert 20 < len(frames) < 40
    assert "ended early" in states[-1][1]


def test_damage_in_the_middle_is_skipped(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = write_video(tmp_path / "scratched.mp4", 60, options={"movflags": "faststart"}, picture=noisy)
    content = bytearray(path.read_bytes())
    half, tenth = len(content) // 2, len(content) // 10
    content[half : half + tenth] = bytes(tenth)
    path.write_bytes(content)
    frames, states = read(path)
    assert 40 < len(frames) < 60
    assert number_of(frames[-1]) == 59
    assert "ended after" in states[-1][1]
    assert "damaged pictures were skipped" in caplog.text


def test_a_file_cut_before_its_index_cannot_be_opened(tmp_path: Path) -> None:
    path = cut(write_video(tmp_path / "street.mp4", 60, picture=noisy), 0.6)
    with pytest.raises(SourceError, match=r"cut\.mp4 cannot be read as a video .* record, copy or convert it again"):
        read(path)


@pytest.mark.parametrize("name", ["notes.txt", "notes.mp4", "notes.srt"])
def test_a_text_file_is_not_a_video(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("1\n00:00:00,000 --> 00:00:01,000\nnothing to see\n\n" * 20)
    with pytest.raises(SourceError, match=rf"{name} (has no video in it|cannot be read as a video)"):
        read(path)


def test_sound_alone_is_not_a_video(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    path.write_bytes(sound())
    with pytest.raises(SourceError, match=r"sound\.wav has no video in it; give a video file"):
        read(path)


def test_a_name_with_a_colon_is_a_name(tmp_path: Path) -> None:
    frames, _ = read(write_video(tmp_path / "12:30 gate.mkv", 3))
    assert len(frames) == 3


def test_stop_ends_a_file_before_its_next_frame(tmp_path: Path) -> None:
    source = open_source(str(write_video(tmp_path / "street.mp4", 40)))
    states: States = []
    count = 0
    for frame in source.frames(lambda state, detail: states.append((state, detail))):
        count += 1
        if frame.index == 5:
            source.stop()
    assert count == 6
    assert "was stopped after 6 frames" in states[-1][1]


def test_at_live_pace_a_file_plays_by_its_own_clock(tmp_path: Path) -> None:
    with Taker(open_source(str(write_video(tmp_path / "street.mp4", 40)), pace=Pace.LIVE)) as taker:
        taker.wait_for_end()
    assert taker.error is None
    first, last = taker.frames[0], taker.frames[-1]
    # All but the last ones on a machine that has other things to do.
    assert last.number == last.index >= 35
    assert last.captured_at - first.captured_at == pytest.approx(last.pts - first.pts)
    # A frame is never shown before it is due; how late it is depends on the machine.
    assert all(taken.at_s - first.at_s > taken.pts - first.pts - 0.04 for taken in taker.frames)
    assert all(taken.number == taken.index for taken in taker.frames)


def test_at_live_pace_the_last_picture_stands_as_long_as_the_one_before(tmp_path: Path) -> None:
    with Taker(open_source(str(write_video(tmp_path / "slides.mkv", 3, fps=4)), pace=Pace.LIVE)) as taker:
        taker.wait_for_end()
    # It is never shorter; how much longer it is depends on the machine.
    assert time.monotonic() - taker.frames[0].at_s > 0.7


def test_at_live_pace_a_slow_taker_gets_the_frames_that_are_due(tmp_path: Path) -> None:
    source = open_source(str(write_video(tmp_path / "street.mp4", 50)), pace=Pace.LIVE)
    indices = []
    for frame in source.frames(lambda *_: None):
        assert number_of(frame) == frame.index
        indices.append(frame.index)
        time.sleep(0.2)
    assert 5 <= len(indices) < 25
    assert indices == sorted(set(indices))


def test_stop_wakes_a_source_that_waits_for_its_clock(tmp_path: Path) -> None:
    path = write_video(tmp_path / "slow.mkv", 3, fps=1)
    with Taker(open_source(str(path), pace=Pace.LIVE)) as taker:
        taker.wait_until(lambda: len(taker.frames) == 1)
        assert taker.stop() < 0.5
    assert taker.state is SourceState.ENDED


def write_stamped(path: Path, stamp_s: Callable[[int], float], count: int = 20) -> Path:
    """Write a video whose numbered pictures have the stamps told, in seconds."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        stream.options = {"preset": "ultrafast", "g": "1", "bf": "0"}
        pictures = [av.VideoFrame.from_ndarray(numbered(number), "bgr24") for number in range(count)]
        packets = [packet for picture in (*pictures, None) for packet in stream.encode(picture)]
        for number, packet in enumerate(packets):
            packet.stream, packet.time_base, packet.duration = stream, Fraction(1, 90000), 3600
            packet.pts = packet.dts = round(stamp_s(number) * 90000)
            container.mux(packet)
    return path


WRAP_S = 2**33 / 90000
"""The stamps of a transport stream count so far, and begin anew."""


@pytest.mark.parametrize("pace", Pace)
@pytest.mark.parametrize(
    "stamp_s",
    [
        lambda number: number / 25 + (3600 if number >= 10 else 0),
        lambda number: number / 25 + (3600 if number >= 1 else 0),
        lambda number: WRAP_S + (number - 10) / 25,
    ],
    ids=["jump", "jump at once", "wrap"],
)
def test_where_the_clock_of_a_broadcast_jumps_time_goes_on(tmp_path: Path, stamp_s: Callable[[int], float], pace: Pace) -> None:
    path = write_stamped(tmp_path / "broadcast.ts", stamp_s)
    begun_s = time.monotonic()
    frames = list(open_source(str(path), pace=pace).frames(lambda *_: None))
    assert time.monotonic() - begun_s < 10
    assert number_of(frames[-1]) == 19
    assert frames[-1].pts == pytest.approx(19 / 25, abs=0.05)


@pytest.mark.parametrize("begins_s", [(0, 5000), (5000, 0)], ids=["ahead", "back"])
def test_where_a_broadcast_is_spliced_time_goes_on(tmp_path: Path, begins_s: tuple[int, int]) -> None:
    parts = [write_stamped(tmp_path / f"{begin_s}.ts", lambda number, at=begin_s: at + number / 25) for begin_s in begins_s]  # type: ignore[misc]
    path = tmp_path / "spliced.ts"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    with Taker(open_source(str(path), pace=Pace.LIVE)) as taker:
        taker.wait_for_end()
    assert taker.frames[-1].number == 19
    assert taker.frames[-1].index >= 37
    assert 1.4 < taker.frames[-1].pts < 1.7


@pytest.mark.parametrize("name", ["gap.mp4", "gap.mkv"])
def test_who_plays_a_file_does_not_wait_for_an_hour(tmp_path: Path, name: str) -> None:
    path = write_stamped(tmp_path / name, lambda number: number / 25 + (2400 if number else 0))
    with Taker(open_source(str(path), pace=Pace.LIVE)) as taker:
        taker.wait_for_end()
    assert taker.frames[-1].number == 19
    assert taker.frames[-1].pts < 2
    # Who reads every frame is told when each was.
    assert read(path)[0][1].pts == pytest.approx(2400.04)


def test_each_frame_keeps_its_own_time(tmp_path: Path) -> None:
    stamps_s = [0.0, 5.0, 5.04, 12.5, 50.0, 50.02, 109.0]
    for name in ("slides.mp4", "slides.mkv", "slides.ts"):
        frames, _ = read(write_stamped(tmp_path / name, lambda number: stamps_s[number], len(stamps_s)))
        assert [frame.pts for frame in frames] == pytest.approx(stamps_s, abs=2e-3)

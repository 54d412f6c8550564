from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from rich.console import Console

from glyphfeed.stream.records import EventType, Frame, SourceState, TextState
from glyphfeed.stream.sources.address import open_source
from glyphfeed.tools.displays.film import Film, filming
from glyphfeed.tools.displays.lines import Lines
from glyphfeed.tools.displays.overlay import COLOURS, draw_snapshot
from glyphfeed.tools.displays.table import LiveTable
from glyphfeed.tools.displays.views import Views
from glyphfeed.tools.errors import CommandError
from tests.stream.feed.samples import box, entity, event, snapshot, status

if TYPE_CHECKING:
    from glyphfeed.stream.records import Colour, Snapshot


def picture(width: int = 1280, height: int = 720) -> Colour:
    return np.full((height, width, 3), 90, np.uint8)


def frame_of(shown: Snapshot) -> Frame:
    image = picture(*shown.size)
    return Frame(shown.frame, shown.pts, shown.captured_at, image[..., 0], lambda: image)


def test_lines_tell_each_event_and_each_change_of_state_once() -> None:
    output = io.StringIO()
    lines = Lines(output)
    views = Views(["cam1"], [lines])
    shown = snapshot(7, entity())
    views.report(status(SourceState.CONNECTING, "connecting to camera 0"))
    views.report(status(SourceState.CONNECTING, "connecting to camera 0"))
    views.report(status(SourceState.LIVE, "pictures arrive"))
    assert views.draw()
    views.publish(frame_of(shown), shown, [event("EXIT 12"), event("OPEN\x1b[2J", EventType.CHANGED, "OPFN")])
    assert views.draw()
    assert views.draw()
    told = [line.split(maxsplit=3)[1:] for line in output.getvalue().splitlines()]
    assert [line[:2] for line in told] == [["cam1", "connecting"], ["cam1", "live"], ["cam1", "read"], ["cam1", "changed"]]
    assert told[2][2] == "EXIT 12  0.99"
    assert told[3][2] == "OPEN\N{REPLACEMENT CHARACTER}[2J  0.99  was: OPFN"


def test_the_table_shows_the_newest_texts_that_can_be_trusted() -> None:
    console = Console(file=io.StringIO(), width=120, height=14, force_terminal=True)
    table = LiveTable(console, "The feed")
    views = Views(["cam1"], [table])
    views.report(status(SourceState.STALLED, "no picture for 3 s"))
    tentative = replace(entity(99, "GUESS"), state=TextState.TENTATIVE)
    unread = entity(98, "")
    shown = snapshot(8, tentative, unread, *(entity(number, f"SIGN {number}\x1b") for number in range(20)))
    views.publish(frame_of(snapshot(7, entity(1, "OLD"))), snapshot(7, entity(1, "OLD")), [])
    views.publish(frame_of(shown), shown, [])
    assert views.draw()
    assert views.draw()
    table.close()
    assert isinstance(console.file, io.StringIO)
    output = console.file.getvalue()
    assert "stalled" in output
    assert "no picture for 3 s" in output
    assert "SIGN 19\N{REPLACEMENT CHARACTER}" in output
    assert "and 12 more" in output
    assert not {"GUESS", "OLD"} & set(output.split())


def test_the_table_tells_to_its_end_why_a_source_failed() -> None:
    console = Console(file=io.StringIO(), width=80, height=24, force_terminal=True, color_system=None)
    table = LiveTable(console, "The feed")
    views = Views(["cam1"], [table])
    sentence = (
        "rtsp://***@192.168.1.64:554/Streaming/Channels/101 refused the user name or password; give them as "
        "scheme://user:password@host/path"
    )
    views.report(status(SourceState.FAILED, sentence))
    assert views.draw()
    table.close()
    assert isinstance(console.file, io.StringIO)
    assert "".join(sentence.split()) in "".join(console.file.getvalue().split())


def test_the_overlay_draws_outlines_and_labels_in_the_colour_of_the_state() -> None:
    image = picture()
    before = image.copy()
    text = replace(entity(text="Größe 24"), polygon=box(400, 300, 200, 60))
    drawn = draw_snapshot(image, snapshot(7, text))
    assert np.array_equal(image, before)
    assert drawn[330, 400].tolist() == list(COLOURS[TextState.SETTLED])
    above, below = drawn[240:298, 400:600], drawn[364:420, 400:600]
    assert (above == COLOURS[TextState.SETTLED]).all(axis=2).sum() > 1000
    assert (above.sum(axis=2) < 100).sum() > 50, "there are no letters on the label"
    assert np.array_equal(below, before[364:420, 400:600])


def test_a_label_stays_in_the_picture_and_off_other_texts() -> None:
    top = replace(entity(1, "TOP"), polygon=box(1270, 2, 60, 40))
    upper = replace(entity(2, "UPPER"), polygon=box(300, 300, 200, 50))
    lower = replace(entity(3, "LOWER"), polygon=box(300, 352, 200, 50))
    drawn = draw_snapshot(picture(), snapshot(7, top, upper, lower))
    green = (drawn == COLOURS[TextState.SETTLED]).all(axis=2)
    assert green[44:80, 1200:].sum() > 500
    assert green[260:298, 300:500].sum() > 500
    assert green[404:440, 300:500].sum() > 500
    assert green[304:346, 305:495].sum() == 0


def test_tentative_text_has_an_outline_only() -> None:
    text = replace(entity(), polygon=box(400, 300, 200, 60), state=TextState.TENTATIVE)
    drawn = draw_snapshot(picture(), snapshot(7, text))
    assert (drawn[200:298] == 90).all()
    # Smoothed along its edge, so not quite the colour itself.
    assert (abs(drawn[300, 410:590].astype(int) - COLOURS[TextState.TENTATIVE]) < 10).all()


def test_a_film_holds_every_frame_at_its_time_even_with_odd_sizes(clip: Path, tmp_path: Path) -> None:
    path = tmp_path / "new" / "film.mp4"
    with filming(path, open_source(str(clip), "cam1")) as film:
        for index in range(30):
            shown = replace(snapshot(index, replace(entity(), polygon=box(40, 40, 50, 20))), size=(161, 99))
            film.publish(frame_of(shown), shown, [])
            if index == 7:
                # What became known of it later.
                film.publish(frame_of(shown), replace(shown, texts=()), [])
                # A phone that comes meanwhile.
                film.publish(frame_of(shown), replace(shown, source="phone-1", frame=99), [])
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    assert [round(float(frame.time or 0) * 30) for frame in frames] == list(range(30))
    assert (frames[0].width, frames[0].height, frames[0].format.name) == (160, 98, "yuv420p")


def test_a_film_shows_the_whole_picture_where_its_source_changes_its_size(clip: Path, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    with filming(path, open_source(str(clip), "cam1")) as film:
        for index, size in enumerate([(160, 96), (640, 480), (80, 96)]):
            grey = np.full(size[::-1], 200, np.uint8)
            shown = replace(snapshot(index), size=size)
            film.publish(replace(frame_of(shown), grey=grey, bgr=lambda grey=grey: np.dstack([grey] * 3)), shown, [])
    with av.open(str(path)) as container:
        small, large, narrow = (frame.to_ndarray(format="gray") for frame in container.decode(video=0))
    assert small.shape == large.shape == narrow.shape == (96, 160)
    assert small.mean() > 190
    for filled, black in ((large[:, 20:140], large[:, :12]), (narrow[:, 44:116], narrow[:, :36])):
        assert filled.mean() > 190
        assert black.mean() < 10


def test_a_film_of_nothing_is_not_left_in_the_way_of_the_next(clip: Path, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    with filming(path, open_source(str(clip), "cam1")):
        assert path.exists()
    assert not path.exists()


def test_a_film_that_cannot_be_written_says_so_before_anything_begins(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CommandError, match=r"the video .* cannot be written: .*; choose another folder"):
        Film(tmp_path / "file" / "film.mp4")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full, a disk that is always full")
def test_a_film_that_breaks_off_is_told_of_and_nobody_waits_for_it(clip: Path) -> None:
    shown = replace(snapshot(), size=(160, 96))

    def film_on_a_full_disk() -> None:
        with filming(Path("/dev/full"), open_source(str(clip), "cam1")) as film:
            for index in range(60):
                film.publish(frame_of(replace(shown, frame=index)), replace(shown, frame=index, pts=index / 30), [])

    with pytest.raises(CommandError, match=r"the video /dev/full is incomplete: "):
        film_on_a_full_disk()

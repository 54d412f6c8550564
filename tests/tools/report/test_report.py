"""`glyphfeed report`: what is gathered, how it is written, and what a hiding rule keeps out of it."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from glyphfeed.stream.feed.recordings.recording import read_messages
from glyphfeed.stream.records import Action, Attribute, EventType, Flag, TextState
from glyphfeed.tools import cli
from glyphfeed.tools.report.crops import COVER, crops_of
from glyphfeed.tools.report.files import csv_of, json_of
from glyphfeed.tools.report.gathering import Place, gather
from glyphfeed.tools.report.page import html_of
from glyphfeed.tools.scenes.clip import Scene, Sign, look, write_clip
from tests.stream.feed.samples import box
from tests.tools.messages.stories import BEGIN, FPS, happened, messages, shown, write

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from glyphfeed.stream.records import Record, Snapshot, TextEntity
    from glyphfeed.tools.report.gathering import Entry

PRICE = Attribute("price", 4.99, (0, 6), "EUR", "was", (499,))
HIDDEN = Flag("swear", (0, 4), Action.BLUR)


def with_text(told: Snapshot, **changes: object) -> Snapshot:
    return replace(told, texts=(replace(told.texts[0], **changes),))


def gathered(tmp_path: Path, records: Sequence[Record]) -> list[Entry]:
    return gather(read_messages(write(tmp_path / "feed.jsonl", messages(records))))


def test_a_text_is_told_with_all_that_it_was(tmp_path: Path) -> None:
    changed = replace(happened(3, text="EXIT 13", kind=EventType.CHANGED), previous="EXIT 12")
    records = [
        shown(0),
        happened(0),
        with_text(shown(1), polygon=box(0, 0, 400, 100)),
        shown(3, text="EXIT 13"),
        changed,
        shown(90, text="EXIT 13"),
        happened(95, text="EXIT 13", kind=EventType.LEFT),
        with_text(shown(96, 2, "NEVER"), state=TextState.TENTATIVE),
        with_text(shown(97, 3, "UNSURE"), state=TextState.READING),
    ]
    (entry,) = gathered(tmp_path, records)
    assert (entry.source, entry.epoch, entry.id, entry.text, entry.earlier) == ("cam1", "e", 1, "EXIT 13", ["EXIT 12"])
    assert entry.spans == [(BEGIN, pytest.approx(BEGIN + 3 / FPS)), (BEGIN + 3, BEGIN + 3)]
    assert entry.in_view_s == pytest.approx(3 / FPS)
    assert entry.last_seen == pytest.approx(BEGIN + 95 / FPS)
    assert entry.place is not None
    assert (entry.place.frame, entry.place.size) == (1, (1280, 720))


def test_events_alone_will_do(tmp_path: Path) -> None:
    left = happened(60, kind=EventType.LEFT)
    (entry,) = gathered(tmp_path, [happened(0), left])
    assert (entry.text, entry.spans, entry.place) == ("EXIT 12", [], None)
    assert entry.in_view_s == pytest.approx(2.0)
    assert list(csv.reader(io.StringIO(csv_of([entry]).removeprefix("\ufeff"))))[1][9:14] == [""] * 5


def test_attributes_and_rules_are_in_every_file(tmp_path: Path) -> None:
    flagged = replace(happened(1, kind=EventType.FLAGGED), flag=Flag("cheap", (0, 6), Action.FLAG))
    (entry,) = gathered(tmp_path, [with_text(shown(0), attributes=(PRICE,)), flagged, with_text(shown(2), attributes=(PRICE,))])
    rows = list(csv.DictReader(io.StringIO(csv_of([entry]).removeprefix("\ufeff"))))
    assert (rows[0]["attributes"], rows[0]["rules"]) == ("price 4.99 EUR or 499 (was)", "cheap")
    (text,) = json.loads(json_of([entry], "feed.jsonl"))["texts"]
    assert text["attributes"] == [
        {"kind": "price", "value": 4.99, "span": [0, 6], "unit": "EUR", "label": "was", "alternatives": [499]}
    ]
    assert text["flags"] == [{"rule": "cheap", "span": [0, 6], "action": "flag"}]
    assert "price 4.99 EUR or 499 (was)" in html_of([entry], {}, "feed.jsonl")


@pytest.mark.parametrize("text", ["=1+1", " @SUM(A1)", "-5", "\t+2"])
def test_no_text_becomes_a_formula(tmp_path: Path, text: str) -> None:
    entries = gathered(tmp_path, [shown(0, text=text)])
    (row,) = csv.DictReader(io.StringIO(csv_of(entries).removeprefix("\ufeff")))
    assert row["text"] == f"'{text}"


def test_a_text_cannot_end_the_script_that_it_stands_in(tmp_path: Path) -> None:
    said = "</script><script>alert(1)</script>\u2028"
    page = html_of(gathered(tmp_path, [shown(0, text=said)]), {}, "feed.jsonl")
    data = page.partition('id="report">')[2].partition("</script>")[0]
    assert json.loads(data)["texts"][0]["text"] == said


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A white sign and a red one that stand still for three frames."""
    path = tmp_path_factory.mktemp("clip") / "signs.mp4"
    white = Sign("A", (160, 60), 40, ink=(0, 0, 0), paper=(255, 255, 255))
    red = Sign("B", (160, 150), 40, ink=(0, 0, 255), paper=(0, 0, 255))
    camera = look((320, 240), (160, 120))
    write_clip(path, Scene((white, red), lambda _: camera, seconds=0.1, size=(320, 240), wall=(320, 240)))
    return path


def entry_at(entity: TextEntity, covered: tuple[np.ndarray, ...] = ()) -> Entry:
    from glyphfeed.tools.report.gathering import Entry

    place = Place(1, 0.03, (320, 240), entity.polygon)
    flags = {(flag.rule, str(flag.action)): flag for flag in entity.flags}
    return Entry("signs", "e", entity.id, entity.text, flags=flags, place=place, covered=covered)


def colour_of(jpeg: bytes) -> np.ndarray:
    decoded = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    return np.median(decoded.reshape(-1, 3), axis=0)


def test_pictures_come_from_the_frame_and_show_nothing_hidden(clip: Path) -> None:
    text = shown(0).texts[0]
    red = replace(text, polygon=box(150, 140, 20, 20))
    found = crops_of(
        [entry_at(red), entry_at(replace(red, flags=(HIDDEN,))), entry_at(red, (box(100, 100, 120, 100),))], {"signs": clip}
    )
    assert sorted(found) == [0, 2]
    blue, green, colour = colour_of(found[0])
    assert colour > 200 > 60 > max(blue, green)
    assert colour_of(found[2]) == pytest.approx(COVER, abs=4)


def test_what_is_hidden_at_any_time_or_was_not_told_yet_is_covered_beside_others(tmp_path: Path) -> None:
    (sign,), places = shown(0).texts, [box(0, top) for top in (100, 200, 300)]
    held, later, free = (
        replace(sign, id=2 + number, text=("", "SALE", "OPEN")[number], polygon=places[number]) for number in range(3)
    )
    beside = replace(shown(0), texts=(sign, held, later, free))
    hidden = with_text(shown(1, 3, "****"), flags=(HIDDEN,))
    entry, *_ = gathered(tmp_path, [beside, hidden])
    assert [polygon.tolist() for polygon in entry.covered] == [place.tolist() for place in places[:2]]


def report(capfd: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    code = cli.run(["report", *map(str, arguments)])
    return code, capfd.readouterr().err


def test_the_files_are_written_and_never_written_over_unasked(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    recording = write(tmp_path / "feed.jsonl", messages([shown(0), happened(0)]))
    code, errors = report(capfd, recording)
    folder = tmp_path / "feed-report"
    assert (code, sorted(path.name for path in folder.iterdir())) == (0, ["report.csv", "report.html", "report.json"])
    assert errors.startswith(f"glyphfeed: 1 text of 1 source: {folder / 'report.html'}")
    (folder / "report.csv").write_text("mine")
    code, errors = report(capfd, recording)
    assert (code, (folder / "report.csv").read_text()) == (2, "mine")
    assert "choose another folder with --out, or say --replace" in errors
    assert report(capfd, recording, "--replace")[0] == 0
    assert "EXIT 12" in (folder / "report.csv").read_text()


def test_mistakes_are_one_sentence(capfd: pytest.CaptureFixture[str], tmp_path: Path, clip: Path) -> None:
    one = write(tmp_path / "one.jsonl", messages([shown(0)]))
    none = write(tmp_path / "none.jsonl", messages([with_text(shown(0), state=TextState.TENTATIVE)]))
    two = write(tmp_path / "two.jsonl", messages([shown(0), replace(shown(0), source="cam2")]))
    for arguments, complaint in (
        ([none], "tells of no text that was read"),
        ([one, "--video", f"cam7={clip}"], "tells of no source cam7; it has cam1"),
        ([two, "--video", clip], f"Write NAME={clip}, with a NAME of cam1, cam2"),
        ([one, "--video", clip], "is 320x240, and what was recorded 1280x720"),
        ([one, "--video", tmp_path / "gone.mp4"], "there is no such file or folder"),
        ([tmp_path / "gone.jsonl"], "cannot be read"),
    ):
        code, errors = report(capfd, *arguments)
        assert (code, errors.count("\n")) == (2, 1), errors
        assert complaint in errors
        assert not [path for path in tmp_path.iterdir() if path.is_dir()]

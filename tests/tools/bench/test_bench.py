"""What `glyphfeed bench` measures, and how it is told."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.engines.loading import Backend, trouble_with
from glyphfeed.engines.models import Ctc, describe
from glyphfeed.stream.records import SourceState, Status
from glyphfeed.stream.sources.address import open_source
from glyphfeed.stream.sources.source import Pace
from glyphfeed.tools import cli
from glyphfeed.tools.bench.cameras import bench_cameras, play_live, row_of, try_steps
from glyphfeed.tools.bench.engines import BATCH, padded_batches, speeds, take_turns
from glyphfeed.tools.bench.gpu import enlarged
from glyphfeed.tools.bench.sheet import Sheet, markdown, records, show, written
from glyphfeed.tools.bench.stages import bench_stages
from glyphfeed.tools.errors import CommandError
from glyphfeed.tools.precision.agreement import characters_changed, detection_f
from tests.engines.described import CTC, MAP, described
from tests.engines.onnx_bytes import brightness_model, columns_model
from tests.stream.feed import samples
from tests.stream.feed.samples import box

if TYPE_CHECKING:
    from pathlib import Path

    from glyphfeed.engines.loading import Engines

LINE = np.array([box(10, 10, 60, 20), box(10, 60, 80, 20)])


def test_detectors_agree_where_they_find_the_same_lines() -> None:
    assert detection_f([LINE], [LINE + 2]) == 1
    assert detection_f([LINE], [LINE[:1]]) == pytest.approx(2 / 3)
    assert detection_f([LINE[:1]], [LINE[1:]]) == 0
    assert detection_f([LINE, LINE[:0]], [LINE, LINE[:1]]) == pytest.approx(4 / 5)
    assert detection_f([LINE[:0]], [LINE[:0]]) == 1
    assert detection_f([np.concatenate([LINE[:1], LINE[:1]])], [LINE[:1]]) == pytest.approx(2 / 3), "one is found once"


@pytest.mark.parametrize(
    ("read", "wanted", "changed"),
    [
        (["EXIT"], ["EXIT"], 0),
        (["EX1T"], ["EXIT"], 1 / 4),
        (["EXIT", ""], ["EXIT", "WC"], 2 / 6),
        ([""], [""], 0),
        (["AB"], ["CD"], 1),
    ],
)
def test_changed_characters_are_counted(read: list[str], wanted: list[str], changed: float) -> None:
    assert characters_changed(read, wanted) == pytest.approx(changed)


@given(st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), max_size=4))
def test_what_has_changed_is_a_share(pairs: list[tuple[str, str]]) -> None:
    read, wanted = [a for a, _ in pairs], [b for _, b in pairs]
    assert 0 <= characters_changed(read, wanted) <= 1
    assert characters_changed(read, read) == 0


def test_things_take_turns_and_the_first_is_what_they_are_compared_with() -> None:
    calls: list[str] = []
    taken = take_turns([lambda: calls.append("a"), lambda: calls.append("b")], 7)
    assert "".join(calls) == "aaaaaabbbbbbaaabbb", "five at a time and then two, each time once more to warm up"
    assert [len(times) for times in taken] == [7, 7]
    assert speeds([0.01, 0.02, 0.04], [0.04, 0.04]) == pytest.approx((20, 38, 50, 2))


def test_lines_are_padded_into_batches_of_like_width(tmp_path: Path) -> None:
    model = describe(described(tmp_path, columns_model(), CTC))
    assert isinstance(model, Ctc)
    crops = [np.full((16, width, 3), 255, np.uint8) for width in (60, 20, 30, 64, 10, 25, 28, 150)]
    batches = padded_batches(crops, model)
    assert [batch.shape for batch in batches] == [(BATCH, 3, 16, round(16 * 320 / 48)), (2, 3, 16, 150)]
    assert sorted(np.count_nonzero(line[0, 0]) for batch in batches for line in batch) == [10, 20, 25, 28, 30, 60, 64, 150]


def test_a_sheet_is_told_as_a_page_and_as_records() -> None:
    sheet = Sheet("Speed", ("name", "ms"), [("a|b", 12.345), ("c", None)], ("Note.",))
    assert markdown([sheet], "glyphfeed bench engines") == (
        "Made with\n\n```sh\nglyphfeed bench engines\n```\n\n## Speed\n\n"
        "| name | ms |\n| --- | ---: |\n| a\\|b | 12.3 |\n| c | – |\n\nNote.\n"
    )
    assert records(sheet) == [{"name": "a|b", "ms": 12.345}, {"name": "c", "ms": None}]
    assert (written(1234.5), written(0.01234), written(7)) == ("1234", "0.0123", "7")


def test_stages_add_up(engines: Engines, clip: Path) -> None:
    rows = {row["stage"]: row for row in records(bench_stages(clip, engines))}
    assert {"decode", "detect", "recognise", "follow", "snapshot", "publish"} <= rows.keys()
    *stages, work, wall, floor = rows.values()
    assert (work["stage"], wall["stage"], floor["stage"]) == ("all work", "wall clock", "decode alone: the floor")
    assert sum(row["share"] for row in stages) == pytest.approx(1)  # type: ignore[misc]
    assert sum(row["ms a frame"] for row in stages) == pytest.approx(work["ms a frame"])  # type: ignore[misc]
    assert rows["follow"]["runs a frame"] == rows["snapshot"]["runs a frame"] == 1
    assert 0 < rows["detect"]["runs a frame"] < 1


def test_engines_are_compared_with_the_first(
    capfd: pytest.CaptureFixture[str], clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLYPHFEED_CACHE", str(tmp_path / "cache"))
    finder = described(tmp_path, brightness_model(), MAP.replace("255", "128"), "finder")
    reader = described(
        tmp_path, columns_model(), CTC.replace("255", "25").replace("[input]", 'output = "logits"\n[input]'), "reader"
    )
    page = tmp_path / "report" / "bench.md"
    arguments = ["bench", "engines", str(clip), "--runs", "2", "--threads", "1", "--json", "--markdown", str(page)]
    arguments += ["--detector", str(finder), "--recogniser", str(reader)]
    monkeypatch.setattr(sys, "argv", ["glyphfeed", *arguments])
    assert cli.run(arguments) == 0
    detector, recogniser = json.loads(capfd.readouterr().out)["sheets"]
    assert (detector["title"], recogniser["title"]) == ("Detector finder", "Recogniser reader")
    assert detector["rows"][0]["back-end"] == "onnxruntime fp32"
    assert {row["input"] for row in detector["rows"]} == {"128x64", "64x128"}
    assert any(row["back-end"].startswith("openvino") for row in detector["rows"])
    for row in (*detector["rows"], *recogniser["rows"]):
        assert row["p95, ms"] >= row["p50, ms"] > 0
    assert all(row["agrees, F"] > 0.9 for row in detector["rows"])
    assert all(row["changed"] < 0.1 for row in recogniser["rows"] if row["changed"] is not None)
    whole = [row for row in recogniser["rows"] if row["input"].startswith("all ")]
    assert whole[0]["back-end"] == "onnxruntime fp32 by width", "this network takes no batches"
    assert whole[0]["times as fast"] == 1
    assert page.read_text().startswith(f"Made with\n\n```sh\nglyphfeed bench engines {clip} --runs 2 ")


def test_what_was_measured_is_seen_also_where_it_cannot_be_kept(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    page = tmp_path / "file" / "bench.md"
    with pytest.raises(CommandError, match=rf"the report {page} cannot be written: .*; check the path"):
        show([Sheet("Speed", ("name", "ms"), [("a", 12.345)])], command="glyphfeed bench stages", as_json=False, page=page)
    assert "12.3" in capfd.readouterr().out


def status(fps_out: float, p95_ms: float | None) -> Status:
    return replace(samples.status(), fps_in=30.0, fps_out=fps_out, latency_p95_ms=p95_ms, detect_ms=40.0, read_ms=None)


@pytest.mark.parametrize(
    ("statuses", "told"),
    [
        ([status(30, 20), status(29, 99)], (2, 59 / 60, 99, 40, None, "yes")),
        ([status(30, 20), status(30, 101)], (2, 1, 101, 40, None, "no")),
        ([status(30, 20), status(20, 20)], (2, 5 / 6, 20, 40, None, "no")),
        ([status(0, None)], (1, 0, None, 40, None, "no")),
    ],
    ids=["in time", "one too late", "too few frames", "nothing came"],
)
def test_cameras_are_carried_as_long_as_the_worst_is_in_time(statuses: list[Status], told: tuple[float, ...]) -> None:
    assert row_of(len(statuses), statuses) == pytest.approx(told)


def test_more_cameras_are_tried_until_there_are_too_many() -> None:
    rows = try_steps([1, 2, 4, 8], lambda cameras: [status(30, 30.0 * cameras)] * cameras)
    assert [row[0] for row in rows] == [1, 2, 3, 4]
    assert [row[-1] for row in rows] == ["yes", "yes", "yes", "no"]


@pytest.mark.parametrize("carried", [0, 1, 3, 5, 6, 7, 8])
def test_how_many_cameras_go_is_found_exactly(carried: int) -> None:
    played: list[int] = []

    def play(cameras: int) -> list[Status]:
        played.append(cameras)
        return [status(30, 50.0 if cameras <= carried else 150.0)] * cameras

    rows = try_steps([1, 2, 4, 8], play)
    assert [row[0] for row in rows if row[-1] == "yes"][-1:] == ([carried] if carried else [])
    assert len(played) == len(set(played)) <= 6


def test_cameras_are_played_live_and_each_tells_how_it_was_doing(clip: Path, engines: Engines) -> None:
    statuses = play_live(clip, engines, 2)
    assert [one.state for one in statuses] == [SourceState.ENDED] * 2
    assert all(one.fps_out > 0 and one.latency_p95_ms is not None for one in statuses)
    sheet = bench_cameras(clip, engines, most=1)
    assert sheet.rows[0][0] == 1
    assert "cameras are carried" in sheet.notes[-1]


@pytest.mark.skipif(trouble_with(Backend.TENSORRT) is None, reason="this machine has what is needed")
def test_without_a_gpu_there_is_nothing_to_check(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "gpu.md"
    assert cli.run(["check-gpu", "--out", str(page)]) == 3
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith("glyphfeed: there is no NVIDIA GPU to check here, or TensorRT and pycuda are not installed: ")
    assert not page.exists()
    assert cli.run(["build-plan"]) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith("glyphfeed: tensorrt cannot be used here: ")


@pytest.mark.gpu
@pytest.mark.skipif(trouble_with(Backend.TENSORRT) is not None, reason=f"tensorrt: {trouble_with(Backend.TENSORRT)}")
def test_a_gpu_is_checked_and_the_report_written(tmp_path: Path) -> None:
    page = tmp_path / "gpu.md"
    assert cli.run(["check-gpu", "--out", str(page)]) == 0
    assert "cameras are carried" in page.read_text()


def test_a_clip_is_written_again_in_full_hd(clip: Path, tmp_path: Path) -> None:
    frames = list(open_source(str(enlarged(clip, tmp_path / "large.mp4")), "large", Pace.EVERY_FRAME).frames(lambda *_: None))
    assert {frame.size for frame in frames} == {(1920, 1080)}
    assert len(frames) == 60
    assert frames[-1].pts == pytest.approx(59 / 30, abs=0.001)

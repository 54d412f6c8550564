"""Plans are built once, by one process, and never mistaken for those of another machine or network."""

from __future__ import annotations

import dataclasses
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

from glyphfeed.engines.errors import EngineError, PlanError
from glyphfeed.engines.files import write_whole
from glyphfeed.engines.nvidia.plans import PlanKey, obtain

if TYPE_CHECKING:
    from pathlib import Path

SHAPE = (1, 3, 544, 960)
KEY = PlanKey("detector", "ab" * 32, "11.4.0", "NVIDIA H200", "9.0", "580.65", "fp32", ((SHAPE, SHAPE, SHAPE),), 1)
CONTENT = b"kernels" * 1000


def load(content: bytes) -> str:
    if content != CONTENT:
        raise PlanError(f"{len(content)} bytes are no plan")
    return "loaded"


def never() -> bytes:
    raise AssertionError("a plan that is there is not built")


@pytest.mark.parametrize(
    "change",
    [
        {"sha256": "cd" * 32},
        {"tensorrt": "10.16.1"},
        {"gpu": "NVIDIA T4"},
        {"capability": "7.5"},
        {"driver": "580.66"},
        {"precision": "fp16"},
        {"profiles": ((SHAPE, SHAPE, (4, *SHAPE[1:])),)},
        {"name": "recogniser"},
        {"format": 2},
    ],
    ids=lambda change: next(iter(change)),
)
def test_whatever_a_plan_depends_on_makes_it_another(change: dict[str, object]) -> None:
    other = dataclasses.replace(KEY, **change)  # type: ignore[arg-type]
    assert other.file != KEY.file


def test_the_same_plan_has_the_same_name_which_tells_network_and_gpu() -> None:
    assert dataclasses.replace(KEY).file == KEY.file
    assert KEY.file.startswith("detector-NVIDIA-H200-")
    assert KEY.file.endswith(".plan")
    assert "/" not in dataclasses.replace(KEY, gpu="GA102/Quadro RTX").file


def test_a_plan_is_built_once_and_then_found(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert obtain(tmp_path / "plans", KEY, lambda: CONTENT, load) == "loaded"
    assert "building the plan detector-NVIDIA-H200-" in caplog.text
    assert obtain(tmp_path / "plans", KEY, never, load) == "loaded"
    assert (tmp_path / "plans" / KEY.file).read_bytes() == CONTENT


def test_a_plan_that_does_not_load_is_built_anew_and_the_reason_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / KEY.file).write_bytes(CONTENT[:5])
    assert obtain(tmp_path, KEY, lambda: CONTENT, load) == "loaded"
    assert f"{KEY.file} does not load and is built anew: 5 bytes are no plan" in caplog.text
    assert obtain(tmp_path, KEY, never, load) == "loaded"


def test_what_was_built_and_does_not_load_is_not_kept(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="3 bytes are no plan"):
        obtain(tmp_path, KEY, lambda: b"bad", load)
    assert not (tmp_path / KEY.file).exists()


def test_a_build_that_fails_leaves_nothing_and_the_next_one_can_begin(tmp_path: Path) -> None:
    def fail() -> bytes:
        raise EngineError("the GPU has no memory left")

    with pytest.raises(EngineError, match="no memory left"):
        obtain(tmp_path, KEY, fail, load)
    assert obtain(tmp_path, KEY, lambda: CONTENT, load) == "loaded"


def test_one_waits_for_the_other_only_so_long(tmp_path: Path) -> None:
    with (
        FileLock(tmp_path / f"{KEY.file}.lock"),
        pytest.raises(EngineError, match=r"another process has been building .*detector.* for 0 s; wait for it"),
    ):
        obtain(tmp_path, KEY, never, load, timeout_s=0.05)


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EngineError, match=r"the plan .* cannot be kept: .*; check the folder"):
        obtain(tmp_path / "file", KEY, lambda: CONTENT, load)


def race(folder: Path, number: int) -> tuple[str, bool]:
    """What each process does: how it ended, and whether it was the one that built."""
    built = []

    def build() -> bytes:
        built.append(number)
        time.sleep(0.5)  # as long as the other needs to come to the lock
        return CONTENT

    return obtain(folder, KEY, build, load), bool(built)


def test_of_two_processes_that_race_one_builds_and_both_load(tmp_path: Path) -> None:
    with ProcessPoolExecutor(2, get_context("spawn")) as processes:
        ends = list(processes.map(race, [tmp_path] * 2, range(2)))
    assert [loaded for loaded, _ in ends] == ["loaded"] * 2
    assert sum(built for _, built in ends) == 1
    assert (tmp_path / KEY.file).read_bytes() == CONTENT
    assert {path.name for path in tmp_path.iterdir()} <= {KEY.file, f"{KEY.file}.lock"}, "nothing half written is left"


def write_often(path: Path, number: int) -> None:
    for _ in range(50):
        write_whole(path, bytes([number]) * 200_000)


def test_nobody_sees_a_part_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "plan"
    write_whole(path, bytes(200_000))
    seen = set()
    with ProcessPoolExecutor(2, get_context("spawn")) as processes:
        writing = [processes.submit(write_often, path, number) for number in (1, 2)]
        while not all(process.done() for process in writing):
            content = path.read_bytes()
            seen.add((len(content), len(set(content))))
        for process in writing:
            process.result()
    assert seen == {(200_000, 1)}

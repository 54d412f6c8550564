"""Work in another process: it is done, or the reason why not is told."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from glyphfeed.engines.apart import run_apart
from glyphfeed.engines.errors import EngineError

if TYPE_CHECKING:
    from pathlib import Path

WORK = """
import os, sys, time
from pathlib import Path

what, place = sys.argv[1].split(" ", 1)
Path(place).write_text(str(os.getpid()))
if what == "fail":
    print("the disk of the GPU is full")
    sys.exit(1)
elif what == "crash":
    os.abort()
elif what == "hang":
    time.sleep(600)
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "some_work.py").write_text(WORK)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path / "process id"


def test_it_is_done_in_another_process(place: Path) -> None:
    run_apart("some_work", f"succeed {place}", 60)
    assert int(place.read_text()) != os.getpid()


@pytest.mark.parametrize(("what", "why"), [("fail", "the disk of the GPU is full"), ("crash", "its process ended with -6")])
def test_a_failure_is_told_in_one_sentence(place: Path, what: str, why: str) -> None:
    with pytest.raises(EngineError) as told:
        run_apart("some_work", f"{what} {place}", 60)
    assert str(told.value) == why


def test_what_takes_too_long_is_ended(place: Path) -> None:
    begun_s = time.monotonic()
    with pytest.raises(EngineError, match="it takes more than 2 s"):
        run_apart("some_work", f"hang {place}", 2)
    assert time.monotonic() - begun_s < 60
    with pytest.raises(ProcessLookupError):
        os.kill(int(place.read_text()), 0)

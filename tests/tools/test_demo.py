from __future__ import annotations

import os
import re
import shutil
import signal
import sys
import threading
import time
import urllib.request
from contextlib import ExitStack, suppress
from itertools import pairwise
from pathlib import Path

import av
import pytest

from glyphfeed.engines.weights import cache_folder
from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.feed.endpoint import DEFAULT_ENDPOINT
from glyphfeed.stream.feed.publishing.publisher import Publisher
from glyphfeed.tools.demo import CLIP, VIDEO, rounds, run_demo
from glyphfeed.tools.errors import CommandError
from tests.programs import program
from tests.stream.driving import ANY_PORT
from tests.stream.feed.samples import DEADLINE_S, wait_until


@pytest.fixture
def cache(clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache with the machine's networks in it, and a short clip in the place of the street."""
    folder = tmp_path / "cache"
    (folder / "demo").mkdir(parents=True)
    for kept in ("models", "openvino"):
        if (cache_folder() / kept).is_dir():
            (folder / kept).symlink_to(cache_folder() / kept)
    shutil.copy(clip, folder / "demo" / CLIP)
    monkeypatch.setenv("GLYPHFEED_CACHE", str(folder))
    return folder


SHORT_DEMO = """
import sys
from dataclasses import replace
from glyphfeed.tools import cli, demo

street = replace(demo.demo_scene(), seconds=0.5)
demo.demo_scene = lambda: street
sys.argv[1:] = ["demo"]
cli.main()
"""
"""The demo on a street of half a second."""


@pytest.mark.usefixtures("engines", "cache")
def test_the_demo_reads_films_and_sums_up_even_where_its_port_is_taken(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with ExitStack() as stack:
        with suppress(FeedError):
            stack.enter_context(Publisher(DEFAULT_ENDPOINT))
        assert run_demo(None, tmp_path / "out") == 0
    output, errors = capfd.readouterr()
    assert f"{DEFAULT_ENDPOINT} is taken; the feed is published on tcp://127.0.0.1:" in errors
    assert errors.count("The demo ends by itself, and with Ctrl-C before that.\n") == 1
    frames, texts, video, further = output.splitlines()[-4:]
    assert frames.startswith("60 frames in ")
    assert texts.startswith("2 texts were read with ")
    reads, everything = int(texts.split()[5]), int(texts.split()[-1])
    assert 2 <= reads < everything <= 120
    path = tmp_path / "out" / VIDEO
    assert video == f"The video: {path}"
    assert "watch clip.mp4 --film out.mp4" in further
    with av.open(str(path)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 60


def test_a_cache_that_cannot_be_written_to_is_done_without_and_told_once(tmp_path: Path, clip: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "models").symlink_to(cache_folder() / "models")
    # A file in the way stops everybody, also who may write to read-only folders.
    for name in ("demo", "openvino"):
        (cache / name).write_text("in the way")
    environment = os.environ | {"GLYPHFEED_CACHE": str(cache), "TMPDIR": str(tmp_path)}
    watch = ["-m", "glyphfeed", "watch", str(clip), "--feed", ANY_PORT]
    for arguments in (["-c", SHORT_DEMO], watch):
        with program([sys.executable, *arguments], 120, env=environment) as child:
            output, errors = child.communicate()
        assert child.returncode == 0, errors
        assert errors.count(f"nothing can be kept in {cache} (") == 1
        if arguments is watch:
            assert "openvino runs the networks" in errors
        else:
            video = next(line for line in output.splitlines() if line.startswith("The video: ")).removeprefix("The video: ")
            assert Path(video).stat().st_size > 0


def test_the_street_goes_on_from_its_beginning_for_as_long_as_somebody_looks(clip: Path) -> None:
    turns = iter([True, True, False])
    pictures = list(rounds(clip, lambda: next(turns)))
    stamps = [picture.stamp or 0.0 for picture in pictures]
    steps = [later - earlier for earlier, later in pairwise(stamps)]
    assert len(pictures) == 180
    assert steps == pytest.approx([1 / 30] * 179, abs=1e-3)
    assert [picture.scene for picture in pictures] == [0] * 60 + [1] * 60 + [2] * 60


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="there are no terminals like this here")
@pytest.mark.usefixtures("cache")
def test_where_there_is_a_browser_its_page_is_opened_until_the_user_ends_it(tmp_path: Path) -> None:
    browser, opened = tmp_path / "browser", tmp_path / "opened"
    browser.write_text(f'#!/bin/sh\nprintf "%s\\n" "$1" > {opened}\n')
    browser.chmod(0o700)
    variables = {name: value for name, value in os.environ.items() if name not in ("CI", "WAYLAND_DISPLAY")}
    variables |= {"DISPLAY": ":nobody", "BROWSER": f"{browser} %s", "TERM": "xterm"}
    master, slave = os.openpty()
    pipes = {"stdin": slave, "stdout": slave, "stderr": slave}
    output = bytearray()
    with program([sys.executable, "-m", "glyphfeed", "demo"], 9 * DEADLINE_S, env=variables, **pipes) as child:
        os.close(slave)

        def read() -> None:
            # Ends with the terminal's other end.
            with suppress(OSError):
                while said := os.read(master, 65536):
                    output.extend(said)

        thread = threading.Thread(target=read)
        thread.start()
        wait_until(lambda: opened.exists() and opened.read_text().endswith("\n"), 4 * DEADLINE_S)
        with urllib.request.urlopen(opened.read_text().strip(), timeout=DEADLINE_S) as page:
            assert b"<title>glyphfeed</title>" in page.read()
        # The clip is of two seconds, and read once more.
        wait_until(lambda: b"read" in output and b"EXIT 12" in output, 3 * DEADLINE_S)
        time.sleep(3)
        assert child.poll() is None
        child.send_signal(signal.SIGINT)
        assert child.wait(DEADLINE_S) == 0
        thread.join(DEADLINE_S)
    os.close(master)
    found = re.search(r"frames in ([\d.]+) s: \d+ frames per second", output.decode("utf-8", "replace"))
    assert found is not None
    assert float(found[1]) > 2.5, "it ended with the clip"
    assert b"The video" not in output
    assert output.count(b"Ctrl-C ends the demo.") == 1


@pytest.mark.usefixtures("cache")
def test_a_video_that_cannot_be_written_ends_the_demo_before_it_begins(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CommandError, match="cannot be written"):
        run_demo(None, tmp_path / "file")

"""The public interface: its examples run as they stand, and nothing of it is left behind, however it is left."""

from __future__ import annotations

import asyncio
import gc
import os
import re
import signal
import subprocess
import sys
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

import glyphfeed
from glyphfeed.stream.feed.endpoint import ANY_ENDPOINT, DEFAULT_ENDPOINT
from glyphfeed.stream.feed.publishing.publisher import Publisher
from glyphfeed.stream.records import EventType
from glyphfeed.stream.running.networks import Networks, borrowed, networks_of
from glyphfeed.tools.scenes.street import ARTICLE, ARTICLE_BARS, MENU, MENU_CODE
from tests.programs import program
from tests.stream.feed.samples import DEADLINE_S, entity, event, of, snapshot, status, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glyphfeed import Sight, Status
    from glyphfeed.engines.loading import Engines
    from glyphfeed.stream.records import Colour

PAGE = Path(__file__).parents[1] / "docs" / "library.md"
EXAMPLES = re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
SAYS = {"EXIT 12", "Bakery"}


@pytest.fixture(autouse=True)
def no_thread_survives() -> Iterator[None]:
    """Whatever a test does, afterwards the threads are those of before."""
    before = {thread.ident for thread in threading.enumerate()}
    yield
    wait_until(lambda: {thread.ident for thread in threading.enumerate()} <= before)


def with_codes(picture: Colour) -> Colour:
    """A picture of words, with a sign beside them on which there are two codes."""
    code = np.full((picture.shape[0], 420, 3), 255, np.uint8)
    for rows, module_px, corner in ((MENU_CODE, 5, (30, 30)), (ARTICLE_BARS, 3, (200, 80))):
        dark = np.array([[module == "#" for module in row] for row in rows]).repeat(module_px, 0).repeat(module_px, 1)
        code[corner[0] : corner[0] + len(dark), corner[1] : corner[1] + dark.shape[1]][dark] = 0
    return np.hstack([picture, code])


@pytest.fixture
def folder(tmp_path: Path, clip: Path, wall: Colour, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the examples name, which the test runs in."""
    (tmp_path / "photos").mkdir()
    (tmp_path / "clip.mp4").write_bytes(clip.read_bytes())
    for file in ("sign.jpg", "photos/one.jpg", "photos/two.jpg"):
        cv2.imwrite(str(tmp_path / file), wall)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def feed() -> Iterator[str]:
    """The address of a feed on which something is always going on."""
    stopped = threading.Event()

    def go_on(publisher: Publisher) -> None:
        while not stopped.is_set():
            publisher.put(of("door", snapshot(7, entity())))
            for kind in (EventType.READ, EventType.LEFT):
                publisher.put(of("door", event("EXIT 12", kind)))
            publisher.put(of("door", status()))
            publisher.serve(0.05)

    with Publisher(ANY_ENDPOINT) as publisher:
        thread = threading.Thread(target=go_on, args=(publisher,))
        thread.start()
        yield publisher.endpoint
        stopped.set()
        thread.join()


@pytest.mark.parametrize("example", [example for example in EXAMPLES if "glyphfeed.connect" not in example])
@pytest.mark.usefixtures("folder")
def test_the_examples_of_the_page_run_as_they_stand(example: str, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(example, str(PAGE), "exec"), {"__name__": "__main__"})
    assert capsys.readouterr().out


@pytest.mark.parametrize("example", [example for example in EXAMPLES if "glyphfeed.connect" in example])
def test_those_about_feeds_do_with_a_feed(
    example: str, feed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        exec(compile(example.replace(DEFAULT_ENDPOINT, feed), str(PAGE), "exec"), {"__name__": "__main__"})
        assert "EXIT 12" in capsys.readouterr().out


def words_of(sight: Sight) -> set[str]:
    return {text.text for text in sight.texts if text.text}


def test_every_sight_of_a_file_comes_however_slow_the_loop_is(clip: Path) -> None:
    frames, told = [], []
    for sight in glyphfeed.watch(clip):
        frames.append(sight.frame)
        told += [(event.type, event.entity.text) for event in sight.events]
        if sight.frame % 20 == 0:
            time.sleep(0.2)
    assert frames == list(range(60))
    assert {text for _, text in told} == SAYS
    assert words_of(sight) == SAYS
    assert sight.source == "wall"
    assert sight.picture().shape == (360, 640, 3)


def test_of_a_live_source_the_newest_sight_comes_with_all_events_since(clip: Path) -> None:
    frames, told = [], []
    for sight in glyphfeed.watch(clip, pace="live"):
        frames.append(sight.frame)
        told += [event.entity.text for event in sight.events]
        time.sleep(0.3)
    assert frames == sorted(frames)
    assert max(after - before for before, after in pairwise(frames)) > 3, "it is not the newest that came"
    assert set(told) == SAYS


@pytest.mark.usefixtures("folder")
def test_several_sources_are_read_at_once_and_each_is_named(clip: Path) -> None:
    seen: dict[str, int] = {}
    for sight in glyphfeed.watch(clip, "photos/*.jpg", names=["door"]):
        seen[sight.source] = seen.get(sight.source, 0) + 1
    assert seen == {"door": 60, "photos": 2}


def test_leaving_the_loop_in_any_way_closes_everything(clip: Path) -> None:
    for sight in glyphfeed.watch(clip, pace="live"):
        assert sight.frame >= 0
        break
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 - it is the whole loop that raises
        for sight in glyphfeed.watch(clip):
            print(sight.frame / 0)
    with glyphfeed.watch(clip, clip, pace="live", names=["a", "b"]) as watch:
        assert next(iter(watch)).source in "ab"
    with glyphfeed.watch(clip):
        pass


def test_a_watch_is_iterated_once(clip: Path) -> None:
    watch = glyphfeed.watch(clip)
    next(iter(watch))
    with pytest.raises(glyphfeed.InputError, match="iterated once"):
        next(iter(watch))
    watch.close()
    watch.close()
    with pytest.raises(glyphfeed.InputError, match="iterated once"):
        next(iter(watch))


@pytest.mark.parametrize("pace", ["every-frame", "live"])
def test_asyncio_has_it_too_and_its_loop_is_not_held_up(clip: Path, pace: str) -> None:
    async def count(ticks: list[float]) -> None:
        while True:
            ticks.append(time.monotonic())
            await asyncio.sleep(0.01)

    async def main() -> tuple[list[str], list[float]]:
        told: list[str] = []
        ticks: list[float] = []
        counting = asyncio.create_task(count(ticks))
        async for sight in glyphfeed.watch(clip, pace=pace):
            told += [event.entity.text for event in sight.events]
        counting.cancel()
        return told, ticks

    told, ticks = asyncio.run(main())
    assert set(told) == SAYS
    # Loading and reading take seconds; a loop that waited for them would have ticked a few times.
    assert len(ticks) > 20


def test_asyncio_has_its_turn_beside_a_body_that_is_slower_than_the_clip(clip: Path) -> None:
    async def main() -> int:
        async with asyncio.timeout(6 * DEADLINE_S), glyphfeed.watch(clip) as watch:
            task = asyncio.current_task()
            async for sight in watch:
                if sight.frame == 20 and task is not None:
                    # As Ctrl-C does it.
                    task.cancel()
                time.sleep(0.1)
                last = sight.frame
                assert last <= 22, "the loop was never asked"
        return last

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(main())


def test_asyncio_leaves_a_loop_and_cancels_it_cleanly(clip: Path) -> None:
    async def first_of() -> int:
        async for sight in glyphfeed.watch(clip, pace="live"):
            return sight.frame
        raise AssertionError("nothing was seen")

    async def for_ever() -> None:
        async with glyphfeed.watch(clip) as watch:
            async for _ in watch:
                await asyncio.sleep(60)

    async def main() -> None:
        assert await first_of() >= 0
        task = asyncio.create_task(for_ever())
        await asyncio.sleep(0.5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())


def test_a_source_that_fails_is_raised_at_the_end_and_the_others_are_read(clip: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"\0" * 4096)
    seen = 0
    with pytest.raises(glyphfeed.SourceError, match=r"broken\.mp4"):  # noqa: PT012 - it is the whole loop that raises
        for sight in glyphfeed.watch(clip, broken):
            seen += sight.source == "wall"
    assert seen == 60


def test_bad_calls_are_told_in_one_sentence(clip: Path, tmp_path: Path) -> None:
    with pytest.raises(glyphfeed.SourceError, match=r"nowhere\.mp4"):
        glyphfeed.watch("nowhere.mp4")
    with pytest.raises(glyphfeed.InputError, match="nothing to watch"):
        glyphfeed.watch()
    with pytest.raises(glyphfeed.InputError, match=r"'slow' is no pace; choose every-frame or live"):
        glyphfeed.watch(clip, pace="slow")
    with pytest.raises(glyphfeed.EngineError, match="abacus is no back-end; choose auto, tensorrt"):
        list(glyphfeed.watch(clip, engine="abacus"))
    with pytest.raises(glyphfeed.InputError, match="names are several"):
        glyphfeed.watch(clip, names="door")
    with pytest.raises(glyphfeed.InputError, match="None is no address"):
        glyphfeed.watch(None)
    with pytest.raises(glyphfeed.InputError, match=r"languages are several, .* the one text 'en,fr'"):
        glyphfeed.watch(clip, languages="en,fr")
    with pytest.raises(glyphfeed.InputError, match=r"alphabets are several, .* the one text 'latin'"):
        glyphfeed.watch(clip, alphabets="latin")
    with pytest.raises(glyphfeed.SourceError, match="cannot be read"):
        glyphfeed.read(tmp_path / "nothing.png")
    with pytest.raises(glyphfeed.InputError, match=r"a picture is .*; this is float64 \(4, 4\)"):
        glyphfeed.read(np.zeros((4, 4)))
    assert issubclass(glyphfeed.InputError, ValueError)
    with pytest.raises(AttributeError, match="no attribute 'listen'"):
        _ = glyphfeed.listen


def test_the_health_of_a_source_is_told(clip: Path) -> None:
    statuses: list[Status] = []
    for _ in glyphfeed.watch(clip, on_status=statuses.append):
        pass
    assert [status.state for status in statuses][-1] is glyphfeed.SourceState.ENDED
    assert {status.source for status in statuses} == {"wall"}


@pytest.mark.parametrize("pace", ["every-frame", "live"])
def test_who_is_told_of_the_health_may_close_the_watch(clip: Path, pace: str) -> None:
    def leave(status: Status) -> None:
        if status.state is glyphfeed.SourceState.LIVE:
            watch.close()

    watch = glyphfeed.watch(clip, pace=pace, on_status=leave)
    begun_s = time.monotonic()
    assert sum(1 for _ in watch) < 60
    assert time.monotonic() - begun_s < 6 * DEADLINE_S


class Circle:
    """Something that holds itself, so that it is freed when Python looks for such, in whichever thread that is."""

    def __init__(self, held: object) -> None:
        self.held, self.myself = held, self


def test_what_is_forgotten_in_a_circle_is_ended_by_whichever_thread_finds_it(clip: Path) -> None:
    watching = iter(glyphfeed.watch(clip, pace="live"))
    next(watching)
    circle = Circle(watching)
    del watching, circle
    begun_s = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(gc.collect).result()
    assert time.monotonic() - begun_s < DEADLINE_S


def test_a_forgotten_reader_may_be_found_while_networks_load(monkeypatch: pytest.MonkeyPatch) -> None:
    load = Networks.load_here

    def collect_and_load(networks: Networks, *, live: bool) -> Engines:
        gc.collect()
        return load(networks, live=live)

    circle = Circle(glyphfeed.Reader())
    forgotten = weakref.ref(circle)
    del circle
    monkeypatch.setattr(Networks, "load_here", collect_and_load)
    with ThreadPoolExecutor(1) as pool:
        loading = pool.submit(lambda: glyphfeed.Reader(languages=[]).close())
        loading.result(6 * DEADLINE_S)
    assert forgotten() is None


def test_a_picture_is_read_from_a_path_and_from_an_array(folder: Path, wall: Colour) -> None:
    grey = np.asarray(cv2.cvtColor(wall, cv2.COLOR_BGR2GRAY), np.uint8)
    for picture in (folder / "sign.jpg", str(folder / "sign.jpg"), wall, grey):
        texts = glyphfeed.read(picture)
        assert {text.text for text in texts} == SAYS
        assert all(text.state is not glyphfeed.TextState.TENTATIVE for text in texts)


def test_codes_are_read_where_they_are_asked_for(tmp_path: Path, wall: Colour, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = tmp_path / "counter.png"
    cv2.imwrite(str(picture), with_codes(wall))
    assert {text.text for text in glyphfeed.read(picture)} >= SAYS
    texts = {text.text: text for text in glyphfeed.read(picture, codes=True)}
    assert texts.keys() >= {*SAYS, MENU, ARTICLE}
    (attribute,) = texts[ARTICLE].attributes
    assert (attribute.kind, attribute.value, attribute.label) == ("code", ARTICLE, "EAN-13")
    seen = [event.entity.text for sight in glyphfeed.watch(picture, codes=True) for event in sight.events]
    assert MENU in seen
    monkeypatch.setitem(sys.modules, "zxingcpp", None)
    for refused in (lambda: glyphfeed.read(picture, codes=True), lambda: glyphfeed.watch(picture, codes=True)):
        with pytest.raises(glyphfeed.GlyphfeedError, match="zxing-cpp, which is not installed"):
            refused()
    assert {text.text for text in glyphfeed.read(wall)} == SAYS


def test_one_load_of_the_networks_serves_many_calls() -> None:
    networks = networks_of("auto", None, None, ("en",), ())
    with borrowed(networks, live=True) as first, borrowed(networks, live=True) as second:
        assert first is second
    with borrowed(networks, live=True) as later:
        assert later is first


def test_a_reader_returns_at_once_and_has_read_when_it_is_finished(wall: Colour) -> None:
    with glyphfeed.Reader("robot") as reader:
        # No network can have answered yet.
        assert reader.see(wall, at=0.0).texts == ()
        sight = reader.finish()
        assert words_of(sight) == SAYS
        assert {event.entity.text for event in sight.events} == SAYS
        assert (sight.source, sight.frame, sight.pts) == ("robot", 0, 0.0)
        later = reader.see(wall[..., 0], at=0.1)
        assert [text.id for text in later.texts] == [text.id for text in sight.texts]
        assert later.events == ()


def test_a_reader_copies_what_it_is_handed(wall: Colour) -> None:
    frame = wall.copy()
    with glyphfeed.Reader() as reader:
        reader.see(frame, at=0.0)
        frame[:] = 0
        assert words_of(reader.finish()) == SAYS


def test_who_draws_on_a_sight_does_not_draw_on_what_is_read(wall: Colour) -> None:
    with glyphfeed.Reader() as reader:
        picture = reader.see(wall, at=0.0).picture()
        with pytest.raises(ValueError, match="read-only"):
            picture[:] = 0


def test_a_reader_refuses_what_it_cannot_read(wall: Colour) -> None:
    reader = glyphfeed.Reader()
    with pytest.raises(glyphfeed.InputError, match="call see first"):
        reader.finish()
    with pytest.raises(glyphfeed.InputError, match=r"this is uint8 \(2, 2, 4\)"):
        reader.see(np.zeros((2, 2, 4), np.uint8))
    with pytest.raises(glyphfeed.InputError, match="in the order of their times"):
        reader.see(wall, at=float("nan"))
    reader.see(wall, at=1.0)
    for at in (1.0, 0.5):
        with pytest.raises(glyphfeed.InputError, match=f"a frame of {at:g} s came after one of 1 s"):
            reader.see(wall, at=at)
    reader.close()
    reader.close()
    with pytest.raises(glyphfeed.InputError, match="closed"):
        reader.see(wall)


LOOP = """
import sys
import glyphfeed

for sight in glyphfeed.watch(sys.argv[1], sys.argv[1], names=["a", "b"], pace="live"):
    print(sight.frame, flush=True)
"""
FORGOTTEN = """
import sys
import glyphfeed

watch = iter(glyphfeed.watch(sys.argv[1]))
print(next(watch).frame)
"""


DAEMON = """
import sys
import threading
import glyphfeed

def watch():
    for sight in glyphfeed.watch(sys.argv[1], sys.argv[1], pace="live"):
        if sight.frame > 20:
            seen.set()

seen = threading.Event()
threading.Thread(target=watch, daemon=True).start()
seen.wait()
"""
FORKED = """
import multiprocessing
import sys
import glyphfeed

def tell():
    print(sorted(text.text for text in glyphfeed.read(sys.argv[1])))

glyphfeed.read(sys.argv[1])
child = multiprocessing.get_context("fork").Process(target=tell)
child.start()
child.join()
"""


def test_a_program_ends_in_order_that_watches_in_a_daemon_thread(clip: Path) -> None:
    command = [sys.executable, "-c", DAEMON, str(clip)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=6 * DEADLINE_S, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
@pytest.mark.usefixtures("folder")
def test_a_forked_process_reads_too() -> None:
    command = [sys.executable, "-W", "ignore", "-c", FORKED, "sign.jpg"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=6 * DEADLINE_S, check=False)
    assert (done.returncode, done.stdout) == (0, "['Bakery', 'EXIT 12']\n")


def test_ctrl_c_ends_a_program_in_its_loop(clip: Path) -> None:
    with program([sys.executable, "-c", LOOP, str(clip)], 6 * DEADLINE_S) as child:
        assert child.stdout is not None
        assert child.stdout.readline()
        child.send_signal(signal.SIGINT)
        _, errors = child.communicate()
    assert child.returncode in (130, -signal.SIGINT)
    assert errors.rstrip().endswith("KeyboardInterrupt")


def test_a_program_that_forgets_its_watch_ends(clip: Path) -> None:
    command = [sys.executable, "-c", FORGOTTEN, str(clip)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=6 * DEADLINE_S, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "0\n", "")


def test_importing_it_loads_nothing_that_is_not_asked_for() -> None:
    script = "import glyphfeed, sys; print(sorted({'numpy', 'cv2', 'av', 'zmq', 'openvino'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n"


def test_all_that_is_promised_is_there() -> None:
    for name in glyphfeed.__all__:
        assert getattr(glyphfeed, name) is not None
    assert set(glyphfeed.__all__) <= set(dir(glyphfeed))

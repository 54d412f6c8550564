"""What the page of the cameras costs, and whether it keeps its word, in a browser: Debian's Chromium, without a screen.

Owns: what is measured, in which order, and the sheets.  Does not own frames that tell their number (numbered).

The feed is published here, and `glyphfeed web`, the browser and the reader whose time is taken are processes of their own.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final, TypeAlias

import cv2
import numpy as np
import zmq

from glyphfeed.stream.errors import SourceError
from glyphfeed.stream.feed import wire
from glyphfeed.stream.feed.endpoint import ANY_ENDPOINT
from glyphfeed.stream.feed.publishing.publisher import Publisher
from glyphfeed.stream.records import Frame, Snapshot, SourceState, Status, TextEntity, TextState
from glyphfeed.stream.running.networks import cores
from glyphfeed.tools.bench.numbered import READ, numbered_frame, numbered_snapshot
from glyphfeed.tools.bench.sheet import Sheet
from glyphfeed.tools.errors import CommandError, bringing, note

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from playwright.sync_api import Browser, CDPSession, Page

    from glyphfeed.stream.records import Colour
    from glyphfeed.tools.bench.sheet import Cell

FramesOf: TypeAlias = "Callable[[int], tuple[Frame, Snapshot]]"
"""Frame n, as it is captured now, and what is told of it."""

SOURCE: Final = "street"
TEXTS: Final = 20
RATE_HZ: Final = 30.0
DRAWN_S: Final = 10.0
OPENED: Final = 5
"""So often a page is opened, in a browser that has nothing of it yet."""
PAIRS: Final = 4
WARM: Final = 20
"""Frames at the beginning whose time is not counted: everything is new in them."""
PATIENCE_S: Final = 120.0
WANTED_HZ, WANTED_MS, WANTED_OPEN_S, WANTED_KB, WANTED_CPU = 57.0, 4.0, 1.0, 100.0, 1.03
SCREEN: Final = (1440, 900)

# The page's own drawing is what it does when the screen is about to be drawn: how long each took, ms, by the clock of the page,
# and, where it is `painted`, with what the canvas has put off, which a look at one pixel has it do.
TIMED: Final = """
window.drawn = [];
window.screens = 0;
window.painted = true;
const request = window.requestAnimationFrame.bind(window);
window.requestAnimationFrame = (act) => request((now) => {
  const began = performance.now();
  act(now);
  const script = performance.now() - began;
  if (window.painted) document.querySelector(".whole canvas")?.getContext("2d").getImageData(0, 0, 1, 1);
  window.drawn.push([script, performance.now() - began]);
});
window.nextScreen = request;
const count = () => { window.screens += 1; request(count); };
request(count);
"""
# Something to draw for each frame of the screen: a finger that moves on the picture.
MOVING: Final = """
() => {
  const screen = document.querySelector(".whole .screen");
  screen.setPointerCapture = () => {};
  const send = (type, x) => screen.dispatchEvent(new PointerEvent(type, { pointerId: 7, clientX: x, clientY: 300 }));
  send("pointerdown", 300);
  let at = 0;
  window.nextScreen(function move() {
    send("pointermove", 300 + (at++ % 50));
    window.nextScreen(move);
  });
}
"""
ANEW: Final = "() => { window.drawn = []; window.screens = 0; }"
NUMBERS: Final = f"""
window.numbers = [];
const read = {READ};
const look = () => {{
  const canvas = document.querySelector(".whole canvas");
  const pair = canvas?.width ? read(canvas) : [0, 0];
  const last = window.numbers.at(-1);
  if ((pair[0] || pair[1]) && !(last && last[0] === pair[0] && last[1] === pair[1])) window.numbers.push(pair);
  window.opened ??= pair[0] && pair[0] === pair[1] ? performance.now() : undefined;
  requestAnimationFrame(look);
}};
requestAnimationFrame(look);
"""
OUTLINES: Final = """localStorage.setItem("glyphfeed", '{"mode": "outlines"}');"""


def bench_overlay(clip: str | Path, *, frames: int) -> list[Sheet]:
    """Measure it all, with so many frames whose numbers are compared.

    Raises:
        CommandError: there is no browser, or a process did not do its part.
        SourceError: the clip cannot be read.

    """
    picture = first_picture(clip)
    with browser() as chromium:
        rows = [*drawing(chromium, picture), numbers(chromium, frames), *opening(chromium)]
    rows.append(reader_cpu(clip))
    notes = (
        f"{cores()} cores; headless Chromium draws on the processor.",
        f"Drawing: {SCREEN[0]} x {SCREEN[1]} pixels, a picture of {picture.shape[1]} x {picture.shape[0]}, {TEXTS} "
        f"texts that move, {RATE_HZ:.0f} pictures a second; for the rate a finger moves on the picture all the time.",
    )
    return [Sheet("The overlay", ("what", "measured", "wanted", "kept"), rows, notes)]


def first_picture(clip: str | Path) -> Colour:
    """The first picture of a clip.

    Raises:
        SourceError: there is none.

    """
    done, picture = cv2.VideoCapture(str(clip)).read()
    if not done:
        raise SourceError(f"{clip} cannot be read as a video: check the path")
    return np.asarray(picture, np.uint8)


@contextmanager
def browser(*flags: str) -> Iterator[Browser]:
    """Debian's Chromium, without a screen, with further flags.

    Raises:
        CommandError: it is not there, or nothing to steer it with.

    """
    with bringing("dev"):
        from playwright.sync_api import sync_playwright
    program = shutil.which("chromium")
    if program is None:
        raise CommandError("there is no Chromium here to measure in: apt install chromium")
    with sync_playwright() as driver:
        # The sandbox of Chromium does not work for root, as whom one measures in containers.
        chromium = driver.chromium.launch(executable_path=program, args=["--no-sandbox", *flags])
        try:
            yield chromium
        finally:
            chromium.close()


@contextmanager
def served(frames_of: FramesOf) -> Iterator[str]:
    """A feed of one source, whose frames go on without end, at a server of pages; the address of the page."""
    with ExitStack() as opened:
        publisher = opened.enter_context(Publisher(ANY_ENDPOINT))
        ended = threading.Event()
        publishing = threading.Thread(target=publish, args=(publisher, frames_of, ended))
        publishing.start()
        opened.callback(publishing.join)
        opened.callback(ended.set)
        command = [sys.executable, "-m", "glyphfeed", "web", publisher.endpoint, "--listen", "127.0.0.1:*"]
        server = opened.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
        opened.callback(server.terminate)
        assert server.stdout is not None
        said = server.stdout.readline()
        address = re.search(r"http://127\.0\.0\.1:\d+/", said)
        if address is None:
            raise CommandError(f"glyphfeed web did not start: {said.strip() or 'it said nothing'}")
        yield address[0]


def publish(publisher: Publisher, frames_of: FramesOf, ended: threading.Event) -> None:
    """Publish frames at their rate, with their pictures for who wants them, and now and then that the source is live."""
    for number in count(1):
        if ended.is_set():
            return
        due_s = time.monotonic() + 1 / RATE_HZ
        if number % int(RATE_HZ) == 1:
            publisher.put(live())
        frame, snapshot = frames_of(number)
        publisher.pictures.offer(frame, snapshot)
        publisher.put(snapshot)
        while (left_s := due_s - time.monotonic()) > 0:
            publisher.serve(left_s)


def live() -> Status:
    """A source that does well."""
    return Status(SOURCE, SourceState.LIVE, "", RATE_HZ, RATE_HZ, 0, None, None, None, None, 0, TEXTS, 1.0, 0, "", "")


def street_frames(picture: Colour) -> FramesOf:
    """Frames with texts that move over a picture, in rows, each with a reading of its own."""
    height, width = picture.shape[:2]
    grey = np.asarray(picture[..., 1])

    def frames_of(number: int) -> tuple[Frame, Snapshot]:
        now, phase = time.time(), number / RATE_HZ
        frame = Frame(number, phase, now, grey, lambda: picture)
        texts = tuple(text(at, phase, now, (width, height)) for at in range(TEXTS))
        return frame, Snapshot(SOURCE, number, phase, now, (width, height), texts, (tuple(range(1, TEXTS + 1)),))

    return frames_of


def text(at: int, phase: float, now: float, size: tuple[int, int]) -> TextEntity:
    """One of the texts, at its place in a sway of 3 s."""
    x = size[0] * (0.03 + 0.24 * (at % 4)) + size[0] * 0.03 * np.sin(2 * np.pi * phase / 3 + at)
    y = size[1] * (0.08 + 0.18 * (at // 4))
    width, height = size[0] * 0.12, size[1] * 0.04
    corners = np.array([[x, y], [x + width, y + 4], [x + width, y + height + 4], [x, y + height]], np.float32)
    state = TextState.READING if at % 5 == 4 else TextState.SETTLED
    return TextEntity(at + 1, 1, state, f"Street sign {at + 1}", 0.95, corners, (), (0.0, 0.0), 1, now - 9, now)


def drawing(chromium: Browser, picture: Colour) -> list[tuple[Cell, ...]]:
    """How long a frame of the screen takes the page, and how many there are a second."""
    note("drawing")
    with served(street_frames(picture)) as url, opened_page(chromium, url, TIMED) as page:
        page.wait_for_function("() => window.drawn.length > 60", timeout=PATIENCE_S * 1000)
        page.evaluate(MOVING)
        page.evaluate(ANEW)
        page.wait_for_timeout(DRAWN_S * 1000)
        timed = np.array(page.evaluate("window.drawn"))
        page.evaluate("() => { window.painted = false; }")
        devtools = page.context.new_cdp_session(page)
        devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
        page.evaluate(ANEW)
        began_s, before_s = time.monotonic(), main_thread_s(devtools)
        page.wait_for_timeout(DRAWN_S * 1000)
        drawn, screens = page.evaluate("() => [window.drawn.length, window.screens]")
        taken_s, used_s = time.monotonic() - began_s, main_thread_s(devtools) - before_s
    script, whole = (np.percentile(timed[:, at], [50, 95]) for at in (0, 1))
    rates, used_ms = [screens / taken_s, drawn / taken_s], used_s * 1000 / drawn
    wanted = f"< {WANTED_MS:.0f} ms"
    return [
        row("drawing a frame of the screen, script alone", times(script), wanted, bool(script[0] < WANTED_MS)),
        row("the same, until it is painted", times(whole), wanted, bool(whole[0] < WANTED_MS)),
        row("CPU of the page for it, with all else that the page does", f"{used_ms:.2f} ms", wanted, used_ms < WANTED_MS),
        row("frames of the screen, and drawn ones", f"{rates[0]:.1f}, {rates[1]:.1f} Hz", "60 Hz", min(rates) >= WANTED_HZ),
    ]


def main_thread_s(devtools: CDPSession) -> float:
    """The CPU time of the page's own thread so far: without that of others, which decode pictures and put the screen together."""
    told = devtools.send("Performance.getMetrics")["metrics"]
    return next(float(metric["value"]) for metric in told if metric["name"] == "TaskDuration")


def times(shares: Any) -> str:
    """Median and p95, in words."""
    return f"{shares[0]:.2f} ms (p95 {shares[1]:.2f})"


def numbers(chromium: Browser, frames: int) -> tuple[Cell, ...]:
    """Whether the texts that are seen are those of the picture that is seen, by the numbers in the pixels of both."""
    note(f"{frames} frames' numbers")
    with served(numbered_frames) as url, opened_page(chromium, url, OUTLINES + NUMBERS) as page:
        page.wait_for_function(f"() => window.numbers.length >= {frames}", timeout=(PATIENCE_S + frames) * 1000)
        seen: list[list[int]] = page.evaluate("window.numbers")
    unequal = sum(picture != texts for picture, texts in seen)
    return row("text and picture of another frame", f"{unequal} of {len(seen)} pictures", "none", unequal == 0)


def numbered_frames(number: int) -> tuple[Frame, Snapshot]:
    """Frames that tell their number, which begins anew after 4095."""
    now = time.time()
    told = number % 4095 + 1
    return replace(numbered_frame(told, now), index=number), replace(numbered_snapshot(SOURCE, told, now), frame=number)


def opening(chromium: Browser) -> list[tuple[Cell, ...]]:
    """How long it takes from the opening of the page to the first picture with its text, and how much is sent for that."""
    note("opening the page")
    taken, weights = [], []
    with served(numbered_frames) as url:
        for _ in range(OPENED):
            with opened_page(chromium, url, OUTLINES + NUMBERS) as page:
                page.wait_for_function("() => window.opened !== undefined", timeout=PATIENCE_S * 1000)
                taken.append(page.evaluate("window.opened") / 1000)
                weights.append(
                    page.evaluate(
                        "() => [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
                        ".reduce((sum, { transferSize }) => sum + transferSize, 0)"
                    )
                    / 1000
                )
    opened_s, weight = median(taken), max(weights)
    return [
        row(
            "from opening the page to the first picture with its text",
            f"{opened_s:.2f} s ({min(taken):.2f} to {max(taken):.2f})",
            f"{WANTED_OPEN_S:.0f} s",
            opened_s <= WANTED_OPEN_S,
        ),
        row("the page as sent, with its headers", f"{weight:.1f} kB", f"{WANTED_KB:.0f} kB (aim 50)", weight <= WANTED_KB),
    ]


@contextmanager
def opened_page(chromium: Browser, url: str, script: str) -> Iterator[Page]:
    """A page in a browser that knows nothing of it, with a script of ours before its own."""
    context = chromium.new_context(viewport={"width": SCREEN[0], "height": SCREEN[1]})
    try:
        context.add_init_script(script)
        page = context.new_page()
        page.goto(url)
        yield page
    finally:
        context.close()


def reader_cpu(clip: str | Path) -> tuple[Cell, ...]:
    """What a frame costs the reader with pages to be had that nobody opens, against without, in turns."""
    what = "the reader's CPU for a frame, with --web and no page, against without"
    if not Path("/proc/self/stat").exists():
        return row(what, "not measured: it takes Linux", "equal", False)
    taken: dict[bool, list[float]] = {False: [], True: []}
    for pair in range(PAIRS):
        for has_web in (False, True)[:: 1 if pair % 2 else -1]:
            note(f"reading, {pair + 1} of {PAIRS}, {'with' if has_web else 'without'} --web")
            taken[has_web].append(frame_cpu_ms(clip, has_web=has_web))
    ratio = median(there / without for there, without in zip(taken[True], taken[False], strict=True))
    measured = f"{ratio:.3f} of it ({median(taken[True]):.2f} and {median(taken[False]):.2f} ms)"
    return row(what, measured, "equal", ratio <= WANTED_CPU)


def frame_cpu_ms(clip: str | Path, *, has_web: bool) -> float:
    """The CPU time of the reader's own process for a frame of a clip, of which it reads every one.

    Raises:
        CommandError: the reader has ended before.

    """
    endpoint = f"ipc:///tmp/glyphfeed-bench-{os.getpid()}"
    further = ["--web", "127.0.0.1:*"] if has_web else []
    command = [sys.executable, "-m", "glyphfeed", "watch", str(clip), "--quiet", "--feed", endpoint, *further]
    with ExitStack() as opened:
        context = opened.enter_context(zmq.Context())
        feed = opened.enter_context(context.socket(zmq.SUB))
        feed.setsockopt(zmq.LINGER, 0)
        feed.setsockopt(zmq.RCVTIMEO, int(PATIENCE_S * 1000))
        feed.setsockopt(zmq.RECONNECT_IVL, 20)
        feed.subscribe(b"text/")
        feed.subscribe(b"status/")
        feed.connect(endpoint)
        reader = opened.enter_context(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True))
        opened.callback(reader.terminate)
        first: tuple[int, float] | None = None
        last: tuple[int, float] | None = None
        while True:
            try:
                message = wire.parse(feed.recv())
            except zmq.Again:
                break
            if message.kind == "status" and message.body["state"] in (SourceState.ENDED, SourceState.FAILED):
                break
            if message.kind == "text" and message.body["frame"] >= WARM:
                last = (message.body["frame"], cpu_ms(reader.pid))
                first = first or last
    if first is None or last is None or last[0] <= first[0]:
        assert reader.stderr is not None
        raise CommandError(f"the reader gave no frames of {clip} to measure; glyphfeed watch {clip} says why")
    return (last[1] - first[1]) / (last[0] - first[0])


def cpu_ms(process: int) -> float:
    """The CPU time of a process so far, without that of those that it has started."""
    # The name of the program, in brackets, may hold anything.
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def row(what: str, measured: str, wanted: str, kept: bool) -> tuple[Cell, ...]:
    """A line of the sheet."""
    return what, measured, wanted, "yes" if kept else "no"

"""How soon a phone shows what its camera sees, and how near to its place, in a browser whose camera plays a clip with truth.

Owns: the camera that tells its frames' numbers, where texts must be in each of them, and the rows of the sheet.

The page, `glyphfeed web` and the reader are the real ones, each in a process of its own, and share this machine.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections import defaultdict
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import cv2
import numpy as np

from glyphfeed.stream.errors import SourceError
from glyphfeed.stream.feed.endpoint import ANY_ENDPOINT
from glyphfeed.stream.running.networks import cores
from glyphfeed.tools.bench.overlay import PATIENCE_S, browser, row
from glyphfeed.tools.bench.sheet import Sheet
from glyphfeed.tools.demo import street
from glyphfeed.tools.errors import CommandError, note
from glyphfeed.tools.scenes.street import demo_scene

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray
    from playwright.sync_api import Page, WebSocket

    from glyphfeed.stream.records import Colour
    from glyphfeed.tools.bench.sheet import Cell

Way: TypeAlias = "NDArray[np.float64]"
WayOf: TypeAlias = "Callable[[int, int], Way | None]"
"""The homography from one frame of the clip to another, where it is known."""

SECONDS: Final = 24
WARM_S: Final = 3
WANTED_MS, AIM_MS = 250.0, 120.0
WANTED, AIM = (0.15, 0.5), (0.08, 0.25)
"""Median and p95, in heights of the text."""
BITS: Final = 9
SIDE_PX: Final = 16
"""Of the squares in the upper left corner that tell a frame's number."""
STILL_READ: Final = 3 * SIDE_PX
"""Texts above are disturbed by them, and not counted, pixels."""

# What was drawn, and on which frame of the clip, which its squares tell: outlines are drawn alone, so that no label hides them.
WATCHED: Final = f"""
localStorage.setItem("glyphfeed", '{{"mode": "outlines"}}');
window.drawn = [];
const small = new OffscreenCanvas({BITS}, 1).getContext("2d", {{ willReadFrequently: true }});
addEventListener("DOMContentLoaded", () => {{
  const stage = document.querySelector("#stage");
  const canvas = stage.querySelector("canvas");
  stage.addEventListener("drawn", ({{ detail: {{ shown, taken }} }}) => {{
    small.drawImage(canvas, {SIDE_PX // 4}, {SIDE_PX // 4}, {BITS * SIDE_PX}, {SIDE_PX // 2}, 0, 0, {BITS}, 1);
    const {{ data }} = small.getImageData(0, 0, {BITS}, 1);
    const number = Array.from({{ length: {BITS} }}, (_, bit) => (data[4 * bit + 1] > 128) << bit).reduce((sum, bit) => sum + bit);
    const texts = shown?.texts.map(({{ id, polygon }}) => [id, polygon]) ?? [];
    const now = (performance.timeOrigin + performance.now()) / 1000;
    const {{ frame = null, taken: from = null, size = null }} = shown ?? {{}};
    window.drawn.push({{ number, taken, now, texts, frame, from, size }});
  }});
}});
"""


def bench_handheld(clip: Path | None) -> Sheet:
    """Measure it on a clip with its truth beside it, else on the demo's street, of which it is known.

    Raises:
        CommandError: there is no browser, or a process did not do its part.
        SourceError: the clip cannot be read.

    """
    known = clip if clip is not None and truth_of(clip).exists() else None
    way_of = street_way() if known is None else way_by_truth(known)
    note("a phone's camera")
    with TemporaryDirectory(prefix="glyphfeed-bench-") as folder:
        film = Path(folder) / "film.mjpeg"
        size = write_numbered(known or street(), film)
        flags = (
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={film}",
        )
        with read_phones() as url, browser(*flags) as chromium:
            context = chromium.new_context(viewport={"width": size[0], "height": size[1]})
            context.add_init_script(WATCHED)
            page = context.new_page()
            answered = answers(page)
            page.goto(f"{url}phone.html")
            drawn = use_camera(page)
    notes = (
        f"The camera plays {'the street' if known is None else known.name}, {size[0]} x {size[1]}; reader, server and page share "
        f"{cores()} cores.",
        "Where a text is in the shown picture: where it was read, moved as its clip says that the camera moved meanwhile.",
    )
    return Sheet("The phone's page", ("what", "measured", "wanted", "kept"), rows(drawn, answered, way_of, size), notes)


def use_camera(page: Page) -> list[dict[str, Any]]:
    """Hold the phone up for a while; what was drawn, without the beginning."""
    page.click("#begin")
    page.wait_for_function("() => window.drawn.some(({ texts }) => texts.length)", timeout=PATIENCE_S * 1000)
    page.wait_for_timeout(WARM_S * 1000)
    page.evaluate("() => { window.drawn = []; }")
    page.wait_for_timeout(SECONDS * 1000)
    drawn: list[dict[str, Any]] = page.evaluate("window.drawn")
    return drawn


def answers(page: Page) -> dict[int, dict[int, Any]]:
    """What the page is told of each frame, as it comes: texts by their ids."""
    told: dict[int, dict[int, Any]] = defaultdict(dict)

    def hear(message: str | bytes) -> None:
        if isinstance(message, str) and message.startswith("text/"):
            body = json.loads(message.partition(" ")[2])
            told[body["frame"]].update((text["id"], text) for text in body["texts"])

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", hear)

    page.on("websocket", listen)
    return told


def rows(
    drawn: list[dict[str, Any]], answered: dict[int, dict[int, Any]], way_of: WayOf, size: tuple[int, int]
) -> list[tuple[Cell, ...]]:
    """The rows of the sheet, from what was drawn and told, on a clip of so many pixels."""
    numbers = {each["taken"]: each["number"] for each in drawn}
    first: dict[int, float] = {}
    for each in drawn:
        if each["frame"] is not None:
            first.setdefault(each["frame"], 1000 * (each["now"] - each["from"]))
    errors: dict[str, list[float]] = defaultdict(list)
    ages = []
    for each in drawn:
        way = way_of(numbers[each["from"]], each["number"]) if each["from"] in numbers else None
        if way is None:
            continue
        since_s = each["taken"] - each["from"]
        ages.append(1000 * since_s)
        # The page sends smaller pictures where the way is slow.
        scale = size[0] / each["size"][0]
        for identity, polygon in each["texts"]:
            text = answered.get(each["frame"], {}).get(identity)
            if text is None:
                continue
            was = np.array(text["polygon"]) * scale
            if was[:, 1].min() < STILL_READ:
                continue
            height = height_of(was)
            right = cv2.perspectiveTransform(was[None], way)[0]
            middle = right.mean(axis=0)
            if (middle < 0).any() or (middle >= size).any():
                # It has left the picture meanwhile.
                continue
            gone = np.array(text["velocity"]) * scale * since_s
            for name, there in (("carried", np.array(polygon) * scale), ("velocity", was + gone), ("none", was)):
                errors[name].append(float(np.linalg.norm(there - right, axis=1).mean()) / height)
    if len(first) < 2 or not errors:
        raise CommandError("the phone's page showed no text of this clip; try another one")
    taken_ms = np.percentile(list(first.values()), [50, 95])
    near, velocity, none = (np.percentile(errors[name], [50, 95]) for name in ("carried", "velocity", "none"))
    words = "{0[0]:.3f} (p95 {0[1]:.3f})".format
    return [
        row(
            "phone: frame taken to text drawn",
            f"{taken_ms[0]:.0f} ms (p95 {taken_ms[1]:.0f}), {len(first) / SECONDS:.1f} a second",
            f"p95 {WANTED_MS:.0f} ms (aim {AIM_MS:.0f})",
            bool(taken_ms[1] <= WANTED_MS),
        ),
        row(
            f"phone: drawn text from its place, heights, {np.median(ages):.0f} ms after its frame",
            words(near),
            f"{WANTED[0]} (p95 {WANTED[1]}); aim {AIM[0]} ({AIM[1]})",
            bool((near <= WANTED).all()),
        ),
        ("the same by the feed's velocity alone", words(velocity), "", ""),
        ("the same where it was read", words(none), "", ""),
    ]


def height_of(polygon: NDArray[np.float64]) -> float:
    """The height of a text: how far its first corner is from its last, and the two in the middle from each other."""
    half = len(polygon) // 2
    sides = [(polygon[0], polygon[-1]), (polygon[half - 1], polygon[half])]
    return float(np.mean([np.hypot(x - u, y - v) for (x, y), (u, v) in sides]))


def write_numbered(clip: Path, film: Path) -> tuple[int, int]:
    """Write the frames of a clip as motion JPEG, each with its number in squares; the size.

    Raises:
        SourceError: it cannot be read.

    """
    capture = cv2.VideoCapture(str(clip))
    size = None
    with film.open("wb") as out:
        for number in range(2**BITS):
            there, picture = capture.read()
            if not there:
                break
            size = picture.shape[1], picture.shape[0]
            _, jpeg = cv2.imencode(".jpg", stamped(np.asarray(picture, np.uint8), number), [cv2.IMWRITE_JPEG_QUALITY, 92])
            out.write(jpeg.tobytes())
    if size is None:
        raise SourceError(f"{clip} cannot be read as a video: check the path")
    return size


def stamped(picture: Colour, number: int) -> Colour:
    """A picture with its number in it."""
    picture = picture.copy()
    for bit in range(BITS):
        picture[:SIDE_PX, bit * SIDE_PX : (bit + 1) * SIDE_PX] = 255 * (number >> bit & 1)
    return picture


def street_way() -> WayOf:
    """Where what is seen of the demo's street goes, which its camera knows."""
    scene = demo_scene()
    last = round(scene.seconds * scene.fps) - 1

    def way_of(one: int, other: int) -> Way | None:
        if not 0 <= one <= other <= last:
            return None
        there, here = scene.camera(other / scene.fps), scene.camera(one / scene.fps)
        return np.asarray(there @ np.linalg.inv(here), np.float64)

    return way_of


def truth_of(clip: Path) -> Path:
    """Where the truth of a clip is."""
    return clip.with_suffix(".gt.json")


def way_by_truth(clip: Path) -> WayOf:
    """The same by where the words are in each frame, of a flat scene.

    Raises:
        CommandError: what is beside the clip is no truth.

    """
    try:
        frames = json.loads(truth_of(clip).read_text(encoding="utf-8"))["frames"]
    except (OSError, ValueError, KeyError) as error:
        raise CommandError(f"{truth_of(clip)} is not the truth of a clip: {error}") from error
    places = [{word[0]: word[1] for word in words or ()} for words in frames]
    return partial(_way_between, places)


def _way_between(places: list[dict[int, Any]], one: int, other: int) -> Way | None:
    # The clip begins anew when it has ended.
    if not 0 <= one <= other < len(places):
        return None
    shared = sorted(places[one].keys() & places[other].keys())
    if len(shared) < 2:
        return None
    was, is_now = (np.array([places[at][word] for word in shared], np.float64).reshape(-1, 2) for at in (one, other))
    way, _ = cv2.findHomography(was, is_now)
    return None if way is None else np.asarray(way, np.float64)


@contextmanager
def read_phones() -> Iterator[str]:
    """A reader that waits for phones, with its server of pages; the address of these.

    Raises:
        CommandError: it does not start.

    """
    command = [sys.executable, "-m", "glyphfeed", "watch", "--web", "127.0.0.1:*", "--feed", ANY_ENDPOINT]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as reader:
        try:
            assert reader.stderr is not None
            said = []
            for line in reader.stderr:
                said.append(line)
                if address := re.search(r"http://127\.0\.0\.1:\d+/", line):
                    break
            else:
                raise CommandError(f"glyphfeed watch did not start: {' '.join(said).strip() or 'it said nothing'}")
            # What it says further is of no use, and must not wait for anybody.
            threading.Thread(target=reader.stderr.read, daemon=True).start()
            yield address[0]
        finally:
            reader.terminate()

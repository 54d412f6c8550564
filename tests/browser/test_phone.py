"""The phone's page, whose camera is a canvas that moves as in a hand; what is drawn is told by its pixels, and by the page.

The reader is the test: it looks at each picture that comes through the door, and tells where the sign is in it.
"""

from __future__ import annotations

import json
import queue
import time
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe

from glyphfeed.stream.door.keeping import Door
from glyphfeed.stream.records import Snapshot, TextEntity, TextState
from tests.browser.site import Site
from tests.stream.feed.samples import DEADLINE_S

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from glyphfeed.stream.door.keeping import Guest
    from glyphfeed.stream.door.orders import Hello

WIDTH, HEIGHT = SIZE = (640, 360)
BITS, SIDE = 10, 16
# A wall full of marks with a sign on it, seen by a camera that sways, and that tells the number of its frame in squares.
CAMERA = f"""
const [width, height, bits, side] = {[WIDTH, HEIGHT, BITS, SIDE]};
window.placeOf = (number) => [280 + 70 * Math.sin(number / 14), 190 + 40 * Math.cos(number / 19)];
window.number = 0;
navigator.mediaDevices.getUserMedia = async () => {{
  if (window.failure) throw new DOMException("", window.failure);
  const canvas = Object.assign(document.createElement("canvas"), {{ width, height }});
  const context = canvas.getContext("2d");
  const wall = Object.assign(document.createElement("canvas"), {{ width: 1000, height: 640 }});
  const paint = wall.getContext("2d");
  paint.fillStyle = "#888";
  paint.fillRect(0, 0, 1000, 640);
  let chance = 7;
  const random = (most) => (chance = (chance * 48271) % 2147483647) % most;
  for (let i = 0; i < 1500; i += 1) {{
    paint.fillStyle = `hsl(${{random(360)}} 40% ${{20 + random(60)}}%)`;
    paint.fillRect(random(1000), random(640), 8 + random(30), 8 + random(30));
  }}
  paint.fillStyle = "#fff";
  paint.fillRect(440, 300, 140, 44);
  paint.fillStyle = "#111";
  paint.font = "bold 28px sans-serif";
  paint.fillText("EXIT 12", 448, 332);
  const draw = () => {{
    const number = (window.number += 1) % 1024;
    const [x, y] = window.placeOf(number);
    context.drawImage(wall, x - 450, y - 310);
    for (let bit = 0; bit < bits; bit += 1) {{
      context.fillStyle = number >> bit & 1 ? "#fff" : "#000";
      context.fillRect(bit * side, 0, side, side);
    }}
  }};
  draw();
  setInterval(draw, 40);
  window.stream = canvas.captureStream(30);
  return window.stream;
}};
window.drawn = [];
const small = new OffscreenCanvas(bits, 1).getContext("2d", {{ willReadFrequently: true }});
addEventListener("DOMContentLoaded", () => {{
  const stage = document.querySelector("#stage");
  const canvas = stage.querySelector("canvas");
  stage.addEventListener("drawn", ({{ detail: {{ shown }} }}) => {{
    if (canvas.width !== width) return;
    small.drawImage(canvas, side / 4, side / 4, bits * side, side / 2, 0, 0, bits, 1);
    const {{ data }} = small.getImageData(0, 0, bits, 1);
    let number = 0;
    for (let bit = 0; bit < bits; bit += 1) number += (data[4 * bit + 1] > 128) << bit;
    const [x, y] = window.placeOf(number);
    for (const {{ polygon: [[left, top]] }} of shown?.texts ?? []) window.drawn.push([left - x, top - y, number, shown.frame]);
  }});
}});
"""
TEXT_HEIGHT = 24


class Eye:
    """A place for a phone's pictures, whose newest the test looks at."""

    stopped = False

    def __init__(self, name: str) -> None:
        self.name, self.due = name, 0
        self.guest: Guest | None = None
        self.pictures: queue.SimpleQueue[tuple[int, float, bytes]] = queue.SimpleQueue()

    def enter(self, phone: Guest) -> None:
        self.guest = phone

    def leave(self, phone: Guest) -> None:
        if self.guest is phone:
            self.guest = None

    def offer(self, number: int, captured_at: float, jpeg: bytes) -> None:
        self.due = number + 1
        self.pictures.put((number, captured_at, jpeg))


class Reading:
    """A site whose phones the test reads."""

    def __init__(self, site: Site, eyes: dict[str, Eye]) -> None:
        self.site, self.eyes = site, eyes

    def read(self) -> None:
        """Tell of each picture that came where its sign is, by the number in its pixels."""
        for eye in list(self.eyes.values()):
            while not eye.pictures.empty():
                frame, captured_at, jpeg = eye.pictures.get()
                picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
                assert picture is not None
                assert picture.shape == (HEIGHT, WIDTH)
                squares = picture[SIDE // 2, SIDE // 2 : BITS * SIDE : SIDE]
                self.site.put(
                    seen(eye.name, frame, captured_at, sum((int(light) > 128) << bit for bit, light in enumerate(squares)))
                )
                if eye.guest is not None:
                    eye.guest.taken()
        self.site.publisher.serve(0.01)

    def until(self, page: Page, condition: str) -> Any:
        """Read until something holds on a page: what this JavaScript gives then."""
        deadline = time.monotonic() + DEADLINE_S
        while not (value := page.evaluate(condition)):
            assert time.monotonic() < deadline, f"this never came true: {condition}: {page.inner_text('body')}"
            self.read()
        return value

    def open(self, **options: Any) -> Page:
        """The phone's page, on which nothing is begun."""
        page = self.site.open(
            "phone.html", choose={"mode": "outlines"}, script=CAMERA, viewport={"width": WIDTH, "height": HEIGHT}, **options
        )
        self.until(page, "() => document.querySelector('#begin').ariaDisabled === 'false'")
        return page


def seen(source: str, frame: int, captured_at: float, number: int) -> Snapshot:
    """What a reader tells of the frame in which the camera says this number."""
    x, y = 280 + 70 * np.sin(number / 14), 190 + 40 * np.cos(number / 19)
    polygon = np.array([[x, y], [x + 110, y], [x + 110, y + TEXT_HEIGHT], [x, y + TEXT_HEIGHT]], np.float32)
    text = TextEntity(5, 1, TextState.SETTLED, "EXIT 12, www.exit.com", 0.9, polygon, (), (0.0, 0.0), 1, captured_at, captured_at)
    return Snapshot(source, frame, frame / 25, captured_at, SIZE, (text,), ((5,),))


@pytest.fixture
def reading(browser: Browser) -> Iterator[Reading]:
    eyes: dict[str, Eye] = {}

    async def enter(hello: Hello) -> Eye:
        return eyes.setdefault(hello.phone, Eye(f"phone-{len(eyes) + 1}"))

    with Door(enter, lambda *_: None) as door, Site(browser, door=door.key) as site:
        yield Reading(site, eyes)


def complaints(page: Page) -> list[str]:
    """What axe-core has to say, in both colour schemes."""
    found = []
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found += [
            f"{scheme}: {each['id']}: {node['html']}" for each in Axe().run(page).response["violations"] for node in each["nodes"]
        ]
    return found


def test_a_text_sticks_to_its_place_while_the_hand_moves(reading: Reading) -> None:
    page = reading.open()
    page.click("#begin")
    reading.until(page, "() => window.drawn.length > 100")
    drawn = np.array(page.evaluate("window.drawn"), float)
    miss = np.hypot(drawn[:, 0], drawn[:, 1]) / TEXT_HEIGHT
    assert len(set(drawn[:, 3])) > 10, "hardly any answer came"
    assert page.inner_text("#state") == "phone-1"
    assert np.percentile(miss, 50) < 0.15
    assert np.percentile(miss, 95) < 0.5
    # The picture moves much further while an answer is on its way.
    shifts = np.abs(np.diff(70 * np.sin(drawn[:, 2] / 14))).mean()
    assert shifts > 1


def test_what_is_read_can_be_listed_tapped_and_frozen(reading: Reading) -> None:
    page = reading.open()
    assert complaints(page) == []
    page.click("#begin")
    reading.until(page, "() => document.querySelector('#list').textContent === 'Texts (1)'")
    page.click("#freeze")
    number = page.evaluate("window.drawn.at(-1)[2]")
    page.evaluate("window.drawn = []")
    page.click("#in")
    page.click("#out")
    # As it was, once it is drawn in its old size again.
    reading.until(page, f"() => Math.abs(window.drawn.at(-1)?.[2] - {number}) <= 2")
    at_x, at_y, _, _ = page.evaluate("window.drawn.at(-1)")
    assert np.hypot(at_x, at_y) < TEXT_HEIGHT / 2
    x, y = page.evaluate("window.placeOf(window.drawn.at(-1)[2])")
    page.mouse.click(x + 50, y + 12)
    assert page.inner_text("dialog #words") == "EXIT 12, www.exit.com"
    assert page.locator("dialog a").first.get_attribute("href") == "https://www.exit.com"
    assert complaints(page) == []
    page.keyboard.press("Escape")
    page.click("#list")
    page.focus("#texts button")
    page.keyboard.press("Enter")
    assert page.locator("dialog").is_visible()
    page.keyboard.press("Escape")
    assert complaints(page) == []


def test_of_two_pages_of_a_phone_the_newer_is_read_until_it_is_taken_back(reading: Reading) -> None:
    page = reading.open()
    page.click("#begin")
    reading.until(page, "() => window.drawn.length > 3")
    other = page.context.new_page()
    other.goto(page.url)
    other.click("#begin[aria-disabled=false]")
    reading.until(page, "() => document.querySelector('#trouble').textContent.includes('has taken over')")
    reading.until(other, "() => window.drawn.length > 3")
    assert page.inner_text("#begin") == "Take it back"
    page.click("#begin")
    reading.until(other, "() => document.querySelector('#trouble').textContent.includes('has taken over')")
    assert page.inner_text("#trouble") == ""


def test_it_comes_back_when_the_network_the_camera_or_the_page_was_away(reading: Reading) -> None:
    page = reading.open()
    page.click("#begin")
    reading.until(page, "() => window.drawn.length > 3")
    reading.site.restart_server(lambda: None)
    page.evaluate("window.drawn = []")
    reading.until(page, "() => window.drawn.length > 3")
    page.evaluate("window.stream.getTracks().forEach((track) => { track.stop(); track.dispatchEvent(new Event('ended')); })")
    page.evaluate("window.drawn = []")
    reading.until(page, "() => window.drawn.length > 3")
    hide = """(hidden) => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }"""
    page.evaluate(hide, True)
    assert page.evaluate("window.stream.active") is False
    page.evaluate(hide, False)
    page.evaluate("window.drawn = []")
    reading.until(page, "() => window.drawn.length > 3")
    page.click("#freeze")
    page.evaluate(hide, True)
    page.evaluate(hide, False)
    assert page.evaluate("window.stream.active") is False, "a frozen picture needs no camera"
    page.click("#freeze")
    page.evaluate("window.drawn = []")
    reading.until(page, "() => window.drawn.length > 3")
    page.reload()
    reading.until(page, "() => window.drawn.length > 3")
    assert [eye.name for eye in reading.eyes.values()] == ["phone-1"]
    page.click("#end")
    assert page.evaluate("window.stream.active") is False
    assert page.locator("#begin").is_visible()


def test_what_is_wrong_is_said_in_words(reading: Reading) -> None:
    page = reading.open()
    for failure, words in (("NotAllowedError", "not allowed"), ("NotFoundError", "No camera"), ("NotReadableError", "in use")):
        page.evaluate(f"window.failure = {json.dumps(failure)}")
        page.click("#begin")
        reading.until(page, f"() => document.querySelector('#trouble').textContent.includes({json.dumps(words)})")
    assert complaints(page) == []


def test_a_feed_that_takes_no_phones_says_so(site: Site) -> None:
    page = site.open("phone.html", script=CAMERA)
    site.until(page, "() => document.querySelector('#trouble').textContent.includes('takes no phones')")
    assert page.get_attribute("#begin", "aria-disabled") == "true"

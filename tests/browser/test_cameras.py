"""The cameras on the page: what is drawn is told by the pixels."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from glyphfeed.stream.feed import wire
from glyphfeed.stream.feed.publishing.pictures import Picture
from glyphfeed.stream.records import Frame, Snapshot, SourceState, TextEntity, TextState
from glyphfeed.tools.bench.numbered import READ
from tests.browser.site import LINE, canvas
from tests.stream.feed.samples import box, entity, of, status, wait_until

if TYPE_CHECKING:
    from playwright.sync_api import ElementHandle, Page

    from glyphfeed.stream.records import Colour
    from tests.browser.site import Site

PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 3}
WHITE = (255, 255, 255)
MARK = (255, 216, 77)
SIZE = (640, 360)
# Where the picture is white, and the text is.
PLATE = (100, 40, 260, 90)

# Each time that the screen is drawn, the two numbers that are seen then.
WATCH = f"""
(canvas) => {{
  const read = {READ};
  window.numbers = [];
  const look = () => {{
    if (!canvas.width) return;
    window.numbers.push(read(canvas));
    requestAnimationFrame(look);
  }};
  look();
}}
"""
NUMBER_IS = f"([canvas, number]) => ({READ})(canvas).every((read) => read === number)"
# Left, top, right, bottom of the pixels of a colour on a canvas, or null where there is none.
BOX_OF = """
([canvas, colour]) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const box = [Infinity, Infinity, -1, -1];
  for (let at = 0; at < data.length; at += 4) {
    if (colour.some((value, channel) => Math.abs(data[at + channel] - value) > 30)) continue;
    const [x, y] = [(at / 4) % canvas.width, Math.floor(at / 4 / canvas.width)];
    box[0] = Math.min(box[0], x);
    box[1] = Math.min(box[1], y);
    box[2] = Math.max(box[2], x + 1);
    box[3] = Math.max(box[3], y + 1);
  }
  return box[2] < 0 ? null : box;
}
"""
# Colours of the canvas at points of a picture of 640 x 360 that it contains.
COLOURS_AT = """
([canvas, points]) => {
  const scale = Math.min(canvas.width / 640, canvas.height / 360);
  const context = canvas.getContext("2d");
  return points.map(([x, y]) => {
    const at = [canvas.width / 2 + (x - 320) * scale, canvas.height / 2 + (y - 180) * scale].map(Math.round);
    return [...context.getImageData(...at, 1, 1).data].slice(0, 3);
  });
}
"""


def plate() -> Colour:
    """A black picture with a white plate."""
    picture = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    left, top, right, bottom = PLATE
    picture[top:bottom, left:right] = 255
    return picture


def frame_of(picture: Colour, number: int, age_s: float = 0.0) -> Frame:
    return Frame(number, number / 30, time.time() - age_s, picture[..., 0], lambda: picture)


def told(frame: Frame, *texts: TextEntity) -> Snapshot:
    return Snapshot("cam1", frame.index, frame.pts, frame.captured_at, frame.size, texts)


def text_at(left: float, top: float, right: float, bottom: float, number: int = 1, **fields: Any) -> TextEntity:
    fields = {"velocity": (0.0, 0.0), "words": ()} | fields
    return replace(entity(number, "EXIT"), polygon=box(left, top, right - left, bottom - top), **fields)


def box_of(shown: ElementHandle, colour: tuple[int, ...]) -> list[float] | None:
    found: list[float] | None = shown.evaluate(f"(canvas, colour) => ({BOX_OF})([canvas, colour])", list(colour))
    return found


def colours_at(shown: ElementHandle, *points: tuple[float, float]) -> list[list[int]]:
    found: list[list[int]] = shown.evaluate(
        f"(canvas, points) => ({COLOURS_AT})([canvas, points])", [list(each) for each in points]
    )
    return found


def show_plate(site: Site, page: Page, number: int = 0, **fields: Any) -> ElementHandle:
    """Show the plate, and wait until it is seen with its text."""
    site.put(status())
    picture, numbers = plate(), count(1000 * number)

    def show() -> None:
        # Each with a number of its own, so that the text of none is taken for that of another.
        frame = frame_of(picture, next(numbers))
        site.show(frame, told(frame, text_at(*PLATE, **fields)))

    show()
    shown = canvas(page)
    site.until(page, f"([canvas]) => ({COLOURS_AT})([canvas, [[180, 65]]])[0][0] > 200", [shown], again=show)
    return shown


def test_the_text_of_a_frame_is_drawn_on_the_picture_of_that_frame(site: Site) -> None:
    page = site.open(choose={"mode": "outlines"})
    site.put(status())
    site.show_number(0)
    shown = canvas(page)
    site.until_asked()
    site.show_number(1)
    site.until(page, NUMBER_IS, [shown, 1])
    page.evaluate(WATCH, shown)
    for number in range(2, 102):
        site.show_number(number)
        site.serve_for(0.03)
    site.until(page, "() => window.numbers.at(-1)[0] === 101")
    numbers = page.evaluate("window.numbers")
    assert [picture for picture, texts in numbers if picture != texts] == []
    assert len({picture for picture, _ in numbers}) > 10


@pytest.mark.parametrize("options", [{}, PHONE], ids=["letterboxed", "phone"])
def test_texts_are_where_they_are_in_the_picture_however_that_is_shown(site: Site, options: dict[str, Any]) -> None:
    page = site.open(choose={"mode": "outlines"}, **options)
    shown = show_plate(site, page)
    ratio = page.evaluate("devicePixelRatio")
    screen = page.get_by_role("group", name="Picture of cam1")
    for mirrored in (False, True):
        for rotation in (0, 90, 180, 270):
            # The part of the page that it has may be another once it was turned.
            page.wait_for_timeout(150)
            expected = _placed(PLATE, shown.evaluate("(canvas) => [canvas.width, canvas.height]"), rotation, mirrored)
            white, line = box_of(shown, WHITE), box_of(shown, LINE)
            assert white is not None
            assert line is not None
            assert np.allclose(white, expected, atol=2 * ratio + 1), (rotation, mirrored)
            # Its middle is on the edge of the plate, and it is two pixels of the page wide.
            assert np.allclose(line, expected, atol=2 * ratio + 1), (rotation, mirrored)
            screen.press("r")
        screen.press("m")


def _placed(plate: tuple[int, ...], canvas: tuple[int, int], rotation: int, mirrored: bool) -> list[float]:
    """Where a box of the picture is on a canvas that contains it."""
    size, points = SIZE, [(plate[0], plate[1]), (plate[2], plate[3])]
    for _ in range(rotation // 90):
        points = [(size[1] - y, x) for x, y in points]
        size = (size[1], size[0])
    if mirrored:
        points = [(size[0] - x, y) for x, y in points]
    scale = min(canvas[0] / size[0], canvas[1] / size[1])
    margin = [(canvas[axis] - size[axis] * scale) / 2 for axis in (0, 1)]
    corners = np.array([[margin[axis] + point[axis] * scale for axis in (0, 1)] for point in points])
    return [*corners.min(axis=0).tolist(), *corners.max(axis=0).tolist()]


def test_the_picture_is_zoomed_and_moved_by_wheel_keys_and_dragging_and_its_texts_with_it(site: Site) -> None:
    # With room for what is zoomed beside the list.
    page = site.open(choose={"mode": "outlines"}, viewport={"width": 1664, "height": 800})
    shown = show_plate(site, page)
    screen = page.get_by_role("group", name="Picture of cam1")
    where = shown.bounding_box()
    assert where is not None

    def seen() -> list[float]:
        page.wait_for_timeout(150)
        plate, line = box_of(shown, WHITE), box_of(shown, LINE)
        assert plate is not None
        assert line is not None
        assert np.allclose(plate, line, atol=5)
        return plate

    first = seen()
    middle = ((first[0] + first[2]) / 2, (first[1] + first[3]) / 2)
    page.mouse.move(where["x"] + middle[0], where["y"] + middle[1])
    page.mouse.wheel(0, -350)
    larger = seen()
    assert larger[2] - larger[0] == pytest.approx((first[2] - first[0]) * 2, rel=0.1)
    # What was under the mouse still is.
    assert (larger[0] + larger[2]) / 2 == pytest.approx(middle[0], abs=8)
    page.mouse.down()
    page.mouse.move(where["x"] + middle[0] - 40, where["y"] + middle[1] - 20, steps=4)
    page.mouse.up()
    dragged = seen()
    assert np.allclose(np.subtract(dragged, larger), [-40, -20, -40, -20], atol=4)
    screen.press("ArrowLeft")
    assert seen()[0] > dragged[0] + 30
    screen.press("-")
    assert seen()[2] - seen()[0] < dragged[2] - dragged[0]
    screen.press("0")
    assert np.allclose(seen(), first, atol=3)
    screen.press("f")
    page.wait_for_function("() => document.fullscreenElement?.classList.contains('camera')")
    page.get_by_role("button", name="Full screen").click()
    page.wait_for_function("() => !document.fullscreenElement")


def test_two_fingers_zoom_the_picture(site: Site) -> None:
    page = site.open(choose={"mode": "outlines"}, has_touch=True, **PHONE)
    shown = show_plate(site, page)
    first = box_of(shown, LINE)
    assert first is not None
    page.locator(".screen").evaluate(
        """(screen) => {
          screen.setPointerCapture = () => {};
          const { left, top } = screen.getBoundingClientRect();
          const send = (type, pointerId, x, y) =>
            screen.dispatchEvent(new PointerEvent(type, { pointerId, clientX: left + x, clientY: top + y }));
          send("pointerdown", 1, 90, 40);
          send("pointerdown", 2, 130, 40);
          for (let step = 1; step <= 10; step++) {
            send("pointermove", 1, 90 - 2 * step, 40);
            send("pointermove", 2, 130 + 2 * step, 40);
          }
          send("pointerup", 1, 70, 40);
          send("pointerup", 2, 150, 40);
        }"""
    )
    page.wait_for_timeout(150)
    larger = box_of(shown, LINE)
    assert larger is not None
    assert larger[2] - larger[0] == pytest.approx((first[2] - first[0]) * 2, rel=0.1)


def test_states_are_told_apart_and_what_is_not_trusted_is_hidden_unless_asked_for(site: Site) -> None:
    page = site.open(choose={"mode": "outlines"})
    states = list(TextState)
    picture = plate()
    picture[:] = 0
    picture[60:70, 175:185] = 255

    def show() -> None:
        frame = frame_of(picture, 1)
        texts = [text_at(300, 40 + 80 * at, 500, 80 + 80 * at, at + 1, state=state) for at, state in enumerate(states)]
        site.show(frame, told(frame, *texts))

    site.put(status())
    show()
    shown = canvas(page)
    site.until_asked()
    show()
    site.until(page, f"([canvas]) => ({COLOURS_AT})([canvas, [[180, 65]]])[0][0] > 200", [shown])

    def strength() -> dict[TextState, int]:
        """How much green there is around the upper edge of each text."""
        page.wait_for_timeout(150)
        rows = [(400.0, 40 + 80 * at + near / 2) for at in range(len(states)) for near in range(-5, 6)]
        green = np.array(colours_at(shown, *rows))[:, 1].reshape(len(states), -1).sum(axis=1)
        return dict(zip(states, green.tolist(), strict=True))

    seen = strength()
    assert seen[TextState.TENTATIVE] == 0
    assert seen[TextState.SETTLED] > 1.3 * seen[TextState.READING] > 0
    assert seen[TextState.SETTLED] > 1.5 * seen[TextState.COASTING] > 0
    page.get_by_role("button", name="Settings").click()
    page.get_by_label("Also what is not trusted yet").check()
    page.wait_for_timeout(150)
    assert strength()[TextState.SETTLED] == seen[TextState.SETTLED]
    dashes = [(300.0 + x / 2, 40.0 + 80 * states.index(TextState.TENTATIVE)) for x in range(200)]
    assert 40 < np.array(colours_at(shown, *dashes))[:, 1].max() < 200


def test_what_is_chosen_shows_at_once_and_is_kept(site: Site) -> None:
    page = site.open()
    shown = show_plate(site, page)
    assert box_of(shown, LINE)
    page.get_by_role("button", name="Settings").click()
    page.get_by_label("Size of labels").fill("24")
    page.wait_for_timeout(200)
    large = _label_height(shown)
    page.get_by_label("Size of labels").fill("12")
    page.wait_for_timeout(200)
    assert large > 1.4 * _label_height(shown) > 0
    page.get_by_label("Nothing").check()
    page.wait_for_timeout(200)
    assert box_of(shown, LINE) is None
    page.reload()
    shown = show_plate(site, page, 1)
    assert box_of(shown, LINE) is None
    page.get_by_role("button", name="Settings").click()
    assert page.get_by_label("Nothing").is_checked()
    assert page.get_by_label("Size of labels").input_value() == "12"


def _label_height(shown: ElementHandle) -> int:
    """How high the white letters of the label are, which is above the plate or below it."""
    points = [(100.0 + 4 * x, y / 2) for y in range(160, 270) for x in range(15)] + [
        (100.0 + 4 * x, y / 2) for y in range(76) for x in range(15)
    ]
    points = [(x, y) for x, y in points if not PLATE[1] - 2 < y < PLATE[3] + 3]
    bright = np.array(colours_at(shown, *points)).min(axis=1) > 180
    return len({y for (_, y), is_bright in zip(points, bright, strict=True) if is_bright})


def test_text_is_written_anew_in_colours_that_stay_while_it_says_the_same(site: Site) -> None:
    page = site.open(choose={"mode": "replaced"})
    red_and_blue = [(20, 20, 200), (200, 20, 20)]

    def show(number: int, rev: int) -> None:
        picture = plate()
        left, top, right, bottom = PLATE
        picture[top:bottom, left:right] = red_and_blue[number % 2]
        picture[top + 20 : bottom - 20, left + 20 : right - 20] = 255
        picture[300:340, 20 * number : 20 * number + 20] = 255
        frame = frame_of(picture, number)
        site.show(frame, told(frame, text_at(*PLATE, rev=rev)))

    def ground(number: int) -> list[int]:
        """The colour just within the edge of the text, once a frame is shown."""
        square = [20 * number + 10, 320]
        site.until(page, f"([canvas, at]) => ({COLOURS_AT})([canvas, [at]])[0][1] > 128", [shown, square])
        return colours_at(shown, (103, 43))[0]

    site.put(status())
    show(0, 1)
    shown = canvas(page)
    site.until_asked()
    show(2, 1)
    assert np.allclose(ground(2), (200, 20, 20), atol=25)
    show(3, 1)
    assert np.allclose(ground(3), (200, 20, 20), atol=25)
    show(5, 2)
    assert np.allclose(ground(5), (20, 20, 200), atol=25)


def test_a_picture_that_does_not_go_on_says_how_old_it_is_and_a_camera_how_it_is(site: Site) -> None:
    page = site.open()
    show_plate(site, page)
    site.until(page, r"() => /Frozen: this picture is \d seconds old/.test(document.body.innerText)")
    site.put(status(SourceState.STALLED, "no picture comes"))
    site.until(page, r"() => /Stands still\s+no picture comes/.test(document.body.innerText)")
    site.put(status())
    for number in range(1, 4):
        frame = frame_of(plate(), number, 70)
        site.show(frame, told(frame))
        site.serve_for(0.1)
    site.until(page, "() => document.body.innerText.includes('Late: this picture is 1 minute old')")


def test_reader_and_server_are_restarted_under_the_page(site: Site) -> None:
    page = site.open(choose={"mode": "outlines"})

    def until_shown(numbers: tuple[int, ...]) -> None:
        site.put(status())
        site.show_number(numbers[0])
        shown = canvas(page)
        site.until_asked()
        for number in numbers[1:]:
            site.show_number(number)
            site.serve_for(0.2)
        site.until(page, NUMBER_IS, [shown, numbers[-1]])

    site.put(of("cam2", status()), of("cam3", status()))
    # One camera whole, of several.
    site.until(page, "() => document.querySelectorAll('.camera').length > 1")
    site.put(status())
    site.until(page, "() => document.body.innerText.includes('cam1')")
    page.get_by_role("button", name="cam1").click()
    until_shown((7, 8))
    site.restart_publisher()
    site.put(of("cam2", status()))
    until_shown((3, 4))
    site.restart_server(lambda: page.wait_for_selector("text=The connection is lost; trying again."))
    site.until(page, "() => document.querySelector('#connection').textContent === ''")
    until_shown((5, 6, 9))
    # Of the third one the second reader has told nothing.
    page.get_by_role("button", name="All cameras").click()
    site.until(page, "() => !document.body.innerText.includes('cam3')")
    assert page.get_by_role("heading", level=2).all_inner_texts()[:2] == ["cam1", "cam2"]


def test_a_wall_of_cameras_shows_their_health_and_leads_to_each(site: Site) -> None:
    names = [f"cam{number}" for number in range(1, 5)]
    page = site.open(choose={"mode": "outlines"})
    site.put(*(of(name, status()) for name in names[:3]), of("cam4", status(SourceState.FAILED, "no route to host")))
    for name in names[:3]:
        site.show_number(1, name)
    site.until(page, "() => document.querySelectorAll('.camera').length === 4")
    for name in names[:3]:
        site.until_asked(name)
        site.show_number(2, name)
    for name in names[:3]:
        site.until(page, NUMBER_IS, [canvas(page, name), 2])
    assert page.get_by_role("heading", level=2).all_inner_texts()[:4] == names
    site.until(page, "() => document.querySelector('.health').innerText === 'Live · 30/s · 1 text'")
    assert page.locator(".health").nth(3).inner_text() == "Failed"
    assert page.locator(".trouble").nth(3).inner_text().split() == ["Failed", "no", "route", "to", "host"]
    # However fast the camera is, a tile asks for a few pictures a second.
    page.evaluate(WATCH, canvas(page, "cam1"))
    began_s = time.monotonic()
    for number in range(3, 33):
        site.show_number(number, "cam1")
        site.serve_for(0.03)
    seen = {picture for picture, _ in page.evaluate("window.numbers")}
    assert 2 <= len(seen) <= 2 + (time.monotonic() - began_s) / 0.4
    page.get_by_role("button", name="cam2").click()
    page.wait_for_function("() => document.querySelector('.camera.whole h2').innerText === 'cam2'")
    assert page.locator(".camera:visible").count() == 1

    def only_one_is_asked_for() -> bool:
        site.publisher.serve(0.02)
        return site.asked() == {b"picture/cam2 "}

    wait_until(only_one_is_asked_for)
    for lead in (lambda: page.get_by_role("button", name="All cameras").click(), lambda: page.keyboard.press("Escape")):
        lead()
        page.wait_for_function("() => document.querySelectorAll('.camera:not([hidden])').length === 4")
        page.get_by_role("button", name="cam3").click()
        page.wait_for_selector(".camera.whole")
    lead()
    # What has ended is put away, until it comes back.
    site.put(of("phone-1", status(SourceState.ENDED)))
    site.until(page, "() => document.body.innerText.includes('1 camera has ended')")
    assert page.locator(".camera:visible").count() == 4
    page.get_by_role("button", name="1 camera has ended").click()
    assert page.locator(".camera:visible").count() == 5
    page.get_by_role("button", name="1 camera has ended").click()
    assert page.locator(".camera:visible").count() == 4
    site.put(of("phone-1", status()))
    site.until(page, "() => document.querySelectorAll('.camera:not([hidden])').length === 5")
    assert not page.locator(".ended").is_visible()


def test_a_text_can_be_pointed_out_and_cut_out(site: Site) -> None:
    page = site.open(choose={"mode": "outlines"})
    # Later its script would find the other root, and put its own cameras there too.
    site.until(page, "() => document.querySelector('#cameras .wall')")
    # Such cameras as on the page, in a test's hands.
    page.evaluate(
        """async () => {
          const files = ["./wall.js", "./feed.js", "./settings.js"].map((file) => import(file));
          const [{ Cameras }, { connect }, { Settings }] = await Promise.all(files);
          // In the place of the page's own, which go on elsewhere.
          const root = document.querySelector("#cameras").cloneNode();
          document.querySelector("#cameras").replaceWith(root);
          const feed = connect(`ws://${location.host}/feed`);
          window.cameras = new Cameras(root, { feed, settings: new Settings(localStorage) });
          (async () => { for await (const message of feed) window.cameras.take(message); })();
        }"""
    )
    shown = show_plate(site, page)
    site.put(of("cam2", status()))
    site.until(page, "() => document.querySelectorAll('#cameras .camera').length === 2")
    show_plate(site, page, 1)
    left, top, right, bottom = PLATE
    corners = [[left, top], [right, top], [right, bottom], [left, bottom]]
    text = {"id": 1, "last_seen": time.time(), "velocity": [0, 0], "polygon": corners}
    size = page.evaluate(
        "async (text) => { const { width, height } = await cameras.crop('cam1', text); return [width, height]; }", text
    )
    assert np.allclose(size, [right - left + 15, bottom - top + 15], atol=2)
    # Where it was in the very picture holds, and not where it would have come since it was heard of.
    moved = {**text, "last_seen": text["last_seen"] - 0.5, "velocity": [4000, 0]}
    assert page.evaluate("async (text) => (await cameras.crop('cam1', text))?.width", moved) == size[0]
    assert page.evaluate("(text) => cameras.crop('cam1', text)", {**text, "last_seen": text["last_seen"] - 60}) is None
    assert page.evaluate("(text) => cameras.crop('cam9', text)", text) is None
    page.evaluate("(text) => cameras.show('cam9', text)", text)
    assert page.get_by_text("cam9 is not read any more.").is_visible()
    page.evaluate("(text) => cameras.show('cam1', text)", text)
    page.wait_for_selector("#cameras .camera.whole")
    page.wait_for_timeout(300)
    assert box_of(shown, MARK)
    # One that is not there any more is shown where it was.
    page.evaluate("(text) => cameras.show('cam1', text)", {**text, "id": 9, "polygon": [[x + 200, y + 100] for x, y in corners]})
    page.wait_for_timeout(300)
    mark, line = box_of(shown, MARK), box_of(shown, LINE)
    assert mark is not None
    assert line is not None
    assert mark[0] > line[2]


def test_without_pictures_texts_are_shown_and_one_that_cannot_be_read_is_passed_over(site: Site) -> None:
    page = site.open(choose={"mode": "outlines"})
    frame = frame_of(plate(), 1)
    site.put(status(), told(frame, text_at(*PLATE)))
    shown = canvas(page)
    # Faded, as nothing newer comes.
    site.until(page, f"([canvas]) => ({COLOURS_AT})([canvas, [[180, 40]]])[0][1] > 40", [shown])
    site.until(page, "() => document.body.innerText.includes('No picture')")
    site.until_asked()
    site.publisher.pictures._made["cam1"] = Picture("cam1", wire.picture_body(told(frame)), b"no JPEG")
    site.publisher.serve(0.05)
    show_plate(site, page, 2)

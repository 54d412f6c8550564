"""Clips of signs on a wall under a moving camera, with the exact place of every word in every frame.

Owns signs, cameras, rendering and encoding.  Does not own the look of the wall (wall), nor what the demo shows (street).
Everything up to the encoder is a pure function of a `Scene` and a time: any moment can be rendered alone, and always comes
out the same.

Coordinates: wall pixels and frame pixels, both with the origin at the top left and y down; times in seconds from the start of
the clip.  A camera is a function from time to the homography that takes wall pixels to frame pixels.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias, TypedDict

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from glyphfeed.tools.scenes.wall import Bgr, bare_wall, hang, set_modules, set_text

if TYPE_CHECKING:
    from pathlib import Path

    from glyphfeed.stream.records import Colour

Matrix: TypeAlias = NDArray[np.float64]
Camera: TypeAlias = Callable[[float], Matrix]
Rectangle: TypeAlias = tuple[float, float, float, float]
"""Left, top, right, bottom, in frame pixels."""
WordTruth: TypeAlias = tuple[int, list[list[float]], float]
"""Word id, four points clockwise from the top left of the word as read, visible fraction in 0..1."""

SHUTTER = 0.5
"""Exposure of a frame, in frames: a 180-degree shutter."""
BLUR_STEP_PX, MOST_SUBFRAMES = 4.0, 5
"""The picture may move this far between the subframes that are averaged into a frame, as long as those stay few."""
SUPERSAMPLING = 2
BEYOND: Bgr = (120, 110, 104)
"""What the camera sees beside the wall."""
COVER: Bgr = (62, 58, 54)
"""Whatever passes in front of the camera."""
LEAST_VISIBLE = 0.05
"""Words that show less than this fraction are left out of the truth."""


class Word(TypedDict):
    """A word of the whole clip; words that need not be read do not `care`."""

    id: int
    text: str
    care: bool


class Truth(TypedDict):
    """What a clip shows: the words, and for each frame those that can be seen."""

    fps: int
    width: int
    height: int
    source: str
    words: list[Word]
    frames: list[list[WordTruth]]


@dataclass(frozen=True, slots=True)
class Sign:
    r"""Text around the wall pixel `centre`, turned clockwise by `angle_deg`; `\n` parts lines and spaces part words.

    It hangs there from `begin_s` until just before `end_s`.  Without `paper` the letters are painted on the bare wall.  Fonts
    are OpenCV's own: sans, italic, uni; `weight` is 100 to 900 and `size_px` the height of a line's letters with accents.  With
    `modules` it shows a code of that height instead, which says the text: rows of # where it is dark.
    """

    text: str
    centre: tuple[float, float]
    size_px: int = 48
    angle_deg: float = 0.0
    ink: Bgr = (30, 30, 30)
    paper: Bgr | None = (235, 240, 242)
    font: str = "sans"
    weight: int = 600
    begin_s: float = -math.inf
    end_s: float = math.inf
    care: bool = True
    modules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scene:
    """Signs, a camera, and how they are filmed; `cover` tells which part of the frame something in front hides at a time."""

    signs: tuple[Sign, ...]
    camera: Camera
    seconds: float = 10.0
    fps: int = 30
    size: tuple[int, int] = (960, 540)
    wall: tuple[int, int] = (2400, 1200)
    cover: Callable[[float], Rectangle | None] = lambda _: None
    noise: float = 2.5
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Waypoint:
    """Where a camera looks at a time: the wall pixel in the middle of the frame, frame pixels per wall pixel, and its roll."""

    t: float
    centre: tuple[float, float]
    scale: float = 1.0
    roll_deg: float = 0.0


def look(
    size: tuple[int, int],
    centre: tuple[float, float],
    scale: float = 1.0,
    roll_deg: float = 0.0,
    tilt: tuple[float, float] = (0.0, 0.0),
) -> Matrix:
    """The homography of a camera that looks at a wall pixel; the picture turns clockwise by the roll.

    `tilt` is the change of depth along x and y, relative to the depth at the centre, per frame pixel.
    """
    cos, sin = scale * math.cos(math.radians(roll_deg)), scale * math.sin(math.radians(roll_deg))
    to_origin = np.array([[1, 0, -centre[0]], [0, 1, -centre[1]], [0, 0, 1]], np.float64)
    turn = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    lean = np.array([[1, 0, 0], [0, 1, 0], [tilt[0], tilt[1], 1]])
    to_frame = np.array([[1, 0, size[0] / 2], [0, 1, size[1] / 2], [0, 0, 1]], np.float64)
    return np.asarray(to_frame @ lean @ turn @ to_origin)


def travel(size: tuple[int, int], waypoints: tuple[Waypoint, ...], shake: float = 1.0, seed: int = 0) -> Camera:
    """A camera that moves through waypoints, resting at each, in a hand that shakes (0: a tripod, 1: a steady person).

    A cut is two waypoints at the same time.
    """
    times = [waypoint.t for waypoint in waypoints]
    poses = np.array([(*w.centre, w.scale, w.roll_deg) for w in waypoints], np.float64)
    rng = np.random.default_rng(seed)
    rates = rng.uniform(0.25, 1.1, (5, 2)) * (1.0, 2.3)
    phases = rng.uniform(0, 2 * math.pi, (5, 2))

    def homography(t: float) -> Matrix:
        after = int(np.clip(np.searchsorted(times, t, side="right"), 1, max(1, len(times) - 1)))
        last = min(after, len(times) - 1)
        span = times[last] - times[after - 1]
        part = float(np.clip((t - times[after - 1]) / span, 0, 1)) if span else 0.0
        x, y, scale, roll = poses[after - 1] + (poses[last] - poses[after - 1]) * part * part * (3 - 2 * part)
        sway = shake * (np.sin(2 * math.pi * rates * t + phases) @ (0.75, 0.25))
        centre = (x + 7 * sway[0] / scale, y + 5 * sway[1] / scale)
        return look(size, centre, scale, roll + 0.6 * sway[2], (2e-5 * sway[3], 2e-5 * sway[4]))

    return homography


def words_of(scene: Scene) -> list[Word]:
    """All words of a scene, in the order of its signs; ids count from 0."""
    cared = [(text, sign.care) for sign in scene.signs for text in sign.text.split()]
    return [Word(id=number, text=text, care=care) for number, (text, care) in enumerate(cared)]


def locate_words(scene: Scene, t: float) -> list[WordTruth]:
    """Where the words of a scene are in the frame at a time, and how much of each can be seen."""
    camera, cover, found, number = scene.camera(t), scene.cover(t), [], 0
    for sign in scene.signs:
        for quad in _board(sign)[2]:
            if sign.begin_s <= t < sign.end_s:
                placed = cv2.perspectiveTransform(quad[None], camera)[0]
                visible = _visible_fraction(placed, scene.size, cover)
                if visible > LEAST_VISIBLE:
                    found.append((number, np.round(placed, 1).tolist(), round(visible, 3)))
            number += 1
    return found


def render(scene: Scene, t: float) -> tuple[Colour, list[WordTruth]]:
    """One frame of a scene, with motion blur and sensor noise, and the words in it."""
    width, height = scene.size
    wall = _paint(tuple(sign for sign in scene.signs if sign.begin_s <= t < sign.end_s), scene.wall, scene.seed)
    picture = _expose(wall, scene, t)
    if cover := scene.cover(t):
        left, top, right, bottom = (round(edge) for edge in cover)
        picture[max(0, top) : max(0, bottom), max(0, left) : max(0, right)] = COVER
    if scene.noise:
        rng = np.random.default_rng((scene.seed, round(t * 1e6)))
        x = rng.integers(0, 64)
        grain = _grain(width + 64, height, scene.noise)[rng.permutation(height), x : x + width]
        picture = np.asarray(cv2.add(picture, grain, dtype=cv2.CV_8U), np.uint8)
    return picture, locate_words(scene, t)


def write_clip(path: Path, scene: Scene) -> Truth:
    """Film a scene as H.264 in the container that the path's ending names, and write its truth beside it as `.gt.json`."""
    width, height = scene.size
    truth = Truth(fps=scene.fps, width=width, height=height, source=path.stem, words=words_of(scene), frames=[])
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=scene.fps, options={"preset": "superfast", "crf": "23", "g": "60"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for index in range(round(scene.seconds * scene.fps)):
            picture, words = render(scene, index / scene.fps)
            truth["frames"].append(words)
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts, frame.time_base = index, Fraction(1, scene.fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    path.with_suffix(".gt.json").write_text(json.dumps(truth, ensure_ascii=False), encoding="utf-8")
    return truth


@lru_cache(maxsize=256)
def _board(sign: Sign) -> tuple[NDArray[np.uint8], Matrix, Matrix]:
    """A sign's letters or modules (supersampled coverage), the matrix that takes them to the wall, and its words' quads there."""
    size_px = sign.size_px * SUPERSAMPLING
    if sign.modules:
        letters, quads = set_modules(sign.modules, size_px // len(sign.modules))
    else:
        letters, quads = set_text(sign.text, size_px, sign.font, sign.weight)
    height, width = letters.shape
    to_wall = look((0, 0), (width / 2, height / 2), 1 / SUPERSAMPLING, sign.angle_deg)
    to_wall[:2, 2] += sign.centre
    placed = cv2.perspectiveTransform(quads.reshape(1, -1, 2), to_wall).reshape(quads.shape)
    return letters, to_wall, np.asarray(placed, np.float64)


@lru_cache(maxsize=4)
def _paint(signs: tuple[Sign, ...], size: tuple[int, int], seed: int) -> Colour:
    """The wall with signs on it; kept, because it only changes when a sign comes or goes."""
    wall = bare_wall(size, seed).copy()
    for sign in signs:
        letters, to_wall, _ = _board(sign)
        hang(wall, letters, to_wall, sign.ink, sign.paper)
    return wall


def _expose(wall: Colour, scene: Scene, t: float) -> Colour:
    """The wall as the camera sees it while the shutter is open around a time: blurred by motion, but not across a cut."""
    opened, closed = (scene.camera(t + part * SHUTTER / scene.fps) for part in (-0.5, 0.5))
    width, height = scene.size
    corners = np.array([[(0, 0), (width, 0), (width, height), (0, height)]], np.float64)
    moved = cv2.perspectiveTransform(corners, closed @ np.linalg.inv(opened)) - corners
    distance_px = float(np.linalg.norm(moved, axis=-1).max())
    count = min(MOST_SUBFRAMES, 1 + int(distance_px / BLUR_STEP_PX)) if distance_px < width / 4 else 1
    mean = np.zeros((height, width, 3), np.uint8)
    for subframe in range(count):
        camera = scene.camera(t + ((subframe + 0.5) / count - 0.5) * SHUTTER / scene.fps)
        seen, share = cv2.warpPerspective(wall, camera, scene.size, borderValue=BEYOND), 1 / (subframe + 1)
        mean = np.asarray(cv2.addWeighted(mean, 1 - share, seen, share, 0), np.uint8)
    return mean


@lru_cache(maxsize=2)
def _grain(width: int, height: int, strength: float) -> NDArray[np.int16]:
    """Sensor noise, wider than a frame: with its rows mixed each time, so that it does not seem to move, it costs a fraction of
    drawing it anew.
    """
    noise = np.random.default_rng(0).normal(0, strength, (height, width, 1))
    return np.repeat(np.round(noise).astype(np.int16), 3, axis=2)


def _visible_fraction(quad: Matrix, size: tuple[int, int], cover: Rectangle | None) -> float:
    """The part of a quad's area that lies in the frame and behind nothing; 0..1."""
    area = abs(cv2.contourArea(quad.astype(np.float32)))
    if area < 1:
        return 0.0
    visible = _shared_area(quad, (0, 0, *size))
    if cover:
        left, top, right, bottom = cover
        inside = (max(left, 0), max(top, 0), min(right, size[0]), min(bottom, size[1]))
        visible -= _shared_area(quad, inside)
    return min(1.0, visible / area)


def _shared_area(quad: Matrix, rectangle: Rectangle) -> float:
    left, top, right, bottom = rectangle
    if right <= left or bottom <= top:
        return 0.0
    corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float32)
    return float(cv2.intersectConvexConvex(quad.astype(np.float32), corners)[0])

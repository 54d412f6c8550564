"""A small world in simulated time: boards on a wall before a moving camera, a detector and a recogniser with their usual faults.

Letters are patterns of nine cells, so that reading needs no network and yet goes by what is in the picture.
"""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

import cv2
import numpy as np
from scipy.optimize import brentq

from glyphfeed.engines.detector import upright
from glyphfeed.engines.lattice import Lattice, Slot
from glyphfeed.stream.detecting.passes import Detections
from glyphfeed.stream.geometry import area, homography_between, share_inside, slice_quad, transform
from glyphfeed.stream.reader import Reader
from glyphfeed.stream.reading.belief import SETTLE_ALONE_CONFIDENCE, SETTLE_CONFIDENCE
from glyphfeed.stream.reading.fusion import likelihood
from glyphfeed.stream.reading.requests import Reading, ReadRequest
from glyphfeed.stream.records import Frame
from tests.stream.feed.samples import box
from tests.stream.occlusion import pieces, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from glyphfeed.stream.detecting.passes import DetectorPass
    from glyphfeed.stream.records import Event, EventType, Grey, Snapshot, TextEntity

Camera: TypeAlias = Callable[[float], "NDArray[np.float64]"]
"""From time, seconds, to the homography that takes wall pixels to frame pixels."""
Rectangle: TypeAlias = tuple[float, float, float, float]
"""Left, top, right, bottom, in wall pixels."""

SIZE = (320, 180)
WALL = (1200, 600)
FRAME_S = 1 / 25
BEGUN_AT = 1_700_000_000.0
CELL_PX = 8
CONFUSIONS = str.maketrans("O0I1S5B8", "0O1I5S8B")
SMALL_VIEW = 0.35
"""A view below this is misread."""
UNREADABLE_VIEW = 0.15
"""A view below this shows nothing."""


def score_of(confidence: float, readings: int = 1) -> float:
    """The score of its letters at which a text that was read so often, and always the same, is right with a probability."""
    return float(brentq(lambda score: likelihood([("A", score)] * 4, readings, 4) - confidence, 0.003, 0.997))


LIKELY = score_of(SETTLE_CONFIDENCE + 0.03, readings=2)
"""Two readings of letters of this score settle a text, and one does not."""
SURE = score_of(SETTLE_ALONE_CONFIDENCE + 0.02)
"""One does."""


@dataclass(frozen=True)
class Board:
    """A text on the wall: its middle, the height of its letters in wall pixels, its turn clockwise; it may change with time.

    `drift` is how far it has moved by itself at a time.
    """

    text: str | Callable[[float], str]
    centre: tuple[float, float]
    height: float = 26.0
    degrees: float = 0.0
    drift: Callable[[float], tuple[float, float]] = lambda _: (0.0, 0.0)

    def says(self, t: float) -> str:
        return self.text if isinstance(self.text, str) else self.text(t)

    def quad(self, t: float) -> NDArray[np.float64]:
        """Its place on the wall, clockwise from the top-left of the text as read."""
        width = self.height * len(self.says(t))
        turn = cv2.getRotationMatrix2D((0, 0), -self.degrees, 1)
        corners = np.array([[-width, -self.height], [width, -self.height], [width, self.height], [-width, self.height]]) / 2
        return np.asarray(corners @ turn[:, :2].T + self.centre + self.drift(t), np.float64)


@dataclass(frozen=True)
class World:
    """Boards, the later over the earlier ones."""

    boards: tuple[Board, ...]
    camera: Camera
    cover: Callable[[float], NDArray[np.float32] | None] = lambda _: None
    """What something in front of the camera hides, as a box of the frame."""
    size: tuple[int, int] = SIZE
    seed: int = 0
    page: Rectangle | None = None
    """The part of the wall that boards show in, such as that of a page that scrolls; None for all of it."""

    def place(self, board: Board, t: float) -> NDArray[np.float64]:
        """Where a board is in the frame, or beside it."""
        return transform(board.quad(t), self.camera(t))

    def quads(self, t: float) -> list[NDArray[np.float64]]:
        """Where in the frame text can be seen: of a line behind something the pieces on both sides."""
        places = [self.place(board, t) for board in self.boards]
        cover, seen = self.cover(t), []
        for k, quad in enumerate(places):
            before = places[k + 1 :] if cover is None else [*places[k + 1 :], cover]
            whole = self._in_view(quad, t)
            if whole is not None:
                seen += [piece for piece in pieces(whole, before) if share_inside(piece, self.size) > 0]
        return seen

    def _in_view(self, quad: NDArray[np.float64], t: float) -> NDArray[np.float64] | None:
        """What the border of the picture and the page leave of a quad, if it is most of it."""
        windows, inside = [box(0, 0, *self.size)], quad
        if self.page is not None:
            left, top, right, bottom = self.page
            windows.append(transform(box(left, top, right - left, bottom - top), self.camera(t)))
        for window in windows:
            inside = visible(inside, window)
            if area(inside) <= 0.5 * area(quad):
                return None
        return inside

    def frame(self, index: int, t: float) -> Frame:
        texts = tuple((board.says(t), tuple(map(tuple, board.quad(t).tolist()))) for board in self.boards)
        wall = paint(texts, self.seed, self.page)
        grey = np.asarray(cv2.warpPerspective(wall, self.camera(t), self.size), np.uint8)
        if (cover := self.cover(t)) is not None:
            cv2.fillPoly(grey, [cover.astype(np.int32)], 70)
        grey.flags.writeable = False
        return Frame(index, t, BEGUN_AT + t, grey, lambda: np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8))


@lru_cache(maxsize=4)
def texture(size: tuple[int, int], seed: int = 0) -> Grey:
    """A picture full of corners, large and small, of (width, height)."""
    rng = np.random.default_rng(seed)
    picture = np.zeros((size[1], size[0]), np.float32)
    for grain_px, strength in ((60, 70), (20, 30), (6, 25)):
        coarse = rng.normal(0, strength, (size[1] // grain_px + 2, size[0] // grain_px + 2)).astype(np.float32)
        picture += cv2.resize(coarse, size, interpolation=cv2.INTER_LINEAR)
    grey = np.asarray(np.clip(picture + 128, 0, 255), np.uint8)
    grey.flags.writeable = False
    return grey


def pattern(text: str) -> NDArray[np.float32]:
    """What a text looks like: (3, 3 letters) cells, 1 for ink and 0 for paper."""
    letters = []
    for letter in text:
        cells = np.random.default_rng(ord(letter)).permutation(np.repeat(np.array([1, 0], np.float32), (5, 4)))
        letters.append(np.zeros((3, 3), np.float32) if letter == " " else cells.reshape(3, 3))
    return np.hstack(letters)


@lru_cache(maxsize=16)
def paint(texts: tuple[tuple[str, tuple[tuple[float, float], ...]], ...], seed: int, page: Rectangle | None = None) -> Grey:
    """The wall with texts at their places, or of them what is on the page, on paper that reaches beyond them by a cell."""
    wall = texture(WALL, seed).copy()
    for text, place in texts:
        cells = np.pad(np.asarray(225 - 200 * pattern(text), np.uint8), 1, constant_values=225)
        face = cv2.resize(cells, None, fx=CELL_PX, fy=CELL_PX, interpolation=cv2.INTER_NEAREST)
        letters = box(CELL_PX, CELL_PX, 3 * CELL_PX * len(text), 3 * CELL_PX)
        to_wall = homography_between(letters, np.array(place))
        outline = transform(box(0, 0, face.shape[1], face.shape[0]), to_wall)
        (left, top), (right, bottom) = np.clip([outline.min(axis=0), outline.max(axis=0) + 2], 0, WALL).astype(int).tolist()
        if left == right or top == bottom:
            continue
        here, size = np.array([[1, 0, -left], [0, 1, -top], [0, 0, 1]]) @ to_wall, (right - left, bottom - top)
        covered = cv2.warpPerspective(np.full_like(face, 255), here, size) > 127
        wall[top:bottom, left:right][covered] = cv2.warpPerspective(face, here, size)[covered]
    if page is not None:
        left, top, right, bottom = map(round, page)
        shown, wall = wall, texture(WALL, seed).copy()
        wall[top:bottom, left:right] = shown[top:bottom, left:right]
    return wall


def pan(*waypoints: tuple[float, float, float]) -> Camera:
    """A camera that looks at wall pixels at times (t, x, y), in straight lines between; two at the same time are a cut."""
    times, xs, ys = (np.array(column) for column in zip(*waypoints, strict=True))

    def camera(t: float) -> NDArray[np.float64]:
        after = int(np.clip(np.searchsorted(times, t, side="right"), 1, max(len(times) - 1, 1)))
        part = slice(after - 1, after + 1)
        x, y = np.interp(t, times[part], xs[part]), np.interp(t, times[part], ys[part])
        return np.array([[1, 0, SIZE[0] / 2 - x], [0, 1, SIZE[1] / 2 - y], [0, 0, 1]])

    return camera


def zoom(camera: Camera, scale: Callable[[float], float]) -> Camera:
    """The same camera with a lens."""

    def zoomed(t: float) -> NDArray[np.float64]:
        s, (width, height) = scale(t), SIZE
        return np.array([[s, 0, (1 - s) * width / 2], [0, s, (1 - s) * height / 2], [0, 0, 1]]) @ camera(t)

    return zoomed


def roll(camera: Camera, degrees: Callable[[float], float]) -> Camera:
    """The same camera in a hand that turns: the picture turns clockwise about its middle."""

    def rolled(t: float) -> NDArray[np.float64]:
        turn = cv2.getRotationMatrix2D((SIZE[0] / 2, SIZE[1] / 2), -degrees(t), 1)
        return np.asarray(np.vstack([turn, [0, 0, 1]]) @ camera(t))

    return rolled


class FaultyDetector:
    """Finds what is there, a little beside it, now and then in two parts, and now and then not at all."""

    def __init__(self, world: World, *, jitter: float = 0.0, misses: float = 0.0, splits: float = 0.0, seed: int = 0) -> None:
        """`jitter` is the spread of a corner in text heights, `misses` and `splits` are probabilities."""
        self._world = world
        self._jitter, self._misses, self._splits = jitter, misses, splits
        self._rng = np.random.default_rng(seed)

    def detect(self, t: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Quads (N, 4, 2) and scores (N,) at a time; a quad starts at the corner that is top left in the picture."""
        quads: list[NDArray[np.float32]] = []
        for quad in self._world.quads(t):
            missed, split = self._rng.random(2) < (self._misses, self._splits)
            if missed:
                continue
            middle = self._rng.uniform(0.35, 0.65)
            for start, end in ((0, middle - 0.03), (middle + 0.03, 1)) if split else ((0, 1),):
                part = slice_quad(quad, start, end)
                part += self._rng.normal(0, self._jitter, (4, 2)) * np.linalg.norm(quad[3] - quad[0])
                quads.append(upright(part.astype(np.float32)))
        return np.array(quads, np.float32).reshape(-1, 4, 2), np.full(len(quads), 0.9, np.float32)


class FaultyRecogniser:
    """Reads the texts it knows by their cells; small ones it confidently takes for others, and other pictures for noise."""

    def __init__(self, *vocabulary: str, score: float = LIKELY) -> None:
        """`score` is that of each letter of what it knows."""
        self._score = score
        self._vocabulary = [(text, pattern(text)) for text in vocabulary]
        self.read: list[ReadRequest] = []

    def answer(self, request: ReadRequest) -> Reading:
        self.read.append(request)
        cut = request.crop[..., 0].astype(np.float32)
        left = round(cut.shape[1] * request.margin / (1 + 2 * request.margin))
        inner = cut[:, left : cut.shape[1] - left]
        letters = inner.shape[1] / inner.shape[0]
        fitting = [(text, correlation(inner, cells)) for text, cells in self._vocabulary if 0.6 < letters / len(text) < 1.8]
        text, likeness = max(fitting, key=lambda item: item[1], default=("", 0.0))
        if likeness < 0.5 or request.view < UNREADABLE_VIEW:
            return Reading(request, lattice_of("~", 0.15, request.margin))
        if request.view < SMALL_VIEW:
            text = text.translate(CONFUSIONS)
        return Reading(request, lattice_of(text, self._score, request.margin))


def correlation(picture: NDArray[np.float32], cells: NDArray[np.float32]) -> float:
    """How much a picture looks like a pattern of ink, -1..1."""
    seen = cv2.resize(picture, (cells.shape[1] * 4, 12), interpolation=cv2.INTER_AREA)
    ink = cv2.resize(1 - cells, None, fx=4, fy=4, interpolation=cv2.INTER_NEAREST)
    return float(np.corrcoef(seen.ravel(), ink.ravel())[0, 1]) if seen.std() > 1 else 0.0


def lattice_of(text: str, score: float | Sequence[float], margin: float = 0.0) -> Lattice:
    """A reading of a text with evenly spaced letters, of one score or one each, in a crop with margins."""
    scores = [score] * len(text) if isinstance(score, float | int) else list(score)
    columns = [((k + 0.5) / len(text) + margin) / (1 + 2 * margin) for k in range(len(text))]
    return Lattice(tuple(Slot({char: s, "": (1 - s) / 3}, c) for char, s, c in zip(text, scores, columns, strict=True)))


@dataclass(frozen=True)
class Seen:
    """What came out of a reader at one frame."""

    t: float
    snapshot: Snapshot
    events: list[Event]

    def text(self, text: str) -> TextEntity:
        """The one entity that says so."""
        (entity,) = [entity for entity in self.snapshot.texts if entity.text == text]
        return entity


def watch(
    world: World, detector: FaultyDetector, recogniser: FaultyRecogniser, times: Iterable[float], late: int = 0
) -> list[Seen]:
    """Show a world to a new reader; what the networks find comes `late` frames after they were asked."""
    reader, seen = Reader(), []
    passes: deque[tuple[int, DetectorPass, Any]] = deque()
    reads: deque[tuple[int, list[Reading]]] = deque()
    for index, t in enumerate(times):
        reader.follow(world.frame(index, t))
        while passes and passes[0][0] <= index:
            _, asked, (quads, scores) = passes.popleft()
            reader.accept_detections(Detections(asked, quads, scores))
        while reads and reads[0][0] <= index:
            reader.accept_readings(reads.popleft()[1])
        if (wanted := reader.take_pass()) is not None:
            found = detector.detect(wanted.frame.pts)
            if late:
                passes.append((index + late, wanted, found))
            else:
                reader.accept_detections(Detections(wanted, *found))
        if requests := reader.take_reads():
            readings = [recogniser.answer(request) for request in requests]
            if late:
                reads.append((index + late, readings))
            else:
                reader.accept_readings(readings)
        seen.append(Seen(t, reader.snapshot(), reader.events()))
    return seen


def clock(seconds: float, frame_s: float = FRAME_S) -> list[float]:
    return [index * frame_s for index in range(round(seconds / frame_s))]


def events_of(seen: Iterable[Seen], *types: EventType) -> list[Event]:
    return [event for moment in seen for event in moment.events if not types or event.type in types]


def told(seen: Iterable[Seen]) -> list[tuple[EventType, int, str, str | None]]:
    return [(event.type, event.entity.id, event.entity.text, event.previous) for event in events_of(seen)]


def ids(seen: Iterable[Seen]) -> set[int]:
    return {text.id for moment in seen for text in moment.snapshot.texts}


def comparable(value: Any) -> Any:
    """Records as plain values that can be compared."""
    if dataclasses.is_dataclass(value):
        return [comparable(getattr(value, field.name)) for field in dataclasses.fields(value)]
    if isinstance(value, np.ndarray):
        return value.tolist()
    return [comparable(part) for part in value] if isinstance(value, list | tuple) else value


AT_REST = pan((0, 600, 300), (1, 600, 300))
SHOP = Board("SHOP", (600, 300))


def place_of(board: Board, t: float = 0.0, camera: Camera = AT_REST) -> NDArray[np.float64]:
    """Where a board is in the frame."""
    return World((board,), camera).place(board, t)

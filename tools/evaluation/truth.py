"""Truths: which words a clip shows where, read from the two formats that there are.

Owns: the formats and which words count.  A word counts in a frame when it is legible and cared for, has a letter or a digit,
is 90 % inside the picture and 12 px tall; the others are neither demanded nor punished.

- `CLIP.gt.json`, as `tools/clip.py` writes it: `fps`, `words` (`id`, `text`, `care`) and `frames`, each a list of
  `[id, [[x, y] * 4], visible fraction]`, or null where nothing is known.  `"partial": true` says that it lists only some words.
- `CLIP.xml` or `CLIP_GT.xml`, as in ICDAR's "Text in Videos" of 2013 and 2015 and in DSText: `<Frames>`, `<frame ID>` from 1,
  `<object ID Transcription Quality>`, `<Point x y>`.  A transcription with a # in it (`##DONT#CARE##`) and the quality LOW
  do not count.  A frame that the file leaves out is not judged.
"""

from __future__ import annotations

import json
import math
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from glyphfeed.stream.geometry import share_inside
from glyphfeed.tools.errors import CommandError
from glyphfeed.tools.evaluation.clips import probe
from glyphfeed.tools.evaluation.regions import height_of, quad_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glyphfeed.stream.records import Polygon
    from glyphfeed.tools.evaluation.clips import Clip

LEAST_HEIGHT_PX: Final = 12.0
LEAST_VISIBLE: Final = 0.9
MOST_FRAMES: Final = 10_000_000
"""A frame of a higher number, after four days at 30 frames/s, is taken for a mistake."""


@dataclass(frozen=True, slots=True)
class PlacedWord:
    """A word of the truth in one frame; `counts` says whether it is demanded there."""

    id: int
    polygon: Polygon
    height_px: float
    counts: bool


Placed: TypeAlias = tuple[PlacedWord, ...]


@dataclass(frozen=True, slots=True)
class Truth:
    """What a clip shows.

    `texts` holds the words that may count, folded by `fold`; `frames` one entry a frame, None where nothing is known.  `size`
    is that of the picture, (width, height) in pixels, None where the file does not tell.  A `partial` truth lists only some of
    the words, so that nothing is said about what is published elsewhere.
    """

    fps: float
    texts: Mapping[int, str]
    frames: tuple[Placed | None, ...]
    size: tuple[int, int] | None
    partial: bool


def fold(text: str) -> str:
    """Make texts comparable: without case, and of letters and digits only."""
    return "".join(char for char in text.casefold() if char.isalnum())


def read_truth(clip: Clip) -> Truth:
    """Read the truth of a clip.

    Raises:
        CommandError: it cannot be read, or is none.

    """
    try:
        text = clip.truth.read_text(encoding="utf-8-sig")
        return _from_json(json.loads(text)) if clip.truth.suffix == ".json" else _from_xml(ET.fromstring(text), clip)
    except OSError as error:
        raise CommandError(f"the truth {clip.truth} cannot be read: {error.strerror}; check the file") from error
    except ET.ParseError as error:
        raise CommandError(f"the truth {clip.truth} is no sound XML: {error}; mend it or fetch it again") from error
    except json.JSONDecodeError as error:
        raise CommandError(f"the truth {clip.truth} is no sound JSON: {error}; mend it or make it again") from error
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        if type(error) is not ValueError and not isinstance(error, KeyError):
            reason = "something is of another type"  # what Python says of that, a user does not understand
        form = "fps, words and frames" if clip.truth.suffix == ".json" else "frames of objects with an ID and four points"
        raise CommandError(f"the truth {clip.truth} does not hold what it should ({reason}); it needs {form}") from error


def place(word: int, points: object, *, visible: float, legible: bool) -> PlacedWord:
    """Put a word into a frame.

    Raises:
        ValueError: the points are no polygon.

    """
    polygon = np.array(points, np.float32)
    if polygon.ndim != 2 or polygon.shape[0] < 4 or polygon.shape[1] != 2 or not np.isfinite(polygon).all():
        raise ValueError(f"word {word} has no polygon of at least four points")
    height = height_of(polygon)
    return PlacedWord(word, polygon, height, legible and visible >= LEAST_VISIBLE and height >= LEAST_HEIGHT_PX)


def _from_json(truth: dict[str, Any]) -> Truth:
    texts = {int(word["id"]): folded for word in truth["words"] if word["care"] and (folded := fold(word["text"]))}
    frames = tuple(
        None if words is None else tuple(place(int(i), p, visible=float(v), legible=int(i) in texts) for i, p, v in words)
        for words in truth["frames"]
    )
    fps = float(truth["fps"])
    if not 0 < fps < math.inf:
        raise ValueError(f"fps is {fps:g}")
    if not frames:
        raise ValueError("it has no frames")
    size = (int(truth["width"]), int(truth["height"])) if "width" in truth and "height" in truth else None
    return Truth(fps, texts, frames, size, bool(truth.get("partial")))


def _from_xml(root: ET.Element, clip: Clip) -> Truth:
    fps, size = probe(clip.video)
    texts: dict[int, str] = {}
    listed: dict[int, Placed] = {}
    for frame in root.iter("frame"):
        words = []
        for thing in frame.iter("object"):
            word, folded = int(thing.attrib["ID"]), _legible(thing)
            if folded:
                texts.setdefault(word, folded)
            points = [(float(point.attrib["x"]), float(point.attrib["y"])) for point in thing.iter("Point")]
            placed = place(word, points, visible=1.0, legible=bool(folded))
            inside = share_inside(quad_of(placed.polygon), size)
            words.append(placed if inside >= LEAST_VISIBLE else place(word, points, visible=inside, legible=False))
        listed[int(frame.attrib["ID"]) - 1] = tuple(words)
    if not listed or min(listed) < 0:
        raise ValueError("it has no frames that are counted from 1")
    if max(listed) >= MOST_FRAMES:
        raise ValueError(f"it counts up to frame {max(listed) + 1}")
    return Truth(fps, texts, tuple(listed.get(frame) for frame in range(max(listed) + 1)), size, partial=False)


def _legible(thing: ET.Element) -> str:
    """What an object says, folded; nothing where it does not count."""
    text = thing.attrib.get("Transcription", "")
    return "" if "#" in text or thing.attrib.get("Quality", "").upper() == "LOW" else fold(text)

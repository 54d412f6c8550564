"""Reading lines of text: the recogniser protocol and the CTC recogniser for crops of one line.

Owns the way from upright crops to lattices.  Does not cut the crops out of a frame and does not fuse readings (stream).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from copy import copy
from dataclasses import dataclass
from itertools import chain, groupby
from typing import TYPE_CHECKING, Protocol

import cv2
import numpy as np

from glyphfeed.engines.alphabets import readable
from glyphfeed.engines.engine import first_output
from glyphfeed.engines.lattice import Lattice, lattice_from_ctc
from glyphfeed.engines.models import ModelError
from glyphfeed.engines.tensors import tensor_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from glyphfeed.engines.engine import Engine
    from glyphfeed.engines.lexicon import Lexicon
    from glyphfeed.engines.models import Ctc, LineInput
    from glyphfeed.engines.tensors import Tensor


LINES = 6
"""Lines of one width that go through the network at a time: short ones cost a third less so, long ones a tenth (OpenVINO, two
cores), and more bring no more.
"""
FAINT_RANGE = 64.0
"""Crops whose grey values span less than this, of 255, are stretched to it."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines that go through the network together: which of the crops they are, their tensor (lines, channels, height, width), and
    the share of the width that each fills.
    """

    numbers: list[int]
    tensor: Tensor
    filled: list[float]


class Recogniser(Protocol):
    """Reads crops that hold one upright line of text each."""

    @property
    def name(self) -> str:
        """The network's, for people; see `engines.engine.Engine.name`."""
        ...

    def read(self, crops: Sequence[NDArray[np.uint8]]) -> list[Lattice]:
        """Read (height, width, 3) uint8 blue-green-red crops, one lattice a crop."""
        ...


class CtcRecogniser:
    """A network that gives a distribution over characters at each step along the line."""

    def __init__(
        self, engine: Engine, model: Ctc, charset: Sequence[str], lexicon: Lexicon, alphabets: Sequence[str] = ()
    ) -> None:
        """Run the network once, to see whether its output is what its description says.

        `charset` holds the characters of the network's classes but for the CTC blank; those of other `alphabets`
        (`engines.alphabets`) are not read.

        Raises:
            ModelError: it is not.

        """
        check_classes(engine, model, charset)
        self._engine = engine
        self._pool = ThreadPoolExecutor(engine.streams, "glyphfeed-lines")
        self._model = model
        self._charset = charset
        self._expect(lexicon, alphabets)

    @property
    def name(self) -> str:
        """See `engines.engine.Engine.name`."""
        return self._engine.name

    def read(self, crops: Sequence[NDArray[np.uint8]]) -> list[Lattice]:
        """See `Recogniser.read`; lines of one width go through the network together, and those of others beside them."""
        batches = lay_lines(crops, self._model.input, self._engine.batch)
        beside = len(batches) > 1 and self._engine.streams > 1
        # One batch is read in the thread that asks: to hand it over and back costs time.
        read = dict(chain.from_iterable((self._pool.map if beside else map)(self._read_together, batches)))
        return [read[number] for number in range(len(crops))]

    def rest(self) -> None:
        """End the threads that lines of several widths are read in, until such are read again; not while another thread reads."""
        pool, self._pool = self._pool, ThreadPoolExecutor(self._engine.streams, "glyphfeed-lines")
        pool.shutdown()

    def expecting(self, lexicon: Lexicon, alphabets: Sequence[str]) -> CtcRecogniser:
        """A recogniser of the same network that expects other words and letters."""
        other = copy(self)
        other._expect(lexicon, alphabets)
        other._pool = ThreadPoolExecutor(self._engine.streams, "glyphfeed-lines")
        return other

    def _expect(self, lexicon: Lexicon, alphabets: Sequence[str]) -> None:
        self._lexicon = lexicon
        # The blank is always possible.
        self._barred = np.append(False, ~readable(self._charset, alphabets)) if alphabets else None

    def _read_together(self, together: Lines) -> list[tuple[int, Lattice]]:
        """Read lines of one width: the number of each, and what it says."""
        output = first_output(self._engine, together.tensor)
        lines = distributions(output, self._model, len(together.tensor))
        if self._barred is not None:
            lines = np.where(self._barred, np.float32(0), lines)
        return [
            (number, self._lexicon.weigh(lattice_from_ctc(steps, self._charset, filled)))
            for number, filled, steps in zip(together.numbers, together.filled, lines, strict=True)
        ]


def check_classes(engine: Engine, model: Ctc, charset: Sequence[str]) -> None:
    """Run the network once and see whether its classes are those that its description tells of.

    Raises:
        ModelError: the output or the number of classes is not what the description says.

    """
    shape = model.input.shapes[0]
    output = first_output(engine, np.zeros(shape, np.float32))
    if output.ndim != 3 or 1 not in output.shape[:2]:
        raise ModelError(
            f"{engine.name} is described with the head {model.head}, whose output is (1, steps, classes), and it gives "
            f"{output.shape}: choose the head, or the ONNX file, that fits"
        )
    if output.shape[2] != len(charset) + 1:
        raise ModelError(
            f"{engine.name} tells {output.shape[2]} classes apart, and its charset has {len(charset)} characters, which with the "
            f"blank makes {len(charset) + 1}: give it the charset that it was trained with"
        )


def distributions(output: Tensor, model: Ctc, lines: int) -> NDArray[np.float32]:
    """What a network gives for so many lines, as probabilities (lines, steps, classes) with the blank first."""
    if len(output) != lines:
        output = output.swapaxes(0, 1)
    if model.output == "logits":
        powers = np.exp(output - output.max(axis=2, keepdims=True))
        output = powers / powers.sum(axis=2, keepdims=True)
    return np.roll(output, 1, axis=2) if model.blank == "last" else output


def lay_lines(crops: Sequence[NDArray[np.uint8]], line: LineInput, batch: int) -> list[Lines]:
    """Lay crops into tensors of up to `batch` lines of one width, the wide ones first: where several threads run them, what is
    left at the end is short.
    """
    laid = [fill_line(crop, line) for crop in crops]

    def width(number: int) -> int:
        return int(laid[number][0].shape[3])

    together: list[Lines] = []
    for _, alike in groupby(sorted(range(len(crops)), key=width, reverse=True), key=width):
        numbers = list(alike)
        for some in (numbers[start : start + batch] for start in range(0, len(numbers), batch)):
            tensor = np.concatenate([laid[number][0] for number in some])
            together.append(Lines(some, tensor, [laid[number][1] for number in some]))
    return together


def fill_line(crop: NDArray[np.uint8], line: LineInput) -> tuple[Tensor, float]:
    """Scale a crop to the network's height, normalise it, and pad it with 0 to one of its widths.

    It goes into the least that holds it, or squeezed into the widest; one that is narrower than `line.narrowest` is stretched.

    Returns:
        The tensor (1, channels, height, width) and the share of the width that the crop fills.

    """
    rows, columns = crop.shape[:2]
    width = max(round(columns * line.height / rows), line.narrowest)
    bucket = min((w for w in line.widths if w >= width), default=max(line.widths))
    width = min(width, bucket)
    method = cv2.INTER_AREA if rows > line.height else cv2.INTER_CUBIC
    seen = cv2.resize(crop, (width, line.height), interpolation=method).astype(np.float32)
    low, high = np.percentile(seen, (2, 98))
    if high - low < FAINT_RANGE:
        # Text printed tone on tone is stretched to a contrast that the network knows; other text is read best as it is.
        seen = (seen - (low + high) / 2) * (FAINT_RANGE / max(high - low, 16.0)) + 127.5
    tensor = np.zeros((1, line.channels, line.height, bucket), np.float32)
    tensor[..., :width] = tensor_of(seen.astype(np.float32, copy=False), line)
    return tensor, width / bucket

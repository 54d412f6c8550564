"""`glyphfeed train field`: a network's receptive fields as a table, and as a picture over a sample.

Owns how a network is named, and the look of both.  The measures are `fields`'.
"""

from __future__ import annotations

import importlib
import math
from pathlib import Path
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
import torch
from torch import nn

from glyphfeed.engines.files import write_whole
from glyphfeed.tools.bench.sheet import Sheet
from glyphfeed.tools.errors import CommandError, writing
from glyphfeed.tools.scenes.clip import render
from glyphfeed.tools.scenes.street import demo_scene
from glyphfeed.tools.training.fields import EFFECTIVE, effective_size, fields_of, gradient_at
from glyphfeed.tools.training.onnx_network import OnnxNetwork

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray
    from torch import Tensor

    from glyphfeed.tools.training.fields import Field, LayerField, Reach

CALCULATED: Final = (0, 200, 255)
EFFECTED: Final = (80, 220, 80)
"""What the two fields are framed in, blue-green-red."""


def report_field(model: str, sample: Path | None, size: tuple[int, int] | None, out: Path | None) -> Sheet:
    """Calculate and measure the fields of a network, looking at a sample, and draw them over it into a file if there is one.

    Args:
        model: an ONNX file, or a PyTorch module as package.module:Class.
        sample: a picture; without one, the demo's street.
        size: (width, height) in pixels to which it is scaled; its own, rounded down to 32, without one.
        out: a picture that is written.

    Raises:
        CommandError: the network or the sample cannot be read, they do not fit, or the picture cannot be written.

    """
    network = opened(model)
    seen = scaled(read_sample(sample), size)
    picture = laid(seen, channels_of(network, model))
    try:
        layers = fields_of(network, picture)
        gradient, place = gradient_at(network, picture)
    except RuntimeError as error:
        told = str(error).splitlines()[0]
        raise CommandError(f"{model} cannot see {seen.shape[1]}x{seen.shape[0]} pixels ({told}); give another --size") from error
    if out is not None:
        write_picture(out, drawn(seen, gradient, layers[-1].field, place))
    side = effective_size(gradient)
    note = (
        f"Effective field of the value in the middle of what it gives: {side:.0f} x {side:.0f} pixels have gradients of at least "
        f"{EFFECTIVE:.1%} of the greatest (Luo et al., 2016)."
    )
    columns = ("layer", "does", "stride", "field", "starts at")
    return Sheet(
        f"Receptive fields of {Path(model).name}, down x across, in pixels", columns, [row(layer) for layer in layers], (note,)
    )


def opened(model: str) -> nn.Module:
    """Make a network of its name.

    Raises:
        CommandError: there is none.

    """
    if ":" not in model:
        return OnnxNetwork(Path(model)).eval()
    package, _, name = model.partition(":")
    try:
        network = getattr(importlib.import_module(package), name)()
    except (ImportError, AttributeError, TypeError) as error:
        raise CommandError(f"{model} names no PyTorch module that can be made ({error}); write package.module:Class") from error
    if not isinstance(network, nn.Module):
        raise CommandError(f"{model} is no PyTorch module; write package.module:Class")
    return network.eval()


def channels_of(network: nn.Module, model: str) -> int:
    """How many channels the pictures of a network of this name have, by its first convolution.

    Raises:
        CommandError: it has none.

    """
    kernel = next((weight for weight in network.parameters() if weight.ndim == 4), None)
    if kernel is None:
        raise CommandError(f"{model} has no convolution, and so no receptive field; name a network that looks at pictures")
    return int(kernel.shape[1])


def read_sample(sample: Path | None) -> NDArray[np.uint8]:
    """A picture (height, width, 3), blue-green-red.

    Raises:
        CommandError: it cannot be read.

    """
    if sample is None:
        return render(demo_scene(), 1.0)[0]
    picture = cv2.imread(str(sample), cv2.IMREAD_COLOR)
    if picture is None:
        raise CommandError(f"{sample} is no picture that can be read; check the path")
    return np.asarray(picture, np.uint8)


def scaled(picture: NDArray[np.uint8], size: tuple[int, int] | None) -> NDArray[np.uint8]:
    """A picture of a size of (width, height), or cut to multiples of 32."""
    if size is not None:
        return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    height, width = (max(side // 32, 1) * 32 for side in picture.shape[:2])
    return picture[:height, :width]


def laid(picture: NDArray[np.uint8], channels: int) -> Tensor:
    """A picture as a tensor (1, channels, height, width) of -1..1."""
    seen = picture if channels == 3 else cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)[..., None]
    return torch.from_numpy(np.ascontiguousarray(seen.transpose(2, 0, 1)[None])).float() / 127.5 - 1


def row(layer: LayerField) -> tuple[str, str, str, str, str]:
    """A layer's line of the table."""
    sides = (layer.field.down, layer.field.across)
    if math.isinf(layer.field.down.low):
        return layer.name, layer.kind, "–", "whole", "–"
    size = f"{both(side.size for side in sides)}{' and whole' if layer.field.whole else ''}"
    return layer.name, layer.kind, both(side.stride for side in sides), size, both(side.low for side in sides)


def both(numbers: Iterable[float]) -> str:
    """What there is down and across, for people."""
    return " x ".join(f"{number:g}" for number in numbers)


def drawn(picture: NDArray[np.uint8], gradient: NDArray[np.float64], field: Field, place: tuple[int, int]) -> NDArray[np.uint8]:
    """The sample in grey under the gradient (height, width), brighter where that is greater, with frames around the calculated
    field of a value at (row, column) and around the effective one.
    """
    grey = np.asarray(np.repeat(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)[..., None] // 2, 3, axis=2), np.uint8)
    # The root, as gradients fall off like a Gaussian, and nothing would be seen of their edge.
    heat = cv2.applyColorMap((np.sqrt(gradient / gradient.max()) * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)
    canvas = np.asarray(cv2.add(grey, np.asarray(heat, np.uint8)), np.uint8)
    rows, columns = np.nonzero(gradient >= EFFECTIVE * gradient.max())
    frame(canvas, (rows.min(), rows.max()), (columns.min(), columns.max()), EFFECTED)
    if not math.isinf(field.down.low):
        frame(canvas, span(field.down, place[0]), span(field.across, place[1]), CALCULATED)
    return canvas


def span(reach: Reach, at: int) -> tuple[float, float]:
    """The first and the last pixel of a value's field."""
    return reach.stride * at + reach.low, reach.stride * at + reach.high


def frame(
    canvas: NDArray[np.uint8], rows: tuple[float, float], columns: tuple[float, float], colour: tuple[int, int, int]
) -> None:
    """Draw a rectangle between two rows and two columns, or as much of it as the canvas holds."""
    height, width = canvas.shape[:2]
    top, bottom = np.clip(rows, 0, height - 1).astype(int).tolist()
    left, right = np.clip(columns, 0, width - 1).astype(int).tolist()
    cv2.rectangle(canvas, (left, top), (right, bottom), colour, 1)


def write_picture(path: Path, picture: NDArray[np.uint8]) -> None:
    """Write a picture as PNG.

    Raises:
        CommandError: it cannot be written.

    """
    with writing(path):
        write_whole(path, cv2.imencode(".png", picture)[1].tobytes())

"""A trained detector as an ONNX file with its description, and back.

Owns the graph, which is written node by node from the layers of `dense`, as the recogniser's is (`export`).
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from glyphfeed.engines.files import write_whole
from glyphfeed.tools.errors import writing
from glyphfeed.tools.training.dense import PICTURE, WIDTHS
from glyphfeed.tools.training.export import OPSET, PRODUCER, Graph, numbers_in

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from glyphfeed.engines.models import CharacterThresholds
    from glyphfeed.tools.training.export import Weights


def to_onnx(weights: Weights, told: Mapping[str, object]) -> bytes:
    """The ONNX file of a network: `pictures` (pictures, 3, height, width) float32 in, `maps` (pictures, 2, height / 4, width / 4)
    out; the metadata hold how pictures are put in, and what is `told` of its training.
    """
    graph = Graph(weights)
    seen, levels = graph.relu(graph.unit("stem", "pictures", (2, 2))), []
    for number in range(len(WIDTHS)):
        seen = graph.relu(graph.unit(f"stages.{number}.0", seen, (2, 2)))
        further = f"stages.{number}.1"
        seen = graph.block(further, seen, (1, 1)) if number else graph.relu(graph.unit(further, seen, (1, 1)))
        levels.append(pointwise(graph, f"laterals.{number}", seen))
    for k in reversed(range(len(levels) - 1)):
        levels[k] = graph.node("Add", f"sums.{k}", levels[k], enlarged(graph, f"ups.{k}", levels[k + 1], 2))
    large = [enlarged(graph, f"large.{k}", level, 2**k) if k else level for k, level in enumerate(levels)]
    joined = graph.relu(graph.unit("join", graph.node("Concat", "levels", *large, axis=1), (1, 1)))
    pointwise(graph, "maps", joined)
    sides = ("height", "width")
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "detector",
            [helper.make_tensor_value_info("pictures", TensorProto.FLOAT, ["pictures", 3, *sides])],
            [helper.make_tensor_value_info("maps", TensorProto.FLOAT, ["pictures", 2, *(f"{side} / 4" for side in sides)])],
            list(graph.stored.values()),
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        producer_name=PRODUCER,
        ir_version=8,
    )
    kept = {"input": msgspec.json.encode(PICTURE).decode(), "training": json.dumps(told)}
    helper.set_model_props(model, kept)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def pointwise(graph: Graph, name: str, into: str) -> str:
    """A 1x1 convolution with its bias."""
    return graph.node("Conv", name, into, graph.weight(f"{name}.weight"), graph.weight(f"{name}.bias"))


def enlarged(graph: Graph, name: str, into: str, times: int) -> str:
    """A picture so many times as large, each pixel repeated, as PyTorch's `interpolate` does."""
    scales = f"{name}.scales"
    graph.stored[scales] = numpy_helper.from_array(np.array([1, 1, times, times], np.float32), scales)
    told = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    return graph.node("Resize", name, into, "", scales, **told)


def from_onnx(path: Path) -> Weights:
    """The weights that `to_onnx` has written.

    Raises:
        CommandError: the file is another's, or cannot be read.

    """
    stored = numbers_in(path, "detector")
    return {name: array.astype(np.float32) for name, array in stored.items() if not name.endswith(".scales")}


def described(content: bytes, thresholds: CharacterThresholds) -> str:
    """The description that lies beside an ONNX file (`engines.models`)."""
    return (
        'head = "character-maps"\nlicence = "Apache-2.0"\n'
        f'sha256 = "{hashlib.sha256(content).hexdigest()}"\nbfloat16 = false\n\n'
        f'[input]\ncolour = "{PICTURE.colour}"\nmean = {list(PICTURE.mean)}\nstd = {list(PICTURE.std)}\n'
        f"sizes = {[list(size) for size in PICTURE.sizes]}\ncoarse_sizes = {[list(size) for size in PICTURE.coarse_sizes]}\n\n"
        f"[thresholds]\ntext = {thresholds.text}\nlow = {thresholds.low}\nlink = {thresholds.link}\n"
    )


def write_detector(path: Path, weights: Weights, told: Mapping[str, object], thresholds: CharacterThresholds) -> None:
    """Write a network as an ONNX file with its description beside it.

    Raises:
        CommandError: they cannot be written.

    """
    content = to_onnx(weights, told)
    with writing(path):
        write_whole(path, content)
        write_whole(path.with_suffix(".toml"), described(content, thresholds).encode())

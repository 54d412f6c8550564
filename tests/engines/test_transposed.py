"""Transposed convolutions are computed as they are meant when they are rewritten, and are where they can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import openvino as ov
import pytest
from onnx import TensorProto, helper, numpy_helper

from glyphfeed.engines.loading import Backend, load_engine
from glyphfeed.engines.transposed import unroll_transposed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import onnx
    from numpy.typing import NDArray

GIVEN = (1, 3, 4, 6)


@pytest.mark.parametrize(
    ("kernel", "stride", "padding", "dilation", "replaced"),
    [(2, 2, 0, 1, True), (3, 3, 0, 1, True), (3, 2, 0, 1, False), (4, 2, 1, 1, False), (2, 2, 0, 2, False)],
)
def test_transposed_convolutions_are_computed_as_they_are_meant(
    kernel: int, stride: int, padding: int, dilation: int, replaced: bool, tmp_path: Path
) -> None:
    told = {"strides": [stride] * 2, "pads": [padding] * 4, "dilations": [dilation] * 2}
    weights = np.random.default_rng(0).normal(size=(3, 5, kernel, kernel))
    path = upscaling(tmp_path, [helper.make_node("ConvTranspose", ["x", "w"], ["y"], **told)], {"w": weights})
    kinds = kinds_when_unrolled(path)
    assert replaced == (kinds.count("ConvolutionBackpropData") == 0)
    assert replaced == (kinds.count("DepthToSpace") == 1)


@pytest.mark.parametrize(
    ("offsets", "squares"),
    [((1, 4, 1, 1), 1), ((1, 1, 1, 1), 1), ((1, 4, 12, 18), 2), ((4, 1, 1), 2)],
    ids=["channels", "one", "pixels", "short"],
)
def test_transposed_convolutions_that_follow_one_another_are_laid_out_once(
    offsets: tuple[int, ...], squares: int, tmp_path: Path
) -> None:
    random = np.random.default_rng(0)
    steps = [
        helper.make_node("ConvTranspose", ["x", "first"], ["a"], strides=[3, 3]),
        helper.make_node("Add", ["a", "offsets"], ["b"]),
        helper.make_node("Relu", ["b"], ["c"]),
        helper.make_node("ConvTranspose", ["c", "second"], ["y"], strides=[2, 2]),
    ]
    path = upscaling(
        tmp_path,
        steps,
        {
            "first": random.normal(size=(3, 4, 3, 3)),
            "offsets": random.normal(size=offsets),
            "second": random.normal(size=(4, 5, 2, 2)),
        },
    )
    kinds = kinds_when_unrolled(path)
    assert kinds.count("ConvolutionBackpropData") == 0
    assert kinds.count("DepthToSpace") == squares


def upscaling(folder: Path, steps: Sequence[onnx.NodeProto], numbers: dict[str, NDArray[np.float64]]) -> Path:
    """Write a network that makes a larger picture of one with 3 channels, and hold OpenVINO to what ONNX Runtime makes of it."""
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, channels, f"{name}h", f"{name}w"])
        for name, channels in (("x", 3), ("y", 5))
    ]
    held = [numpy_helper.from_array(array.astype(np.float32), name) for name, array in numbers.items()]
    graph = helper.make_graph(steps, "up", ends[:1], ends[1:], held)
    path = folder / "up.onnx"
    path.write_bytes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8).SerializeToString())
    given = np.random.default_rng(1).normal(size=GIVEN).astype(np.float32)
    wanted, found = (
        load_engine(backend, path, [GIVEN], threads=1, exact=True).run({"x": given})["y"]
        for backend in (Backend.ONNXRUNTIME, Backend.OPENVINO)
    )
    np.testing.assert_allclose(found, wanted, atol=1e-4)
    return path


def kinds_when_unrolled(path: Path) -> list[str]:
    """The kinds of the nodes that a network has when its transposed convolutions are rewritten."""
    network = ov.Core().read_model(path)
    unroll_transposed(network)
    return [node.get_type_name() for node in network.get_ordered_ops()]

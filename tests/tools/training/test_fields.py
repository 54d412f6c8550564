"""Receptive fields: golden values of known stacks, and what gradients reach lies within what was calculated."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glyphfeed.tools import cli
from glyphfeed.tools.errors import CommandError

pytest.importorskip("torch", reason="the extra train is not installed")
import onnxruntime as ort
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from glyphfeed.tools.training.dense import Dense
from glyphfeed.tools.training.field_report import drawn, report_field, span
from glyphfeed.tools.training.fields import WHOLE, Field, Reach, effective_size, fields_of, gradient_at
from glyphfeed.tools.training.onnx_network import OnnxNetwork

if TYPE_CHECKING:
    from pathlib import Path

CHANNELS = 2
REPEATED = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}


def conv(kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> nn.Conv2d:
    """A convolution that lets every gradient pass."""
    return nn.Conv2d(CHANNELS, CHANNELS, kernel, stride, padding, dilation)


def across(network: nn.Module, side: int = 64) -> list[tuple[float, float, float]]:
    """Stride, size and start of the fields of a network's layers along one side."""
    layers = fields_of(network.eval(), torch.zeros(1, CHANNELS, side, side))
    return [(layer.field.across.stride, layer.field.across.size, layer.field.across.low) for layer in layers]


def test_fields_grow_as_araujo_norris_and_sim_tell() -> None:
    stack = nn.Sequential(conv(3, padding=1), nn.ReLU(), nn.MaxPool2d(2), conv(3, 2, 1), conv(3, padding=2, dilation=2))
    assert across(stack) == [(1, 3, -1), (2, 4, -1), (4, 8, -3), (4, 24, -11)]


def test_the_first_layers_of_alexnet_see_as_many_pixels_as_published() -> None:
    # Araujo et al., table 1: AlexNet (version 2) sees 195 pixels with a stride of 32 after its last pooling.
    stack = nn.Sequential(
        *(conv(11, 4), nn.MaxPool2d(3, 2), conv(5, padding=2), nn.MaxPool2d(3, 2)),
        *(conv(3, padding=1), conv(3, padding=1), conv(3, padding=1), nn.MaxPool2d(3, 2)),
    )
    stride, size, _ = across(stack, 256)[-1]
    assert (stride, size) == (32, 195)


def test_enlarging_halves_the_stride_and_transposed_convolutions_do_as_well() -> None:
    assert across(nn.Sequential(conv(2, 2), nn.Upsample(scale_factor=2)))[-1] == (1, 3, -1)
    assert across(nn.Sequential(conv(2, 2), nn.ConvTranspose2d(CHANNELS, CHANNELS, 2, 2)))[-1] == (1, 3, -1)


def test_what_brings_all_together_sees_all() -> None:
    class Gated(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.local = conv(3, padding=1)

        def forward(self, picture: torch.Tensor) -> torch.Tensor:
            seen = self.local(picture)
            return seen * torch.sigmoid(seen.mean((2, 3), keepdim=True))

    (local, mean) = fields_of(Gated(), torch.zeros(1, CHANNELS, 8, 8))
    assert mean.field == WHOLE
    assert local.field.joined(mean.field) == Field(local.field.down, local.field.across, whole=True)


LAYERS = st.one_of(
    st.builds(conv, st.integers(1, 4), st.integers(1, 2), st.integers(0, 1), st.integers(1, 2)),
    st.builds(nn.AvgPool2d, st.integers(2, 3), st.just(2)),
    st.builds(nn.Upsample, scale_factor=st.just(2), mode=st.sampled_from(["nearest", "bilinear"])),
    st.builds(lambda kernel: nn.ConvTranspose2d(CHANNELS, CHANNELS, kernel, 2), st.integers(2, 3)),
)


@settings(max_examples=15)
@given(st.lists(LAYERS, min_size=1, max_size=4))
def test_gradients_stay_within_the_calculated_field(layers: list[nn.Module]) -> None:
    network = nn.Sequential(*layers).eval()
    picture = torch.zeros(1, CHANNELS, 40, 48)
    field = fields_of(network, picture)[-1].field
    gradient, (row, column) = gradient_at(network, picture)
    for reach, at, used in ((field.down, row, gradient.any(axis=1)), (field.across, column, gradient.any(axis=0))):
        first, last = span(reach, at)
        places = np.flatnonzero(used)
        assert places[0] >= first - 1e-9
        assert places[-1] <= last + 1e-9


def test_convolutions_alone_use_their_whole_field() -> None:
    network = nn.Sequential(conv(3, 2, 1), conv(3, padding=1)).eval()
    picture = torch.zeros(1, CHANNELS, 32, 32)
    field = fields_of(network, picture)[-1].field
    gradient, (row, _) = gradient_at(network, picture)
    places = np.flatnonzero(gradient.any(axis=1))
    assert (places[0], places[-1]) == span(field.down, row)
    assert 1 <= effective_size(gradient) <= field.down.size


def test_the_detector_sees_as_far_as_told() -> None:
    layers = {layer.name: layer.field.across for layer in fields_of(Dense().eval(), torch.zeros(1, 3, 64, 64)) if layer.name}
    assert [layers[f"laterals.{k}"].size for k in range(4)] == [15, 55, 135, 295]
    assert layers["maps"].stride == 4


@given(st.builds(Reach, st.floats(0.25, 8), st.floats(-50, 0), st.floats(0, 50)), st.integers(1, 4))
def test_a_pixelwise_layer_changes_no_field(reach: Reach, stride: int) -> None:
    assert reach.through(1, 1, 0, 1) == reach.back_through(1, 1, 0, 1) == reach
    assert reach.through(1, stride, 0, 1).size == reach.size


def small_onnx(path: Path) -> None:
    """A network of what many networks are made of, one after the other."""
    rng = np.random.default_rng(0)
    stored = {
        "w": rng.normal(size=(4, 2, 3, 3)),
        "b": rng.normal(size=4),
        "pair": rng.normal(size=(4, 4, 2, 2)),
        **{name: rng.uniform(0.5, 1.5, 4) for name in ("scale", "shift", "mean", "variance")},
        "up": rng.normal(size=(4, 2, 2, 2)),
        "twice": np.array([1, 1, 2, 2]),
    }
    nodes = [
        helper.make_node("Conv", ["x", "w", "b"], ["c"], name="first.conv", strides=[2, 2], pads=[1, 1, 1, 1]),
        helper.make_node("BatchNormalization", ["c", "scale", "shift", "mean", "variance"], ["n"]),
        helper.make_node("Relu", ["n"], ["r"]),
        helper.make_node("Conv", ["r", "pair"], ["s"], auto_pad="SAME_UPPER"),
        helper.make_node("MaxPool", ["s"], ["m"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("GlobalAveragePool", ["m"], ["g"]),
        helper.make_node("HardSigmoid", ["g"], ["h"]),
        helper.make_node("Mul", ["m", "h"], ["k"]),
        helper.make_node("Resize", ["k", "", "twice"], ["z"], **REPEATED),
        helper.make_node("Add", ["z", "s"], ["a"]),
        helper.make_node("ConvTranspose", ["a", "up"], ["y"], strides=[2, 2]),
    ]
    tensors = [numpy_helper.from_array(value.astype(np.float32), name) for name, value in stored.items()]
    shapes = [helper.make_tensor_value_info(name, TensorProto.FLOAT, (1, 2, "h", "w")) for name in "xy"]
    graph = helper.make_graph(nodes, "small", shapes[:1], shapes[1:], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    path.write_bytes(model.SerializeToString())


def test_an_onnx_file_computes_the_same_in_pytorch(tmp_path: Path) -> None:
    small_onnx(tmp_path / "small.onnx")
    network = OnnxNetwork(tmp_path / "small.onnx").eval()
    picture = np.random.default_rng(1).normal(size=(1, 2, 16, 24)).astype(np.float32)
    (wanted,) = ort.InferenceSession(str(tmp_path / "small.onnx")).run(None, {"x": picture})
    with torch.no_grad():
        assert network(torch.from_numpy(picture)).numpy() == pytest.approx(wanted, rel=1e-4, abs=1e-4)
    assert all(weight.requires_grad for weight in network.parameters())
    (first, *_, last) = fields_of(network, torch.from_numpy(picture))
    assert (first.name, first.kind) == ("first_conv", "conv 3x3")
    assert last.field.whole
    assert last.field.across.stride == 1
    gradient, _ = gradient_at(network, torch.from_numpy(picture))
    assert gradient.shape == (16, 24)
    assert gradient.any()


def test_what_is_no_network_is_said(tmp_path: Path) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"bad")
    with pytest.raises(CommandError, match=r"bad\.onnx is no ONNX file that can be read"):
        OnnxNetwork(tmp_path / "bad.onnx")
    node = helper.make_node("Det", ["x"], ["y"])
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, (2, 2)) for name in "xy"]
    model = helper.make_model(helper.make_graph([node], "odd", values[:1], values[1:]), ir_version=8)
    (tmp_path / "odd.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(CommandError, match=r"odd\.onnx holds Det, which this command does not know"):
        OnnxNetwork(tmp_path / "odd.onnx")
    with pytest.raises(CommandError, match=r"names no PyTorch module that can be made .*; write package\.module:Class"):
        report_field("glyphfeed.nowhere:Net", None, None, None)


def test_a_network_without_pictures_is_said() -> None:
    with pytest.raises(CommandError, match="Identity has no convolution, and so no receptive field"):
        report_field("torch.nn:Identity", None, None, None)


def test_the_command_tells_and_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small_onnx(tmp_path / "small.onnx")
    with pytest.raises(CommandError, match="cannot see 64x48 pixels"):
        report_field(str(tmp_path / "small.onnx"), None, (64, 48), None)
    name = "glyphfeed.tools.training.dense:Dense"
    assert cli.run(["train", "field", name, "--size", "128x96", "--picture", str(tmp_path / "field.png"), "--json"]) == 0
    (sheet,) = json.loads(capsys.readouterr().out)["sheets"]
    assert sheet["rows"][0] == {
        "layer": "stem.conv",
        "does": "conv 3x3",
        "stride": "2 x 2",
        "field": "3 x 3",
        "starts at": "-1 x -1",
    }
    assert (tmp_path / "field.png").read_bytes().startswith(b"\x89PNG")


def test_fields_are_framed_over_the_sample() -> None:
    gradient = np.zeros((40, 60))
    gradient[18:23, 28:33] = 1
    canvas = drawn(np.full((40, 60, 3), 100, np.uint8), gradient, Field(Reach(4, -3, 3), Reach(4, -3, 3)), (5, 7))
    assert canvas[17, 25].tolist() == canvas[23, 31].tolist() == [0, 200, 255]
    assert canvas[18, 30].tolist() == canvas[20, 32].tolist() == [80, 220, 80]
    assert canvas[5, 5].max() < 60

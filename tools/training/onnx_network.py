"""ONNX files as PyTorch modules, through which gradients pass.

Owns what each operation of ONNX is in PyTorch.  Only those are here that the networks in use have.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import onnx
import torch
from onnx import helper, numpy_helper
from torch import nn
from torch.nn import functional

from glyphfeed.tools.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from torch import Tensor


class OnnxNetwork(nn.Module):
    """The network in an ONNX file of one input and one output; its weights are the module's parameters."""

    def __init__(self, path: Path) -> None:
        """Read a file.

        Raises:
            CommandError: it cannot be read, or holds an operation that is not known here.

        """
        super().__init__()
        try:
            graph = onnx.load_from_string(path.read_bytes()).graph
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}; check the path") from error
        except Exception as error:  # onnx and protobuf raise errors of many kinds, which share no base
            raise CommandError(f"{path} is no ONNX file that can be read: {type(error).__name__}; check the path") from error
        if unknown := {node.op_type for node in graph.node} - OPERATIONS.keys():
            raise CommandError(
                f"{path} holds {', '.join(sorted(unknown))}, which this command does not know; give it a PyTorch module"
            )
        self._nodes = [(tuple(node.input), node.output[0], self._add(node)) for node in graph.node]
        self._weights = {tensor.name: f"weight_{number}" for number, tensor in enumerate(graph.initializer)}
        for tensor in graph.initializer:
            value = torch.from_numpy(numpy_helper.to_array(tensor).copy())
            if value.is_floating_point():
                self.register_parameter(self._weights[tensor.name], nn.Parameter(value))
            else:
                self.register_buffer(self._weights[tensor.name], value)
        self._input = next(value.name for value in graph.input if value.name not in self._weights)
        self._output = graph.output[0].name

    def forward(self, picture: Tensor) -> Tensor:
        """What the file's network gives for its input."""
        values: dict[str, Any] = {"": None, self._input: picture}
        values |= {name: getattr(self, own) for name, own in self._weights.items()}
        for inputs, given, operation in self._nodes:
            values[given] = operation(*(values[name] for name in inputs))
        output: Tensor = values[self._output]
        return output

    def _add(self, node: onnx.NodeProto) -> Operation:
        """Make a node a module of its own, by whose name people know the layer."""
        name = (node.name or node.op_type).replace(".", "_")
        operation = Operation(node)
        self.add_module(name if not hasattr(self, name) else f"{name}_{node.output[0].replace('.', '_')}", operation)
        return operation


class Operation(nn.Module):
    """A node of an ONNX file."""

    def __init__(self, node: onnx.NodeProto) -> None:
        super().__init__()
        self._run = OPERATIONS[node.op_type]
        self._attributes = {told.name: plain(helper.get_attribute_value(told)) for told in node.attribute}

    def forward(self, *values: Any) -> Any:
        """What it makes of its inputs."""
        return self._run(*values, **self._attributes)


def plain(value: Any) -> Any:
    """An attribute's value: text for bytes, and a tensor of PyTorch's for one of ONNX's."""
    if isinstance(value, bytes):
        return value.decode()
    return torch.from_numpy(numpy_helper.to_array(value).copy()) if isinstance(value, onnx.TensorProto) else value


def padded(picture: Tensor, kernel: list[int], told: dict[str, Any], value: float = 0.0) -> Tensor:
    """A tensor with the pads around its last dimensions that an operation with such a kernel asks for."""
    sides = len(kernel)
    strides, dilations = told.get("strides", [1] * sides), told.get("dilations", [1] * sides)
    pads = told.get("pads", [0] * 2 * sides)
    if told.get("auto_pad", "NOTSET") == "SAME_UPPER":
        reach = [(size - 1) * dilation + 1 for size, dilation in zip(kernel, dilations, strict=True)]
        whole = [
            max((-(-side // stride) - 1) * stride + size - side, 0)
            for side, stride, size in zip(picture.shape[-sides:], strides, reach, strict=True)
        ]
        pads = [*(both // 2 for both in whole), *(both - both // 2 for both in whole)]
    if not any(pads):
        return picture
    # ONNX tells all beginnings and then all ends, PyTorch both of the last dimension, and so on to the first.
    return functional.pad(picture, [pads[k + end * sides] for k in reversed(range(sides)) for end in (0, 1)], value=value)


def conv(picture: Tensor, weight: Tensor, bias: Tensor | None = None, **told: Any) -> Tensor:
    """ONNX's Conv."""
    run = functional.conv2d if weight.ndim == 4 else functional.conv1d
    seen = padded(picture, list(weight.shape[2:]), told)
    return run(seen, weight, bias, told.get("strides", 1), 0, told.get("dilations", 1), told.get("group", 1))


def conv_transpose(picture: Tensor, weight: Tensor, bias: Tensor | None = None, **told: Any) -> Tensor:
    """ONNX's ConvTranspose with equal pads."""
    pads = told.get("pads", [0, 0, 0, 0])[:2]
    extra = told.get("output_padding", 0)
    return functional.conv_transpose2d(picture, weight, bias, told["strides"], pads, extra, told.get("group", 1))


def max_pool(picture: Tensor, kernel_shape: list[int], strides: list[int], **told: Any) -> Tensor:
    """ONNX's MaxPool."""
    seen = padded(picture, kernel_shape, {"strides": strides, **told}, -math.inf)
    return functional.max_pool2d(seen, kernel_shape, strides, ceil_mode=bool(told.get("ceil_mode", 0)))


def average_pool(picture: Tensor, kernel_shape: list[int], strides: list[int], **told: Any) -> Tensor:
    """ONNX's AveragePool without pads."""
    return functional.avg_pool2d(picture, kernel_shape, strides, ceil_mode=bool(told.get("ceil_mode", 0)))


def resize(picture: Tensor, _: Any, scales: Tensor | None = None, sizes: Tensor | None = None, **told: Any) -> Tensor:
    """ONNX's Resize of the last two dimensions, to the nearest pixel or linear in between."""
    size = sizes[2:] if sizes is not None else torch.tensor(picture.shape[2:]) * scales[2:] if scales is not None else None
    assert size is not None
    target = [int(side) for side in size]
    if told["mode"] == "nearest":
        return functional.interpolate(picture, target)
    return functional.interpolate(picture, target, mode="bilinear", align_corners=False)


def take_slice(value: Tensor, starts: Tensor, ends: Tensor, axes: Tensor | None = None, steps: Tensor | None = None) -> Tensor:
    """ONNX's Slice with positive steps."""
    ranges = [slice(None)] * value.ndim
    for k, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        ranges[int(axes[k]) if axes is not None else k] = slice(start, end, int(steps[k]) if steps is not None else 1)
    return value[tuple(ranges)]


def reshape(value: Tensor, shape: Tensor, **_: Any) -> Tensor:
    """ONNX's Reshape, in which 0 is the side as it was."""
    return value.reshape([value.shape[k] if side == 0 else side for k, side in enumerate(shape.tolist())])


def gather(value: Tensor, indices: Tensor, axis: int = 0) -> Tensor:
    """ONNX's Gather."""
    taken = value.index_select(axis, indices.reshape(-1))
    return taken.reshape([*value.shape[:axis], *indices.shape, *value.shape[axis + 1 :]])


def squeezed(value: Tensor, axes: Any = None) -> Tensor:
    """ONNX's Squeeze, whose axes are an input or an attribute."""
    return value.squeeze() if axes is None else value.squeeze(tuple(listed(axes)))


def unsqueezed(value: Tensor, axes: Any) -> Tensor:
    """ONNX's Unsqueeze."""
    for axis in sorted(listed(axes)):
        value = value.unsqueeze(axis)
    return value


def listed(axes: Any) -> list[int]:
    """Axes as a list, from a list or a tensor."""
    return [int(axis) for axis in axes]


def batch_norm(
    value: Tensor, scale: Tensor, shift: Tensor, mean: Tensor, variance: Tensor, epsilon: float = 1e-5, **_: Any
) -> Tensor:
    """ONNX's BatchNormalization as it is run after training."""
    return functional.batch_norm(value, mean.detach(), variance.detach(), scale, shift, eps=epsilon)


OPERATIONS: Final[dict[str, Callable[..., Any]]] = {
    "Add": torch.add,
    "AveragePool": average_pool,
    "BatchNormalization": batch_norm,
    "Cast": lambda value, to: value.to(torch.from_numpy(numpy_helper.to_array(helper.make_tensor("", to, (1,), [0]))).dtype),
    "Clip": lambda value, low=None, high=None, min=None, max=None: value.clamp(  # noqa: A006
        low if low is not None else min, high if high is not None else max
    ),
    "Concat": lambda *values, axis: torch.cat(values, axis),
    "Constant": lambda value: value,
    "Conv": conv,
    "ConvTranspose": conv_transpose,
    "Div": torch.div,
    "Erf": torch.erf,
    "Gather": gather,
    "GlobalAveragePool": lambda value: value.mean((2, 3), keepdim=True),
    "HardSigmoid": lambda value, alpha=0.2, beta=0.5: (value * alpha + beta).clamp(0, 1),
    "Identity": lambda value: value,
    "MatMul": torch.matmul,
    "MaxPool": max_pool,
    "Mul": torch.mul,
    "Pow": torch.pow,
    "ReduceMean": lambda value, axes, keepdims=1: value.mean(listed(axes), keepdim=bool(keepdims)),
    "Relu": torch.relu,
    "Reshape": reshape,
    "Resize": resize,
    "Shape": lambda value: torch.tensor(value.shape),
    "Sigmoid": torch.sigmoid,
    "Slice": take_slice,
    "Softmax": lambda value, axis=-1: value.softmax(axis),
    "Sqrt": torch.sqrt,
    "Squeeze": squeezed,
    "Sub": torch.sub,
    "Transpose": lambda value, perm: value.permute(perm),
    "Unsqueeze": unsqueezed,
}

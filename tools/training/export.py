"""A trained recogniser as an ONNX file with its description, and back.

Owns the graph, which is written node by node from the layers of `network`, so that each weight has its name there and can be read
again.  Weights are stored as 16-bit floats and computed with as 32-bit ones.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from glyphfeed.engines.files import write_whole
from glyphfeed.tools.errors import CommandError, writing
from glyphfeed.tools.training.charset import CHARACTERS
from glyphfeed.tools.training.network import BLOCKS, HEIGHT, HIDDEN, LINE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

Weights = dict[str, "NDArray[np.float32]"]
"""By PyTorch's names for them (`network.Crnn`)."""

OPSET: Final = 13
PRODUCER: Final = "glyphfeed"
GATES: Final = (0, 3, 1, 2)
"""ONNX orders an LSTM's gates input, output, forget, cell; PyTorch input, forget, cell, output."""
LSTM: Final = {"along.input": "weight_ih", "along.recurrent": "weight_hh"}
EPSILON: Final = 1e-5


class Graph:
    """Nodes in order, each of which gives one tensor, named as it is."""

    def __init__(self, weights: Mapping[str, NDArray[np.float32]]) -> None:
        self.nodes: list[Any] = []
        self.stored: dict[str, Any] = {}
        self._weights = weights

    def weight(self, name: str) -> str:
        """A weight: matrices and kernels are widened from 16 bits; what there is one of for each channel is stored as it is."""
        if name not in self.stored:
            small = self._weights[name].ndim > 1
            self.stored[name] = numpy_helper.from_array(self._weights[name].astype(np.float16 if small else np.float32), name)
            if small:
                self.nodes.append(helper.make_node("Cast", [name], [f"{name}.wide"], to=TensorProto.FLOAT))
        return f"{name}.wide" if self._weights[name].ndim > 1 else name

    def constant(self, name: str, *values: int) -> str:
        """Whole numbers that a node takes as an input."""
        self.stored[name] = numpy_helper.from_array(np.array(values, np.int64), name)
        return name

    def node(self, kind: str, name: str, *inputs: str, **attributes: Any) -> str:
        """One operator."""
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=name, **attributes))
        return name

    def unit(self, name: str, into: str, stride: tuple[int, int]) -> str:
        """See `network.Unit`."""
        rows, columns = self._weights[f"{name}.conv.weight"].shape[2:]
        pads = [rows // 2, columns // 2] * 2 if rows % 2 else [0, 0, 0, 0]
        seen = self.node("Conv", f"{name}.conv", into, self.weight(f"{name}.conv.weight"), strides=stride, pads=pads)
        norms = (self.weight(f"{name}.norm.{part}") for part in ("weight", "bias", "running_mean", "running_var"))
        return self.node("BatchNormalization", f"{name}.norm", seen, *norms, epsilon=EPSILON)

    def relu(self, into: str) -> str:
        """What is positive."""
        return self.node("Relu", f"{into}.relu", into)

    def block(self, name: str, into: str, stride: tuple[int, int]) -> str:
        """See `network.Block`."""
        inner = self.unit(f"{name}.second", self.relu(self.unit(f"{name}.first", into, stride)), (1, 1))
        around = self.unit(f"{name}.around", into, stride) if f"{name}.around.conv.weight" in self._weights else into
        return self.relu(self.node("Add", f"{name}.sum", inner, around))


def to_onnx(weights: Weights, told: Mapping[str, object]) -> bytes:
    """The ONNX file of a network: `lines` (lines, 1, HEIGHT, width) float32 in, `logits` (lines, steps, classes) out.

    The metadata hold the charset, one character a line, how lines are put in, and what is `told` of its training.
    """
    graph = Graph(with_gates(weights))
    seen = graph.relu(graph.unit("stem.0", "lines", (2, 2)))
    seen = graph.relu(graph.unit("stem.1", seen, (1, 1)))
    for number, (_, stride) in enumerate(BLOCKS):
        seen = graph.block(f"blocks.{number}", seen, stride)
    seen = graph.relu(graph.unit("flat", seen, (1, 1)))
    seen = graph.node("Squeeze", "columns", seen, graph.constant("rows", 2))
    seen = graph.node("Transpose", "steps", seen, perm=[2, 0, 1])
    gates = [graph.weight(f"along.{part}") for part in ("input", "recurrent", "bias")]
    seen = graph.node("LSTM", "along", seen, *gates, direction="bidirectional", hidden_size=HIDDEN)
    seen = graph.node("Transpose", "both", seen, perm=[2, 0, 1, 3])
    seen = graph.node("Reshape", "joined", seen, graph.constant("shape", 0, 0, 2 * HIDDEN))
    seen = graph.node("MatMul", "scores", seen, graph.weight("classes.weight"))
    graph.node("Add", "logits", seen, graph.weight("classes.bias"))
    classes = len(weights["classes.bias"])
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "recogniser",
            [helper.make_tensor_value_info("lines", TensorProto.FLOAT, ["lines", 1, HEIGHT, "width"])],
            [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["lines", "steps", classes])],
            list(graph.stored.values()),
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        producer_name=PRODUCER,
        ir_version=8,
    )
    kept = {"character": "\n".join(CHARACTERS), "input": msgspec.json.encode(LINE).decode(), "training": json.dumps(told)}
    helper.set_model_props(model, kept)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def with_gates(weights: Weights) -> Weights:
    """Weights as ONNX wants them: both directions of the LSTM together, its gates in their order, the last matrix transposed."""
    kept = {name: array for name, array in weights.items() if not name.startswith("along.") and "num_batches" not in name}
    for name, part in LSTM.items():
        kept[name] = np.stack([regated(weights[f"along.{part}_l0{way}"], GATES) for way in ("", "_reverse")])
    biases = [[regated(weights[f"along.bias_{part}_l0{way}"], GATES) for part in ("ih", "hh")] for way in ("", "_reverse")]
    kept["along.bias"] = np.stack([np.concatenate(pair) for pair in biases])
    kept["classes.weight"] = weights["classes.weight"].T
    return kept


def without_gates(stored: Weights) -> Weights:
    """The inverse of `with_gates`."""
    kept = {name: array for name, array in stored.items() if not name.startswith("along.")}
    back = tuple(GATES.index(gate) for gate in range(4))
    for number, way in enumerate(("", "_reverse")):
        for name, part in LSTM.items():
            kept[f"along.{part}_l0{way}"] = regated(stored[name][number], back)
        for part, bias in zip(("ih", "hh"), np.split(stored["along.bias"][number], 2), strict=True):
            kept[f"along.bias_{part}_l0{way}"] = regated(bias, back)
    kept["classes.weight"] = stored["classes.weight"].T
    return kept


def regated(array: NDArray[np.float32], order: tuple[int, ...]) -> NDArray[np.float32]:
    """An LSTM's weights with the four parts of their first dimension in another order."""
    parts = np.split(array, 4)
    return np.concatenate([parts[gate] for gate in order])


def numbers_in(path: Path, network: str) -> dict[str, NDArray[Any]]:
    """The numbers in an ONNX file that training has written of a network, which is called as its command is.

    Raises:
        CommandError: the file is another's, or cannot be read.

    """
    try:
        model = onnx.load_from_string(path.read_bytes())
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}; check the path") from error
    except Exception as error:  # whatever protobuf says of what is no ONNX file
        raise CommandError(f"{path} is no ONNX file that can be read ({error}); name one that train {network} wrote") from error
    if model.producer_name != PRODUCER or model.graph.name != network:
        raise CommandError(f"{path} was not written by glyphfeed train {network}; begin from a file that was, or without --from")
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}


def from_onnx(path: Path) -> Weights:
    """The weights that `to_onnx` has written.

    Raises:
        CommandError: the file is another's, or cannot be read.

    """
    stored = numbers_in(path, "recogniser")
    return without_gates({name: array.astype(np.float32) for name, array in stored.items() if array.dtype != np.int64})


def described(content: bytes) -> str:
    """The description that lies beside an ONNX file (`engines.models`)."""
    return (
        'head = "ctc"\nlicence = "Apache-2.0"\n'
        f'sha256 = "{hashlib.sha256(content).hexdigest()}"\noutput = "logits"\nbfloat16 = false\n\n'
        f'[input]\ncolour = "{LINE.colour}"\nmean = {list(LINE.mean)}\nstd = {list(LINE.std)}\n'
        f"height = {LINE.height}\nwidths = {list(LINE.widths)}\nnarrowest = {LINE.narrowest}\n\n"
        '[charset]\nmetadata = "character"\nspace = true\n'
    )


def write_recogniser(path: Path, weights: Weights, told: Mapping[str, object]) -> None:
    """Write a network as an ONNX file with its description beside it.

    Raises:
        CommandError: they cannot be written.

    """
    content = to_onnx(weights, told)
    with writing(path):
        write_whole(path, content)
        write_whole(path.with_suffix(".toml"), described(content).encode())

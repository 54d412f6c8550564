"""ONNX models of one or two nodes, written byte by byte, so that tests of the engines need no network of their own.

The wire format of protocol buffers, and the field numbers of onnx.proto3 (version 1.16).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Field: TypeAlias = "tuple[int, int | str | bytes]"

FLOAT = 1


def varint(number: int) -> bytes:
    low, high = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + varint(high) if high else bytes([low])


def message(*fields: Field) -> bytes:
    """Fields of a message, in order: integers as varints, text and bytes with their length."""
    written = b""
    for number, value in fields:
        if isinstance(value, int):
            written += varint(number << 3) + varint(value)
        else:
            content = value.encode() if isinstance(value, str) else value
            written += varint(number << 3 | 2) + varint(len(content)) + content
    return written


def value_of(name: str, dimensions: Iterable[int | str], kind: int = FLOAT) -> bytes:
    """A tensor's name, type and shape; dimensions with a name instead of a length are free."""
    lengths = [(1, message((2, length) if isinstance(length, str) else (1, length))) for length in dimensions]
    return message((1, name), (2, message((1, message((1, kind), (2, message(*lengths)))))))


def scalar(name: str, value: float) -> bytes:
    return message((2, FLOAT), (8, name), (9, struct.pack("<f", value)))


def node(operator: str, inputs: Iterable[str], output: str, **attributes: int | Sequence[int]) -> bytes:
    told = [(5, attribute(name, value)) for name, value in attributes.items()]
    return message(*((1, name) for name in inputs), (2, output), (3, output), (4, operator), *told)


def attribute(name: str, value: int | Sequence[int]) -> bytes:
    """An attribute of a node: a whole number, or several."""
    if isinstance(value, int):
        return message((1, name), (3, value), (20, 2))
    return message((1, name), *((8, number) for number in value), (20, 7))


def model(
    nodes: Iterable[bytes],
    channels: int,
    output: Sequence[int | str],
    metadata: Mapping[str, str] | None = None,
    batch: int | str = 1,
    size: tuple[int | str, int | str] = ("height", "width"),
    kind: int = FLOAT,
) -> bytes:
    """A model of nodes from x, of shape (batch, channels, *size) and of some kind of numbers, to y."""
    ends = ((11, value_of("x", (batch, channels, *size), kind)), (12, value_of("y", output)))
    graph = message(*((1, content) for content in nodes), (2, "test"), *ends)
    properties = [(14, message((1, key), (2, value))) for key, value in (metadata or {}).items()]
    return message((1, 8), (7, graph), (8, message((1, ""), (2, 13))), *properties)


def brightness_model(channels: int = 3) -> bytes:
    """A model that takes the mean of the channels for the probability of text: (1, 1, height, width)."""
    return model([node("ReduceMean", ["x"], "y", axes=[1], keepdims=1)], channels, (1, 1, "height", "width"))


def twin_maps_model() -> bytes:
    """A model that takes the mean of the channels for a character as well as for what joins two: (1, 2, height, width)."""
    nodes = [node("ReduceMean", ["x"], "m", axes=[1], keepdims=1), node("Concat", ["m", "m"], "y", axis=1)]
    return model(nodes, 3, (1, 2, "height", "width"))


def columns_model(channels: int = 3, metadata: Mapping[str, str] | None = None) -> bytes:
    """A model that takes the mean of each channel in a column for the probability of a class: (1, width, channels)."""
    nodes = [node("ReduceMean", ["x"], "c", axes=[2], keepdims=0), node("Transpose", ["c"], "y", perm=[0, 2, 1])]
    return model(nodes, channels, (1, "width", channels), metadata)


def steps_first_model() -> bytes:
    """The same for lines of any number, with the lines in the second dimension: (width, lines, 3)."""
    nodes = [node("ReduceMean", ["x"], "c", axes=[2], keepdims=0), node("Transpose", ["c"], "y", perm=[2, 0, 1])]
    return model(nodes, 3, ("width", "lines", 3), batch="lines")


def line_model(factor: float, offset: float, metadata: Mapping[str, str] | None = None, batch: int | str = 1) -> bytes:
    """A model that computes y = factor x + offset for x of shape (batch, 3, any, any)."""
    shape = (batch, 3, "height", "width")
    graph = message(
        (1, node("Mul", ("x", "factor"), "scaled")),
        (1, node("Add", ("scaled", "offset"), "y")),
        (2, "line"),
        (5, scalar("factor", factor)),
        (5, scalar("offset", offset)),
        (11, value_of("x", shape)),
        (12, value_of("y", shape)),
    )
    properties = [(14, message((1, key), (2, value))) for key, value in (metadata or {}).items()]
    return message((1, 8), (7, graph), (8, message((1, ""), (2, 13))), *properties)

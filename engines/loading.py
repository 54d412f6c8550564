"""Putting the parts together: from weights on disk to a detector and a recogniser on a chosen back-end."""

from __future__ import annotations

from enum import StrEnum


class Backend(StrEnum):
    """What runs the networks."""

    OPENVINO = "openvino"
    ONNXRUNTIME = "onnxruntime"

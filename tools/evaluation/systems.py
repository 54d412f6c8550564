"""What is evaluated: our own reader, or another one that is run as a command, each over one clip into one recording.

Owns: running them, what a run took, and what its outcome depends on.  Does not own which runs are repeated (runs).
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import math
import os
import shlex
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from glyphfeed import engines, stream
from glyphfeed.engines.files import sum_of
from glyphfeed.engines.loading import choose_backend
from glyphfeed.stream.feed.endpoint import ANY_ENDPOINT
from glyphfeed.stream.feed.publishing.publisher import Publisher
from glyphfeed.stream.running.networks import AUTO, cores
from glyphfeed.stream.running.runtime import run_sources
from glyphfeed.stream.sources.address import open_source
from glyphfeed.stream.sources.source import Pace
from glyphfeed.tools.errors import CommandError
from glyphfeed.tools.evaluation.scores import Cost

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glyphfeed.engines.loading import Engines
    from glyphfeed.stream.running.networks import Networks

OURS: Final = "glyphfeed"
BACKENDS: Final = ("openvino", "onnxruntime", "opencv-python", "av", "numpy")
"""Packages whose versions may change what is read, and how fast."""


class System(Protocol):
    """A reader that can be run over clips."""

    name: str
    about: str
    """What it is, in a line for the report."""

    def signature(self) -> dict[str, str]:
        """Everything but the clip on which the outcome of a run depends."""
        ...

    def run(self, video: Path, record: Path) -> Cost:
        """Read a clip and leave what was published in the file `record`.

        Raises:
            CommandError: it cannot be run, or failed.

        """
        ...


class Glyphfeed:
    """Our own reader, run as `glyphfeed watch CLIP --pace PACE --record FILE` runs it, but loaded once for all clips.

    Raises:
        EngineError: weights cannot be had.

    """

    name = OURS

    def __init__(self, networks: Networks, pace: Pace) -> None:
        # What runs it is told before anything is run, and decides which runs need not be repeated.
        backend = choose_backend()[0] if networks.backend == AUTO else networks.backend
        self._networks = replace(networks.locate(), backend=backend)
        self._pace = pace
        self._engines: Engines | None = None
        files = [path for path in (self._networks.detector, self._networks.recogniser) if path is not None]
        self._weights = {path.stem: sum_of(path) for path in files}
        weights = " and ".join(f"{name} ({digest[:8]})" for name, digest in self._weights.items())
        self.about = f"{importlib.metadata.version('glyphfeed')} with {weights}, by {backend} {_version(backend)}"

    def signature(self) -> dict[str, str]:
        """See `System.signature`; of our own code all of `engines` and `stream`."""
        code = sorted(file for package in (engines, stream) for root in package.__path__ for file in Path(root).rglob("*.py"))
        versions = {package: _version(package) for package in BACKENDS}
        digest = hashlib.sha256(b"".join(file.read_bytes() for file in code)).hexdigest()
        told = {"pace": self._pace, "engine": self._networks.backend, "code": digest, "cores": str(cores())}
        told["languages"] = ",".join(self._networks.languages)
        return {**told, **versions, **self._weights}

    def run(self, video: Path, record: Path) -> Cost:
        """See `System.run`.

        Raises:
            EngineError: the networks cannot be loaded or run.
            SourceError: the clip cannot be read.
            FeedError: it cannot be recorded.

        """
        if self._engines is None:
            self._engines = self._networks.load(live=self._pace is Pace.LIVE, complete=True).result()
        source = open_source(str(video), None, self._pace)
        begun_s = time.process_time()
        with Publisher(ANY_ENDPOINT, record) as publisher:
            failures = run_sources([source], self._engines, publisher, [])
        cost = Cost(cpu_s=time.process_time() - begun_s)
        for _, error in failures:
            raise error
        return cost


class Peer:
    """Another reader: `COMMAND CLIP OUT.jsonl`, which writes one payload of a `text/` message a line.

    Its frames a second are what the last line of its output says, if that is JSON with `fps`; else those of the whole run.

    Raises:
        CommandError: `named` is not NAME=COMMAND.

    """

    def __init__(self, named: str) -> None:
        name, equals, command = named.partition("=")
        self.name, self._command = name.strip(), command.strip()
        if not equals or not self.name or not self._command or self.name == OURS:
            raise CommandError(f"--beside {named!r} is not NAME=COMMAND; write for example --beside 'other=python other.py'")
        try:
            self._arguments = shlex.split(self._command)
        except ValueError as error:
            raise CommandError(f"the command of {self.name} cannot be read: {error}; check its quotes") from error
        self.about = f"`{self._command} CLIP OUT.jsonl`"

    def signature(self) -> dict[str, str]:
        """See `System.signature`; the files that its command names count, what these import does not."""
        files = {word: sum_of(Path(word)) for word in self._arguments if Path(word).is_file()}
        return {"command": self._command, "cores": str(cores()), **files}

    def run(self, video: Path, record: Path) -> Cost:
        """See `System.run`.

        Raises:
            CommandError: the command cannot be started, or failed.

        """
        command = [*self._arguments, str(video)]
        before, begun_s = os.times(), time.monotonic()
        try:
            code, output, errors = run_alone([*command, str(record)])
        except OSError as error:
            raise CommandError(f"{self.name} cannot be started: {command[0]}: {error.strerror}; check its --beside") from error
        wall_s, after = time.monotonic() - begun_s, os.times()
        if code or not record.is_file():
            lines = (errors or output).strip().splitlines()
            why = f" ({lines[-1].strip()})" if lines else ""
            ended = f"ended with code {code}" if code else "wrote no OUT.jsonl"
            raise CommandError(f"{self.name} {ended} on {video}{why}; run it by hand: {shlex.join([*command, 'OUT.jsonl'])}")
        cpu_s = after.children_user + after.children_system - before.children_user - before.children_system
        return Cost(told_fps(output) or _lines(record) / max(wall_s, 1e-6), cpu_s)


def run_alone(command: Sequence[str]) -> tuple[int, str, str]:
    """Run a command to its end, and end what it started: its code, its output and its errors.

    It has a session of its own, so that all of it can be ended however this ends, by Ctrl-C or SIGTERM too.

    Raises:
        OSError: it cannot be started.

    """
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True, errors="replace", start_new_session=True
    ) as program:
        try:
            output, errors = program.communicate()
        finally:
            with suppress(ProcessLookupError):
                os.killpg(program.pid, signal.SIGKILL)
    return program.returncode, output, errors


def told_fps(output: str) -> float | None:
    """The frames a second that a program tells in the last line of its output, if it is a number above 0."""
    try:
        fps = float(json.loads(output.strip().split("\n")[-1])["fps"])
    except (ValueError, KeyError, TypeError, OverflowError):
        return None
    return fps if 0 < fps < math.inf else None


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for line in file if line.strip())


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "of unknown version"

"""The doctor and the table of models, as a user starts them: in a process, on machines that lack things."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from glyphfeed.engines.weights import KNOWN, RAPIDOCR
from glyphfeed.tools.doctor import v4l2_cameras
from glyphfeed.tools.models import show_models
from tests.engines.described import CTC, MAP, described
from tests.engines.onnx_bytes import brightness_model, columns_model

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def machine(tmp_path: Path) -> dict[str, str]:
    """The environment of a machine with an empty cache, no network and no display."""
    environment = {name: value for name, value in os.environ.items() if name not in {"DISPLAY", "WAYLAND_DISPLAY"}}
    (tmp_path / "wheels").mkdir()
    return environment | {
        "GLYPHFEED_CACHE": str(tmp_path / "cache"),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(tmp_path / "wheels"),
    }


def run(script: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def run_doctor(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return run("from glyphfeed.tools.doctor import diagnose; raise SystemExit(diagnose())", environment)


def offer_wheel(folder: Path) -> None:
    name = f"{RAPIDOCR.package}-{RAPIDOCR.version}"
    with zipfile.ZipFile(folder / f"{name}-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{name}.dist-info/METADATA", f"Name: {RAPIDOCR.package}\nVersion: {RAPIDOCR.version}\n")


def test_doctor_says_that_nothing_can_be_read_without_models_and_network(machine: dict[str, str]) -> None:
    report = run_doctor(machine)
    assert report.returncode == 2, report.stderr
    assert "Traceback" not in report.stderr
    for model in KNOWN:
        assert f"{model.name} is missing and pip cannot find it -> connect to the network, or copy it to" in report.stdout
    assert "The reader cannot run here yet" in report.stdout


def test_doctor_is_content_when_the_models_can_be_fetched(machine: dict[str, str], tmp_path: Path) -> None:
    offer_wheel(tmp_path / "wheels")
    report = run_doctor(machine)
    assert report.returncode == 0, report.stdout + report.stderr
    assert f"{KNOWN[0].name} is missing and is fetched at the first start" in report.stdout
    assert "none -> --window needs one, the table and the feed do not" in report.stdout
    assert "The reader can run here." in report.stdout


def test_doctor_survives_back_ends_that_break_while_they_load(machine: dict[str, str], tmp_path: Path) -> None:
    offer_wheel(tmp_path / "wheels")
    for module in ("onnxruntime", "openvino", "tensorrt"):
        (tmp_path / "site" / module).mkdir(parents=True)
        (tmp_path / "site" / module / "__init__.py").write_text("raise OSError('libbroken.so: not found')")
    report = run_doctor(machine | {"PYTHONPATH": str(tmp_path / "site")})
    assert report.returncode == 2
    assert f"cannot be loaded: libbroken.so: not found -> {sys.executable} -m pip install onnxruntime" in report.stdout
    assert "Traceback" not in report.stderr


def test_cameras_are_listed_by_number_and_name_without_their_metadata_nodes(tmp_path: Path) -> None:
    for number, index, name in ((10, 0, "Microscope"), (2, 0, "Built-in [1080p]"), (3, 1, "Built-in [1080p]")):
        node = tmp_path / f"video{number}"
        node.mkdir()
        (node / "index").write_text(f"{index}\n")
        (node / "name").write_text(f"{name}\n")
    found = v4l2_cameras(tmp_path)
    assert [finding.text for finding in found] == ["2: Built-in [1080p] (/dev/video2)", "10: Microscope (/dev/video10)"]


def test_the_table_of_models_shows_states_and_places(machine: dict[str, str], tmp_path: Path) -> None:
    damaged = tmp_path / "cache" / "models" / KNOWN[0].file
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(b"damaged")
    script = "from glyphfeed.tools.models import show_models; raise SystemExit(show_models(demand={}))"
    listing = run(script.format(False), machine)
    assert listing.returncode == 0, listing.stderr
    rows = {line.split()[0]: line for line in listing.stdout.splitlines()}
    assert "damaged" in rows[KNOWN[0].name]
    assert "missing" in rows[KNOWN[1].name]
    assert str(damaged) in rows[KNOWN[0].name]
    assert all("Apache-2.0" in rows[model.name] for model in KNOWN)
    assert run(script.format(True), machine).returncode == 1


def test_the_table_tells_of_networks_of_a_user_s_own(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    finder = described(tmp_path, brightness_model(), MAP, "finder")
    reader = described(tmp_path, columns_model(), CTC, "reader")
    assert show_models([finder, reader], demand=True) == 0
    _, *rows = (line.split() for line in capfd.readouterr().out.splitlines())
    assert [row[:2] + row[-3:] for row in rows] == [
        ["finder", "probability-map", "MIT", "ready", str(finder)],
        ["reader", "ctc", "MIT", "ready", str(reader)],
    ]
    assert "128x64 64x128" in " ".join(rows[0])
    assert "lines 16 high" in " ".join(rows[1])

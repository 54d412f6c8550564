"""A wheel, installed into an environment of its own beside a project that has its own `tools` and `stream`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import urllib.request
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import pytest

from glyphfeed.engines.weights import cache_folder
from tests.programs import program
from tests.stream.feed.samples import DEADLINE_S

if TYPE_CHECKING:
    from glyphfeed.stream.records import Colour

ROOT = Path(__file__).parents[2]
FOLDERS = ("glyphfeed", "engines", "stream", "tools")
SUFFIXES = {".py", ".typed", ".toml", ".cu", ".html", ".css", ".js", ".svg", ".txt"}


def is_kept(file: Path) -> bool:
    """Whether a file belongs to the program; of what browsers are served every one does."""
    return file.suffix in SUFFIXES or ("static" in file.parts and file.is_file())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy, as building leaves files behind."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in FOLDERS:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "NOTICE"):
        shutil.copy(ROOT / name, source)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "-w", str(out)]
    subprocess.run([*command, str(source)], check=True, stdin=subprocess.DEVNULL)
    (built,) = out.glob("*.whl")
    return built


def test_a_wheel_installs_one_name_and_all_of_it(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert {name.partition("/")[0] for name in inside} == {"glyphfeed"}
    kept = [file.relative_to(ROOT) for name in FOLDERS for file in (ROOT / name).rglob("*") if is_kept(file)]
    # Weights that nothing uses by itself yet are not brought along.
    files = {file for file in kept if file.parent != Path("engines/weights")}
    assert inside == {file.as_posix() if file.parts[0] == "glyphfeed" else f"glyphfeed/{file.as_posix()}" for file in files}


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment with the wheel in it, and what it needs where the tests' own environment has that."""
    place = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place)], check=True)
    programs = place / "bin"
    pip = [sys.executable, "-m", "pip", "--python", str(programs / "python"), "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, str(wheel)], check=True, stdin=subprocess.DEVNULL)
    (packages,) = place.glob("lib/python*/site-packages")
    # What is named in a .pth file comes last, and .pth files there are not read: so the checkout is not in the way.
    (packages / "needs.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return programs


@pytest.fixture(params=["", "."])
def variables(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What a program is started with in a project with folders of the same names, which the test runs in."""
    monkeypatch.chdir(tmp_path)
    for name in ("stream", "engines", "tools"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise RuntimeError('this is the project of somebody else')\n")
    return {**os.environ, "PYTHONPATH": request.param, "GLYPHFEED_CACHE": str(cache_folder())}


def output_of(command: list[str], variables: dict[str, str]) -> str:
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("command", ["glyphfeed", "python -m glyphfeed"])
def test_it_runs_beside_a_project_with_folders_of_the_same_names(
    environment: Path, variables: dict[str, str], wall: Colour, command: str
) -> None:
    cv2.imwrite("sign.png", wall)
    started = [str(environment / command.split()[0]), *command.split()[1:]]
    output = output_of([*started, "read", "sign.png"], variables)
    assert "EXIT 12" in output
    assert "Bakery" in output


def test_its_pages_are_served_with_all_that_belongs_to_them(environment: Path, variables: dict[str, str]) -> None:
    command = [str(environment / "glyphfeed"), "web", "tcp://127.0.0.1:1", "--listen", "127.0.0.1:*"]
    with program(command, 6 * DEADLINE_S, env=variables) as child:
        assert child.stdout is not None
        address = next(child.stdout).partition(" ")[0]
        for file in (ROOT / "stream/web/static").iterdir():
            with urllib.request.urlopen(f"{address}{file.name}", timeout=DEADLINE_S) as answer:
                # They are sent without their comments.
                assert answer.status == 200
                assert 0 < len(answer.read()) <= file.stat().st_size


def test_it_is_the_wheel_that_runs_there(environment: Path, variables: dict[str, str]) -> None:
    assert output_of([str(environment / "glyphfeed"), "--version"], variables).startswith("glyphfeed 0.")
    where = "import glyphfeed.stream; print(glyphfeed.stream.__file__)"
    found = output_of([str(environment / "python"), "-c", where], variables)
    assert Path(found.strip()).is_relative_to(environment.parent), "it is the checkout that was run"

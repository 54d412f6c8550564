"""A plain installation, without the extras that the tests' own environment has, runs everything that it offers."""

from __future__ import annotations

import ast
import os
import re
import sys
from importlib.metadata import packages_distributions, requires
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import pytest

from tests.programs import program
from tests.stream.feed.samples import DEADLINE_S

if TYPE_CHECKING:
    from glyphfeed.stream.records import Colour

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys

class Missing:
    def find_spec(self, name, *_):
        if name in {missing}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Missing())
from glyphfeed.tools.cli import main
main()
"""


def names_of(requirements: list[str]) -> set[str]:
    """The packages that some requirements name, without versions and markers."""
    return {canonical(name[0]) for requirement in requirements if (name := re.match(r"[\w.-]+", requirement))}


def canonical(package: str) -> str:
    """A package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", package).lower()


def extra_modules() -> set[str]:
    """What can be imported of the packages that only extras ask for."""
    wanted = requires("glyphfeed") or []
    extras = names_of([entry for entry in wanted if "extra ==" in entry])
    plain = names_of([entry for entry in wanted if "extra ==" not in entry])
    modules = packages_distributions().items()
    return {module for module, packages in modules if {canonical(package) for package in packages} <= extras - plain}


@pytest.mark.parametrize("command", ["read PICTURE", "watch PICTURE --feed tcp://127.0.0.1:*", "doctor", "models"])
def test_a_plain_installation_needs_no_extras(command: str, wall: Colour, tmp_path: Path) -> None:
    picture = tmp_path / "wall.png"
    cv2.imwrite(str(picture), wall)
    missing = extra_modules()
    assert {"filelock", "hypothesis", "nncf"} <= missing
    arguments = [str(picture) if word == "PICTURE" else word for word in command.split()]
    started = [sys.executable, "-c", PROGRAM.format(missing=missing), *arguments]
    with program(started, 6 * DEADLINE_S, env=dict(os.environ)) as child:
        output, errors = child.communicate()
    assert child.returncode == 0, errors
    assert output


def test_pages_that_need_an_extra_are_refused_before_anything_is_read() -> None:
    command = [sys.executable, "-c", PROGRAM.format(missing=extra_modules()), "watch", "--web", "127.0.0.1:*"]
    with program([*command, "--feed", "tcp://127.0.0.1:*"], 6 * DEADLINE_S) as child:
        output, errors = child.communicate()
    assert (child.returncode, output, errors.count("\n")) == (2, "", 1)
    assert "-e '.[web]' in glyphfeed's folder brings what this needs" in errors


def imported_names() -> set[str]:
    """The top-level names that any file of the program imports, anywhere."""
    names: set[str] = set()
    for folder in ("glyphfeed", "engines", "stream", "tools"):
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(node, ast.Import):
                    names |= {alias.name.partition(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module:
                    names.add(node.module.partition(".")[0])
    return names


def test_what_is_imported_is_declared() -> None:
    declared = names_of(requires("glyphfeed") or [])
    packages = packages_distributions()
    foreign = imported_names() - sys.stdlib_module_names - {"glyphfeed"}
    # What is not installed, as it needs a GPU or is large, is called as its module is.
    undeclared = {name for name in foreign if not {canonical(package) for package in packages.get(name, [name])} & declared}
    assert undeclared == set()

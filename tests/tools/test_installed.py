"""A plain installation, without the extras that the tests' own environment has, runs everything that it offers."""

from __future__ import annotations

import os
import re
import sys
from importlib.metadata import packages_distributions, requires
from typing import TYPE_CHECKING

import cv2
import pytest

from tests.programs import program
from tests.stream.feed.samples import DEADLINE_S

if TYPE_CHECKING:
    from pathlib import Path

    from glyphfeed.stream.records import Colour

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
    return {name[0].lower() for requirement in requirements if (name := re.match(r"[\w.-]+", requirement))}


def extra_modules() -> set[str]:
    """What can be imported of the packages that only extras ask for."""
    wanted = requires("glyphfeed") or []
    extras = names_of([entry for entry in wanted if "extra ==" in entry])
    plain = names_of([entry for entry in wanted if "extra ==" not in entry])
    modules = packages_distributions().items()
    return {module for module, packages in modules if {package.lower() for package in packages} <= extras - plain}


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

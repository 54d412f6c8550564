"""The page's modules by themselves, in Node; the feed's client does the same as that in Python, step by step."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.stream.web.scripts import chance, machine, played

if TYPE_CHECKING:
    from tests.stream.web.serving import Node

SCRIPTS = Path(__file__).parent / "catching_up.json"
MODULES = ("carrying", "exporting", "handheld", "labels", "listed", "looks", "meaning", "pictures", "place", "saying")


def test_python_s_client_goes_through_the_scripts_as_they_say() -> None:
    for script in json.loads(SCRIPTS.read_text()):
        catching_up = machine(script)
        assert [played(catching_up, step) for step in script["steps"]] == script["steps"], script["name"]


def test_and_that_in_javascript_too_and_through_any_other_as_that_in_python(node: Node, tmp_path: Path) -> None:
    others = tmp_path / "others.json"
    others.write_text(json.dumps([chance(number) for number in range(300)]))
    output = node.test("feed.test.mjs", NAMED=str(SCRIPTS), CHANCE=str(others))
    assert "# fail 0" in output


@pytest.mark.parametrize("module", MODULES)
def test_what_of_the_page_needs_no_browser(node: Node, module: str) -> None:
    assert "# fail 0" in node.test(f"{module}.test.mjs")

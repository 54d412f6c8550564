"""The floor plan of docs/design.md, held against the code: imports go down only, and each part of a text has one writer."""

from __future__ import annotations

import ast
from collections import defaultdict
from dataclasses import fields
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from glyphfeed.stream.reading.belief import Belief
from glyphfeed.stream.reading.rereading import Reads
from glyphfeed.stream.tracking.track import Identity, Track

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
FLOORS = ("engines", "stream", "tools")
GROUND = {"records", "geometry", "channel", "errors", "sink", "blocks", "placeholders"}
MAY_IMPORT = {
    "sources": GROUND,
    "motion": GROUND,
    "detecting": GROUND | {"motion"},
    "reading": GROUND | {"motion"},
    "tracking": GROUND | {"motion", "detecting", "reading"},
    "telling": GROUND | {"reading", "tracking"},
    "reader": GROUND | {"motion", "detecting", "reading", "tracking", "telling"},
    "feed": GROUND,
    "bridges": GROUND | {"feed"},
    "attributes": GROUND,
    "moderation": GROUND,
    "rules": GROUND | {"attributes", "detecting", "moderation"},
    "understanding": GROUND | {"attributes", "detecting", "moderation", "motion", "rules"},
    "acts": GROUND | {"bridges", "feed", "rules"},
    "captions": GROUND | {"bridges"},
    "door": GROUND,
    "web": GROUND | {"feed", "door"},
    "drivers": GROUND | {"sources", "detecting", "reading", "reader"},
    "running": GROUND | {"sources", "detecting", "reading", "reader", "feed", "drivers", "door", "rules", "understanding"},
    **dict.fromkeys(GROUND, GROUND),
}
"""Of the rooms of `stream/`, each folder and each file at its top: what it may import but itself."""
OF_THE_FEED = {"publishing": {"recordings"}, "receiving": set[str](), "recordings": set[str]()}
"""Of the rooms of `stream/feed/`: which of the others each may import; the files beside them import none."""
CHANGES = {
    *("append", "appendleft", "add", "clear", "discard", "extend", "extendleft", "fill", "insert", "pop", "popitem", "popleft"),
    *("remove", "reverse", "rotate", "setdefault", "sort", "update"),
}


def modules() -> dict[str, ast.Module]:
    """Every file of the program by its dotted name below `glyphfeed`."""
    files = [file for floor in FLOORS for file in (ROOT / floor).rglob("*.py")]
    return {".".join(file.relative_to(ROOT).with_suffix("").parts): ast.parse(file.read_text("utf-8")) for file in files}


MODULES = modules()


def imports_of(name: str) -> Iterator[str]:
    """The modules of the program that one of them imports, anywhere and if only for its types."""
    for node in ast.walk(MODULES[name]):
        assert not (isinstance(node, ast.ImportFrom) and node.level), f"{name}: a relative import does not say where it goes"
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == "glyphfeed":
            inside = node.module.partition(".")[2]
            for alias in node.names:
                full = f"{inside}.{alias.name}".lstrip(".")
                yield next(module for module in (full, inside, f"{full}.__init__", f"{inside}.__init__") if module in MODULES)
        elif isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[2] for alias in node.names if alias.name.startswith("glyphfeed."))


def room_of(module: str) -> str:
    """The folder or the file of `stream/` that a module of it is in."""
    return module.split(".")[1]


@pytest.mark.parametrize("name", MODULES)
def test_imports_go_down(name: str) -> None:
    floor = name.partition(".")[0]
    for other in imports_of(name):
        assert FLOORS.index(other.partition(".")[0]) <= FLOORS.index(floor), f"{name} imports {other}, which is above it"
        if floor == "stream" == other.partition(".")[0] and room_of(name) != room_of(other):
            assert room_of(other) in MAY_IMPORT[room_of(name)], f"{name} may not import {other}"


@pytest.mark.parametrize("name", [name for name in MODULES if name.startswith("stream.feed.")])
def test_publishing_and_receiving_know_nothing_of_each_other(name: str) -> None:
    others = {other.split(".")[2] for other in imports_of(name) if other.startswith("stream.feed.")} & OF_THE_FEED.keys()
    room = name.split(".")[2]
    assert others <= OF_THE_FEED.get(room, set()) | {room}


def test_no_import_goes_round_in_a_circle() -> None:
    # Raises CycleError, which names the circle.
    assert len(list(TopologicalSorter({name: set(imports_of(name)) for name in MODULES}).static_order())) >= len(MODULES)


def test_the_hall_is_not_crowded() -> None:
    assert len(list((ROOT / "stream").glob("*.py"))) <= 10


def writes_of(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """The attributes that a module assigns or changes, and the class of `self` where it is one of its own, else ""."""
    for outer in tree.body:
        owner = outer.name if isinstance(outer, ast.ClassDef) else ""
        for node in ast.walk(outer):
            written = None
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
                written = node
            elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
                written = node.value
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGES:
                written = node.func.value
            if isinstance(written, ast.Attribute):
                is_self = isinstance(written.value, ast.Name) and written.value.id == "self"
                yield written.attr, owner if is_self else ""


@pytest.mark.parametrize("part", [Track, Identity, Belief, Reads], ids=lambda part: part.__name__)
def test_each_field_of_a_text_is_written_in_one_room(part: type) -> None:
    writers: dict[str, set[str]] = defaultdict(set)
    for name, tree in MODULES.items():
        if name.startswith("stream."):
            for attribute, owner in writes_of(tree):
                if owner in ("", part.__name__):
                    writers[attribute].add(room_of(name))
    named = {field.name for field in fields(part)}
    assert named & writers.keys()
    assert {field: rooms for field, rooms in writers.items() if field in named and len(rooms) > 1} == {}

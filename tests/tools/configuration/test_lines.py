from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.tools.configuration.lines import lines_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glyphfeed.tools.configuration.lines import Place

FILE = '''\
# a file

a = 1
"b.c" . d = [ # of several lines
  1,
  "]", [2,
 3]
]
[feed]
x = { y = 1, z = [{q=2}] }
s = """
[[no]]
""" # "
[[camera]]
name = 'a#"'
[camera.zone]
k=1979-05-27 07:32:00
[[camera]]
name="b\\""
[[camera.part]]
i=1
[[camera.part]]
i=2'''


def test_each_key_has_its_line() -> None:
    lines = lines_of(FILE)
    assert {".".join(map(str, place)): line for place, line in lines.items()} == {
        "": 1,
        "a": 3,
        "b.c": 4,
        "b.c.d": 4,
        "b.c.d.0": 5,
        "b.c.d.1": 6,
        "b.c.d.2": 6,
        "b.c.d.2.0": 6,
        "b.c.d.2.1": 7,
        "feed": 9,
        "feed.x": 10,
        "feed.x.y": 10,
        "feed.x.z": 10,
        "feed.x.z.0": 10,
        "feed.x.z.0.q": 10,
        "feed.s": 11,
        "camera": 14,
        "camera.0": 14,
        "camera.0.name": 15,
        "camera.0.zone": 16,
        "camera.0.zone.k": 17,
        "camera.1": 18,
        "camera.1.name": 19,
        "camera.1.part": 20,
        "camera.1.part.0": 20,
        "camera.1.part.0.i": 21,
        "camera.1.part.1": 22,
        "camera.1.part.1.i": 23,
    }


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing", "a=1\r\nb=2\r\n", "  a = 1 # b = 2"])
def test_what_is_there_is_found(text: str) -> None:
    assert {place for place in lines_of(text) if place} == set(places_in(tomllib.loads(text)))


def places_in(values: Any, place: Place = ()) -> Iterator[Place]:
    """The places of everything in what tomllib has read."""
    if place:
        yield place
    inner = values.items() if isinstance(values, dict) else enumerate(values) if isinstance(values, list) else ()
    for key, value in inner:
        yield from places_in(value, (*place, key))


letters = st.text("ab\"'#[]{},.=\\ é\t", max_size=6)
bare = st.text("abc-_1", min_size=1, max_size=3)


def quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
    return f'"{escaped}"'


keys = bare | letters.map(quoted)
scalars = st.one_of(
    st.sampled_from(["1", "-2.5e3", "true", "1979-05-27 07:32:00", "inf", '"""\n]#" \\\n x"""', "'''\n[a]\nb = ''\n'''", "0xff"]),
    letters.map(quoted),
    st.text('ab"#[]{},.=\\ ', max_size=6).map(lambda text: f"'{text}'"),
)
blanks = st.sampled_from(["", "\n", " # ] } =\n", "\n\n  "])


def listed(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    parts = st.lists(st.tuples(inner, blanks), max_size=3)
    return st.tuples(blanks, parts).map(lambda told: f"[{told[0]}{','.join(f' {value}{blank}' for value, blank in told[1])}]")


def grouped(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.dictionaries(bare, inner, max_size=3)
    return pairs.map(lambda told: "{" + ", ".join(f"{key} = {value}" for key, value in told.items()) + "}")


values = st.recursive(scalars, lambda inner: listed(inner) | grouped(inner), max_leaves=6)
statements = st.one_of(
    st.tuples(keys, values).map(lambda told: f"{told[0]} = {told[1]}"),
    st.tuples(keys, bare, values).map(lambda told: f"{told[0]}.{told[1]} = {told[2]}"),
    st.lists(keys, min_size=1, max_size=2).map(lambda told: f"[{'.'.join(told)}]"),
    st.lists(keys, min_size=1, max_size=2).map(lambda told: f"[[{' . '.join(told)}]]"),
    st.sampled_from(["", '# [no] "', "  "]),
)


@given(st.lists(statements, max_size=8))
def test_everything_that_toml_holds_is_found_in_a_line_of_the_file(told: list[str]) -> None:
    kept: list[str] = []
    for statement in told:
        # What would define a key for a second time is left out.
        try:
            tomllib.loads("\n".join([*kept, statement]))
        except tomllib.TOMLDecodeError:
            continue
        kept.append(statement)
    text = "\n".join(kept)
    lines = lines_of(text)
    assert {place for place in lines if place} == set(places_in(tomllib.loads(text)))
    assert all(1 <= line <= text.count("\n") + 1 for line in lines.values())
    for place, line in lines.items():
        # What is in something begins no earlier.
        assert not place or lines[place[:-1]] <= line

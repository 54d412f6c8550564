from __future__ import annotations

from typing import TYPE_CHECKING

from glyphfeed.stream.attributes import line as module
from glyphfeed.stream.attributes.line import Line, Remembering

if TYPE_CHECKING:
    import pytest


def test_a_line_is_asked_about_once_and_again_with_other_candidates() -> None:
    asked: list[Line] = []

    def count(line: Line) -> int:
        asked.append(line)
        return len(asked)

    ask = Remembering(count)
    one, doubt = {"1": 1.0}, {"1": 0.6, "l": 0.4}
    assert [ask(line) for line in (Line("1", (one,)), Line("1", (one,)), Line("1", (doubt,)), Line("1"), Line("1"))] == [
        1,
        1,
        2,
        3,
        3,
    ]
    assert asked == [Line("1", (one,)), Line("1", (doubt,)), Line("1")]


def test_of_lines_that_are_remembered_there_are_not_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED", 2)
    asked: list[str] = []
    ask = Remembering(lambda line: asked.append(line.text))
    for text in "ababccab":
        ask(Line(text))
    assert "".join(asked) == "abcab"

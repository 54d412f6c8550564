"""Rules of a file, for programs that use the package."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import glyphfeed

if TYPE_CHECKING:
    from pathlib import Path

RULES = """
[[rule]]
name = "secret"
literal = "bakery"
action = "mask"
"""


def test_a_program_watches_with_the_rules_of_a_file(clip: Path, tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(RULES)
    told = [(sight.texts, sight.events) for sight in glyphfeed.watch(clip, rules=glyphfeed.load_rules(file), delay=0.2)]
    assert len(told) == 60
    assert "bakery" not in repr(told).lower()
    assert {"******", "EXIT 12"} <= {text.text for text in told[-1][0]}


def test_mistakes_in_it_are_told_with_their_line(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(RULES.replace("mask", "burn"))
    with pytest.raises(glyphfeed.GlyphfeedError, match=r"rules\.toml:5: "):
        glyphfeed.load_rules(file)

"""`glyphfeed rules test`: what matches, where and why, what nearly does, and what would be done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from glyphfeed.stream.errors import InputError
from glyphfeed.tools.cli import app
from glyphfeed.tools.configuration.loading import ConfigurationError
from glyphfeed.tools.trying import parse_place

if TYPE_CHECKING:
    from pathlib import Path

RULES = """\
[[rule]]
name = "sale"
literal = "sale"
regex = '\\d+ ?%'
command = ["echo", "{text}"]

[[rule]]
name = "wanted"
watch = "B-AB 1234"
distance = 0.5
cooldown = 30
action = "mask"

[[rule]]
name = "night"
hours = "22:00-06:00"
zones = "0,0.5 1,1"
sources = "door"
event = false
"""


@pytest.fixture
def rules(tmp_path: Path) -> str:
    (tmp_path / "rules.toml").write_text(RULES, "utf-8")
    return str(tmp_path / "rules.toml")


def told(*arguments: str) -> list[str]:
    outcome = CliRunner().invoke(app, ["rules", "test", *arguments], catch_exceptions=False)
    assert outcome.exit_code == 0
    return outcome.output.splitlines()


def test_it_tells_what_matches_where_and_what_is_done(rules: str) -> None:
    assert told(rules, "SALE 30 % off", "8-AB 1234", "--at", "2026-11-30T12:00") == [
        "SALE 30 % off",
        "^^^^ ^^^^      sale matches: it says 'SALE' at 0; '\\d+ ?%' matches '30 %' at 5",
        "  it is flagged; once a text: a flagged event, the command echo",
        "  wanted does not match: it says nothing within 0.5 of 'B-AB 1234'",
        "  night nearly matches, but: it is seen by no source, and door counts; it is Mo 12:00, and 22:00-06:00 counts",
        "",
        "8-AB 1234",
        "  sale does not match: it does not say 'sale'; '\\d+ ?%' matches nothing in it",
        "^^^^^^^^^  wanted matches: it says '8-AB 1234' at 0, 0.2 from 'B-AB 1234'",
        "  it is published as '**** ****', and blurred in every picture; every 30 s at most: a flagged event",
        "  night nearly matches, but: it is seen by no source, and door counts; it is Mo 12:00, and 22:00-06:00 counts",
    ]


def test_it_tells_what_nearly_matches_and_what_is_missing(rules: str) -> None:
    lines = told(rules, "SALE B-AC 1234", "--source", "door", "--at", "2026-11-30 23:00", "--place", "0.5,0.9")
    assert "  sale nearly matches, but: '\\d+ ?%' matches nothing in it" in lines
    assert lines[2] == (
        "  wanted nearly matches, but: it says nothing within 0.5 of 'B-AB 1234'; "
        "the nearest is 'B-AC 1234' at 5, 1.0 from 'B-AB 1234'"
    )
    assert lines[3].startswith("^" * 14 + "  night matches: it is seen by door")
    assert lines[4] == "  it is flagged"


def test_what_cannot_be_tried_is_told(rules: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        told(str(tmp_path / "none.toml"), "x")
    with pytest.raises(InputError, match="write a place"):
        parse_place("middle")
    assert CliRunner().invoke(app, ["rules", "test", rules, "x", "--at", "noon"]).exit_code == 2

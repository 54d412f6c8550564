from __future__ import annotations

import subprocess
import sys

import pytest

from glyphfeed.stream.errors import InputError
from glyphfeed.stream.records import Action, Attribute
from glyphfeed.stream.rules.rule import Rule
from glyphfeed.stream.rules.rulebook import Rulebook
from glyphfeed.stream.understanding.wanted import settings_of

PRICE = Attribute("price", 5, (0, 2), "USD")


def test_where_nothing_is_wanted_there_is_no_stage() -> None:
    assert settings_of() is None
    wanted = settings_of(delay_s=0.0)
    assert wanted is not None
    assert wanted.extractor is None


def test_attributes_are_told_of_all_kinds_or_of_some() -> None:
    every, dates = settings_of(True, "de"), settings_of(["date"])
    assert every is not None
    assert dates is not None
    assert every.tells(PRICE)
    assert not dates.tells(PRICE)


def test_what_only_rules_ask_for_is_not_told() -> None:
    rulebook = Rulebook([Rule(name="cheap", literal=("sale",), action=Action.FLAG)])
    wanted = settings_of(rulebook=rulebook)
    assert wanted is not None
    assert not wanted.tells(PRICE)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"attributes": True, "region": "UK"}, "'UK' is no region: give the two letters of a country"),
        ({"rulebook": Rulebook(()), "region": "XX"}, "'XX' is no region"),
        ({"region": "DE"}, "ask for attributes, too"),
        ({"delay_s": -1.0}, "a delay of -1 s: give one of 0 to 600 s"),
    ],
)
def test_what_cannot_be_had_is_refused_in_words(arguments: dict[str, object], complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        settings_of(**arguments)  # type: ignore[arg-type]


WITHOUT = """
import sys
for name in ("babel", "google_re2", "phonenumbers", "rapidfuzz", "re2", "stdnum", "zxingcpp"):
    sys.modules[name] = None
from glyphfeed.tools.cli import run
sys.exit(run(sys.argv[1:]))
"""
"""Our program, where what understanding needs is not installed."""


def test_where_it_is_not_installed_that_is_said_before_anything_is_loaded(tmp_path: object) -> None:
    command = [sys.executable, "-c", WITHOUT, "watch", f"{tmp_path}/none.mp4", "--feed", "tcp://127.0.0.1:*"]
    plain, wanting = (
        subprocess.run([*command, *more], capture_output=True, text=True, check=False) for more in ([], ["--attributes"])
    )
    assert (plain.returncode, wanting.returncode) == (2, 2)
    assert "there is no such file" in plain.stderr
    assert "-e '.[understand]' in glyphfeed's folder brings what attributes need" in wanting.stderr
    assert wanting.stderr.count("\n") == 1

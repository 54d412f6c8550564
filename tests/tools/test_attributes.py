"""`glyphfeed attributes`: what texts say, on the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from glyphfeed.tools import cli

if TYPE_CHECKING:
    import pytest


def test_attributes_are_told_as_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["attributes", "TeI. O30 12345", "AB 123 CD", "--region", "IT"]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == ["text", "kind", "value", "unit", "label", "or"]
    assert rows[-1].split() == ["AB", "123", "CD", "plate", "IT", "AB", "123", "CD", "FR", "AB-123-CD"]


def test_attributes_are_told_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["attributes", "Konto", "IBAN DE89 3704 0044 0532 0130 OO", "--region", "de", "--json"]) == 0
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [
        {"kind": "iban", "value": "DE89370400440532013000", "span": [5, 32], "text": "DE89 3704 0044 0532 0130 OO", "line": 1}
    ]


def test_nothing_found_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["attributes", "hello"]) == 0
    assert capsys.readouterr().out == "Nothing is found.\n"


def test_a_region_that_is_none_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["attributes", "hello", "--region", "Germany"]) == 2
    assert capsys.readouterr().err.startswith("glyphfeed: 'Germany' is no region: give the two letters of a country")

"""Whose letters are read."""

from __future__ import annotations

import pytest

from glyphfeed.engines.alphabets import readable


@pytest.mark.parametrize(
    ("alphabets", "text"),
    [
        (("latin",), "aÉßøº07&-€ "),
        (("greek",), "αΩ07&-€ "),
        (("latin", "greek"), "aÉßøºαΩ07&-€ "),
        (("han",), "大々07&-€ （７"),
        (("kana",), "あアー07&-€ （７"),
    ],
)
def test_letters_belong_to_an_alphabet_and_signs_to_each_but_for_wide_ones(alphabets: tuple[str, ...], text: str) -> None:
    every = "aÉßøºαΩ大々あアーЖ07&-€ （７"
    kept = readable(every, alphabets)
    assert "".join(char for char, is_kept in zip(every, kept, strict=True) if is_kept) == text

"""Identities of published words: one for each word of a text for as long as the text keeps its id.

A text's id alone does not tell its words apart, and a word's number within the text shifts when the text is split anew
(`EX IT 12`, then `EXIT 12`) or its first word leaves the picture.  So each text remembers its words in order, and a new
reading is aligned with them as `diff` aligns lines: equal words keep their identity, a changed one takes that of the word in
whose place it stands, and words that are gone are remembered for when they come back.
"""

from __future__ import annotations

from difflib import SequenceMatcher
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from glyphfeed.tools.evaluation.words import PublishedWord


class Identities:
    """Gives the words of one reader in one clip their identities, frame by frame."""

    def __init__(self) -> None:
        self._fresh = count()
        self._known: dict[Hashable, list[tuple[str, int]]] = {}

    def assign(self, words: Sequence[PublishedWord]) -> list[int | None]:
        """One identity a word, each only once in a frame; None for words of a text without an id, which nobody follows."""
        identities: list[int | None] = [None] * len(words)
        members: dict[Hashable, list[int]] = {}
        for k, word in enumerate(words):
            if word.text_id is not None:
                members.setdefault(word.text_id, []).append(k)
        for text_id, mine in members.items():
            found = self._align(text_id, [words[k].text for k in mine])
            for k, identity in zip(mine, found, strict=True):
                identities[k] = identity
        return identities

    def _align(self, text_id: Hashable, texts: list[str]) -> list[int]:
        """Find the identities of a text's words, and remember them."""
        known = self._known.get(text_id, [])
        if [text for text, _ in known] == texts:
            return [identity for _, identity in known]
        found: list[int] = []
        memory: list[tuple[str, int]] = []
        matcher = SequenceMatcher(None, [text for text, _ in known], texts, autojunk=False)
        for _, old_begin, old_end, begin, end in matcher.get_opcodes():
            old, new = [identity for _, identity in known[old_begin:old_end]], texts[begin:end]
            mine = [*old[: len(new)], *(next(self._fresh) for _ in range(len(new) - len(old)))]
            found += mine
            memory += [*zip(new, mine, strict=True), *known[old_begin + len(new) : old_end]]
        self._known[text_id] = memory
        return found

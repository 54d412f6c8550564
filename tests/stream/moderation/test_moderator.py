"""Words that are not to be shown are found however they are disguised, and what only looks like them is not."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glyphfeed.stream.attributes.line import Line
from glyphfeed.stream.errors import InputError
from glyphfeed.stream.moderation.moderator import Found, Moderator
from glyphfeed.stream.moderation.words import CATEGORIES

MODERATOR = Moderator()
STRINGS = Path(__file__).parent / "strings" / "tuning.jsonl"


def found(text: str, moderator: Moderator = MODERATOR) -> list[str]:
    return [text[slice(*one.span)] for one in moderator.find(Line(text))]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("what the FUCK is this", ["FUCK"]),
        ("Motherfuckers!", ["Motherfuckers"]),
        ("so ein Scheiß", ["Scheiß"]),
        ("Arschlöcher", ["Arschlöcher"]),
        ("Putain, quel connard", ["Putain", "connard"]),
        ("¡Coño! ¡Mierda!", ["Coño", "Mierda"]),
        ("che cazzo, vaffanculo", ["cazzo", "vaffanculo"]),
        ("shit, bitch; arse", ["shit", "bitch", "arse"]),
    ],
)
def test_words_of_each_language(text: str, words: list[str]) -> None:
    assert found(text) == words


@pytest.mark.parametrize(
    "disguised",
    [
        *("sh1t", "5h1t", "$hit", "a$$", "@ss", "b!tch", "f4ck", "n1663r", "455h0l3", "c0ñ0", "5tr0nz0", "b()ll()cks"),
        *("ѕһіt", "FUСK", "ｆｕｃｋ", "𝓯𝓾𝓬𝓴", "🅕🅤🅒🅚", "ꜰᴜᴄᴋ", "ɴɪɢɢᴇʀ", "fυcκ"),
        *("fück", "f\u0336u\u0336c\u0336k\u0336", "f\u200bu\u200bc\u200bk", "sh\u00adit"),
        *("fuuuuck", "shhhiiit", "assssshole"),
        *("f u c k", "f.u.c.k", "f-u-c-k", "m e r d e", "f u c k i n g", "fu ck", "sh.it", "f u ck", "fu-cking", "bull shit"),
        *("SHlT", "sIut", "assh0Ie", "vvanker", "ScheiBe", "hijo de puta"),
        *("f*ck", "s**t", "b_tch", "motherf*cker", "Sche*ße"),
    ],
)
def test_each_disguise_is_seen_through(disguised: str) -> None:
    before = "this is "
    spans = [one.span for one in MODERATOR.find(Line(f"{before}{disguised} here"))]
    assert spans == [(len(before), len(before) + len(disguised))]


@pytest.mark.parametrize(
    "innocent",
    [
        *(
            "Scunthorpe",
            "SCUNTHORPE",
            "Penistone",
            "Cockermouth",
            "Wankdorf",
            "Essex",
            "Condom",
            "Clitheroe",
            "Lightwater",
            "Hitchcock",
        ),
        *(
            "push it",
            "PUSH IT",
            "class",
            "C1ASS",
            "cl@ss",
            "cockpit",
            "cocktail",
            "assess",
            "mass age",
            "a pen is here",
            "an al fresco",
        ),
        *(
            "S C U N T H O R P E",
            "M A S S A G E",
            "A55",
            "455",
            "4711",
            "7w47",
            "B00 85",
            "Niger",
            "Nigeria",
            "annals",
            "shitake",
        ),
        *("mer de glace", "put a hat on", "pique-nique", "cul-de-sac", "Bitte!", "troll", "flicken", "Tischlampe", "baisser"),
        *("click", "Moby Dick", "cono", "putto", "who're you", "Pa-ki-stan", "chile", "f***", "*****", "5 * 4 * 3", "a.s.a.p."),
        *('{"v": 1}', "(v1)", "CUI", "put_in_turn", "call put()", "+ 1)*ts", "f[i:i+64]", "[u / 1000"),
        *("рита", "", " ", "!!!", "\u200b", "¡¡¡((("),
    ],
)
def test_what_only_looks_like_a_word_is_not_found(innocent: str) -> None:
    assert found(innocent) == []


@pytest.mark.parametrize(
    ("lines", "spans"),
    [
        (("FU", "CK"), [[(0, 2)], [(0, 2)]]),
        (("oh FUC-", "KING hell"), [[(3, 7)], [(0, 4)]]),
        (("F", "U", "C", "K"), [[(0, 1)]] * 4),
        (("mother", "fucker"), [[(0, 6)], [(0, 6)]]),
        (("PUSH", "IT"), [[], []]),
        (("PEN", "IS"), [[], []]),
        (("fuck", "you"), [[], []]),
        ((), []),
    ],
)
def test_words_over_several_lines(lines: tuple[str, ...], spans: list[list[tuple[int, int]]]) -> None:
    assert [[one.span for one in line] for line in MODERATOR.across([Line(text) for text in lines])] == spans


def test_the_recogniser_s_doubts_count() -> None:
    said = ({"t": 0.5, "f": 0.4}, {"u": 1.0}, {"c": 1.0}, {"k": 1.0})
    assert MODERATOR.find(Line("tuck", said)) == (Found("profanity", (0, 4)),)
    assert MODERATOR.find(Line("tuck", ({"t": 0.9, "f": 0.1}, *said[1:]))) == ()
    assert MODERATOR.find(Line("tuck")) == ()
    assert MODERATOR.find(Line("stuck", ({"s": 1.0}, {"t": 0.5, "i": 0.4}, *said[1:]))) == ()


def test_doubts_count_far_into_a_line_and_over_two() -> None:
    said = ({"t": 0.5, "f": 0.4}, {"u": 1.0}, {"c": 1.0}, {"k": 1.0})
    before = "x" * 40 + " "
    line = Line(before + "tuck", (*({char: 1.0} for char in before), *said))
    assert MODERATOR.find(line) == (Found("profanity", (41, 45)),)
    parts = ((Found("profanity", (0, 2)),), (Found("profanity", (0, 2)),))
    assert MODERATOR.across([Line("tu", said[:2]), Line("ck", said[2:])]) == parts


def test_categories_are_chosen() -> None:
    text = "porn and a faggot"
    assert [one.category for one in Moderator(categories=CATEGORIES).find(Line(text))] == ["sexual", "profanity", "slur"]
    assert found(text, Moderator(categories=["sexual"])) == ["porn"]
    assert found(text, Moderator(categories=[])) == []


def test_languages_are_chosen() -> None:
    assert found("merde and shit", Moderator(["fr"])) == ["merde"]
    # What is innocent in one language is found in another's words only where the first is not looked at.
    assert found("bite", Moderator(["fr"])) == ["bite"]
    assert found("bite", Moderator(["fr", "en"])) == []


def test_own_words_have_the_same_marks_and_disguises() -> None:
    own = Moderator(categories=[], own={"brand": ["acme*", "*soft", "*cola*", "Bolt", "Foo Bar", "4711", "bitte", "реклама"]})
    assert found("acmes at ACME", own) == ["acmes", "ACME"]
    assert found("@cm3 B 0 l t", own) == ["@cm3", "B 0 l t"]
    assert found("microsoft, softer, chocolate", own) == ["microsoft", "chocolate"]
    assert found("foo bar, foobar, Foo-Bar, foo baz", own) == ["foo bar", "foobar", "Foo-Bar"]
    assert found("4711 and 471, bitte, реклама", own) == ["4711", "bitte", "реклама"]
    assert {one.category for one in own.find(Line("acme"))} == {"brand"}


@pytest.mark.parametrize("word", ["", "*", "a*b", ".?", "**"])
def test_a_word_that_cannot_be_looked_for_is_named(word: str) -> None:
    with pytest.raises(InputError, match="'brand'"):
        Moderator(own={"brand": [word]})


def test_what_is_not_known_is_named() -> None:
    with pytest.raises(InputError, match="'xx'; choose from en, de"):
        Moderator(["xx"])
    with pytest.raises(InputError, match="'rude'; choose from profanity"):
        Moderator(categories=["rude"])


def test_the_labelled_strings() -> None:
    hits: list[bool] = []
    for row in map(json.loads, STRINGS.read_text("utf-8").splitlines()):
        lines = [Line(text) for text in row["lines"]]
        for line, across, expected in zip(lines, MODERATOR.across(lines), row["expect"], strict=True):
            spans = [one.span for one in (*MODERATOR.find(line), *across)]
            hits += [any(start < last and first < end for start, end in spans) for first, last in expected]
            assert expected or not spans, line.text
    assert sum(hits) >= 0.98 * len(hits)


TEXT = st.text(st.one_of(st.sampled_from("fuckshitasdlI1!|()$@ .-*_'\nßñB\u200b\u0303і"), st.characters()), max_size=40)


@given(TEXT)
def test_spans_are_sorted_and_lie_inside(text: str) -> None:
    spans = [one.span for one in MODERATOR.find(Line(text))]
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))


@given(st.lists(TEXT, max_size=4))
def test_spans_across_lie_inside_their_lines(texts: list[str]) -> None:
    across = MODERATOR.across([Line(text) for text in texts])
    assert len(across) == len(texts)
    for text, line in zip(texts, across, strict=True):
        assert all(0 <= start < end <= len(text) for _, (start, end) in line)


WORDS = [
    "fuck",
    "shit",
    "bitch",
    "asshole",
    "bastard",
    "bollocks",
    "arschloch",
    "hurensohn",
    "wichser",
    "merde",
    "connard",
    "salope",
]
WORDS += ["mierda", "cabron", "gilipollas", "cazzo", "stronzo", "puttana", "vaffanculo", "cunt", "pussy", "whore", "nigger"]
LOOKS = {
    "a": "4@аαᴀ",
    "b": "8Ьʙ",
    "c": "сⅽᴄ",
    "e": "3еεᴇ",
    "g": "9ɢ",
    "h": "һʜ",
    "i": "1іι",
    "k": "кκᴋ",
    "l": "1ʟ",
    "m": "мᴍ",
    "n": "ɴ",
    "o": "0оοᴏ",
    "p": "рρᴘ",
    "r": "ʀ",
    "s": "5$ѕꜱ",
    "t": "7тτᴛ",
    "u": "υᴜ",
    "v": "νᴠ",
    "w": "ԝᴡ",
    "y": "уʏ",
    "z": "2ᴢ",
}
"""What each letter may be replaced with."""


@st.composite
def disguises(draw: st.DrawFn) -> str:
    """A word behind any of the disguises at once: look-alikes, repeated letters, marks and signs unseen, letters apart."""
    word = draw(st.sampled_from(WORDS))
    letters = [letter.upper() if draw(st.booleans()) else letter for letter in word]
    # Of a word that is mostly digits nobody can tell that it is one.
    for place in draw(st.sets(st.integers(0, len(word) - 1), max_size=len(word) // 2)):
        letters[place] = draw(st.sampled_from(LOOKS.get(word[place], word[place])))
    letters = [letter * draw(st.integers(1, 3)) for letter in letters]
    letters = [letter + draw(st.sampled_from(["", "", "\u200b", "\u0301", "\u0336", "\ufe0f"])) for letter in letters]
    return draw(st.sampled_from(["", "", " ", ".", "-", " - ", "_", "*"])).join(letters)


@given(disguises(), st.sampled_from(["", "see ", "WELL, "]), st.sampled_from(["", " there", ", no", "?"]))
@settings(max_examples=400)
def test_a_disguised_word_is_found_and_nothing_else_is(disguised: str, before: str, behind: str) -> None:
    spans = [one.span for one in MODERATOR.find(Line(before + disguised + behind))]
    assert spans == [(len(before), len(before) + len(disguised))]

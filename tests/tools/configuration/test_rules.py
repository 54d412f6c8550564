"""Rules in configuration files: what is read, and every mistake with its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glyphfeed.stream.rules.rulebook import Rulebook
from glyphfeed.tools.configuration.changes import changes
from glyphfeed.tools.configuration.loading import ConfigurationError, load, load_rules, read
from tests.stream.rules.subjects import subject

if TYPE_CHECKING:
    from pathlib import Path

CAMERA = '[[camera]]\nname = "door"\naddress = "rtsp://10.0.0.7/live"\n'
BROKEN = """\
[understand]
attributes = ["price", "prize"]
region = "Germany"
delay = -1

[[rule]]
name = "a"
literal = ["fine",
  " "]
when = ["price < 5 EUR",
        "price < five"]
colour = "red"

[[rule]]
name = "a"
regex = "a(b"
action = "hide"
moderate = { languages = ["en"], own = { brand = "acme" } }

[[rule]]
name = "c"
watch = "B-AB 1234"
hours = "always"
command = ["no-such-program", "{txt}"]
sound = "no.wav"
webhook = { url = "ftp://x", secret = "${NO_SUCH_SECRET}", retries = 3 }

[[rule]]
name = "d"
"""


def test_every_mistake_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(BROKEN, "utf-8")
    with pytest.raises(ConfigurationError) as refused:
        load_rules(path)
    told = [line.removeprefix("rules.toml:").split(":", 1) for line in str(refused.value).splitlines()]
    expected = [
        ("2", "'prize' is no kind of attribute"),
        ("3", "'Germany' is no region"),
        ("4", "delay is -1"),
        ("9", "would be found everywhere"),
        ("11", "at column 9: a number is wanted"),
        ("12", "colour is not known here"),
        ("15", "the rule in line 7 has the same name"),
        ("16", "missing ): a(b, at column 1"),
        ("17", "action is 'hide', and must be one of flag, mask, drop, blur"),
        ("18", "brand must be a list"),
        ("23", "is no time of the week"),
        ("24", "there is no {txt}"),
        ("24", "there is no program no-such-program"),
        ("25", "there is no file"),
        ("26", "retries is not known here"),
        ("28", "it asks nothing of a text"),
    ]
    for line, said in expected:
        assert any(number == line and said in sentence for number, sentence in told), (line, said, told)
    assert len(told) == len(expected)


def test_of_a_whole_configuration_the_rules_alone_are_read(tmp_path: Path) -> None:
    path = tmp_path / "glyphfeed.toml"
    path.write_text(CAMERA + "[understand]\nregion = 'DE'\n[[rule]]\nname = 'a'\nliteral = 'x'\n[nonsense]\n", "utf-8")
    wanted = load_rules(path)
    assert wanted.understand.region == "DE"
    assert [flag.span for flag in Rulebook(wanted.rules).flags(subject("an X"))] == [(3, 4)]
    with pytest.raises(ConfigurationError, match="nonsense is not known"):
        load(path)
    path.write_text(CAMERA, "utf-8")
    with pytest.raises(ConfigurationError, match="there is no rule"):
        load_rules(path)


def test_secrets_are_looked_for_and_never_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rule = '[[rule]]\nname = "a"\nliteral = "x"\nwebhook = {{ url = "https://shop.example/${{TOKEN}}", secret = "{}" }}\n'
    path = tmp_path / "rules.toml"
    for secret, said in (("${SHOP}", "the secret ${SHOP} is not set"), ("geheim", "is not whsec_")):
        path.write_text(rule.format(secret), "utf-8")
        monkeypatch.setenv("TOKEN", "t0ken")
        with pytest.raises(ConfigurationError) as refused:
            load_rules(path)
        assert said in str(refused.value)
        assert "geheim" not in str(refused.value)
        assert "t0ken" not in str(refused.value)


def test_paths_are_seen_from_the_file(tmp_path: Path) -> None:
    (tmp_path / "ding.wav").write_bytes(b"RIFF")
    (tmp_path / "tell").write_text("#!/bin/sh\n")
    (tmp_path / "tell").chmod(0o755)
    path = tmp_path / "rules.toml"
    path.write_text('[[rule]]\nname = "a"\nliteral = "x"\nsound = "ding.wav"\ncommand = ["./tell", "./{text}"]\n', "utf-8")
    (rule,) = load_rules(path).rules
    assert rule.sound == str(tmp_path / "ding.wav")
    assert rule.command == (str(tmp_path / "tell"), "./{text}")


def test_a_change_of_rules_disturbs_no_camera(tmp_path: Path) -> None:
    before = read(CAMERA, tmp_path / "a.toml")
    after = read(CAMERA + "[[rule]]\nname = 'a'\nliteral = 'x'\n", tmp_path / "a.toml")
    told = changes(before, after)
    assert told.understood
    assert not told.moves
    assert not told.bound
    assert told.sentence() == "the rules, or what is told of texts, are others"


def test_what_a_table_says_wrongly_is_not_taken_for_what_it_does_not_say(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text('[[rule]]\nname = "a"\nlitteral = "x"\n', "utf-8")
    with pytest.raises(ConfigurationError, match=r'^rules.toml:3: rule "a": litteral is not known here; did you mean literal\?$'):
        load_rules(path)


def test_captions_are_asked_for_rules_that_are_there(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    caption = '[caption]\naddress = "http://127.0.0.1:8080/v1"\non = ["flagged"]\nrules = ["a", "b"]\n'
    path.write_text('[[rule]]\nname = "a"\nliteral = "x"\n' + caption, "utf-8")
    with pytest.raises(ConfigurationError, match=r"^rules.toml:7: \[caption\]: rules: there is no rule 'b'$"):
        load_rules(path)


def test_rules_without_a_camera_are_for_a_command_line(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text('[[rule]]\nname = "a"\nliteral = "x"\n', "utf-8")
    with pytest.raises(ConfigurationError, match=r"there is no camera; .*; a file of rules alone is for watch --rules$"):
        load(path)


def test_a_region_that_is_none_is_a_mistake_of_its_line(tmp_path: Path) -> None:
    path = tmp_path / "glyphfeed.toml"
    path.write_text(CAMERA + '[understand]\nregion = "XX"\n', "utf-8")
    with pytest.raises(ConfigurationError, match=r"^glyphfeed.toml:5: \[understand\]: region: 'XX' is no region"):
        load(path)

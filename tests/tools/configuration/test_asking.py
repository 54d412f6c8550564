"""The command line's wishes together with those of a file of rules."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from glyphfeed.stream.errors import InputError
from glyphfeed.tools.configuration.asking import asked
from tests.engines.described import own_networks
from tests.programs import program
from tests.stream.feed.samples import DEADLINE_S, wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from glyphfeed.stream.understanding.settings import Settings

RULE = '[understand]\nregion = "DE"\ndelay = 3\n[[rule]]\nname = "cheap"\nwhen = "price < 5 EUR"\n'


def test_without_a_file_it_is_as_the_options_say() -> None:
    wanted = asked(None, attributes=False, region=None, codes=True, delay_s=None)
    with wanted.acts:
        assert (wanted.settings, wanted.codes, wanted.captions) == (None, True, None)
    with pytest.raises(InputError, match="ask for attributes"):
        asked(None, attributes=False, region="DE", codes=False, delay_s=None)


def test_options_count_more_than_the_file(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text(RULE, "utf-8")
    wanted = asked(tmp_path / "rules.toml", attributes=False, region=None, codes=False, delay_s=None)
    with wanted.acts:
        settings = wanted.settings
        assert settings is not None
        assert settings.rulebook is not None
        assert (settings.delay_s, settings.kinds, settings.rulebook.kinds) == (3, (), {"price"})
    wanted = asked(tmp_path / "rules.toml", attributes=True, region="GB", codes=False, delay_s=0)
    with wanted.acts:
        settings = wanted.settings
        assert settings is not None
        assert (settings.delay_s, settings.kinds) == (0, None)


def test_a_file_of_rules_is_followed_while_it_changes(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(RULE, "utf-8")
    wanted = asked(file, attributes=False, region=None, codes=False, delay_s=1)
    told: list[Settings] = []

    rules = wanted.rules
    assert rules is not None
    rules.understand = told.append

    def is_told() -> bool:
        rules.attend()
        return bool(caplog.messages)

    def change(content: str) -> None:
        file.write_text(content, "utf-8")
        caplog.clear()
        wait_until(is_told)

    with wanted.acts, caplog.at_level("INFO", "glyphfeed.rules"):
        change(RULE + '[[rule]]\nname = "dear"\nwhen = "price > 500 EUR"\n')
        assert caplog.messages == ["rules.toml is taken up"]
        assert told[-1].rulebook is not None
        # What the command line says counts more, still.
        assert ([*told[-1].rulebook.rules], told[-1].delay_s) == (["cheap", "dear"], 1)
        change(RULE.replace("price", "prize"))
        assert caplog.messages[0].startswith('rules.toml:6: rule "cheap": when: ')
        assert caplog.messages[1:] == ["rules.toml is not taken up, and what it said before holds"]
        assert len(told) == 1
        change(RULE.replace("delay", "codes = true\ndelay"))
        assert caplog.messages[1] == "rules.toml: [understand] codes will hold only once glyphfeed is started anew"


def test_watch_follows_the_rules_of_a_file(tmp_path: Path) -> None:
    picture, networks = own_networks(tmp_path)
    told = tmp_path / "told"
    code = "import sys; open(sys.argv[1], 'w').write(' '.join(sys.argv[2:]))"
    command = json.dumps([sys.executable, "-c", code, str(told), "{text}", "{source}", "{rule}"])
    (tmp_path / "rules.toml").write_text(f'[[rule]]\nname = "ox"\nliteral = "oxox"\naction = "mask"\ncommand = {command}\n')
    recording = tmp_path / "feed.jsonl"
    options = ["--rules", str(tmp_path / "rules.toml"), "--name", "sign", "--record", str(recording)]
    words = [sys.executable, "-m", "glyphfeed", "watch", str(picture), "--feed", "tcp://127.0.0.1:*", "-q", *options, *networks]
    with program(words, 3 * DEADLINE_S) as child:
        assert child.wait(3 * DEADLINE_S) == 0
    wait_until(told.exists)
    assert told.read_text() == "**** sign ox"
    written = recording.read_text("utf-8")
    assert '"flagged"' in written
    assert "oxox" not in written

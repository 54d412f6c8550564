from __future__ import annotations

import pytest

from glyphfeed.tools.browsers import is_wanted


@pytest.mark.parametrize(
    ("environment", "platform", "at_terminal", "wanted"),
    [
        ({"DISPLAY": ":0"}, "linux", True, True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True, True),
        ({"DISPLAY": ":10", "SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}, "linux", True, True),
        ({"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}, "linux", True, False),
        ({}, "linux", True, False),
        ({"DISPLAY": ":0"}, "linux", False, False),
        ({"DISPLAY": ":0", "CI": "true"}, "linux", True, False),
        ({}, "darwin", True, True),
        ({"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}, "darwin", True, False),
        ({}, "win32", False, False),
    ],
)
def test_a_page_is_opened_for_who_sits_there_and_looks(
    environment: dict[str, str], platform: str, at_terminal: bool, wanted: bool
) -> None:
    assert is_wanted(environment, platform, at_terminal=at_terminal) is wanted

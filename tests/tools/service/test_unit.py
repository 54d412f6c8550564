from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from glyphfeed.tools.errors import CommandError
from glyphfeed.tools.service.unit import is_at_home, service_unit, unit

CONFIGURATION = Path("/etc/glyphfeed/glyphfeed.toml")


def test_secrets_are_handed_over_by_the_service_manager() -> None:
    text = 'address = "rtsp://a:${credential:door}@b"\n"${credential:yard.2}${credential:door}${OTHER}"'
    told = unit(CONFIGURATION, text, ["/opt/glyphfeed/bin/glyphfeed"], None)
    assert [line for line in told.splitlines() if line.startswith("LoadCredential=")] == [
        "LoadCredential=door:/etc/glyphfeed/credentials/door",
        "LoadCredential=yard.2:/etc/glyphfeed/credentials/yard.2",
    ]
    assert "ExecStart=/opt/glyphfeed/bin/glyphfeed watch --config /etc/glyphfeed/glyphfeed.toml\n" in told
    assert "DynamicUser=yes\nUser=glyphfeed\n" in told
    assert "\nProtectHome=yes\n" in told


def test_a_user_of_its_own_runs_what_lies_at_its_home() -> None:
    told = unit(CONFIGURATION, "", ["/home/ann/my env/bin/glyphfeed"], "ann")
    assert "\nUser=ann\n" in told
    assert "DynamicUser" not in told
    assert "\nProtectHome=read-only\n" in told
    assert "ExecStart='/home/ann/my env/bin/glyphfeed' watch" in told
    assert not [line for line in told.splitlines() if line.startswith("LoadCredential=")]


def test_a_configuration_that_is_not_there_is_said_in_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CommandError, match=r"none\.toml cannot be read: No such file or directory; write a configuration first"):
        service_unit(tmp_path / "none.toml", None)
    (tmp_path / "glyphfeed.toml").write_text("")
    monkeypatch.setattr(sys, "executable", "/home/ann/bin/python")
    with pytest.raises(CommandError, match="is in a home folder, where the user that systemd makes for the service may not look"):
        service_unit(tmp_path / "glyphfeed.toml", None)
    assert "User=ann" in service_unit(tmp_path / "glyphfeed.toml", "ann")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
@pytest.mark.parametrize("user", [None, "root"])
def test_systemd_takes_the_unit(tmp_path: Path, user: str | None) -> None:
    configuration = tmp_path / "glyphfeed.toml"
    configuration.write_text("${credential:door}")
    path = tmp_path / "glyphfeed.service"
    path.write_text(service_unit(configuration, user or ("root" if is_at_home(Path(sys.executable)) else None)))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(path)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    # It tells of every line that it does not know.
    assert str(path) not in done.stderr

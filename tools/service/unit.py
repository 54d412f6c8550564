"""`glyphfeed service`: a unit of systemd for a configuration, printed to be read and put where such units are.

Owns: the unit.  Installs nothing.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from glyphfeed.stream.placeholders import credentials
from glyphfeed.tools.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Sequence

UNIT: Final = """\
# Put this into /etc/systemd/system/{name}.service, then: systemctl daemon-reload && systemctl enable --now {name}
[Unit]
Description=glyphfeed, which reads the text that cameras see
Wants=network-online.target
After=network-online.target

[Service]
Type=notify
ExecStart={command}
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
RestartSec=5
# Compiling the networks takes seconds, and fetching them at the very first start a minute.
TimeoutStartSec=600
WatchdogSec=60
# What is read goes to the feed; the log on stderr goes to the journal.
StandardOutput=null

# A user that is there only while this runs; {state} and {cache} are its own.
{user}
StateDirectory={name}
StateDirectoryMode=0700
CacheDirectory={name}
Environment=GLYPHFEED_CACHE={cache}
# Secrets, for ${{credential:NAME}} in the configuration; each file holds one, and only root need be able to read it.
{credentials}
# Cameras, and GPUs.
SupplementaryGroups=video render
DevicePolicy=closed
DeviceAllow=char-video4linux rw
DeviceAllow=char-drm rw
DeviceAllow=char-nvidia-frontend rw
DeviceAllow=char-nvidia-uvm rw

NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome={home}
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
PrivateTmp=yes
LockPersonality=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RemoveIPC=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
UMask=0077

[Install]
WantedBy=multi-user.target
"""
"""Memory may be written and run: the networks are compiled into it."""


def unit(configuration: Path, text: str, command: Sequence[str], user: str | None, name: str = "glyphfeed") -> str:
    """Write the unit that runs a command with a configuration of such a text, as a user, or as one made for it."""
    wanted = sorted(credentials(text))
    lines = [f"LoadCredential={credential}:{configuration.parent / 'credentials' / credential}" for credential in wanted]
    example = f"#LoadCredential=door:{configuration.parent / 'credentials' / 'door'}"
    return UNIT.format(
        name=name,
        command=shlex.join([*command, "watch", "--config", str(configuration)]).replace("%", "%%").replace("$", "$$"),
        state=f"/var/lib/{name}",
        cache=f"/var/cache/{name}",
        user=f"User={user}" if user else f"DynamicUser=yes\nUser={name}\nEnvironment=XDG_CONFIG_HOME=/var/lib/{name}",
        credentials="\n".join(lines or [example]),
        home="read-only" if is_at_home(Path(command[0])) else "yes",
    )


def is_at_home(path: Path) -> bool:
    """Whether a program lies where only its user may look."""
    return any(path.is_relative_to(home) for home in ("/home", "/root", "/run/user"))


def service_unit(configuration: Path, user: str | None) -> str:
    """The unit for a configuration on this machine.

    Raises:
        CommandError: there is no such file, or the user that is made for the service could not run this program.

    """
    path = configuration.absolute()
    try:
        text = path.read_text("utf-8", "replace")
    except OSError as error:
        raise CommandError(
            f"{path} cannot be read: {error.strerror}; write a configuration first, see glyphfeed config example"
        ) from None
    program = Path(sys.executable).with_name("glyphfeed")
    command = [str(program)] if program.is_file() else [sys.executable, "-m", "glyphfeed"]
    if user is None and is_at_home(Path(command[0])):
        raise CommandError(
            f"{command[0]} is in a home folder, where the user that systemd makes for the service may not look: install "
            "glyphfeed elsewhere, such as in /opt, or name the user that is to run it with --user"
        )
    return unit(path, text, command, user)

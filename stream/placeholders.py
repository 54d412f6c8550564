"""Secrets that an address or a setting names instead of holding: `${DOOR_PASSWORD}`, `${file:/run/secrets/door}` and
`${credential:door}`.

Owns: how a placeholder is written, and where its value comes from.  Every user of a machine sees the command lines of its
programs, so a password had better not stand in one.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import quote

from glyphfeed.stream.errors import SourceError

_PLACEHOLDER = re.compile(r"\$\{([^{}]*)\}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FILE = "file:"
_CREDENTIAL = re.compile(r"credential:([A-Za-z0-9_-][A-Za-z0-9._-]*)")
"""What a service manager hands over in a folder that only the service can read: systemd's LoadCredential."""


def fill(address: str) -> str:
    """The address with the secrets in it, percent-encoded; it must not be shown to anybody.

    A secret is taken as it is, with an @ or a / in it if need be; of a file the first line.

    Raises:
        SourceError: a variable is not set, a file cannot be read, or one of them is empty.

    """
    return _PLACEHOLDER.sub(lambda found: quote(_secret(found[1]), safe=""), address)


def reveal(setting: str) -> str:
    """A setting that is no address with the secrets in it, as they are; it must not be shown to anybody.

    Raises:
        SourceError: see `fill`.

    """
    return _PLACEHOLDER.sub(lambda found: _secret(found[1]), setting)


def blank(address: str, filler: str = "x") -> str:
    """The address with something harmless in the place of each secret, to be taken apart."""
    return _PLACEHOLDER.sub(filler, address)


def credentials(text: str) -> set[str]:
    """The names of the credentials in a text, which a service manager is to hand over."""
    return {handed[1] for name in _PLACEHOLDER.findall(text) if (handed := _CREDENTIAL.fullmatch(name))}


def _secret(name: str) -> str:
    if (path := _file_of(name)) is not None:
        try:
            lines = path.read_text("utf-8").splitlines()
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            raise SourceError(f"the secret ${{{name}}} cannot be read ({reason}); check the path and its permissions") from None
        secret = lines[0] if lines else ""
        advice = "write the secret into its first line"
    elif _VARIABLE.fullmatch(name):
        secret = os.environ.get(name, "")
        advice = "set and export that variable, or name a file as ${file:/run/secrets/door}"
    else:
        raise SourceError("a secret in an address is written as ${VARIABLE} or ${file:/path}; for a plain ${ write %24%7B")
    if not secret:
        raise SourceError(f"the secret ${{{name}}} is not set, or empty; {advice}")
    return secret


def _file_of(name: str) -> Path | None:
    """The file that holds a secret; None where it is a variable."""
    handed = _CREDENTIAL.fullmatch(name)
    if handed is None:
        return Path(name.removeprefix(_FILE)) if name.startswith(_FILE) else None
    if folder := os.environ.get("CREDENTIALS_DIRECTORY"):
        return Path(folder) / handed[1]
    raise SourceError(f"the secret ${{{name}}} is handed over by systemd, which has not begun this: see glyphfeed service")

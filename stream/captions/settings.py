"""Which model is asked for captions, about what, and how often: the `[caption]` table of a configuration, checked.

Owns: the fields and what is wrong with them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from glyphfeed.stream.bridges.settings import HTTP_PORTS
from glyphfeed.stream.placeholders import blank
from glyphfeed.stream.records import EventType

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROMPT: Final = (
    'The picture shows a text in a scene; it reads "{text}". Say in one short sentence what it stands on and what is around it.'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptionSettings:
    """A model behind an address as OpenAI's interface has it, such as `http://127.0.0.1:8080/v1`: llama.cpp, Ollama, vLLM.

    It is asked `on` events of these types, those of `rules` only where some are named, with the `prompt`, in which {text} is the
    text, and a picture of the text with so many of its heights `around` it, at most `longest_px` long; not more often than
    `per_minute`.  `key` is sent as a bearer token.  An address outside of the own network must be https; `ca` is a file in PEM
    with the authorities to trust instead of the system's.
    """

    address: str = field(repr=False)
    model: str = ""
    prompt: str = PROMPT
    on: tuple[str, ...] = (EventType.READ.value,)
    rules: tuple[str, ...] = ()
    per_minute: float = 6.0
    around: float = 4.0
    longest_px: int = 640
    timeout_s: float = 60.0
    key: str = field(default="", repr=False)
    ca: Path | None = None

    def mistakes(self) -> Iterator[tuple[str, str]]:
        """Name each field that cannot be so, and say why."""
        try:
            parts = urlsplit(blank(self.address))
            is_one = parts.scheme in HTTP_PORTS and bool(parts.hostname) and (parts.port is None or parts.port > 0)
        except ValueError:
            is_one = False
        if not is_one:
            yield "address", "it is no address of a model; write one such as http://127.0.0.1:8080/v1"
        elif "@" in parts.netloc:
            yield "address", "it cannot hold a user name; a token goes into key"
        for name, least, most in (
            ("per_minute", 0.01, 6000),
            ("around", 0, 100),
            ("longest_px", 32, 4096),
            ("timeout_s", 1, 600),
        ):
            if not least <= getattr(self, name) <= most:
                yield name, f"{getattr(self, name):g} is not from {least:g} to {most:g}"
        for name in re.findall(r"\{(\w*)\}", self.prompt):
            if name != "text":
                yield "prompt", f"there is no {{{name}}}; there is {{text}}"
        if not self.prompt.strip():
            yield "prompt", "it asks nothing; leave it out, and one short sentence is asked for"
        kinds = [EventType.READ.value, EventType.CHANGED.value, EventType.FLAGGED.value]
        for kind in self.on:
            if kind not in kinds:
                yield "on", f"{kind!r} is no event that is described; choose from {', '.join(kinds)}"
        if self.rules and EventType.FLAGGED.value not in self.on:
            yield "rules", 'they are looked at in flagged events alone; add on = ["flagged"]'
        if self.ca is not None and not self.ca.is_file():
            yield "ca", f"there is no file {self.ca}"

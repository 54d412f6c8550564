"""One question to a model behind an OpenAI-compatible address: a picture and a prompt; the answer is one line of text.

Owns: the request, and which answers are ones.  Does not own when it is asked (captioner).
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from http.client import HTTPException
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, urlsplit

from glyphfeed.stream.bridges import reachable
from glyphfeed.stream.bridges.settings import HTTP_PORTS, server_of
from glyphfeed.stream.bridges.tls import trust, words
from glyphfeed.stream.errors import BridgeError
from glyphfeed.stream.placeholders import fill, reveal

if TYPE_CHECKING:
    from http.client import HTTPConnection

    from glyphfeed.stream.captions.settings import CaptionSettings

LONGEST: Final = 500
"""Characters of a caption: it is to be read at a glance."""
TOKENS: Final = 200
_ANSWER_BYTES: Final = 262_144


class Model:
    """Answers questions about pictures; each has a connection of its own, as they are far apart.

    Raises:
        SourceError: a secret that the settings name cannot be had.
        BridgeError: the file of authorities is none.

    """

    def __init__(self, settings: CaptionSettings) -> None:
        self._settings = settings
        self._server = server_of(settings.address, HTTP_PORTS)
        parts: SplitResult = urlsplit(fill(settings.address))
        self._target = f"{parts.path.rstrip('/')}/chat/completions" + (f"?{parts.query}" if parts.query else "")
        self._key = reveal(settings.key)
        self._tls = trust(settings.ca) if parts.scheme == "https" else None
        self.name = f"The model at {self._server}"

    def ask(self, text: str, jpeg: bytes) -> str:
        """What it says of a picture in which a text stands.

        Raises:
            BridgeError: it cannot be reached, refuses, or answers something else; why, in words.

        """
        headers = {"content-type": "application/json", "user-agent": "glyphfeed"}
        if self._key:
            headers["authorization"] = f"Bearer {self._key}"
        connection = self._connection()
        try:
            connection.request("POST", self._target, self._question(text, jpeg), headers)
            answer = connection.getresponse()
            status, body = answer.status, answer.read(_ANSWER_BYTES)
        except (OSError, HTTPException) as error:
            raise BridgeError(words(error)) from None
        finally:
            connection.close()
        if status != 200:
            raise BridgeError(f"it answers {status}")
        return caption_of(body)

    def _connection(self) -> HTTPConnection:
        server, timeout_s = self._server, self._settings.timeout_s
        if self._tls is None:
            return reachable.PlainConnection(server.host, server.port, timeout_s, private=True)
        return reachable.EncryptedConnection(server.host, server.port, timeout_s, private=True, tls=self._tls)

    def _question(self, text: str, jpeg: bytes) -> bytes:
        prompt = self._settings.prompt.replace("{text}", text)
        picture = f"data:image/jpeg;base64,{b64encode(jpeg).decode()}"
        content = [{"type": "text", "text": prompt}, {"type": "image_url", "image_url": {"url": picture}}]
        question = {"messages": [{"role": "user", "content": content}], "max_tokens": TOKENS, "stream": False}
        if self._settings.model:
            question["model"] = self._settings.model
        return json.dumps(question).encode()


def caption_of(body: bytes) -> str:
    """The first choice of an answer, on one line, at most 500 characters; without what a model thought aloud.

    Raises:
        BridgeError: it is no answer of such a model, or an empty one.

    """
    try:
        said = json.loads(body)["choices"][0]["message"]["content"]
    except (ValueError, RecursionError, KeyError, IndexError, TypeError):
        raise BridgeError("what it answers is no chat completion") from None
    if not isinstance(said, str):
        raise BridgeError("what it answers is no chat completion")
    said = re.sub(r"(?s)^\s*<think>.*?</think>", "", said)
    line = " ".join("".join(char if char.isprintable() else " " for char in said).split())
    if not line:
        raise BridgeError("its answer is empty")
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"

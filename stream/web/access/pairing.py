"""Pairing at run time: the code that the terminal shows, what is answered to attempts, and who is let in by a cookie.

Owns: that code, the cookie, the pace of attempts, and what is open to everybody.  Does not own what is remembered (devices).
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import secrets
import time
from collections import OrderedDict
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.web.access.devices import DEVICE_S
from glyphfeed.stream.web.admission import refuse

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from starlette.types import ASGIApp, Receive, Scope, Send

    from glyphfeed.stream.web.access.devices import Devices

_CODE_BYTES: Final = 16
_LOOK_S: Final = 1.0
"""A device that was forgotten is cut off after so long."""
_ATTEMPTS: Final = 10
_ATTEMPT_S: Final = 6.0
"""From one address ten failures at once and one more each six seconds: with 128 bits to guess, to save work rather than codes."""
_ADDRESSES: Final = 1024
_DEVICE: Final = "glyphfeed.device"
_UNPAIRED: Final = "This device is not paired: scan the code that the terminal shows."


class Pairing:
    """Lets in devices for a code, and knows them by a cookie for the port of this server."""

    def __init__(self, devices: Devices, port: int) -> None:
        self.devices = devices
        # Cookies are for all ports of a host, so that two servers there would take each other's.  The prefix has browsers refuse
        # one that came without TLS or for another name: https://www.rfc-editor.org/rfc/rfc6265#section-4.1.3 and its successor.
        self._cookie = f"__Host-glyphfeed-{port}"
        self._attempts = Attempts()
        self._code = ""
        self._show: Callable[[str], None] | None = None

    def show_with(self, show: Callable[[str], None]) -> None:
        """Have a code shown that is good until it was used, and then another; without this there is none."""
        self._show = show
        self._renew()

    def _renew(self) -> None:
        if self._show is not None:
            self._code = secrets.token_urlsafe(_CODE_BYTES)
            self._show(self._code)

    def may_try(self, address: str) -> bool:
        """Whether an attempt from an address is looked at at all."""
        return self._attempts.may(address, time.monotonic())

    def pair(self, code: str, address: str) -> str | None:
        """The header with the cookie of a device that is paired from now on, or None if the code is no good.

        Raises:
            FeedError: the device cannot be remembered.

        """
        if self._code and hmac.compare_digest(code.encode("utf-8", "replace"), self._code.encode()):
            token: str | None = self.devices.add()
            self._renew()
        else:
            token = self.devices.pair(code)
        if token is None:
            self._attempts.failed(address, time.monotonic())
            return None
        return f"{self._cookie}={token}; Path=/; Max-Age={DEVICE_S}; Secure; HttpOnly; SameSite=Strict"

    def device(self, scope: Scope) -> str | None:
        """The name of the device that asks; None where it is not paired, or nobody can tell."""
        with suppress(FeedError):
            for name, value in scope["headers"]:
                if name == b"cookie":
                    for cookie in value.decode("latin-1").split(";"):
                        key, _, token = cookie.strip().partition("=")
                        if key == self._cookie:
                            # No browser has two: to look at each of many costs time.
                            return self.devices.find(token)
        return None

    async def until_forgotten(self, device: str) -> None:
        """Wait until a device is not paired any more."""
        with suppress(FeedError):
            while self.devices.has(device):
                await asyncio.sleep(_LOOK_S)


class Gate:
    """Lets anybody have what is `open_to_all`, methods and paths; all else is for devices that are paired, while they are."""

    def __init__(self, app: ASGIApp, pairing: Pairing, open_to_all: Collection[tuple[str, str]]) -> None:
        self._app, self._pairing, self._open = app, pairing, frozenset(open_to_all)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        device = self._pairing.device(scope)
        is_socket = scope["type"] == "websocket"
        scope = {**scope, _DEVICE: device}
        if device is None:
            if not is_socket and (scope["method"], scope["path"]) in self._open:
                await self._app(scope, receive, send)
            elif is_socket:
                await send({"type": "websocket.close"})
            else:
                await refuse(send, 401, _UNPAIRED)
        else:
            await self._while_paired(device, scope, receive, send)

    async def _while_paired(self, device: str, scope: Scope, receive: Receive, send: Send) -> None:
        serving = asyncio.ensure_future(self._app(scope, receive, send))
        forgotten = asyncio.create_task(self._pairing.until_forgotten(device))
        try:
            await asyncio.wait([serving, forgotten], return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                serving.result()
                return
            serving.cancel()
            await asyncio.wait([serving])
            # Where the answer has begun already, that ends it.
            with suppress(Exception):
                if scope["type"] == "websocket":
                    await send({"type": "websocket.close", "code": 1008, "reason": _UNPAIRED})
                else:
                    await refuse(send, 401, _UNPAIRED)
        finally:
            serving.cancel()
            forgotten.cancel()


def device_of(scope: Scope) -> str | None:
    """The device that asks, as the gate has found it; None where there is no gate, or it is not paired."""
    found: str | None = scope.get(_DEVICE)
    return found


class Attempts:
    """Failures of each address, of which it may have `_ATTEMPTS` at once and one more each `_ATTEMPT_S`.

    Pure; `now` is in seconds.  The addresses that failed longest ago are forgotten.
    """

    def __init__(self) -> None:
        # Until when the failures of an address last, each `_ATTEMPT_S`.
        self._until: OrderedDict[str, float] = OrderedDict()

    def may(self, address: str, now: float) -> bool:
        """Whether an address may try."""
        return self._until.get(network_of(address), now) - now <= (_ATTEMPTS - 1) * _ATTEMPT_S

    def failed(self, address: str, now: float) -> None:
        """Take note of a failure."""
        network = network_of(address)
        self._until[network] = max(self._until.pop(network, now), now) + _ATTEMPT_S
        while len(self._until) > _ADDRESSES:
            self._until.popitem(last=False)


def network_of(address: str) -> str:
    """Whose an address is: of IPv6 one machine has as many as it likes, all in one network of 64 bits."""
    read = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(read, ipaddress.IPv6Address) and read.ipv4_mapped is None:
        return str(ipaddress.ip_network((read, 64), strict=False))
    return str(read)

"""Pairing in a real browser: what becomes of a code in the address, of the cookie, and of web sockets that are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from glyphfeed.stream.web.access.devices import Devices
from tests.stream.feed.samples import DEADLINE_S
from tests.stream.web.serving import Served

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

NOBODY = "tcp://127.0.0.1:1"
PAIR = """async () => {
  const { pair } = await import("/pairing.js");
  const state = await pair();
  return { state, hash: location.hash, cookie: document.cookie, secure: isSecureContext };
}"""
DRAW = """async () => {
  const { another, drawCode } = await import("/pairing.js");
  const { address, rows } = await another();
  const canvas = document.createElement("canvas");
  drawCode(canvas, rows);
  document.body.replaceChildren(canvas);
  return address;
}"""
ASK = """async (refused) => {
  const { AnySocket } = await import("/socket.js");
  if (refused) {
    globalThis.WebSocket = class extends EventTarget {
      constructor() { super(); setTimeout(() => this.dispatchEvent(new Event("error"))); }
      close() {}
    };
  }
  const socket = new AnySocket(new URL("/feed", location.href.replace("http", "ws")));
  return new Promise((answer) => {
    socket.addEventListener("open", () => socket.send('{"op":"ping","id":5}'));
    socket.addEventListener("message", ({ data }) => answer(data));
    socket.addEventListener("close", ({ code }) => answer(`closed: ${code}`));
  });
}"""


def test_a_browser_is_paired_by_the_address_and_keeps_no_code_in_it(browser: Browser, tmp_path: Path) -> None:
    with Served(NOBODY, host="0.0.0.0", folder=tmp_path / "web") as served:
        # As where somebody goes on past the warning.
        context = browser.new_context(ignore_https_errors=True)
        context.set_default_timeout(1000 * DEADLINE_S)
        page = context.new_page()
        code = Devices(tmp_path / "web").new_code()
        # Any file of this origin will do, as what is on the page itself does not matter here.
        page.goto(f"https://127.0.0.1:{served.port}/base.css#pair={code}")
        told = page.evaluate(PAIR)
        assert told["state"]["paired"] is True
        assert (told["hash"], told["cookie"], told["secure"]) == ("", "", True)
        (cookie,) = context.cookies()
        assert (cookie["httpOnly"], cookie["secure"], cookie["sameSite"]) == (True, True, "Strict")
        address = page.evaluate(DRAW)
        drawn = cv2.imdecode(np.frombuffer(page.locator("canvas").screenshot(), np.uint8), cv2.IMREAD_COLOR)
        assert cv2.QRCodeDetector().detectAndDecode(drawn)[0] == address
        assert [page.evaluate(ASK, refused) for refused in (False, True)] == ['{"id":5}', '{"id":5}']
        stranger = browser.new_context(ignore_https_errors=True)
        other = stranger.new_page()
        other.goto(f"https://127.0.0.1:{served.port}/base.css#pair={code}")
        state = other.evaluate(PAIR)["state"]
        assert (state["paired"], "used already" in state["trouble"]) == (False, True)
        assert other.evaluate(ASK, True) == "closed: 1006"
        other.goto(f"http://127.0.0.1:{served.help_port}/")
        assert other.evaluate("getComputedStyle(document.querySelector('b a')).display") == "inline-block"
        for each in (context, stranger):
            each.close()

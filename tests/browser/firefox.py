"""Firefox as a second browser: Debian's, spoken to by WebDriver BiDi, which is JSON over a web socket.

What is said is described in https://w3c.github.io/webdriver-bidi/; playwright does not know Debian's Firefox.
"""

from __future__ import annotations

import base64
import json
import re
import subprocess
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from websockets.sync.client import connect

from tests.stream.feed.samples import DEADLINE_S, wait_until

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

_LISTENING: Final = re.compile(r"WebDriver BiDi listening on (ws://\S+)")
# No updates, no first page, nothing that it would fetch from elsewhere.
_PREFERENCES: Final = {
    "app.normandy.enabled": False,
    "app.update.disabledForTesting": True,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.systemAddon.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
    "toolkit.telemetry.enabled": False,
}
_KEYS: Final = {
    "Backspace": "\ue003",
    "Tab": "\ue004",
    "ArrowDown": "\ue015",
    "ArrowUp": "\ue013",
    "End": "\ue010",
    "Home": "\ue011",
    "Shift": "\ue008",
}


class Firefox:
    """A window of Firefox without a screen; `complaints` are what its console was told."""

    def __init__(self, program: str) -> None:
        self._program = program
        self._number = 0
        self.complaints: list[str] = []

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            profile = Path(opened.enter_context(TemporaryDirectory(ignore_cleanup_errors=True)))
            preferences = (f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in _PREFERENCES.items())
            (profile / "user.js").write_text("\n".join(preferences))
            address = self._start(opened, profile)
            self._socket = opened.enter_context(connect(f"{address}/session", open_timeout=DEADLINE_S, max_size=None))
            self.ask("session.new", capabilities={})
            self.ask("session.subscribe", events=["log.entryAdded"])
            self._context = self.ask("browsingContext.getTree")["contexts"][0]["context"]
            self._opened = opened.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._opened.close()

    def _start(self, opened: ExitStack, profile: Path) -> str:
        """Start it with a profile, to be ended with `opened`; the address that it listens at."""
        command = [self._program, "--headless", "--no-remote", "--remote-debugging-port", "0", "--profile", str(profile)]
        log = profile / "log"
        with log.open("w") as stderr:
            process = opened.enter_context(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=stderr))
        opened.callback(process.terminate)
        wait_until(lambda: _LISTENING.search(log.read_text()) is not None, 3 * DEADLINE_S)
        found = _LISTENING.search(log.read_text())
        assert found is not None
        return found[1]

    def ask(self, method: str, **parameters: Any) -> Any:
        """Send a command, and wait for its result."""
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._socket.recv(3 * DEADLINE_S))
            if answer.get("method") == "log.entryAdded":
                self.complaints.append(answer["params"]["text"])
            elif answer.get("id") == self._number:
                assert "error" not in answer, f"{method}: {answer}"
                return answer["result"]

    def resize(self, width: int, height: int) -> None:
        """Give the page another size, CSS pixels."""
        self.ask("browsingContext.setViewport", context=self._context, viewport={"width": width, "height": height})

    def open(self, url: str) -> None:
        """Go to a page, and wait for all that belongs to it."""
        self.ask("browsingContext.navigate", context=self._context, url=url, wait="complete")

    def evaluate(self, function: str, argument: Any = None) -> Any:
        """What a function of JavaScript gives, as JSON; playwright's `evaluate` for this browser."""
        expression = f"(async () => JSON.stringify((await ({function})({json.dumps(argument)})) ?? null))()"
        target = {"context": self._context}
        result = self.ask("script.evaluate", expression=expression, target=target, awaitPromise=True, userActivation=True)
        assert result["type"] == "success", result
        return json.loads(result["result"]["value"])

    def press(self, *keys: str) -> None:
        """Press keys together, by their names."""
        pressed = [_KEYS.get(key, key) for key in keys]
        actions = [{"type": "keyDown", "value": key} for key in pressed]
        actions += [{"type": "keyUp", "value": key} for key in reversed(pressed)]
        self.ask("input.performActions", context=self._context, actions=[{"type": "key", "id": "keys", "actions": actions}])

    def click(self, selector: str) -> None:
        """Click in the middle of an element."""
        found = f"document.querySelector({json.dumps(selector)})"
        where = {"context": self._context}
        element = self.ask("script.evaluate", expression=found, target=where, awaitPromise=False)["result"]["sharedId"]
        origin = {"type": "element", "element": {"sharedId": element}}
        move = {"type": "pointerMove", "x": 0, "y": 0, "origin": origin}
        actions = [move, {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]
        self.ask("input.performActions", context=self._context, actions=[{"type": "pointer", "id": "mouse", "actions": actions}])

    def screenshot(self, path: Path) -> None:
        """Write what is seen as a PNG."""
        path.write_bytes(base64.b64decode(self.ask("browsingContext.captureScreenshot", context=self._context)["data"]))

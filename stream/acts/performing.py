"""From a flagged event to what its rule does beside the feed.

Owns: which threads there are, and how they end.  Never keeps waiting who tells of an event.
"""

from __future__ import annotations

import secrets
import threading
import time
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Final

from glyphfeed.stream.acts.commands import AT_ONCE, arguments, run
from glyphfeed.stream.acts.sounds import play
from glyphfeed.stream.acts.working import Worker
from glyphfeed.stream.bridges.settings import WebhookSettings
from glyphfeed.stream.bridges.webhook import Webhook
from glyphfeed.stream.feed import wire

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Self

    from glyphfeed.stream.records import Event
    from glyphfeed.stream.rules.rule import Hook, Rule

PATIENCE_S: Final = 5.0
"""So long is waited at the end for what is under way."""
ALONE: Final = "meanwhile up to a hundred of them wait, and more are left out"


class Acts:
    """Does what rules ask for, by their names; a context, at whose end what is under way is waited for, for a while."""

    def __init__(self, rules: Mapping[str, Rule]) -> None:
        self._rules = rules
        self._stopped = threading.Event()
        self._commands, self._sounds = Worker("The commands of rules", AT_ONCE), Worker("The sounds of rules")
        self._hooks: dict[Hook, Post] = {}
        self._changing = threading.Lock()

    def perform(self, event: Event) -> None:
        """Do what the rule of a flagged event asks for; any thread may call this, and it returns at once."""
        rule = self._rules.get(event.flag.rule) if event.flag is not None else None
        if rule is None:
            return
        if rule.command:
            self._commands.put(partial(run, arguments(rule.command, event)))
        if rule.sound:
            self._sounds.put(partial(play, rule.sound))
        if rule.webhook is not None:
            self._post(rule.webhook).put(event)

    def follow(self, rules: Mapping[str, Rule]) -> None:
        """Do what other rules ask for from now on; what was asked for before is still done."""
        with self._changing:
            self._rules = rules
            kept = {rule.webhook for rule in rules.values()}
            for hook in self._hooks.keys() - kept:
                self._hooks.pop(hook).worker.close(0)

    def _post(self, hook: Hook) -> Post:
        with self._changing:
            if hook not in self._hooks:
                self._hooks[hook] = Post(hook, self._stopped)
            return self._hooks[hook]

    def close(self) -> None:
        """Take no more, and wait a while for what is under way."""
        until_s = time.monotonic() + PATIENCE_S
        for worker in (self._commands, self._sounds, *(post.worker for post in self._hooks.values())):
            worker.close(until_s)
        self._stopped.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class Post:
    """Sends events to one web hook, each until it is accepted, as the bridge of that kind does."""

    def __init__(self, hook: Hook, stopped: threading.Event) -> None:
        self.worker = Worker("A web hook of rules", leave=self._hang_up)
        self._settings = WebhookSettings(name="rules", address=hook.url, secret=hook.secret, private=hook.private)
        self._stopped = stopped
        self._far: Webhook | None = None
        # Of its own, as on the feed the event has numbers that nobody here knows.
        self._epoch, self._numbers = secrets.token_hex(8), count(1)

    def put(self, event: Event) -> None:
        """Have an event sent; see `Worker.put`."""
        header = {"v": 1, "source": event.source, "epoch": self._epoch, "seq": next(self._numbers)}
        message = wire.Message(wire.topic("event", event.source), {**header, **wire.event_body(event)})
        self.worker.put(partial(self._send, message))

    def _send(self, message: wire.Message) -> None:
        if self._far is None:
            self._far = Webhook(self._settings, self._stopped, ALONE)
        self._far.event(message)

    def _hang_up(self) -> None:
        if self._far is not None:
            self._far.close()

"""How a client of the feed gets each event once and in order, whatever happens on the way.

Owns: what is handed on and when, what is to be asked of the publisher, and what is told of losses.  Pure: messages and answers
come in, messages and requests go out.  Does not own sockets and clocks (client), nor what the publisher still has (history).

A source is one numbered row of events in each epoch.  The event that follows the last one is handed on at once.  What does not
follow waits, and the publisher is asked what comes after the last one.  Its answer is the truth: it says what was missed, also at
the end of an earlier epoch, and which epoch comes after which.  Where nobody answers, what has come is handed on, with how many
are missing before it.  Nothing of a new epoch is handed on before the rest of the old one.
"""

from __future__ import annotations

import dataclasses
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from glyphfeed.stream.feed.wire import Position

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from glyphfeed.stream.feed.wire import Message

WAITING_LIMIT: Final = 10_000
"""Of one source so many messages wait for an answer at most, as many as a publisher has in memory; others are asked for later."""
EPOCHS_LIMIT: Final = 100
"""Earlier epochs of one source of which it is remembered how far they went; a publisher that is started anew every few seconds
must not fill the memory."""
_KINDS: Final = ("event", "text", "status")
"""The kinds of messages that are numbered here, in the order in which they are handed on after a wait."""
_BEGINNING: Final = Position("", 0)


@dataclasses.dataclass(frozen=True, slots=True)
class Request:
    """What the publisher is to be asked: the events of a source after a position, all of them or the `last` so many."""

    source: str
    position: Position
    last: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """Events as `event/` messages, oldest first.

    `complete` says that nothing between the position that was asked for and the first of them is gone, `more` that further ones
    wait to be asked for.
    """

    events: Sequence[Message]
    complete: bool
    more: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Handed:
    """A message for the consumer, and the last event of its source that was handed on by then; None where none are followed."""

    message: Message
    position: Position | None


class CatchingUp:
    """The messages of one feed, put in order for a consumer that asked for `topics`, prefixes as a subscription has them.

    Without `since` a source is followed from now on: from its first status or event, or `back` events before, over earlier runs
    too.  With it each source goes on after the event that it names, and one that it does not name begins with the first event
    there is.

    Give it each message with `take`; `connected` and `arrived` say how the connection is.  After each of these calls `request`
    tells what to ask next: one request at a time, ended by `answer` or `refuse`.
    """

    def __init__(self, topics: Sequence[str], since: Mapping[str, Position] | None = None, back: int = 0) -> None:
        self._topics = tuple(topics)
        self._joins = since is None
        self._back = back if since is None else 0
        self._sources: dict[str, _Source] = {}
        self._queue: deque[str] = deque()
        self._asked: Request | None = None
        self._joined: str | None = None
        """The epoch of the first message: what came before that one is not asked for."""
        self._has_arrived = False
        for source, position in (since or {}).items():
            if self._wants("event", source):
                self._new(source).follow(position)

    def take(self, message: Message) -> list[Handed]:
        """Take in what came over the feed, repeated or not, in whatever order; what can be handed on now."""
        if message.kind not in _KINDS:
            return [Handed(message, None)]
        self._joined = self._joined or message.epoch
        source = self._source_of(message)
        handed = list(self._take(source, message))
        if source.lacks():
            self._want(message.source)
        return handed

    def connected(self) -> None:
        """Say that there is a connection, again or for the first time: what was missed meanwhile is to be asked for."""
        for name, source in self._sources.items():
            if source.follows:
                self._want(name)

    def arrived(self) -> None:
        """Say that the connection has been there long enough for what a publisher sends whoever comes: the last status of each
        source.  One that shows up from now on is new.
        """
        self._has_arrived = True

    @property
    def wants_answers(self) -> bool:
        """Whether something is to be asked, now or after the answer to the last request."""
        return bool(self._queue)

    def request(self) -> Request | None:
        """What to ask next; None while a request is on its way, or when nothing is wanted."""
        if self._asked is not None or not self._queue:
            return None
        name = self._queue.popleft()
        position = self._sources[name].ask()
        self._asked = Request(name, position, self._back if position == _BEGINNING else 0)
        return self._asked

    def answer(self, answer: Answer) -> list[Handed]:
        """Take in the answer to the last request; what can be handed on now."""
        name, source = self._end_request()
        handed = list(self._fetch(source, name, answer))
        if answer.more and answer.events:
            # At the end of the queue: a long past of one source does not hold up the others.
            source.page = answer.events[-1].position
            self._want(name)
            return handed
        return [*handed, *self._settle(source, name, answered=True)]

    def refuse(self) -> list[Handed]:
        """Give up the last request, as nobody answers; what has come is handed on, and what is missing is told."""
        name, source = self._end_request()
        return list(self._settle(source, name, answered=False))

    def _wants(self, kind: str, source: str) -> bool:
        return f"{kind}/{source} ".startswith(self._topics)

    def _new(self, name: str) -> _Source:
        self._sources[name] = source = _Source(wants_events=self._wants("event", name))
        return source

    def _want(self, name: str) -> None:
        if name not in self._queue and (self._asked is None or self._asked.source != name):
            self._queue.append(name)

    def _end_request(self) -> tuple[str, _Source]:
        assert self._asked is not None, "nothing was asked"
        name, self._asked = self._asked.source, None
        return name, self._sources[name]

    def _source_of(self, message: Message) -> _Source:
        """What is known of the source of a message; where that is nothing yet, where it begins."""
        source = self._sources.get(message.source) or self._new(message.source)
        if source.wants_events and not source.follows and source.epoch in ("", message.epoch):
            if not self._joins:
                source.follow(_BEGINNING)
            elif self._has_arrived or message.epoch != self._joined:
                # It, or its epoch, began after the consumer came, and all its events did.
                source.follow(Position(message.epoch, 0))
            elif message.kind == "status":
                source.follow(self._behind(message.epoch, _last_event_seq(message)))
            elif message.kind == "event":
                source.follow(self._behind(message.epoch, message.seq - 1))
        return source

    def _behind(self, epoch: str, seq: int) -> Position:
        """So far back from an event as is wanted: where its epoch does not reach back so far, the beginning of all."""
        return Position(epoch, seq - self._back) if seq >= self._back else _BEGINNING

    def _take(self, source: _Source, message: Message) -> Iterator[Handed]:
        if message.seq <= source.seen(message):
            return
        if message.epoch != source.epoch and source.follows:
            source.wait(message)
            return
        if message.epoch != source.epoch:
            source.begin(message.epoch)
        if message.kind != "event" or not source.follows or message.seq == source.seen(message) + 1:
            yield self._hand(source, message)
            return
        source.wait(message)

    def _fetch(self, source: _Source, name: str, answer: Answer) -> Iterator[Handed]:
        """Hand on what is new of an answer: in the order of the publisher, which knows which epoch follows which."""
        source.lost |= not answer.complete
        for event in answer.events:
            if event.source == name and event.seq > source.seen(event):
                if event.epoch != source.epoch:
                    is_cut = source.epoch == "" and self._back > 0 and answer.complete
                    source.begin(event.epoch)
                    source.moved = True
                    if is_cut:
                        # Those before it were not asked for.
                        source.follow(Position(event.epoch, event.seq - 1))
                yield self._hand(source, event)

    def _settle(self, source: _Source, name: str, *, answered: bool) -> Iterator[Handed]:
        """After the last answer: hand on what had come before the request and is not in the answer."""
        # An answer tells of an epoch to its end, if another one has begun.
        is_whole = answered
        for message in [*in_order(source.early), *source.ripe_states()]:
            if message.seq <= source.seen(message):
                continue
            if message.epoch != source.epoch:
                if answered and source.is_over(message):
                    continue
                source.lost |= source.follows and not is_whole
                is_whole = False
                source.begin(message.epoch)
            yield self._hand(source, message)
        source.early.clear()
        source.moved = False
        source.give_up()
        late, source.late = source.late, []
        for message in late:
            yield from self._take(source, message)
        if source.lacks():
            self._want(name)

    def _hand(self, source: _Source, message: Message) -> Handed:
        """Count a message as handed on, and tell with it what is to be told."""
        source.missed += source.count(message)
        changes: dict[str, Any] = {}
        # A status that the consumer did not ask for it does not see.
        if self._wants(message.kind, message.source):
            if source.restarted:
                changes["restarted"], source.restarted = True, False
            # Texts are many, and nobody looks there for what was lost.
            if message.kind != "text" and (source.missed or source.lost):
                changes |= {"missed": source.missed, "lost": True}
                source.missed, source.lost = 0, False
        return Handed(dataclasses.replace(message, **changes) if changes else message, source.position)


class _Source:
    """One source: how far it was handed on, what waits, and what is still to be told of losses."""

    def __init__(self, *, wants_events: bool) -> None:
        self.wants_events = wants_events
        self.epoch = ""
        self.epochs: dict[str, dict[str, int]] = {}
        """By epoch and kind, the number of the last message handed on."""
        self.follows = False
        """Whether its events are put in order: they are wanted, and it is known where they begin."""
        self.told = 0
        """What the last status of this epoch says is the last event."""
        self.early: list[Message] = []
        """Events that had come before the last request and wait for its answer."""
        self.late: list[Message] = []
        """Events that have come since."""
        self.states: dict[str, Message] = {}
        """The newest text and status of another epoch."""
        self.page: Position | None = None
        """Where the next page begins."""
        self.moved = False
        """Whether the answers to what was asked go on in another epoch."""
        self.restarted = False
        self.missed = 0
        self.lost = False
        self._told_early = 0
        self._epoch_early: str | None = None

    @property
    def position(self) -> Position | None:
        return Position(self.epoch, self.epochs[self.epoch]["event"]) if self.follows else None

    def follow(self, position: Position) -> None:
        self.follows = True
        self.epoch = position.epoch
        self.epochs.setdefault(position.epoch, {})["event"] = position.seq

    def seen(self, message: Message) -> int:
        """Number of the last message handed on of its epoch and kind."""
        return self.epochs.get(message.epoch, {}).get(message.kind, 0)

    def begin(self, epoch: str) -> None:
        """Go on with another epoch, from its first event."""
        self.restarted = self.epoch != ""
        self.follows |= self.restarted and self.wants_events
        self.epoch = epoch
        # Put at the end, also where it was known: the first are forgotten first.
        self.epochs[epoch] = {"event": 0, **self.epochs.pop(epoch, {})}
        self.told = self._told_early = 0
        if len(self.epochs) > EPOCHS_LIMIT:
            del self.epochs[next(iter(self.epochs))]

    def count(self, message: Message) -> int:
        """Take a message of this epoch as handed on; how many events are missing before it."""
        numbers = self.epochs.setdefault(self.epoch, {})
        missing = message.seq - numbers.get("event", 0) - 1 if message.kind == "event" and self.follows else 0
        numbers[message.kind] = message.seq
        if message.kind == "status":
            self.told = _last_event_seq(message)
        return missing

    def wait(self, message: Message) -> None:
        """Keep a message until it is known what comes before it."""
        if self._epoch_of_states() != message.epoch:
            # A new epoch has come after theirs.
            self.states.clear()
        if message.kind != "event":
            self.states[message.kind] = message
        elif len(self.early) + len(self.late) < WAITING_LIMIT:
            self.late.append(message)

    def ripe_states(self) -> list[Message]:
        """Take what waits of texts and statuses, if it was known when it was asked last that their epoch has come."""
        if self._epoch_of_states() not in (self.epoch, self._epoch_early):
            return []
        states, self.states = self.states, {}
        return in_order(states.values())

    def _epoch_of_states(self) -> str | None:
        return next((state.epoch for state in self.states.values()), None)

    def is_over(self, message: Message) -> bool:
        """Whether a message that no answer has is of an epoch before this one; it is dropped then, an event as lost."""
        is_event = message.kind == "event"
        if not (self.moved or (is_event and message.epoch in self.epochs)):
            return False
        if is_event:
            self.epochs = {message.epoch: {}, **self.epochs}
            self.lost = True
        return True

    def lacks(self) -> bool:
        """Whether something is missing that can be asked for."""
        return bool(self.late or self.early or self.states) or self._unseen(self.told) > 0

    def ask(self) -> Position:
        """Where to ask from; what comes from now on may be missing in the answer."""
        self.early += self.late
        self.late = []
        self._told_early = self.told
        self._epoch_early = self._epoch_of_states()
        page, self.page = self.page, None
        return page or Position(self.epoch, self.epochs[self.epoch]["event"])

    def give_up(self) -> None:
        """Count as lost what a status told of before the request, and no answer has."""
        if (unseen := self._unseen(self._told_early)) > 0:
            self.missed += unseen
            self.lost = True
            self.epochs[self.epoch]["event"] += unseen
        self._told_early = 0

    def _unseen(self, told: int) -> int:
        return told - self.epochs[self.epoch]["event"] if self.follows else 0


def in_order(messages: Iterable[Message]) -> list[Message]:
    """Sort messages that came in any order: epochs as they were first seen, in each the events by number, then the states."""
    messages = list(messages)
    epochs = list(dict.fromkeys(message.epoch for message in messages))
    return sorted(messages, key=lambda message: (epochs.index(message.epoch), _KINDS.index(message.kind), message.seq))


def _last_event_seq(status: Message) -> int:
    last = status.body.get("last_event_seq")
    return last if isinstance(last, int) else 0

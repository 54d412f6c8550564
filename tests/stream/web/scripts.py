"""Scripts of what a client of the feed goes through, for both clients: what comes, and what is handed on and asked at each step.

A message is written `event/a one 5`: topic, epoch, number; a status ends with `last=7`, the number of the last event that it
tells of.  What is handed on ends with what is told of losses, and behind `@` with the position, if events are followed.  The
epoch of the position before everything is `-`.
"""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING, Any

from glyphfeed.stream.feed import wire
from glyphfeed.stream.feed.receiving.catching_up import Answer, CatchingUp
from glyphfeed.stream.feed.wire import Position

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glyphfeed.stream.feed.receiving.catching_up import Handed, Request
    from glyphfeed.stream.feed.wire import Message

Step = dict[str, Any]
Script = dict[str, Any]


def read_message(words: str) -> Message:
    topic, epoch, seq, *last = words.split()
    body = {"v": 1, "source": topic.partition("/")[2], "epoch": epoch, "seq": int(seq)}
    if last:
        body["last_event_seq"] = int(last[0].removeprefix("last="))
    return wire.Message(topic, body)


def write_message(message: Message) -> str:
    last = [f"last={message.body['last_event_seq']}"] if "last_event_seq" in message.body else []
    return " ".join([message.topic, message.epoch, str(message.seq), *last])


def write_position(position: Position) -> str:
    return f"{position.epoch or '-'} {position.seq}"


def write_handed(handed: Handed) -> str:
    message = handed.message
    told = [f"missed={message.missed}"] * bool(message.missed) + ["lost"] * message.lost + ["restarted"] * message.restarted
    place = [] if handed.position is None else ["@", write_position(handed.position)]
    return " ".join([write_message(message), *told, *place])


def write_request(request: Request | None) -> str | None:
    if request is None:
        return None
    return f"{request.source} {write_position(request.position)}" + f" last={request.last}" * bool(request.last)


def machine(script: Script) -> CatchingUp:
    """What Python's client is at the beginning of a script."""
    since = script["since"]
    positions = {source: Position(epoch.strip("-"), int(seq)) for source, (epoch, seq) in _split(since or {})}
    return CatchingUp(script["topics"], None if since is None else positions, script.get("back", 0))


def _split(since: dict[str, str]) -> Iterable[tuple[str, list[str]]]:
    return ((source, words.split()) for source, words in since.items())


def played(catching_up: CatchingUp, step: Step) -> Step:
    """The step with what Python's client does at it."""
    match step:
        case {"take": words}:
            handed = catching_up.take(read_message(words))
        case {"answer": events, **flags}:
            messages = [read_message(words) for words in events]
            handed = catching_up.answer(Answer(messages, flags["complete"], flags["more"]))
        case {"refuse": _}:
            handed = catching_up.refuse()
        case {"connected": _}:
            catching_up.connected()
            return step
        case {"arrived": _}:
            catching_up.arrived()
            return step
        case _:
            return {"request": write_request(catching_up.request())}
    return {**step, "handed": [write_handed(each) for each in handed]}


def chance(seed: int) -> Script:
    """A script of chance, with what Python's client does: messages are lost, repeated, late; publishers forget and restart."""
    dice = random.Random(seed)
    topics = dice.choice([["text/", "event/", "status/"], ["event/"], ["event/a "], ["event/", "status/b"], [""]])
    since = dice.choice([None, None, {}, {"a": "e0 2"}, {"b": "- 0"}])
    script: Script = {"name": f"chance {seed}", "topics": topics, "since": since, "back": dice.choice([0, 0, 2])}
    catching_up = machine(script)
    told: dict[str, list[str]] = {"a": [], "b": []}
    air: list[str] = []
    epoch = 0
    numbers: Counter[str] = Counter()
    steps: list[Step] = []
    asked: str | None = None
    for _ in range(60):
        source, turn = dice.choice("ab"), dice.random()
        if turn < 0.04:
            epoch += 1
            numbers.clear()
            told = {name: events[-dice.randint(0, 3) :] if dice.random() < 0.5 else [] for name, events in told.items()}
        elif turn < 0.4:
            kind = dice.choice(["event", "event", "event", "text", "status"])
            numbers[kind + source] += 1
            last = f" last={numbers['event' + source]}" if kind == "status" else ""
            words = f"{kind}/{source} e{epoch} {numbers[kind + source]}{last}"
            air.append(words)
            if kind == "event":
                told[source].append(words)
        elif turn < 0.75 and air:
            # Mostly the oldest, and not always for the last time.
            at = 0 if dice.random() < 0.8 else dice.randrange(len(air))
            words = air[at] if dice.random() < 0.1 else air.pop(at)
            if dice.random() < 0.85:
                steps.append(played(catching_up, {"take": words}))
        elif turn < 0.77:
            steps.append(played(catching_up, {"connected": True}))
        elif turn < 0.78:
            steps.append(played(catching_up, {"arrived": True}))
        elif asked is None or turn < 0.85:
            steps.append(played(catching_up, {"request": None}))
            asked = asked or steps[-1]["request"]
        elif turn < 0.88:
            steps.append(played(catching_up, {"refuse": True}))
            asked = None
        else:
            name, place = asked.split(" ", 1)
            after = [words.partition(" ")[2] for words in told[name]]
            place, _, last = place.partition(" last=")
            events = told[name][after.index(place) + 1 :] if place in after else told[name]
            events = events[-int(last) :] if last else events
            page = events[: dice.randint(1, 4)]
            answer = {"answer": page, "complete": place in after or dice.random() < 0.5, "more": len(page) < len(events)}
            steps.append(played(catching_up, answer))
            asked = None
    return script | {"steps": steps}

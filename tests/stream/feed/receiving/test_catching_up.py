from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.stream.feed.receiving.catching_up import Answer, CatchingUp, Request
from glyphfeed.stream.feed.wire import Message, Position

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from glyphfeed.stream.feed.receiving.catching_up import Handed

SOURCES = ("a", "b")
TOPICS = ("text/", "event/", "status/")
PAGE = 3


def message(kind: str, source: str, epoch: str, seq: int, **fields: int) -> Message:
    return Message(f"{kind}/{source}", {"v": 1, "source": source, "epoch": epoch, "seq": seq, **fields})


class Publisher:
    """What a publisher does, without sockets: it numbers, and answers out of what it has kept.

    Without `keep` it has the events of this epoch only; of these the last `ring` ones.
    """

    def __init__(self, *, keep: bool = True, ring: int = 1000) -> None:
        self.keep, self.ring = keep, ring
        self.epochs = ["epoch0"]
        self.told: defaultdict[str, list[Position]] = defaultdict(list)
        """Every event there ever was, in its order."""
        self._kept: defaultdict[str, list[Position]] = defaultdict(list)
        self._seqs: defaultdict[str, int] = defaultdict(int)

    @property
    def epoch(self) -> str:
        return self.epochs[-1]

    def restart(self) -> None:
        self.epochs.append(f"epoch{len(self.epochs)}")
        self._seqs.clear()
        if not self.keep:
            self._kept.clear()

    def put(self, kind: str, source: str) -> Message:
        topic = f"{kind}/{source}"
        self._seqs[topic] += 1
        position = Position(self.epoch, self._seqs[topic])
        if kind == "event":
            self.told[source].append(position)
            self._kept[source] = [*self._kept[source], position][-self.ring :]
        last = {"last_event_seq": self._seqs[f"event/{source}"]} if kind == "status" else {}
        return message(kind, source, position.epoch, position.seq, **last)

    def answer(self, request: Request) -> Answer:
        kept, position = self._kept[request.source], request.position
        order = {epoch: number for number, epoch in enumerate(self.epochs)}
        known = position.epoch == self.epoch or (self.keep and position.epoch in order)
        at = (order[position.epoch], position.seq) if known else (-1, 0)
        after = [event for event in kept if (order[event.epoch], event.seq) > at]
        gone = [event for event in self.told[request.source] if (order[event.epoch], event.seq) > at and event not in kept]
        events = [message("event", request.source, event.epoch, event.seq) for event in after[:PAGE]]
        return Answer(events, complete=not gone and (known or not position.epoch), more=len(after) > PAGE)


def test_events_that_follow_each_other_are_handed_on_at_once() -> None:
    feed, publisher = CatchingUp(TOPICS), Publisher()
    for kind in ("status", "text", "event", "event", "text", "event"):
        sent = publisher.put(kind, "a")
        assert [handed.message for handed in feed.take(sent)] == [sent]
        assert feed.request() is None


def test_a_gap_is_asked_for_and_what_came_meanwhile_follows() -> None:
    feed, publisher = CatchingUp(TOPICS), Publisher()
    one, two, three, four = (publisher.put("event", "a") for _ in range(4))
    feed.take(one)
    assert feed.take(three) == []
    request = feed.request()
    assert request == Request("a", Position("epoch0", 1))
    assert feed.take(four) == []
    handed = feed.answer(publisher.answer(request))
    assert [each.message for each in handed] == [two, three, four]
    assert handed[-1].position == Position("epoch0", 4)
    assert feed.take(three) == []
    assert feed.request() is None


def test_a_status_tells_of_events_after_which_none_has_come() -> None:
    feed, publisher = CatchingUp(TOPICS), Publisher()
    feed.take(publisher.put("status", "a"))
    lost = publisher.put("event", "a")
    status = publisher.put("status", "a")
    assert [handed.message for handed in feed.take(status)] == [status]
    request = feed.request()
    assert request is not None
    assert [handed.message for handed in feed.answer(publisher.answer(request))] == [lost]


def test_the_rest_of_an_epoch_comes_before_anything_of_the_next_one() -> None:
    feed, publisher = CatchingUp(TOPICS), Publisher()
    feed.take(publisher.put("event", "a"))
    rest = publisher.put("event", "a")
    publisher.restart()
    first, text = publisher.put("event", "a"), publisher.put("text", "a")
    assert feed.take(text) == []
    assert feed.take(first) == []
    request = feed.request()
    assert request is not None
    handed = [each.message for each in feed.answer(publisher.answer(request))]
    assert [(each.kind, each.epoch, each.seq) for each in handed] == [
        ("event", "epoch0", rest.seq),
        ("event", "epoch1", 1),
        ("text", "epoch1", 1),
    ]
    assert [each.restarted for each in handed] == [False, True, False]
    assert not any(each.lost for each in handed)


def test_a_publisher_that_keeps_nothing_may_have_lost_the_end_of_an_epoch() -> None:
    feed, publisher = CatchingUp(TOPICS), Publisher(keep=False)
    feed.take(publisher.put("event", "a"))
    publisher.put("event", "a")
    publisher.restart()
    feed.take(publisher.put("event", "a"))
    request = feed.request()
    assert request is not None
    (handed,) = feed.answer(publisher.answer(request))
    assert (handed.message.seq, handed.message.restarted, handed.message.lost, handed.message.missed) == (1, True, True, 0)


def test_where_nobody_answers_what_is_missing_is_counted() -> None:
    feed, publisher = CatchingUp(TOPICS), Publisher()
    feed.take(publisher.put("event", "a"))
    publisher.put("event", "a")
    feed.take(publisher.put("event", "a"))
    assert feed.request() is not None
    (handed,) = feed.refuse()
    assert (handed.message.seq, handed.message.missed, handed.message.lost) == (3, 1, True)
    # Also what only a status tells of, with the next one.
    publisher.put("event", "a")
    feed.take(publisher.put("status", "a"))
    assert feed.request() is not None
    assert feed.refuse() == []
    (told,) = feed.take(publisher.put("status", "a"))
    assert (told.message.missed, told.message.lost, told.position) == (1, True, Position("epoch0", 4))
    (following,) = feed.take(publisher.put("event", "a"))
    assert (following.message.seq, following.message.missed, following.message.lost) == (5, 0, False)


def test_of_a_source_that_shows_up_later_nothing_was_before() -> None:
    feed, publisher = CatchingUp(TOPICS), Publisher()
    publisher.put("event", "a")
    feed.take(publisher.put("status", "a"))
    feed.arrived()
    lost = publisher.put("event", "b")
    feed.take(publisher.put("status", "b"))
    request = feed.request()
    assert request == Request("b", Position("epoch0", 0))
    assert [handed.message for handed in feed.answer(publisher.answer(request))] == [lost]
    assert feed.request() is None


def test_what_is_to_be_told_is_told_with_what_the_consumer_asked_for() -> None:
    feed, publisher = CatchingUp(["event/"]), Publisher(keep=False)
    feed.take(publisher.put("event", "a"))
    publisher.restart()
    feed.take(publisher.put("status", "a"))
    request = feed.request()
    assert request is not None
    (status,) = feed.answer(publisher.answer(request))
    (event,) = feed.take(publisher.put("event", "a"))
    assert [(each.message.restarted, each.message.lost) for each in (status, event)] == [(False, False), (True, True)]


def test_whoever_wants_no_events_asks_for_none() -> None:
    feed, publisher = CatchingUp(["text/"]), Publisher()
    for _ in range(2):
        publisher.put("event", "a")
        assert len(feed.take(publisher.put("text", "a"))) == 1
        feed.connected()
        publisher.restart()
    (handed,) = feed.take(publisher.put("text", "a"))
    assert handed.message.restarted
    assert feed.request() is None


def test_messages_of_a_kind_that_is_not_known_pass_through() -> None:
    feed = CatchingUp(TOPICS)
    strange = message("news", "a", "epoch0", 7)
    for _ in range(2):
        assert [handed.message for handed in feed.take(strange)] == [strange]


Way: TypeAlias = Literal["arrives", "is lost", "comes twice", "comes later"]


@dataclass
class World:
    """A publisher, a consumer with a client, and a connection between them that loses, repeats and delays."""

    publisher: Publisher
    feed: CatchingUp
    positions: dict[str, Position] = field(default_factory=dict)
    handed: defaultdict[str, list[Message]] = field(default_factory=lambda: defaultdict(list))
    delayed: list[Message] = field(default_factory=list)
    request: Request | None = None

    def send(self, sent: Message, way: Way) -> None:
        if way == "comes later":
            self.delayed.append(sent)
        elif way != "is lost":
            for _ in range(1 + (way == "comes twice")):
                self.hand(self.feed.take(sent))

    def deliver(self) -> None:
        """What was delayed comes now, the last one first."""
        while self.delayed:
            self.hand(self.feed.take(self.delayed.pop()))

    def hand(self, handed: Iterable[Handed]) -> None:
        for each in handed:
            self.handed[each.message.source].append(each.message)
            if each.position is not None:
                self.positions[each.message.source] = each.position

    def ask(self) -> None:
        self.request = self.request or self.feed.request()

    def answer(self, *, refused: bool = False) -> None:
        self.ask()
        if self.request is not None:
            request, self.request = self.request, None
            self.hand(self.feed.refuse() if refused else self.feed.answer(self.publisher.answer(request)))

    def settle(self) -> None:
        """A status of each source comes, and the client has all the answers that it wants."""
        self.deliver()
        for source in SOURCES:
            self.send(self.publisher.put("status", source), "arrives")
        for _ in range(1000):
            self.answer()
            if self.request is None and not self.feed.wants_answers:
                return
        pytest.fail("it never stops asking")

    def events(self, source: str) -> list[Position]:
        return [each.position for each in self.handed[source] if each.kind == "event"]


PUTS = st.tuples(
    st.sampled_from(["event", "event", "text", "status"]),
    st.sampled_from(SOURCES),
    st.sampled_from(["arrives", "arrives", "is lost", "comes twice", "comes later"]),
)
STEPS = st.lists(
    PUTS | st.sampled_from(["deliver", "ask", "answer", "refuse", "restart", "reconnect", "consumer restarts"]), max_size=60
)


def play(steps: Sequence[tuple[str, str, Way] | str], world: World, without: Sequence[str] = ()) -> None:
    for step in steps:
        match step:
            case (kind, source, way):
                world.send(world.publisher.put(kind, source), way)
            case step if step in without:
                pass
            case "deliver":
                world.deliver()
            case "ask":
                world.ask()
            case "answer":
                world.answer()
            case "refuse":
                world.answer(refused=True)
            case "restart":
                # What was on its way has come, or never will.
                world.deliver()
                world.publisher.restart()
            case "reconnect":
                world.feed.connected()
            case "consumer restarts":
                # What was on its way to it is lost with its connection.
                world.delayed.clear()
                world.feed, world.request = CatchingUp(TOPICS, world.positions), None
                world.feed.connected()
    world.settle()


def everything() -> Mapping[str, Position]:
    return dict.fromkeys(SOURCES, Position("", 0))


@given(steps=STEPS)
def test_whatever_happens_each_event_comes_once_and_in_order(steps: list[tuple[str, str, Way] | str]) -> None:
    world = World(Publisher(), CatchingUp(TOPICS, everything()), {**everything()})
    play(steps, world, without=["refuse"])
    for source in SOURCES:
        assert world.events(source) == world.publisher.told[source]
        assert not any(each.missed or each.lost for each in world.handed[source])
        ended: set[Position] = set()
        for each in world.handed[source]:
            if each.kind == "event":
                ended.add(each.position)
            # Nothing of an epoch comes before the end of the one before.
            earlier = world.publisher.epochs[: world.publisher.epochs.index(each.epoch)]
            assert ended >= {position for position in world.publisher.told[source] if position.epoch in earlier}
        for kind in ("text", "status"):
            states = [each.position for each in world.handed[source] if each.kind == kind]
            for epoch in world.publisher.epochs:
                numbers = [position.seq for position in states if position.epoch == epoch]
                assert numbers == sorted(set(numbers))


@given(steps=STEPS, ring=st.sampled_from([2, 1000]), keep=st.booleans(), refused=st.booleans())
def test_what_is_lost_is_told_with_the_next_event_or_status(
    steps: list[tuple[str, str, Way] | str], ring: int, keep: bool, refused: bool
) -> None:
    world = World(Publisher(keep=keep, ring=ring), CatchingUp(TOPICS, everything()), {**everything()})
    play(steps, world, without=[] if refused else ["refuse"])
    # Tells what is still to be told.
    for source in SOURCES:
        world.send(world.publisher.put("status", source), "arrives")
    for source in SOURCES:
        told, came = world.publisher.told[source], world.events(source)
        places = [told.index(position) for position in came]
        assert places == sorted(set(places))
        assert sum(each.missed for each in world.handed[source]) <= len(told) - len(came)
        last, lost = -1, False
        for each in world.handed[source]:
            lost |= each.lost
            if each.kind == "event":
                place = told.index(each.position)
                assert lost or place == last + 1, f"{place - last - 1} events before {each.position} are lost in silence"
                last, lost = place, False
        assert lost or last == len(told) - 1, "the last events are lost in silence"


@given(steps=STEPS)
def test_from_where_it_came_whoever_joins_later_gets_all(steps: list[tuple[str, str, Way] | str]) -> None:
    world = World(Publisher(), CatchingUp(TOPICS))
    for source in SOURCES:
        world.publisher.put("event", source)
        world.send(world.publisher.put("status", source), "arrives")
    before = {source: len(told) for source, told in world.publisher.told.items()}
    play(steps, world, without=["refuse"])
    for source in SOURCES:
        assert world.events(source) == world.publisher.told[source][before[source] :]

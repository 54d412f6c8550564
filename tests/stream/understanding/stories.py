"""Made-up stories of what a reader tells, and a sink that holds what comes out against the feed's contract."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from glyphfeed.stream.feed import wire
from glyphfeed.stream.feed.conformance import Conformance
from glyphfeed.stream.records import Char, Event, EventType, Frame, Snapshot, Status, TextEntity, TextState, Word
from tests.stream.feed.samples import box

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glyphfeed.stream.records import Record

BEGUN = 1_700_000_000.0
STEP_S = 0.25
SIZE = (160, 120)
GREY = np.random.default_rng(0).integers(0, 255, (SIZE[1], SIZE[0]), np.uint8)


def text(identity: int, says: str, state: TextState = TextState.SETTLED, *, y: float | None = None, rev: int = 1) -> TextEntity:
    """A text with its words and characters; `y` is where it stands in the picture, by its id unless told."""
    top = 20.0 * identity if y is None else y
    return TextEntity(
        id=identity,
        rev=rev,
        state=state,
        text=says,
        confidence=0.9,
        polygon=box(10, top),
        words=tuple(Word(word, box(10 + 20 * place, top, 18), 0.9) for place, word in enumerate(says.split())),
        velocity=(0.0, 0.0),
        reads=1,
        first_seen=BEGUN,
        last_seen=BEGUN,
        chars=tuple(Char(char, box(10, top, 5), 0.9, (("x", 0.1),)) for char in says if char != " "),
    )


def frame(index: int) -> Frame:
    return Frame(index, index * STEP_S, BEGUN + index * STEP_S, GREY, lambda: np.dstack([GREY] * 3))


def snapshot(index: int, *texts: TextEntity, blocks: Sequence[tuple[int, ...]] | None = None) -> Snapshot:
    """What is told of a frame; each text that can be trusted in a block of its own, unless told."""
    trusted = tuple((each.id,) for each in texts if each.state is not TextState.TENTATIVE)
    return Snapshot(
        "cam1", index, index * STEP_S, BEGUN + index * STEP_S, SIZE, texts, trusted if blocks is None else tuple(blocks)
    )


class Seen(NamedTuple):
    """What a text is in one step of a story: None where it is not in view, else what it says, and how far it can be trusted."""

    says: str
    state: TextState


@dataclass(slots=True)
class Storyteller:
    """Tells of texts as the reader does: revisions, and events of what settles and leaves."""

    index: int = -1
    revs: Counter[int] = field(default_factory=Counter)
    told: dict[int, tuple[str, TextState]] = field(default_factory=dict)
    announced: dict[int, str] = field(default_factory=dict)
    last: dict[int, TextEntity] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)

    def step(self, seen: dict[int, Seen], leaving: set[int], *, together: bool) -> tuple[Frame, Snapshot, list[Event]]:
        """Go on by a frame, in which some texts are in view and others leave for good; all in one block if `together`."""
        self.index += 1
        events = [*self._settles(seen), *self._leaves(leaving - seen.keys())]
        texts = [self._tell(identity, *each) for identity, each in seen.items() if identity not in self.gone]
        trusted = tuple(each.id for each in texts if each.state is not TextState.TENTATIVE)
        blocks = ([trusted] if trusted else []) if together else None
        return frame(self.index), snapshot(self.index, *texts, blocks=blocks), events

    def _tell(self, identity: int, says: str, state: TextState) -> TextEntity:
        if self.told.get(identity) != (says, state):
            self.told[identity] = (says, state)
            self.revs[identity] += 1
        told = replace(text(identity, says, state, rev=self.revs[identity]), last_seen=BEGUN + self.index * STEP_S)
        self.last[identity] = told
        return told

    def _settles(self, seen: dict[int, Seen]) -> Iterator[Event]:
        for identity, (says, state) in seen.items():
            before = self.announced.get(identity)
            if state is TextState.SETTLED and says and says != before and identity not in self.gone:
                self.announced[identity] = says
                kind = EventType.READ if before is None else EventType.CHANGED
                yield self._event(kind, self._tell(identity, says, state), before)

    def _leaves(self, leaving: set[int]) -> Iterator[Event]:
        for identity in sorted(leaving & self.announced.keys() - self.gone):
            self.gone.add(identity)
            yield self._event(EventType.LEFT, self.last[identity])

    def _event(self, kind: EventType, entity: TextEntity, previous: str | None = None) -> Event:
        return Event("cam1", kind, self.index, BEGUN + self.index * STEP_S, entity, previous)


class Contract:
    """A sink that writes everything as the feed does, and notes what breaks the contract."""

    def __init__(self) -> None:
        self.snapshots: list[Snapshot] = []
        self.frames: list[Frame] = []
        self.events: list[Event] = []
        self.statuses: list[Status] = []
        self.messages: list[bytes] = []
        self.breaches: list[str] = []
        self._conformance = Conformance()
        self._seqs: Counter[str] = Counter()

    def publish(self, frame: Frame, snapshot: Snapshot, events: Sequence[Event]) -> None:
        self.frames.append(frame)
        self.snapshots.append(snapshot)
        self.events += events
        for record in (snapshot, *events):
            self._put(record)

    def report(self, status: Status) -> None:
        self.statuses.append(status)

    def _put(self, record: Record) -> None:
        kind = wire.KINDS[type(record)]
        topic = f"{kind.name}/{record.source}"
        self._seqs[topic] += 1
        at = BEGUN + 1000 + sum(self._seqs.values()) / 1000
        header = {"v": 1, "source": record.source, "epoch": "e", "seq": self._seqs[topic], "published_at": at}
        self.messages.append(wire.message(topic, header, kind.write(record)))
        self.breaches += self._conformance.take(self.messages[-1])

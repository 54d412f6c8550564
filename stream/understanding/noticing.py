"""What is noticed in the texts of one source: their attributes, the rules that they match, and what is to be hidden of them.

Owns: when a text is looked at anew, what is remembered of it, and which text is held back until it is certain.  Does not own the
finders and the rules, nor how text and pictures are hidden (masking, covering).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final, TypeAlias

from glyphfeed.stream.attributes.line import line_of
from glyphfeed.stream.records import Action, Attribute, EventType, TextState
from glyphfeed.stream.rules.subject import Subject
from glyphfeed.stream.understanding.masking import masked, wholly, withheld
from glyphfeed.stream.understanding.settings import MASKING, Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from glyphfeed.stream.records import Event, Flag, Snapshot, TextEntity

Actions: TypeAlias = frozenset[Action]
Content: TypeAlias = tuple[str, TextState, int]
"""What may change what a text means and which rules it matches: what it says, how far that is trusted, and after how many reads,
each of which may bring other candidates.
"""

TICK_S: Final = 1.0
"""So often rules are asked about texts that say the same as before: they may ask for the time, or for a zone."""
EARLIER_S: Final = 5.0
EARLIER: Final = 8
"""So long, and so many at most, are the things remembered that a text said before."""
REMEMBERED: Final = 10_000
"""So many texts are remembered, those that were seen last."""
NOTHING: Final = Actions()
CAPTION: Final = "caption"


@dataclass(slots=True)
class Known:
    """What is known of one text: what it says and what that means, and what it said when it settled last, None before.

    `hiding` is what is done to hide it now, `hidden` are the flags that ask for it, None where it says something new; `earlier`
    is what it said before, with the stream time until which it did.  `caption` is what was said of the scene around it, "" where
    nothing was.
    """

    says: str = ""
    attributes: tuple[Attribute, ...] = ()
    flags: tuple[Flag, ...] = ()
    certain: str | None = None
    hiding: Actions = NOTHING
    hidden: frozenset[Flag] | None = None
    caption: str = ""
    earlier: deque[tuple[float, str]] = field(default_factory=lambda: deque(maxlen=EARLIER))

    def before(self, now_s: float) -> tuple[str, ...]:
        """What it said in the last seconds before a stream time, the newest last."""
        return tuple(text for until_s, text in self.earlier if now_s - until_s <= EARLIER_S)


@dataclass(frozen=True, slots=True)
class Exposed:
    """A text of which something, or something more, has turned out to be hidden, and what is done for that from now on."""

    id: int
    text: str
    flags: tuple[Flag, ...]
    hiding: Actions


class Noticing:
    """Looks at all texts of one source, frame by frame; nothing is found out anew where no text and no block has changed."""

    def __init__(self) -> None:
        self._known: dict[int, Known] = {}
        self._blocks: dict[tuple[int, ...], tuple[Content, ...]] = {}
        self._seen: object = None
        self._settings = Settings()
        self._ticked_s = float("-inf")
        self.changed = False
        """Whether anything was looked at anew in the last frame."""
        self.exposed: list[Exposed] = []
        """The texts of which something is to be hidden since the last frame."""

    def look(self, snapshot: Snapshot, events: Sequence[Event], settings: Settings) -> None:
        """Find out what is new in a frame, and in what has happened since the one before."""
        for event in events:
            if event.type in (EventType.READ, EventType.CHANGED):
                self._recall(event.entity.id).certain = event.entity.text
        seen = (snapshot.blocks, [(text.id, text.rev, text.reads) for text in snapshot.texts])
        replaced = settings is not self._settings
        ticks = settings.rulebook is not None and snapshot.pts - self._ticked_s >= TICK_S
        self.changed, self.exposed = replaced or ticks or seen != self._seen, []
        if not self.changed:
            return
        self._seen, self._settings = seen, settings
        if ticks or replaced:
            self._ticked_s = snapshot.pts
        for text in snapshot.texts:
            self._remember(text, snapshot.pts)
        blocks = {tuple(text.id for text in lines): lines for lines in blocks_of(snapshot)}
        contents = {ids: tuple((text.text, text.state, text.reads) for text in lines) for ids, lines in blocks.items()}
        for ids, lines in blocks.items():
            if replaced or self._blocks.get(ids) != contents[ids]:
                self._understand(lines)
            elif not ticks:
                continue
            self._judge(lines, snapshot)
        self._blocks = contents
        for text in snapshot.texts:
            self._hide(text)

    def _recall(self, identity: int) -> Known:
        known = self._known.pop(identity, None) or Known()
        self._known[identity] = known
        if len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]
        return known

    def _remember(self, text: TextEntity, now_s: float) -> None:
        """Take in what a text says now."""
        known = self._recall(text.id)
        if text.text != known.says:
            # What never settled was a mistake as likely as not, and no part of anything.
            if known.says and known.says == known.certain:
                known.earlier.append((now_s, known.says))
            known.says, known.attributes, known.flags, known.hidden, known.caption = text.text, (), (), None, ""
        if text.state is TextState.SETTLED:
            known.certain = text.text

    def _understand(self, lines: Sequence[TextEntity]) -> None:
        extractor = self._settings.extractor
        found: Sequence[tuple[Attribute, ...]] = (
            ((),) * len(lines) if extractor is None else extractor.of_block([line_of(line) for line in lines])
        )
        for line, attributes in zip(lines, found, strict=True):
            self._known[line.id].attributes = (*line.attributes, *attributes)

    def _judge(self, lines: Sequence[TextEntity], snapshot: Snapshot) -> None:
        rulebook = self._settings.rulebook
        around = tuple(replace(line, attributes=self._known[line.id].attributes) for line in lines)
        for line in around:
            known = self._known[line.id]
            known.flags = () if rulebook is None else rulebook.flags(subject_of(line, around, known, snapshot))

    def _hide(self, text: TextEntity) -> None:
        """Decide what is done to hide a text; what was hidden once is shown again only when it has settled on something else."""
        known = self._known[text.id]
        own, before = hiding_of(known.flags), known.hidden
        known.hidden = frozenset(flag for flag in known.flags if flag.action is not Action.FLAG)
        more = own if before is not None and known.hidden - before else own - known.hiding
        if more:
            self.exposed.append(Exposed(text.id, text.text, known.flags, more))
        if own or text.state is TextState.SETTLED or not self._settings.hides:
            known.hiding = own

    def reconsider(self, texts: Iterable[TextEntity], snapshot: Snapshot) -> None:
        """Ask the rules of a frame, which are new, about what was seen before and is not told yet, each text alone."""
        asked = {(each.id, each.text) for each in self.exposed}
        for text in texts:
            _, flags = self._alone(text, self._known.get(text.id) or Known(), snapshot)
            if (hiding := hiding_of(flags)) and (text.id, text.text) not in asked:
                self.exposed.append(Exposed(text.id, text.text, flags, hiding))

    def describe(self, text: TextEntity, caption: str, snapshot: Snapshot) -> None:
        """Take in what was said of the scene around a text of a frame that is known, unless a rule would hide that."""
        known, rulebook = self._known[text.id], self._settings.rulebook
        said = replace(text, text=caption, words=(), chars=None, slots=())
        flags = () if rulebook is None else rulebook.flags(subject_of(said, (said,), Known(), snapshot))
        if not hiding_of(flags):
            known.caption = caption

    def hiding(self, identity: int) -> Actions:
        """What is done to hide a text."""
        known = self._known.get(identity)
        return NOTHING if known is None else known.hiding

    def told(self, text: TextEntity) -> TextEntity | None:
        """A text of the frame as it is told; None where it is not."""
        known = self._known[text.id]
        if Action.DROP in known.hiding:
            return None
        if self._settings.hides and not self.is_certain(text):
            return withheld(text)
        told = self._dressed(text, known.attributes, known.flags, known.hiding)
        return replace(told, attributes=(*told.attributes, caption_of(text, known.caption))) if known.caption else told

    def _dressed(self, text: TextEntity, attributes: Iterable[Attribute], flags: tuple[Flag, ...], hiding: Actions) -> TextEntity:
        """A text with what was found in it, as far as that is told, and without what is hidden."""
        told = tuple(each for each in attributes if each in text.attributes or self._settings.tells(each))
        return concealed(replace(text, attributes=told, flags=flags) if told or flags else text, flags, hiding)

    def is_certain(self, text: TextEntity) -> bool:
        """Whether a text has settled, or says what it did when it settled last."""
        return text.state is TextState.SETTLED or text.text == self._known[text.id].certain

    def happened(self, event: Event, snapshot: Snapshot) -> Event | None:
        """An event of the frame as it is told; None where it is not.  That a text has left is told where it is dropped, too, in
        case it was told of before.
        """
        text, left = event.entity, event.type is EventType.LEFT
        known = self._recall(text.id)
        attributes, flags, hiding = known.attributes, known.flags, known.hiding
        if text.text != known.says:
            attributes, flags = self._alone(text, known, snapshot)
            hiding = hiding_of(flags) or hiding
        dropped, held_back = Action.DROP in hiding, left and self._settings.hides and not self.is_certain(text)
        if left:
            del self._known[text.id]
        elif dropped:
            return None
        return replace(event, entity=withheld(text) if dropped or held_back else self._dressed(text, attributes, flags, hiding))

    def _alone(self, text: TextEntity, known: Known, snapshot: Snapshot) -> tuple[tuple[Attribute, ...], tuple[Flag, ...]]:
        """What a text means and matches that says something else by now."""
        extractor, rulebook = self._settings.extractor, self._settings.rulebook
        attributes = (*text.attributes, *(() if extractor is None else extractor.of_line(line_of(text))))
        text = replace(text, attributes=attributes)
        return attributes, (() if rulebook is None else rulebook.flags(subject_of(text, (text,), known, snapshot)))

    def due(self, snapshot: Snapshot) -> Iterator[tuple[TextEntity, Flag]]:
        """The flags of certain texts that are to be told of now, with those texts, in their order."""
        rulebook = self._settings.rulebook
        if rulebook is None or not self.changed:
            return
        for text in snapshot.texts:
            for flag in self._known[text.id].flags:
                if self.is_certain(text) and rulebook.due(flag, snapshot.source, text.id, snapshot.pts):
                    yield text, flag


def caption_of(text: TextEntity, caption: str) -> Attribute:
    """What was said of the scene around a text, as an attribute of all of it."""
    return Attribute(CAPTION, caption, (0, len(text.text)))


def understood(snapshot: Snapshot, settings: Settings) -> Snapshot:
    """A frame that stands alone as it is told."""
    noticing = Noticing()
    noticing.look(snapshot, (), settings)
    return with_texts(snapshot, [entity for text in snapshot.texts if (entity := noticing.told(text)) is not None])


def with_texts(snapshot: Snapshot, texts: Sequence[TextEntity]) -> Snapshot:
    """A snapshot with these of its texts, as they are told; the same where all are as they were."""
    if len(texts) == len(snapshot.texts) and all(new is old for new, old in zip(texts, snapshot.texts, strict=True)):
        return snapshot
    there = {text.id for text in texts}
    blocks = (tuple(identity for identity in block if identity in there) for block in snapshot.blocks)
    return replace(snapshot, texts=tuple(texts), blocks=tuple(block for block in blocks if block))


def blocks_of(snapshot: Snapshot) -> list[list[TextEntity]]:
    """The texts of each block in reading order; those that are in none, each alone."""
    texts = {text.id: text for text in snapshot.texts}
    blocks = [[texts.pop(identity) for identity in block] for block in snapshot.blocks]
    return [*blocks, *([text] for text in texts.values())]


def subject_of(text: TextEntity, around: tuple[TextEntity, ...], known: Known, snapshot: Snapshot) -> Subject:
    """What rules are asked about."""
    now = datetime.fromtimestamp(snapshot.captured_at).astimezone()
    return Subject(text, around, known.before(snapshot.pts), snapshot.size, now, snapshot.source)


def hiding_of(flags: Iterable[Flag]) -> Actions:
    """What flags do to hide a text."""
    return frozenset(flag.action for flag in flags) - {Action.FLAG}


def concealed(text: TextEntity, flags: Iterable[Flag], hiding: Actions) -> TextEntity:
    """A text with what its flags mask masked, and all of it where it is hidden and no flag says which part."""
    if not hiding & MASKING:
        return text
    return masked(text, [flag.span for flag in flags if flag.action in MASKING] or wholly(text))

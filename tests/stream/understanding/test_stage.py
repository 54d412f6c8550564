from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.records import Action, Event, EventType, SourceState, TextState
from glyphfeed.stream.rules.moderating import Moderation
from glyphfeed.stream.rules.rule import Rule
from glyphfeed.stream.rules.rulebook import Rulebook
from glyphfeed.stream.understanding import stage
from glyphfeed.stream.understanding.settings import LOOK_AHEAD_S, Settings
from glyphfeed.stream.understanding.stage import Understanding
from tests.stream.feed.samples import DEADLINE_S, status, wait_until
from tests.stream.understanding.stories import Contract, Seen, Storyteller, frame, snapshot, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glyphfeed.stream.records import Snapshot, TextEntity

READING, SETTLED, TENTATIVE, COASTING = TextState.READING, TextState.SETTLED, TextState.TENTATIVE, TextState.COASTING
SAID = st.sampled_from(["", "EXIT 12", "darn it", "Darn", "SALE", "4,99 €", "darn 30 %"])
STEPS = st.tuples(
    st.dictionaries(st.integers(1, 3), st.builds(Seen, SAID, st.sampled_from(TextState))),
    st.sets(st.integers(1, 3)),
    st.booleans(),
)


def rulebook(action: Action, *words: str, name: str = "rude") -> Rulebook:
    return Rulebook([Rule(name=name, literal=words or ("darn",), action=action, whole=False)])


def hiding(action: Action, delay_s: float | None = 0.0) -> Settings:
    return Settings(rulebook=rulebook(action), delay_s=delay_s)


ALL = [hiding(action, delay_s) for action in Action for delay_s in (0.0, 0.6)] + [Settings()]


def tell(steps: Sequence[tuple[dict[int, Seen], set[int], bool]], *wanted: Settings, live: bool = False) -> Contract:
    """Lead a story through the stage, whose settings change at every third step."""
    told, teller = Contract(), Storyteller()
    understanding = Understanding(told, wanted[0], live=live)
    for number, (seen, leaving, together) in enumerate(steps):
        understanding.settings = wanted[number // 3 % len(wanted)]
        understanding.publish(*teller.step(seen, leaving, together=together))
    understanding.hurry()
    understanding.close()
    return told


@given(st.lists(STEPS, max_size=12), st.lists(st.sampled_from(ALL), min_size=1, max_size=4))
def test_whatever_is_wanted_the_contract_is_kept(
    steps: list[tuple[dict[int, Seen], set[int], bool]], wanted: list[Settings]
) -> None:
    told = tell(steps, *wanted)
    assert told.breaches == []
    assert [each.frame for each in told.snapshots] == list(range(len(steps)))


@given(st.lists(STEPS, max_size=12), st.sampled_from([Action.MASK, Action.DROP, Action.BLUR]), st.sampled_from([0.0, 0.6, None]))
def test_what_is_hidden_is_in_no_message(
    steps: list[tuple[dict[int, Seen], set[int], bool]], action: Action, delay_s: float | None
) -> None:
    told = tell(steps, hiding(action, delay_s))
    assert not any(b"darn" in message.lower() for message in told.messages)


@given(st.lists(STEPS, max_size=12))
def test_where_nothing_is_wanted_nothing_is_changed(steps: list[tuple[dict[int, Seen], set[int], bool]]) -> None:
    told, plain = tell(steps, Settings()), Storyteller()
    expected = [plain.step(seen, leaving, together=together) for seen, leaving, together in steps]
    assert b"".join(map(repr_of, told.snapshots)) == b"".join(repr_of(each) for _, each, _ in expected)
    assert [repr(each) for each in told.events] == [repr(each) for _, _, events in expected for each in events]


def repr_of(told: Snapshot) -> bytes:
    return repr(told).encode()


def one(entity: TextEntity, wanted: Settings, *more: TextEntity) -> list[TextEntity]:
    """How a text is told in the first frame."""
    told = Contract()
    Understanding(told, wanted, live=False).publish(frame(0), snapshot(0, entity, *more), [])
    return list(told.snapshots[0].texts)


@pytest.mark.parametrize("state", [TENTATIVE, READING, COASTING])
def test_text_that_is_not_certain_is_held_back_where_anything_is_hidden(state: TextState) -> None:
    (held,) = one(text(1, "EXIT", state), hiding(Action.MASK))
    assert (held.text, held.words, held.chars, held.state) == ("", (), (), state)
    (open_text,) = one(text(1, "EXIT", state), hiding(Action.FLAG))
    assert open_text.text == "EXIT"


def test_text_that_has_settled_stays_to_be_told_while_it_says_the_same() -> None:
    told = tell(
        [({1: Seen("EXIT", state)}, set(), False) for state in (READING, SETTLED, COASTING, TENTATIVE)]
        + [({1: Seen("EXIT 1", READING)}, set(), False)],
        hiding(Action.MASK),
    )
    assert [each.texts[0].text for each in told.snapshots] == ["", "EXIT", "EXIT", "EXIT", ""]


def test_a_rule_that_asks_for_settled_text_hides_it_in_the_frame_in_which_it_settles() -> None:
    rule = Rule(name="rude", literal=("darn",), states=(SETTLED,), action=Action.MASK)
    told = tell([({1: Seen("darn", state)}, set(), False) for state in (READING, SETTLED)], Settings(rulebook=Rulebook([rule])))
    assert [each.texts[0].text for each in told.snapshots] == ["", "****"]
    assert not any(b"darn" in message for message in told.messages)


def test_what_a_rule_hides_while_it_is_settled_stays_hidden_while_it_is_not() -> None:
    rule = Rule(name="rude", literal=("darn",), states=(SETTLED,), action=Action.MASK)
    steps = [({1: Seen("darn", state)}, set[int](), False) for state in (SETTLED, COASTING, TENTATIVE, SETTLED)]
    told = tell(steps, Settings(rulebook=Rulebook([rule]), delay_s=0.0))
    assert [each.texts[0].text for each in told.snapshots] == ["****"] * 4


def test_a_masked_text_keeps_its_span_and_its_flag() -> None:
    (told,) = one(text(1, "oh darn it"), hiding(Action.MASK))
    assert told.text == "oh **** it"
    assert [(flag.rule, flag.span, flag.action) for flag in told.flags] == [("rude", (3, 7), Action.MASK)]


def test_a_dropped_text_is_in_no_block() -> None:
    told = Contract()
    understanding = Understanding(told, hiding(Action.DROP), live=False)
    understanding.publish(frame(0), snapshot(0, text(1, "darn"), text(2, "EXIT"), blocks=[(1, 2)]), [])
    understanding.report(replace(status(), texts=2))
    assert told.snapshots[0].blocks == ((2,),)
    assert told.statuses[0].texts == 1
    assert told.breaches == []


def test_a_flag_is_told_after_what_was_read_and_once() -> None:
    steps: list[tuple[dict[int, Seen], set[int], bool]] = [
        ({1: Seen("SALE", state), 2: Seen("A SALE", state)}, set(), False) for state in (READING, SETTLED, SETTLED, COASTING)
    ]
    told = tell(steps, Settings(rulebook=rulebook(Action.FLAG, "sale", name="bargain")))
    assert [(each.type, each.entity.id) for each in told.events] == [
        (EventType.READ, 1),
        (EventType.READ, 2),
        (EventType.FLAGGED, 1),
        (EventType.FLAGGED, 2),
    ]
    assert [each.flag.span for each in told.events if each.flag] == [(0, 4), (2, 6)]


def test_what_a_rule_does_is_done_also_where_it_tells_nothing() -> None:
    acts: list[Event] = []
    rules = [
        Rule(name="quiet", literal=("exit",), event=False),
        Rule(name="gone", literal=("darn",), action=Action.DROP),
        Rule(name="rude", literal=("heck",), action=Action.MASK),
    ]
    steps = [({1: Seen("EXIT", SETTLED), 2: Seen("darn", SETTLED), 3: Seen("heck", SETTLED)}, set[int](), False)]
    told = tell(steps, Settings(rulebook=Rulebook(rules), act=acts.append))
    assert [each.entity.text for each in told.events if each.type is EventType.FLAGGED] == ["****"]
    assert [(each.flag and each.flag.rule, each.entity.text) for each in acts] == [
        ("quiet", "EXIT"),
        ("gone", "****"),
        ("rude", "****"),
    ]


def test_what_turns_out_later_is_hidden_in_all_that_is_held() -> None:
    said = ["drat", "drat", "darn"]
    told = tell([({1: Seen(each, SETTLED)}, set(), False) for each in said], hiding(Action.MASK, 1.0))
    assert [each.texts[0].text for each in told.snapshots] == ["****"] * 3
    assert [(each.type, each.entity.text) for each in told.events if each.flag is None] == [(EventType.READ, "****")]
    dropped = tell([({1: Seen(each, SETTLED)}, set(), False) for each in said], hiding(Action.DROP, 1.0))
    assert [each.texts for each in dropped.snapshots] == [()] * 3
    assert dropped.events == []


def test_of_what_a_text_was_taken_for_before_the_rest_is_told() -> None:
    said = ["no drat here", "no darn here"]
    told = tell([({1: Seen(each, SETTLED)}, set(), False) for each in said], hiding(Action.MASK, 1.0))
    assert [each.texts[0].text for each in told.snapshots] == ["no **** here"] * 2
    assert [(each.type, each.entity.text) for each in told.events if each.flag is None] == [(EventType.READ, "no **** here")]


def test_a_second_word_that_turns_out_later_is_hidden_in_all_that_is_held_too() -> None:
    rules = [
        Rule(name="rude", literal=("darn",), action=Action.MASK),
        Rule(name="split", moderate=Moderation(own={"own": ("kraken",)}), action=Action.MASK),
    ]
    steps = [({1: Seen("darn kra", SETTLED)}, set[int](), True)] * 2
    more = ({1: Seen("darn kra", SETTLED), 2: Seen("ken", SETTLED)}, set[int](), True)
    told = tell([*steps, more], Settings(rulebook=Rulebook(rules), delay_s=10.0))
    assert [[each.text for each in shot.texts] for shot in told.snapshots] == [["**** ***"], ["**** ***"], ["**** ***", "***"]]
    assert not any(b"kra" in message for message in told.messages)


@pytest.mark.parametrize("action", [Action.MASK, Action.BLUR])
def test_what_was_hidden_is_shown_again_only_when_it_settles_on_something_else(action: Action) -> None:
    said = [Seen("darn", SETTLED), Seen("drn", READING), Seen("EXIT", READING), Seen("EXIT", SETTLED)]
    told = tell([({1: each}, set(), False) for each in said], hiding(action, 0.0))
    assert [each.texts[0].text for each in told.snapshots] == ["****", "", "", "EXIT"]
    assert [np.array_equal(each.grey, frame(0).grey) for each in told.frames] == [False, False, False, True]


def test_a_recording_waits_by_its_own_time_and_is_complete_at_the_end() -> None:
    told = Contract()
    understanding = Understanding(told, Settings(delay_s=0.5), live=False)
    for index in range(4):
        understanding.publish(frame(index), snapshot(index, text(1, "EXIT")), [])
        understanding.report(replace(status(), reads=index))
    assert [each.frame for each in told.snapshots] == [0, 1]
    assert [each.reads for each in told.statuses] == [0, 1]
    understanding.report(status(SourceState.ENDED))
    assert [each.frame for each in told.snapshots] == [0, 1, 2, 3]
    assert [each.state for each in told.statuses][-2:] == [SourceState.LIVE, SourceState.ENDED]


def test_recordings_are_looked_ahead_where_something_is_blurred_and_nobody_says_how_far() -> None:
    wanted = hiding(Action.BLUR, None)
    assert (wanted.delay(live=False), wanted.delay(live=True)) == (LOOK_AHEAD_S, 0.0)
    assert hiding(Action.MASK, None).delay(live=False) == LOOK_AHEAD_S
    assert hiding(Action.DROP, None).delay(live=False) == hiding(Action.FLAG, None).delay(live=False) == 0.0


def test_a_live_source_is_told_of_later_also_where_no_frame_comes() -> None:
    told = Contract()
    understanding = Understanding(told, Settings(delay_s=0.2), live=True)
    understanding.publish(frame(0), snapshot(0, text(1, "EXIT")), [])
    understanding.report(status())
    assert told.snapshots == []
    wait_until(lambda: bool(told.statuses))
    assert [each.frame for each in told.snapshots] == [0]
    (passed,) = told.statuses
    assert passed.latency_p50_ms == pytest.approx(212.3456)
    understanding.close()
    assert not [each for each in threading.enumerate() if each.name == "glyphfeed-delay"]


def test_a_live_source_that_ends_is_told_of_to_its_end_in_its_time() -> None:
    told = Contract()
    understanding = Understanding(told, Settings(delay_s=0.2), live=True)
    begun_s = time.monotonic()
    understanding.publish(frame(0), snapshot(0, text(1, "EXIT")), [])
    understanding.report(status(SourceState.ENDED))
    understanding.close()
    assert time.monotonic() >= begun_s + 0.2
    assert [each.frame for each in told.snapshots] == [0]
    assert [each.state for each in told.statuses] == [SourceState.ENDED]


@pytest.mark.parametrize("state", [SourceState.FAILED, SourceState.ENDED])
def test_a_live_source_that_fails_or_is_stopped_is_not_waited_for(state: SourceState) -> None:
    told = Contract()
    understanding = Understanding(told, Settings(delay_s=60.0), live=True)
    understanding.publish(frame(0), snapshot(0, text(1, "EXIT")), [])
    if state is SourceState.ENDED:
        understanding.hurry()
    understanding.report(status(state))
    understanding.close()
    assert [each.frame for each in told.snapshots] == [0]
    assert [each.state for each in told.statuses] == [state]


@pytest.mark.parametrize("action", [Action.MASK, Action.DROP, Action.BLUR])
def test_new_rules_hide_all_that_is_held_also_of_texts_that_are_gone_or_say_something_else(action: Action) -> None:
    told, teller = Contract(), Storyteller()
    understanding = Understanding(told, Settings(delay_s=60.0), live=False)
    seen = [{1: "oh darn", 2: "darn"}, {1: "oh darn", 2: "darn"}, {2: "EXIT"}, {2: "EXIT"}]
    for index, texts in enumerate(seen):
        if index == 3:
            understanding.settings = hiding(action, 60.0)
        story = {identity: Seen(says, SETTLED) for identity, says in texts.items()}
        understanding.publish(*teller.step(story, set(), together=False))
    understanding.close()
    assert not any(b"darn" in message for message in told.messages)
    assert told.breaches == []
    assert told.snapshots[-1].texts[0].text == "EXIT"
    covered = [not np.array_equal(each.grey, frame(0).grey) for each in told.frames]
    assert covered[:2] == [action is not Action.DROP] * 2
    if action is Action.MASK:
        assert told.snapshots[0].texts[0].text == "oh ****"


@pytest.mark.parametrize(("action", "blank"), [(Action.BLUR, [2, 3]), (Action.FLAG, [])])
@pytest.mark.parametrize("stopped", [False, True])
def test_the_last_pictures_of_a_live_source_in_which_nothing_was_read_yet_show_nothing(
    action: Action, blank: list[int], *, stopped: bool
) -> None:
    told = Contract()
    understanding = Understanding(told, hiding(action, DEADLINE_S), live=True)
    for index in range(4):
        understanding.publish(frame(index), snapshot(index, text(1, "EXIT")), [])
    if stopped:
        understanding.hurry()
    understanding.report(status(SourceState.ENDED))
    understanding.hurry()
    understanding.close()
    assert [each.index for each in told.frames if np.ptp(each.grey) == 0] == blank
    assert [each.texts[0].text for each in told.snapshots] == ["EXIT"] * 4


def test_so_do_pictures_that_come_while_it_is_stopped() -> None:
    told = Contract()
    understanding = Understanding(told, hiding(Action.BLUR, DEADLINE_S), live=True)
    understanding.hurry()
    understanding.publish(frame(0), snapshot(0), [])
    understanding.close()
    assert [np.ptp(each.grey) for each in told.frames] == [0]


def test_a_delay_that_is_taken_back_lets_nothing_overtake() -> None:
    told = Contract()
    understanding = Understanding(told, Settings(delay_s=0.3), live=True)
    for index in range(4):
        understanding.publish(frame(index), snapshot(index, text(1, "EXIT")), [])
        understanding.settings = Settings(delay_s=0.0)
    understanding.close()
    assert [each.frame for each in told.snapshots] == [0, 1, 2, 3]


class Breaks(Contract):
    def publish(self, *_: Any) -> None:
        raise FeedError("the feed is stuck")


def test_whoever_is_told_and_fails_ends_the_reading() -> None:
    told = Breaks()
    understanding = Understanding(told, Settings(delay_s=0.01), live=True)
    understanding.publish(frame(0), snapshot(0), [])
    with pytest.raises(FeedError, match="stuck"):
        understanding.close()


@settings(max_examples=20)
@given(st.lists(STEPS, min_size=3, max_size=12), st.booleans())
def test_held_pictures_take_no_more_than_they_may_and_no_event_is_lost(
    steps: list[tuple[dict[int, Seen], set[int], bool]], live: bool
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage, "MOST_BYTES", 2 * frame(0).grey.size * stage.PIXEL_BYTES)
        told, all_told = tell(steps, Settings(delay_s=60.0), live=live), tell(steps, Settings())
    assert told.breaches == []
    # Who was told of fewer frames was told of fewer revisions.
    bare = [[repr(replace(each, entity=replace(each.entity, rev=0))) for each in run.events] for run in (told, all_told)]
    assert bare[0] == bare[1]
    assert len(told.snapshots) == (2 if live else len(steps))


def told_captions(told: Contract) -> list[list[object]]:
    """The captions in each frame that was told of."""
    return [[each.value for text in shot.texts for each in text.attributes if each.kind == "caption"] for shot in told.snapshots]


def test_what_was_said_of_the_scene_is_an_attribute_until_the_text_says_something_else() -> None:
    told = Contract()
    understanding = Understanding(told, Settings(), live=False)
    understanding.publish(frame(0), snapshot(0, text(1, "EXIT")), [])
    for said in ((1, "EXIT", "A door."), (1, "OPEN", "Not of this."), (7, "EXIT", "Nor of that.")):
        understanding.describe(*said)
    for index, says in enumerate(("EXIT", "EXIT", "SALE"), start=1):
        understanding.publish(frame(index), snapshot(index, text(1, says, rev=1 + (says == "SALE"))), [])
    understanding.close()
    assert told_captions(told) == [[], ["A door."], ["A door."], []]
    assert [shot.texts[0].rev for shot in told.snapshots] == [1, 2, 2, 3]
    assert told.breaches == []


def test_a_caption_that_a_rule_would_hide_is_not_told() -> None:
    told = Contract()
    understanding = Understanding(told, hiding(Action.MASK), live=False)
    understanding.publish(frame(0), snapshot(0, text(1, "EXIT")), [])
    understanding.describe(1, "EXIT", "A door with darn on it.")
    understanding.publish(frame(1), snapshot(1, text(1, "EXIT")), [])
    understanding.describe(1, "EXIT", "A door.")
    understanding.publish(frame(2), snapshot(2, text(1, "EXIT")), [])
    understanding.close()
    assert told_captions(told) == [[], [], ["A door."]]

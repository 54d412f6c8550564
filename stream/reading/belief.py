"""What a text is believed to say: readings are taken in and weighed against those before, until they settle; then only another
picture, or a far better view, brings another text.

Owns a text's evidence and what it says.  Does not own when to read (rereading), how readings are fused (fusion), nor where the
text is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from glyphfeed.stream.reading import fusion
from glyphfeed.stream.reading.appearance import ROWS, SAME, SAME_LETTERS, UNTOUCHED, letters_likeness, likeness, resemblance
from glyphfeed.stream.reading.words import Span, plain, words_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from glyphfeed.engines.codes import Code
    from glyphfeed.engines.lattice import Lattice
    from glyphfeed.stream.reading.fusion import Evidence
    from glyphfeed.stream.reading.requests import Reading

VIEW_POWER = 2
SURE_POWER = 8
"""What a reading weighs against others of its text: powers of the view's quality and of its mean character probability, which of
1680 single readings tells the right ones far better (area under the curve 0.89 against 0.70)."""
REFUTING = 3.0
"""A reading that weighs so many times what all earlier ones do replaces them where it says something else: fused with a misread
from afar, what is read near by would stay in doubt."""
PUBLISH_CONFIDENCE = 0.33
PUBLISH_ALONE_CONFIDENCE = 0.5
"""Below these a reading is likelier wrong than right, and the text stays tentative.  The second is for a word that stands alone:
of those between the two a seventh were right (550 word-frames of 32 clips), of those in lines three fifths."""
SETTLE_CONFIDENCE = 0.75
SETTLE_ALONE_CONFIDENCE = 0.85
"""From this on a single reading settles; below, only a second one that agrees."""
LIKELIER = 0.2
"""What is shown and has not settled gives way to what is likelier by so much after two readings, by half of that after three, by
a third after four, or likely enough to settle by itself.  With 0 texts flip 1.3 to 1.5 times as often (36 street clips); with 0.2
however many readings there are, some that were misread stay for long.
"""
TURN_CONFIDENCE = 0.95
"""A mean character probability below this raises the question whether the text stands upright."""
RIVAL_CONFIDENCE = 0.6
"""The best of several turns answers it from this on."""
TURN_MARGIN = 0.05
"""By so much another turn must be surer: the recogniser reads upside-down text, too, only worse."""
CONTRADICTIONS = 6
"""So many readings in a row, over some nine seconds, that neither bear out settled text nor agree on another tell that it is
gone: who stands before it goes sooner."""
USUAL = 0.03
LEAST_CHANGE, LEAST_CHANGE_SEEN, LEAST_CHANGE_MOVING = 0.12, 0.04, 0.3
TIMES_USUAL = 4.0
"""The picture inside has changed where the worst letter differs from that of a moment ago by so many times what it does as a
rule, and by so much at the least, where the text moves in the picture by the second: of drawn digits that change, 1 to 2, 3 to 8
and the like, 99 in 100 differ by 0.13 and more, of the same ones in another blur 1 in 100 by 0.03; in clips filmed by hand the
same letters differ by 0.1 as a rule.  Where pixels are seen to be new in still text and not beside it, less is enough: of 66
filmed lines of 20 to 70 pixels, on three grounds, in which a digit changes, 5 differ by 0.06 to 0.12."""
OTHER = 0.6
"""What correlates less than this as a whole is another text, or none (generated displays)."""
GONE = 0.45
"""The same, against the picture that was read: what fades out differs little from a moment ago (0.2 once it is gone)."""
HABIT = 0.15
"""How much one comparison counts for what is usual."""
RETURNED = 0.1
"""What looks like what was read, but for so much, is there again."""
ALL_CHANGED = 0.6
"""Where so much of a text has changed it may reach further now, or less far."""
UNCOVERED = 3
"""So many readings that agree make a new text where something else has changed as well: what stands before a text for a moment
makes it be misread, and the next time otherwise."""
CODE_CONFIDENCE = 0.99
"""Of what a QR or bar code was read to say and is believed: checksums leave little to doubt."""
CHALLENGE_CONFIDENCE = 0.85
"""What is read where settled text has changed its look must be as sure as this to count as a new text."""


@dataclass(slots=True)
class Belief:
    """What is known of what one text says; only the functions of this module write it."""

    quarters: int = 0
    """Quarter turns clockwise by which the text stands turned against the quad that it is followed by."""
    turn_known: bool = False
    judged_view: float = 0.0
    """Quality of the best view in which rival turns were compared."""
    evidence: Evidence | None = None
    challenger: Evidence | None = None
    """What was read since the picture inside changed, until it is believed."""
    spans: tuple[Span, ...] = ()
    held_back: tuple[bool, ...] = ()
    """Of each of the `spans`, whether it is not shown before it settles, as the border probably cut it off."""
    text: str = ""
    code: str = ""
    """What kind of code says that, such as QRCode; "" for what is written."""
    heard: tuple[str, str] = ("", "")
    """What a code was read to say the last time, and of which kind it is then."""
    confidence: float = 0.0
    trusted: bool = False
    settled: bool = False
    appearance: NDArray[np.float32] | None = None
    """The picture inside when it was last read (see `reading.appearance`)."""
    confirmed: NDArray[np.float32] | None = None
    """The picture inside when it last bore out what the text says."""
    usual: float = USUAL
    """How much the picture inside differs from that as a rule: by noise, compression, and how well the place is known."""
    fit: float = 1.0
    """How well it fitted the picture that was read, then."""
    changed: bool = False
    """Whether the picture inside no longer bears out what the text says."""
    refuted: bool = False
    """Whether the picture of a moment ago is no longer there: what the text says is not shown until it is borne out again."""
    replaced: bool = False
    """Whether all of it changed, and nothing beside it: then it is another text, or none, and nothing stands before it."""
    confined: bool = False
    """Whether only some letters changed, and nothing beside them: then it reaches as far as it did."""
    ticks: int = 0
    """How often it has changed and was read anew."""
    altered: int = 0
    """Comparisons in a row that showed another letter."""
    contradictions: int = 0
    """Readings since then that neither bore it out nor agreed on something else."""
    extent_as_of: int = 0
    """A new text is believed only when a detector pass over this frame or a later one has shown how far it reaches."""

    def begin_anew(self, quarters: int) -> None:
        """Forget what was read, as that was of another extent; text that is not trusted may now stand turned by `quarters`."""
        self.settled = False
        self.evidence = self.challenger = None
        self.appearance = self.confirmed = None
        if not self.trusted:
            self.quarters, self.turn_known, self.judged_view = quarters, False, 0.0

    @property
    def is_contradicted(self) -> bool:
        """Whether what it says is no longer there, and something was surely read that is no part of it, as what stands before a
        sign leaves to be read.
        """
        challenger = self.challenger
        return self.refuted and challenger is not None and plain(challenger.lattice.text) not in plain(self.text)

    def show(self, appearance: NDArray[np.float32]) -> None:
        """Take what it looks like now for the picture of what it says."""
        self.appearance, self.changed, self.altered, self.contradictions = appearance, False, 0, 0
        self.confirmed, self.fit, self.refuted = appearance, 1.0, False


def take_rivals(belief: Belief, rivals: list[Reading], *, awaits_extent: bool = False, extent_known: bool = False) -> bool:
    """Take in what was read of a text at one moment, in one turn or in several, of which the surest counts.

    Something new is not believed while it `awaits_extent`: until a detector pass has shown how far it reaches.  Where the
    extent is known to be what it was one sure reading is believed, else, as something may stand before it, only two that agree.

    Returns:
        Whether it begins anew: it says something else, or so many readings contradicted what was settled that it says nothing.

    """
    best = max(
        rivals, key=lambda reading: reading.lattice.confidence + TURN_MARGIN * (reading.request.quarters == belief.quarters)
    )
    request, sure = best.request, best.lattice.confidence
    if len(rivals) > 1:
        belief.judged_view = request.view
    belief.turn_known |= sure >= (TURN_CONFIDENCE if len(rivals) == 1 else RIVAL_CONFIDENCE)
    if request.quarters != belief.quarters and best.lattice.text:
        belief.quarters, belief.evidence, belief.challenger, belief.settled = request.quarters, None, None, False
    return take_reading(belief, best, awaits_extent=awaits_extent, extent_known=extent_known)


def take_code(belief: Belief, code: Code, appearance: NDArray[np.float32]) -> bool:
    """Take in what a code was read to say, in a picture of which it looked like that: believed at once where it is well checked,
    else where it was read so twice in a row.

    Returns:
        Whether it says anything but what is believed.

    """
    says = (code.text, code.symbology)
    sure = code.checked or belief.heard == says
    belief.heard = says
    belief.show(appearance)
    if belief.settled and says == (belief.text, belief.code):
        return False
    if sure or not belief.settled:
        belief.text, belief.code, belief.confidence = code.text, code.symbology, CODE_CONFIDENCE
        belief.spans, belief.held_back = (Span(code.text, 0.0, 1.0, CODE_CONFIDENCE, ()),), (False,)
        belief.trusted = belief.settled = sure
    return True


def take_reading(belief: Belief, reading: Reading, *, awaits_extent: bool, extent_known: bool) -> bool:
    """Fuse one reading into what is believed and decide what the text now says and whether it is settled; see `take_rivals`."""
    request, lattice = reading.request, reading.lattice.within(reading.request.margin)
    if not lattice.text or (request.clipped and tells_less(belief, lattice)):
        return belief.settled and belief.changed and contradict(belief, request.appearance)
    begins_anew = False
    weight = max(request.view, 0.02) ** VIEW_POWER * max(lattice.confidence, 0.05) ** SURE_POWER
    otherwise = belief.settled and says_otherwise(belief, lattice, request.appearance)
    contested = belief.evidence is not None and (otherwise or belief.refuted or (belief.settled and belief.changed))
    if contested:
        begins_anew = challenge(
            belief, lattice, request.appearance, weight, awaits_extent=awaits_extent, extent_known=extent_known
        )
    clipped = request.clipped and belief.settled
    if belief.evidence is None or (not (contested or clipped) and refutes(lattice, weight, belief.evidence)):
        belief.evidence, belief.settled = fusion.begin(lattice, weight), False
        belief.show(request.appearance)
    elif not contested:
        belief.evidence = fusion.fuse(belief.evidence, lattice, weight)
        belief.appearance = belief.confirmed = request.appearance
    conclude(belief, lattice, clipped=request.clipped, clear=request.clear)
    return begins_anew


def notice(
    belief: Belief,
    appearance: NDArray[np.float32],
    frame: int,
    *,
    alone: bool = True,
    witnessed: bool = False,
    still: bool = True,
) -> None:
    """Compare what a text looks like in a frame with what it did a moment ago, letter by letter and finely, and with what it did
    when it was read, as a whole and letter by letter, where one comparison may err; `witnessed` is whether pixels are
    new in it, and `alone` whether there are none beside it.
    """
    assert belief.appearance is not None
    recent = belief.confirmed if belief.confirmed is not None else belief.appearance
    whole, windows = resemblance(recent, appearance)
    whole_read, read = (whole, windows) if recent is belief.appearance else resemblance(belief.appearance, appearance)
    letters = float(read.min())
    belief.altered = belief.altered + 1 if letters < SAME_LETTERS else 0
    differs, was_refuted = 1 - float(windows.min()), belief.refuted
    least = LEAST_CHANGE_MOVING if not still else LEAST_CHANGE_SEEN if witnessed and alone else LEAST_CHANGE
    limit = max(least, TIMES_USUAL * belief.usual)
    if belief.refuted:
        # As little as refuted it keeps it so.
        belief.refuted = changed = letters < belief.fit - min(RETURNED, max(2 * belief.usual, LEAST_CHANGE_SEEN / 2))
    else:
        # Blur, and a place that is off, change all letters, and a little.
        local = float(np.median(windows)) > 1 - limit / 2
        belief.refuted = (differs > limit and (witnessed or local or whole < OTHER)) or whole_read < GONE
        changed = belief.refuted or whole_read < SAME or belief.altered >= 2
    if (changed and not belief.changed) or (belief.refuted and not was_refuted):
        all_changed = float((windows < 1 - limit).mean()) >= ALL_CHANGED or whole < OTHER
        # The edge of what slowly comes before still text is too little to be new, and shows beside the text a moment earlier.
        belief.confined = alone and not all_changed and (witnessed or not still)
        belief.replaced = alone and all_changed
        belief.extent_as_of = belief.extent_as_of if belief.confined else frame
    belief.changed = changed
    if not changed:
        belief.confirmed, belief.fit = appearance, letters
        belief.usual += HABIT * (differs - belief.usual)
    if letters >= UNTOUCHED:
        belief.challenger, belief.contradictions = None, 0


def notice_in_part(belief: Belief, appearance: NDArray[np.float32], clear: tuple[float, float]) -> None:
    """Compare what of a text the border leaves in view, from and to in 0..1 along it, with what that part did when it was whole:
    as a whole only, as the letters at its end are cut.
    """
    assert belief.appearance is not None
    recent = belief.confirmed if belief.confirmed is not None else belief.appearance
    before, now = (
        patch[:, round(clear[0] * patch.shape[1]) : round(clear[1] * patch.shape[1])] for patch in (recent, appearance)
    )
    if min(before.shape[1], now.shape[1]) >= ROWS:
        belief.refuted = belief.changed = likeness(before, now) < OTHER


def tells_less(belief: Belief, lattice: Lattice) -> bool:
    """Tell whether a reading is only a part of what a text is known to say."""
    return belief.trusted and plain(lattice.text) != plain(belief.text) and plain(lattice.text) in plain(belief.text)


def may_be_hidden(belief: Belief, lattice: Lattice) -> bool:
    """Tell whether something that stands before a text may leave no more of it than a reading says."""
    return belief.refuted and not (belief.confined or belief.replaced) and tells_less(belief, lattice)


def says_otherwise(belief: Belief, lattice: Lattice, appearance: NDArray[np.float32]) -> bool:
    """Tell whether a reading of settled text contradicts it where a letter may have changed: it is no reading of the same."""
    if belief.evidence is None or belief.appearance is None:
        return False
    return (
        plain(lattice.text) != plain(belief.evidence.lattice.text) and letters_likeness(belief.appearance, appearance) < UNTOUCHED
    )


def outweighs(weight: float, evidence: Evidence) -> bool:
    """Tell whether a reading is worth so much more than the earlier ones together that it counts against them alone."""
    return weight > REFUTING * evidence.weight


def refutes(lattice: Lattice, weight: float, evidence: Evidence) -> bool:
    """Tell whether a reading says something else than the earlier ones, and outweighs them by so much that they were misread."""
    return outweighs(weight, evidence) and plain(lattice.text) != plain(evidence.lattice.text)


def challenge(
    belief: Belief, lattice: Lattice, appearance: NDArray[np.float32], weight: float, *, awaits_extent: bool, extent_known: bool
) -> bool:
    """Weigh what was read after the picture changed against what was settled: something before the sign, or a new text?

    Returns:
        Whether all that was believed is given up.

    """
    assert belief.evidence is not None
    begins_anew = False
    if plain(lattice.text) == plain(belief.evidence.lattice.text):
        belief.challenger = None
        belief.show(appearance)
    elif lattice.confidence < CHALLENGE_CONFIDENCE or not plain(lattice.text) or may_be_hidden(belief, lattice):
        begins_anew = contradict(belief, appearance)
    elif belief.refuted and (belief.confined or (belief.replaced and extent_known)):
        belief.evidence, belief.challenger, belief.settled = fusion.begin(lattice, weight), None, False
        belief.ticks += 1
        belief.show(appearance)
        begins_anew = True
    elif belief.challenger is None or plain(lattice.text) != plain(belief.challenger.lattice.text):
        begins_anew = contradict(belief, appearance)
        if not begins_anew:
            belief.challenger = fusion.begin(lattice, weight)
    elif (
        awaits_extent
        or (belief.refuted and not (extent_known and (belief.replaced or belief.challenger.readings + 1 >= UNCOVERED)))
        or not (belief.changed or outweighs(weight, belief.evidence))
    ):
        belief.challenger = fusion.fuse(belief.challenger, lattice, weight)
    else:
        belief.evidence, belief.challenger = fusion.fuse(belief.challenger, lattice, weight), None
        belief.show(appearance)
    return begins_anew


def contradict(belief: Belief, appearance: NDArray[np.float32]) -> bool:
    """Count a reading that does not bear out what settled text says, nor what else; after several it begins anew, as told."""
    belief.challenger = None
    belief.contradictions += 1
    if belief.contradictions < CONTRADICTIONS:
        return False
    belief.evidence, belief.settled, belief.trusted = None, False, False
    belief.show(appearance)
    return True


def conclude(belief: Belief, latest: Lattice, *, clipped: bool, clear: tuple[float, float] = (0.0, 1.0)) -> None:
    """Set what a text says from its evidence, which settles only when reads of the complete text agree.

    What is shown and has not settled gives way only to what is likelier: texts must not flicker. Words that reach beyond the part
    that is `clear` of the border, from and to in 0..1 along the text, are held back until they were read clear of it.
    """
    evidence = belief.evidence
    assert evidence is not None
    text, confidence = evidence.lattice.text, fusion.confidence(evidence)
    rereads = evidence.readings > 1 and belief.trusted and not belief.settled
    margin = LIKELIER / max(evidence.readings - 1, 1)
    likelier = confidence >= min(belief.confidence + margin, max(belief.confidence, SETTLE_ALONE_CONFIDENCE))
    if rereads and plain(text) != plain(belief.text) and not likelier:
        return
    belief.text, belief.confidence = text, confidence
    belief.spans = words_of(evidence)
    belief.held_back = held_back(belief, latest, clear, anew=evidence.readings == 1)
    belief.trusted = bool(belief.spans) and plain(belief.text) != "" and worth_showing(belief)
    agrees = plain(latest.text) == plain(belief.text)
    # What is read twice the wrong way up agrees as well, and makes the fused reading sure.
    judged = belief.turn_known or belief.judged_view > 0
    alone = belief.confidence >= SETTLE_ALONE_CONFIDENCE
    together = judged and (alone or (agrees and belief.confidence >= SETTLE_CONFIDENCE))
    settles = not clipped and (alone if evidence.readings == 1 else together)
    belief.settled = belief.trusted and (belief.settled or settles)


def held_back(belief: Belief, latest: Lattice, clear: tuple[float, float], *, anew: bool) -> tuple[bool, ...]:
    """Tell of each word whether the border probably cut it off: it was never read clear of that and is no common word, as a part
    of a word seldom is one.
    """
    start, end = clear
    now = tuple((span.start < start or span.end > end) and plain(span.text) not in latest.words for span in belief.spans)
    if anew or len(now) != len(belief.held_back):
        return now
    return tuple(cut and before for cut, before in zip(now, belief.held_back, strict=True))


def worth_showing(belief: Belief) -> bool:
    """Tell whether the words of a belief, letters counted, are likely enough to be right."""
    least = PUBLISH_CONFIDENCE if len(belief.spans) > 1 else PUBLISH_ALONE_CONFIDENCE
    letters = sum(len(span.text) for span in belief.spans)
    return sum(len(span.text) * span.confidence for span in belief.spans) >= least * letters


def resume(belief: Belief, old: Belief) -> None:
    """Go on with what was believed of an earlier track of the same text."""
    if old.evidence is None or belief.evidence is None:
        return
    said, says = plain(old.text), plain(belief.text)
    if says == said:
        belief.evidence = fusion.fuse(old.evidence, belief.evidence.lattice, belief.evidence.weight)
    elif old.settled and not belief.settled and says in said:
        # The border probably still hides the rest of it, or blur.
        belief.evidence, belief.trusted = old.evidence, False
    else:
        return
    belief.settled = old.settled
    conclude(belief, belief.evidence.lattice, clipped=False)

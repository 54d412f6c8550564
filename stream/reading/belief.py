"""What a text is believed to say: readings are taken in and weighed against those before, until they settle; then only another
picture, or a far better view, brings another text.

Owns a track's evidence and what it says.  Does not own when to read (rereading) nor how readings are fused (fusion).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glyphfeed.stream.reading import fusion
from glyphfeed.stream.reading.appearance import SAME, SAME_LETTERS, UNTOUCHED, letters_likeness, likeness
from glyphfeed.stream.reading.words import plain, words_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from glyphfeed.engines.lattice import Lattice
    from glyphfeed.stream.reading.fusion import Evidence
    from glyphfeed.stream.reading.requests import Reading
    from glyphfeed.stream.tracking.track import Track

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
CHALLENGE_CONFIDENCE = 0.85
"""What is read where settled text has changed its look must be as sure as this to count as a new text."""


def take_rivals(track: Track, rivals: list[Reading]) -> None:
    """Take in what was read of a track at one moment, in one turn or in several, of which the surest counts."""
    track.pending = False
    track.reads += len(rivals)
    best = max(
        rivals, key=lambda reading: reading.lattice.confidence + TURN_MARGIN * (reading.request.quarters == track.quarters)
    )
    request, sure = best.request, best.lattice.confidence
    if len(rivals) > 1:
        track.judged_view = request.view
    track.turn_known |= sure >= (TURN_CONFIDENCE if len(rivals) == 1 else RIVAL_CONFIDENCE)
    if request.quarters != track.quarters and best.lattice.text:
        track.quarters, track.evidence, track.challenger, track.settled = request.quarters, None, None, False
    take_reading(track, best)


def take_reading(track: Track, reading: Reading) -> None:
    """Fuse one reading into its track and decide what it now says and whether it is settled."""
    request, lattice = reading.request, reading.lattice.within(reading.request.margin)
    track.tried += 1
    track.read_at = request.pts
    if not lattice.text or (request.clipped and tells_less(track, lattice)):
        track.read_quality = max(track.read_quality, request.view)
        if track.settled and track.changed_look:
            contradict(track, request.look)
        return
    weight = max(request.view, 0.02) ** VIEW_POWER * max(lattice.confidence, 0.05) ** SURE_POWER
    contested = track.settled and (track.changed_look or says_otherwise(track, lattice, request.look))
    if contested:
        challenge(track, lattice, request.look, weight)
    clipped = request.clipped and track.settled
    if track.evidence is None or (not (contested or clipped) and refutes(lattice, weight, track.evidence)):
        track.evidence, track.settled = fusion.begin(lattice, weight), False
        track.look = request.look
    elif not contested:
        track.evidence = fusion.fuse(track.evidence, lattice, weight)
        track.look = request.look
    track.read_quality = max(track.read_quality, request.view)
    conclude(track, lattice, clipped=request.clipped, clear=request.clear)


def notice(track: Track, look: NDArray[np.float32], frame: int) -> None:
    """Compare what settled text looks like in a frame with what it did when it was read: as a whole, and letter by letter, where
    one look may err.
    """
    assert track.look is not None
    letters = letters_likeness(track.look, look)
    track.altered = track.altered + 1 if letters < SAME_LETTERS else 0
    changed = likeness(track.look, look) < SAME or track.altered >= 2
    if changed and not track.changed_look:
        track.extent_as_of = frame
    track.changed_look = changed
    if letters >= UNTOUCHED:
        track.challenger, track.contradictions = None, 0


def tells_less(track: Track, lattice: Lattice) -> bool:
    """Tell whether a reading is only a part of what a text is known to say."""
    return track.trusted and plain(lattice.text) != plain(track.text) and plain(lattice.text) in plain(track.text)


def says_otherwise(track: Track, lattice: Lattice, look: NDArray[np.float32]) -> bool:
    """Tell whether a reading of settled text contradicts it where a letter may have changed: it is no reading of the same."""
    if track.evidence is None or track.look is None:
        return False
    return plain(lattice.text) != plain(track.evidence.lattice.text) and letters_likeness(track.look, look) < UNTOUCHED


def refutes(lattice: Lattice, weight: float, evidence: Evidence) -> bool:
    """Tell whether a reading says something else than the earlier ones, and outweighs them by so much that they were misread."""
    return weight > REFUTING * evidence.weight and plain(lattice.text) != plain(evidence.lattice.text)


def challenge(track: Track, lattice: Lattice, look: NDArray[np.float32], weight: float) -> None:
    """Weigh what was read after the picture changed against what was settled: something before the sign, or a new text?"""
    assert track.evidence is not None
    if plain(lattice.text) == plain(track.evidence.lattice.text):
        track.challenger = None
        track.show(look)
    elif lattice.confidence < CHALLENGE_CONFIDENCE or not plain(lattice.text):
        contradict(track, look)
    elif track.challenger is None or plain(lattice.text) != plain(track.challenger.lattice.text):
        contradict(track, look)
        if track.evidence is not None:
            track.challenger = fusion.begin(lattice, weight)
    elif track.awaits_extent and any(kind.tile is None for kind in track.found_by):
        # A pass is on its way (`Tracker.in_doubt`); what only tiles find may have to wait for one too long.
        track.challenger = fusion.fuse(track.challenger, lattice, weight)
    else:
        track.evidence, track.challenger = fusion.fuse(track.challenger, lattice, weight), None
        track.show(look)


def contradict(track: Track, look: NDArray[np.float32]) -> None:
    """Count a reading that does not bear out what settled text says, nor what else; after several it begins anew."""
    track.challenger = None
    track.contradictions += 1
    if track.contradictions >= CONTRADICTIONS:
        track.evidence, track.settled, track.trusted = None, False, False
        track.tried, track.read_quality = 1, 0.0
        track.show(look)


def conclude(track: Track, latest: Lattice, *, clipped: bool, clear: tuple[float, float] = (0.0, 1.0)) -> None:
    """Set what a track says from its evidence, which settles only when reads of the complete text agree.

    What is shown and has not settled gives way only to what is likelier: texts must not flicker. Words that reach beyond the part
    that is `clear` of the border, from and to in 0..1 along the text, are held back until they were read clear of it.
    """
    evidence = track.evidence
    assert evidence is not None
    text, confidence = evidence.lattice.text, fusion.confidence(evidence)
    rereads = evidence.readings > 1 and track.trusted and not track.settled
    margin = LIKELIER / max(evidence.readings - 1, 1)
    likelier = confidence >= min(track.confidence + margin, max(track.confidence, SETTLE_ALONE_CONFIDENCE))
    if rereads and plain(text) != plain(track.text) and not likelier:
        return
    track.text, track.confidence = text, confidence
    track.spans = words_of(evidence)
    track.held_back = held_back(track, latest, clear, anew=evidence.readings == 1)
    track.trusted = bool(track.spans) and plain(track.text) != "" and worth_showing(track)
    agrees = plain(latest.text) == plain(track.text)
    # What is read twice the wrong way up agrees as well, and makes the fused reading sure.
    judged = track.turn_known or track.judged_view > 0
    alone = track.confidence >= SETTLE_ALONE_CONFIDENCE
    together = judged and (alone or (agrees and track.confidence >= SETTLE_CONFIDENCE))
    settles = not clipped and (alone if evidence.readings == 1 else together)
    track.settled = track.trusted and (track.settled or settles)


def held_back(track: Track, latest: Lattice, clear: tuple[float, float], *, anew: bool) -> tuple[bool, ...]:
    """Tell of each word whether the border probably cut it off: it was never read clear of that and is no common word, as a part
    of a word seldom is one.
    """
    start, end = clear
    now = tuple((span.start < start or span.end > end) and plain(span.text) not in latest.words for span in track.spans)
    if anew or len(now) != len(track.held_back):
        return now
    return tuple(cut and before for cut, before in zip(now, track.held_back, strict=True))


def worth_showing(track: Track) -> bool:
    """Tell whether the words of a track, letters counted, are likely enough to be right."""
    least = PUBLISH_CONFIDENCE if len(track.spans) > 1 else PUBLISH_ALONE_CONFIDENCE
    letters = sum(len(span.text) for span in track.spans)
    return sum(len(span.text) * span.confidence for span in track.spans) >= least * letters

"""Lines of text into blocks, such as paragraphs and signs, in the order in which a person reads them.

Owns: which lines belong together, their order within a block, and the order of the blocks.  Pure, and without memory: it knows
quads only, neither what they say nor where they were before.  Made for scripts that run from left to right, in any rotation.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from glyphfeed.stream.records import TextState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from glyphfeed.stream.records import TextEntity

LIKE_DIRECTION = math.cos(math.radians(15))
LIKE_HEIGHT = 1.5
"""Lines of one block differ by less than this factor in height, which tails and accents alone make 1.3."""
SPACE = 0.9
"""Pieces of one line stand less than this many heights apart: a wide space, and less than the gutter between two columns."""
LEVEL = 0.5
"""What is shifted across the text by less than this many heights stands beside, not below."""
LEADING = 1.1
"""Lines of one block have less than this many heights of nothing between them: about double spacing."""
NEARBY = 1.6
"""What is further away than this many heights does not come in between."""
BELOW = 0.4
"""A line stands below another if this share of the narrower one's width is beneath the wider one or reaches over it."""
OVER = 0.05
"""Sharing this much of the narrower one's width is enough to come in between, or to be read first."""
MOSTLY = 0.5
"""Lines that share more than this of the narrower one's width and stand level lie on top of each other; and blocks that do stand
one above the other, even if they overlap in height."""
SCENE_DIRECTION = math.cos(math.radians(30))
"""Lines whose directions differ by less than this agree on where the top of the scene is."""
TINY = 1e-6
"""Pixels; no quad is divided by less."""


class Box(NamedTuple):
    """What a block takes up in a scene that is read level."""

    left: float
    top: float
    right: float
    bottom: float


Pairs: TypeAlias = "list[tuple[int, int]]"


def blocks_of(texts: Sequence[TextEntity]) -> tuple[tuple[int, ...], ...]:
    """Arrange the texts that can be trusted: their ids, block by block, in reading order; codes come last, each alone."""
    trusted = sorted((text.id, k) for k, text in enumerate(texts) if text.state is not TextState.TENTATIVE)
    written = [(number, k) for number, k in trusted if not texts[k].code]
    codes = tuple((number,) for number, k in trusted if texts[k].code)
    if not written:
        return codes
    found = arrange(np.array([texts[k].polygon for _, k in written], np.float64))
    return (*(tuple(written[line][0] for line in block) for block in found), *codes)


def arrange(quads: NDArray[np.float64]) -> list[list[int]]:
    """Group lines into blocks, in reading order: the numbers of the lines.

    The blocks are chains: a line goes on in the one like it below it where neither has any other that close, so that a heading
    is not taken for a part of one of the columns below it.  Of what is equal the first given comes first.

    Args:
        quads: (N, 4, 2) with N > 0, each from the top-left of its text as read.

    """
    # Points are complex numbers x + iy: times the conjugate of a direction, x is along the text and y across it, downwards.
    corners = quads[:, :, 0] + 1j * quads[:, :, 1]
    top_left, top_right, bottom_right, bottom_left = corners.T
    along = (top_right - top_left + bottom_right - bottom_left) / 2
    widths = np.maximum(np.abs(along), TINY)
    heights = np.maximum(np.abs(bottom_left - top_left + bottom_right - top_right) / 2, TINY)
    directions = along / widths
    centres = corners.sum(axis=1) / 4
    agreement = (directions * directions.conj()[:, None]).real
    beside, below, alike = neighbours(centres, directions, widths, heights, agreement)
    rows = [in_line(row, centres, directions) if len(row) > 1 else row for row in connected(len(quads), beside)]
    blocks = chains(rows, below, alike)
    return in_order(blocks, corners * top_direction(directions, agreement).conjugate()) if len(blocks) > 1 else blocks


def neighbours(
    centres: NDArray[np.complex128],
    directions: NDArray[np.complex128],
    widths: NDArray[np.float64],
    heights: NDArray[np.float64],
    agreement: NDArray[np.float64],
) -> tuple[Pairs, Pairs, Pairs]:
    """Find the pairs of lines that are pieces of one line, those of which the second is close below the first, and of these
    those that are alike.

    Takes a number a line, and (N, N) cosines of the angles between their directions.
    """
    offsets = (centres - centres[:, None]) * directions.conj()[:, None]
    # From the one to the other as seen from the mean of both directions.
    offsets = (offsets - offsets.T) / 2
    drop = offsets.imag
    low, high = np.minimum(heights, heights[:, None]), np.maximum(heights, heights[:, None])
    gap = np.abs(offsets.real) - (widths + widths[:, None]) / 2
    shared = -gap / np.minimum(widths, widths[:, None])
    leading = drop - (low + high) / 2
    alike = high < LIKE_HEIGHT * low
    level = drop < LEVEL * low
    downwards = (drop >= 0) & (agreement > LIKE_DIRECTION)
    # What lies on top of a line is a piece of it that was found once more.
    beside = downwards & level & ((alike & (gap < SPACE * low)) | (shared > MOSTLY))
    below = downwards & ~level & (leading < NEARBY * high) & (shared > OVER)
    return pairs(beside), pairs(below), pairs(below & alike & (leading < LEADING * low) & (shared > BELOW))


def pairs(relation: NDArray[np.bool_]) -> Pairs:
    """List the pairs of different lines for which a relation (N, N) holds."""
    first, second = relation.nonzero()
    return [(i, j) for i, j in zip(first.tolist(), second.tolist(), strict=True) if i != j]


def connected(count: int, linked: Pairs) -> list[list[int]]:
    """Gather the numbers below `count` that are linked, directly or through others."""
    group = [[k] for k in range(count)]
    for i, j in linked:
        if group[i] is not group[j]:
            group[i] += group[j]
            for k in group[j]:
                group[k] = group[i]
    return [sorted(members) for k, members in enumerate(group) if k == min(members)]


def in_line(row: list[int], centres: NDArray[np.complex128], directions: NDArray[np.complex128]) -> list[int]:
    """Order the pieces of one line from its beginning to its end."""
    along = (centres[row] * directions[row].sum().conj()).real.tolist()
    return [line for _, line in sorted(zip(along, row, strict=True))]


def chains(rows: Sequence[list[int]], below: Pairs, alike: Pairs) -> list[list[int]]:
    """Chain each row of lines to the one below it, where they have only each other and are alike."""
    row_of = {line: number for number, row in enumerate(rows) for line in row}
    lower: list[set[int]] = [set() for _ in rows]
    for i, j in below:
        if row_of[i] != row_of[j]:
            lower[row_of[i]].add(row_of[j])
    # Without those that stand below the next one.
    nearest = [found.difference(*(lower[k] for k in found)) if len(found) > 1 else found for found in lower]
    uppers = [0] * len(rows)
    for found in nearest:
        for k in found:
            uppers[k] += 1
    linked = {(row_of[i], row_of[j]) for i, j in alike}
    links = {i: j for i, j in sorted(linked) if nearest[i] == {j} and uppers[j] == 1}
    continued = set(links.values())
    blocks = []
    left = set(range(len(rows)))
    # Heads first; what is left then goes round in a circle, which only lines on top of each other can do.
    for head in sorted(left, key=lambda k: (k in continued, k)):
        block: list[int] = []
        row: int | None = head
        while row in left:
            left.remove(row)
            block += rows[row]
            row = links.get(row)
        if block:
            blocks.append(block)
    return blocks


def in_order(blocks: Sequence[list[int]], corners: NDArray[np.complex128]) -> list[list[int]]:
    """Put blocks in reading order, given the corners (N, 4) of the lines in a scene that is read level.

    What stands above something comes before it, and of the blocks with nothing unread above them the leftmost is next: columns
    one after the other, and what spans them before or after all of them.  These are the two rules of Breuel (High performance
    document layout analysis, 2003), the second as the choice that a topological sort by the first leaves, so that they never
    contradict each other.
    """
    points = corners.tolist()
    boxes = [box_around([point for line in block for point in points[line]]) for block in blocks]
    above: list[set[int]] = [set() for _ in blocks]
    rightwards = sorted(range(len(blocks)), key=lambda k: boxes[k].left)
    for place, i in enumerate(rightwards, 1):
        for j in rightwards[place:]:
            if boxes[j].left >= boxes[i].right:
                break
            if stands_above(boxes[i], boxes[j]):
                above[j].add(i)
            elif stands_above(boxes[j], boxes[i]):
                above[i].add(j)
    waiting = sorted(range(len(blocks)), key=lambda k: boxes[k].left + boxes[k].right)
    unread = set(waiting)
    ordered = []
    while waiting:
        leftmost = next(k for k in waiting if above[k].isdisjoint(unread))
        waiting.remove(leftmost)
        unread.remove(leftmost)
        ordered.append(blocks[leftmost])
    return ordered


def box_around(points: Sequence[complex]) -> Box:
    """The upright box around points."""
    x, y = [point.real for point in points], [point.imag for point in points]
    return Box(min(x), min(y), max(x), max(y))


def stands_above(upper: Box, lower: Box) -> bool:
    """Tell whether one block stands above another; if so, its middle is higher, so it never goes round in a circle."""
    left, top, right, bottom = upper
    other_left, other_top, other_right, other_bottom = lower
    overlap = min(right, other_right) - max(left, other_left)
    if overlap <= 0 or top + bottom >= other_top + other_bottom:
        return False
    shared = overlap / min(right - left, other_right - other_left)
    # Columns that lean over each other stand beside, lines of one slope below each other.
    apart = top + bottom <= 2 * other_top and 2 * bottom <= other_top + other_bottom
    return shared > MOSTLY or (apart and shared > OVER)


def top_direction(directions: NDArray[np.complex128], agreement: NDArray[np.float64]) -> complex:
    """Tell in which direction a scene is read: the mean of those on which most lines agree.

    Of two that as many lines agree on it is the one of the line given first, whatever the jitter.
    """
    agreeing = agreement > SCENE_DIRECTION
    return complex(directions[agreeing[agreeing.sum(axis=1).argmax()]].sum())

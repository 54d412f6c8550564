from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from glyphfeed.stream.detecting.zones import CELL_PX, EVERYWHERE, Zone, Zones, inside, parse_zone
from glyphfeed.stream.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIZE = (640, 360)
L_SHAPE = "0,0 1,0 1,0.5 0.5,0.5 0.5,1 0,1"


def held(zones: Zones, *points: tuple[float, float]) -> list[bool]:
    return zones.hold(np.array(points, np.float64).reshape(-1, 2), SIZE).tolist()


def test_a_zone_is_written_as_corners_and_two_are_a_rectangle() -> None:
    assert parse_zone("0.1,0.2 0.6,0.8").corners == ((0.1, 0.2), (0.6, 0.2), (0.6, 0.8), (0.1, 0.8))
    assert parse_zone(" 0,0  1,0\t0.5,1 ").corners == ((0.0, 0.0), (1.0, 0.0), (0.5, 1.0))
    assert parse_zone("320,0 640,180").polygon(SIZE).tolist() == parse_zone("0.5,0 1,0.5").polygon(SIZE).tolist()
    assert not parse_zone("0,0 1,1").in_pixels


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "as it has 0 of at least 2 corners"),
        ("0.1,0.2", "as it has 1 of at least 2 corners"),
        ("everything", "is no zone; write its corners as x,y with spaces between"),
        ("0.1,0.2,0.6,0.8", "is no zone"),
        ("0.1,0.2 0.6,x", "is no zone"),
        ("-0.1,0 0.5,1", "reaches beyond the picture"),
        ("0,0 nan,1", "reaches beyond the picture"),
        ("0,0 inf,1", "reaches beyond the picture"),
        ("0.5,0.5 300,200", "neither in fractions of the picture, of 0 to 1, nor in whole pixels"),
        ("0.1,0.1 0.2,0.2 0.3,0.3", "encloses nothing"),
        ("0,0 1,1 1,0 0,1", "encloses nothing; give its corners in their order around it"),
        ("0.5,0.1 0.5,0.9", "encloses nothing"),
    ],
)
def test_what_is_no_zone_is_said_in_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence) as refused:
        parse_zone(text)
    assert "\n" not in str(refused.value)


@given(st.text(max_size=40) | st.text("0123456789.,-e ", max_size=30))
def test_any_text_is_a_zone_or_a_sentence(text: str) -> None:
    try:
        zone = parse_zone(text)
    except InputError:
        return
    assert parse_zone(str(zone)).polygon(SIZE) == pytest.approx(zone.polygon(SIZE), rel=1e-4, abs=1e-2)


def test_text_is_read_in_what_is_read_but_not_in_what_is_ignored() -> None:
    assert held(EVERYWHERE, (1, 1), (-5, 900)) == [True, True]
    assert held(EVERYWHERE) == []
    left = Zones(read=(parse_zone("0,0 0.5,1"),))
    assert held(left, (100, 100), (319, 359), (321, 100)) == [True, True, False]
    but_top = Zones(left.read, (parse_zone("0,0 1,0.1"),))
    assert held(but_top, (100, 100), (100, 35), (500, 100)) == [True, False, False]
    both = Zones(read=(parse_zone("0,0 0.2,1"), parse_zone("0.8,0 1,1")))
    assert held(both, (10, 10), (320, 10), (630, 10)) == [True, False, True]
    bent = Zones(read=(parse_zone(L_SHAPE),))
    assert held(bent, (600, 100), (100, 300), (600, 300)) == [True, True, False]


def test_beyond_the_border_counts_what_is_nearest() -> None:
    top = Zones(ignore=(parse_zone("0,0 1,0.1"),))
    assert held(top, (100, -20), (700, 10), (100, 400)) == [False, False, True]


points = st.tuples(st.floats(0, 639), st.floats(0, 359))


@example([(0.0, 0.0), (0.0, 0.0), (1.0, 5e-324)], [(0.0, 1.0)])
@given(st.lists(points, min_size=3, max_size=8), st.lists(points, min_size=1, max_size=20))
def test_the_inside_is_what_the_winding_of_the_outline_says(
    corners: list[tuple[float, float]], tried: list[tuple[float, float]]
) -> None:
    polygon, asked = np.array(corners), np.array(tried)
    # The other way round, and begun elsewhere, it is the same polygon.
    answers = inside(asked, polygon)
    np.testing.assert_array_equal(answers, inside(asked, np.roll(polygon, 1, axis=0)))
    # Beyond its extent nothing is inside.
    low, high = polygon.min(axis=0), polygon.max(axis=0)
    assert not answers[((asked < low) | (asked > high)).any(axis=1)].any()


@given(st.floats(0.01, 0.99), st.floats(0.01, 0.99), st.lists(points, min_size=1, max_size=20))
def test_what_is_read_and_what_is_ignored_complete_each_other(x: float, y: float, tried: list[tuple[float, float]]) -> None:
    zone = parse_zone(f"0,0 {x:f},{y:f}")
    asked: NDArray[np.float64] = np.array(tried)
    np.testing.assert_array_equal(Zones(read=(zone,)).hold(asked, SIZE), ~Zones(ignore=(zone,)).hold(asked, SIZE))


def test_a_part_is_touched_where_any_of_it_is_read() -> None:
    corner = Zones(read=(Zone(((600, 320), (640, 320), (640, 360), (600, 360))),))
    assert corner.touch((0, 0, 640, 360), SIZE)
    assert corner.touch((590, 310, 610, 330), SIZE)
    assert not corner.touch((0, 0, 640, 320 - CELL_PX), SIZE)
    assert not corner.touch((0, 100, 0, 100), SIZE)
    assert EVERYWHERE.touch((0, 0, 1, 1), SIZE)
    # What lies beyond the border is what the border has.
    assert corner.touch((620, 340, 700, 400), SIZE)

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.stream.reading.budget import LEAST_BURST, Budget, Purse

STEP_S = 0.04


def spent(purses: list[Purse], wishes: list[int], seconds: float) -> list[int]:
    """How many reads each of some purses was granted in lock-step, each wishing for so many at once all the time."""
    taken = [0] * len(purses)
    for _ in range(round(seconds / STEP_S)):
        for purse in purses:
            purse.fill(STEP_S)
        for k, (purse, wish) in enumerate(zip(purses, wishes, strict=True)):
            while wish and purse.take(wish):
                taken[k] += wish
    return taken


def test_a_budget_limits_reads_a_second() -> None:
    assert spent([Purse(Budget(per_s=10, burst=5))], [1], 3.0) == [pytest.approx(5 + 3 * 10, abs=1)]


def test_a_purse_fills_up_to_a_burst_and_no_more() -> None:
    budget = Budget(per_s=10, burst=5, readers=1)
    purse = Purse(budget)
    assert purse.take(5)
    assert not purse.take(1)
    purse.fill(100.0)
    assert not purse.take(6)
    assert purse.take(5)
    purse.fill(0.2)
    assert purse.take(1)


def test_a_purse_gives_all_or_nothing() -> None:
    purse = Purse(Budget(per_s=10, burst=5))
    assert not purse.take(6)
    assert purse.take(5)


@pytest.mark.parametrize("wishes", [[1, 2], [2, 1], [1, 1], [1, 2, 2, 1]])
def test_no_reader_starves_beside_busy_ones(wishes: list[int]) -> None:
    budget = Budget(per_s=12, readers=len(wishes))
    taken = spent([Purse(budget) for _ in wishes], wishes, 60.0)
    assert min(taken) >= 0.95 * 12 / len(wishes) * 60
    assert sum(taken) <= 12 * 60 + len(wishes) * max(budget.burst, LEAST_BURST)


def test_what_idle_readers_leave_others_may_spend() -> None:
    budget = Budget(per_s=12, readers=3)
    busy, *idle = spent([Purse(budget) for _ in range(3)], [1, 0, 0], 60.0)
    assert idle == [0, 0]
    assert busy == pytest.approx(12 * 60, rel=0.05)


def test_threads_never_spend_more_than_there_is() -> None:
    budget, taken = Budget(burst=2000.0, readers=2), []
    budget.give(1000.0)

    def spend() -> None:
        taken.append(sum(budget.take(1) for _ in range(600)))

    threads = [threading.Thread(target=spend) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(taken) == 1000


@given(st.lists(st.tuples(st.integers(1, 4), st.floats(0, 0.5)), max_size=40))
def test_no_more_is_taken_than_a_burst_and_what_flowed_in(wishes: list[tuple[int, float]]) -> None:
    budget, passed_s, taken = Budget(), 0.0, 0
    purse = Purse(budget)
    for wanted, seconds in wishes:
        purse.fill(seconds)
        passed_s += seconds
        taken += wanted if purse.take(wanted) else 0
    assert taken <= budget.burst + budget.per_s * passed_s + 1e-6

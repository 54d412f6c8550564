from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.budget import Budget


def test_a_budget_limits_reads_a_second() -> None:
    budget, taken = Budget(per_s=10, burst=5), 0
    for _ in range(300):
        budget.fill(0.01)
        taken += budget.take(1)
    assert taken == pytest.approx(5 + 3 * 10, abs=1)


def test_a_budget_fills_up_to_a_burst() -> None:
    budget = Budget(per_s=10, burst=5)
    assert budget.take(5)
    assert not budget.take(1)
    budget.fill(100.0)
    assert budget.take(5)
    assert not budget.take(1)
    budget.fill(0.2)
    assert budget.take(1)


def test_a_budget_gives_all_or_nothing() -> None:
    budget = Budget(per_s=10, burst=2)
    assert not budget.take(3)
    assert budget.take(2)


def test_readers_that_share_a_budget_fill_it_together_no_faster_than_one() -> None:
    shared, own = Budget(per_s=12, burst=100, readers=3), Budget(per_s=12, burst=100)
    for budget in (shared, own):
        assert budget.take(100)
    for _ in range(3):
        shared.fill(5.0)
    own.fill(5.0)
    for budget in (shared, own):
        assert budget.take(60)
        assert not budget.take(1)


def test_what_one_reader_leaves_another_may_spend() -> None:
    budget = Budget(per_s=10, burst=20, readers=2)
    assert budget.take(20)
    budget.fill(1.0)  # the idle one's
    budget.fill(1.0)
    assert budget.take(10)


def test_threads_never_spend_more_than_there_is() -> None:
    budget, taken = Budget(per_s=0, burst=1000), []

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
    for wanted, seconds in wishes:
        budget.fill(seconds)
        passed_s += seconds
        taken += wanted if budget.take(wanted) else 0
    assert taken <= budget.burst + budget.per_s * passed_s + 1e-6

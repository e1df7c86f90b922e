"""Slices side by side: in order, one thread each, and nothing left as it was not."""

import threading

import pytest
import torch

from vesalius.tasks.side_by_side import side_by_side


@pytest.fixture
def three_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield 3
    torch.set_num_threads(before)


def test_answers_come_in_order_from_threads_of_one(three_threads):
    both = threading.Barrier(2, timeout=60)

    def work(number, other):
        if number < 2:
            both.wait()  # passes only where two are at work at once
        return number * other, torch.get_num_threads()

    assert list(side_by_side(work, range(20), range(20))) == [
        (n * n, 1) for n in range(20)
    ]
    assert torch.get_num_threads() == three_threads
    begun = []
    other = threading.Thread(target=lambda: begun.append(torch.get_num_threads()))
    other.start()
    other.join()
    assert begun == [three_threads]  # not the 1 of the slices' threads


def test_one_thread_works_where_it_stands():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    here = threading.current_thread()
    assert set(side_by_side(lambda _: threading.current_thread(), range(3))) == {here}
    torch.set_num_threads(before)


def test_what_has_not_begun_is_let_be_when_one_fails(three_threads):
    seen = []

    def work(number):
        seen.append(number)
        if number == 0:
            raise ValueError("no such slice")

    with pytest.raises(ValueError, match="no such slice"):
        list(side_by_side(work, range(100_000)))
    assert len(seen) < 100_000

"""Side by side: the slices of a volume, worked on by as many threads as torch has."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import torch

T = TypeVar("T")


def side_by_side(work: Callable[..., T], *parts: Iterable[Any]) -> Iterator[T]:
    """Map in order, each item on one thread, several items at once.

    A slice is too small for two threads to share: two slices on one thread each took
    a seventh to a fifth less time than two threads on one slice after the other, and
    what numpy and scipy do in between runs side by side too.

    Args:
        work: Of one item of each part; it may be called from several threads at once.
        parts: As of `map`, all equally long.

    Returns:
        The answers in order, as they are ready; closing it lets what has not begun be.

    Limits:
        What a thread does must not depend on what another has done. All parts are
        read at the start.

    Source:
        Measured on two idle processors, a translator on slices of 208 x 240 pixels:
        0.081 and 0.090 s a slice side by side, 0.102 and 0.104 one after the other; the
        three segmenters on 30 slices of 192 x 160 and their mirror images, two slices a
        thread: 0.99 to 1.09 s, six by both threads one after the other: 1.29.
    """
    threads = torch.get_num_threads()
    if threads == 1:
        yield from map(work, *parts)
        return
    pool = ThreadPoolExecutor(threads, "slice", torch.set_num_threads, (1,))
    try:
        yield from pool.map(work, *parts)
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(threads)  # of threads that begin later

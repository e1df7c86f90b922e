"""Progress: a bar where a person watches, nothing where a script does."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from vesalius.cli.terminal import STDERR

Advance = Callable[[int, int], None]


@contextmanager
def progress(title: str) -> Iterator[Advance]:
    """Show how far the work is, if stderr is a terminal.

    Args:
        title: What is being done.

    Yields:
        A function to be told the steps done and the steps in all.
    """
    stderr = STDERR.get()
    if stderr is None or not stderr.isatty():
        yield _silent
        return
    from rich.console import Console  # late: 0.1 s that a script need not pay
    from rich.progress import Progress

    with Progress(console=Console(file=stderr), transient=True) as bar:
        task = bar.add_task(title, total=None)

        def advance(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield advance


def _silent(done: int, total: int) -> None:
    """Say nothing."""

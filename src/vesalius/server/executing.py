"""Executing: where work is done. One contract, so that a cluster can keep it too."""

import json
import subprocess
from dataclasses import dataclass
from threading import Event as Signal
from threading import Timer
from typing import Any, Protocol, runtime_checkable

from vesalius.errors import VesaliusError
from vesalius.server.children import child, said_by
from vesalius.server.performing import GivenUp, Task, Told, code_of, perform

GIGABYTE = 2**30


class WorkError(VesaliusError):
    """The work could not be done.

    Attributes:
        code: For the record; words are for people.
    """

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code


@runtime_checkable
class Executor(Protocol):
    """Does a task, here or elsewhere."""

    def run(self, task: Task, told: Told) -> None:
        """Do it; all of the answer is in its folder then.

        Raises:
            WorkError: It cannot be done.
            GivenUp: `told` answered False.
        """


class Here:
    """In this very process, for tests."""

    def run(self, task: Task, told: Told) -> None:
        """Do it."""
        try:
            perform(task, told)
        except VesaliusError as error:
            raise WorkError(code_of(error), str(error)) from error


@dataclass(frozen=True)
class Apart:
    """In a process of its own, on one thread, with limits; it may be lost.

    Attributes:
        memory: Bytes of data.
        seconds: By the clock.
    """

    memory: int = 4 * GIGABYTE
    seconds: float = 3600.0

    def run(self, task: Task, told: Told) -> None:
        """Do it; the child ends when this process does, however it does."""
        late = Signal()
        wish = {
            "verb": task.verb,
            "source": str(task.source),
            "out": str(task.out),
            "said": dict(task.said),
            "options": dict(task.options),
            "model": [str(task.model.card), str(task.model.weights)]
            if task.model
            else None,
            "memory": self.memory,
        }
        with child("vesalius.server.work_child", wish) as process:

            def expire() -> None:
                late.set()
                process.kill()

            timer = Timer(self.seconds, expire)
            timer.start()
            try:
                answer = _followed(process, told)
            finally:
                timer.cancel()
        if late.is_set():
            raise WorkError("too-slow", "the work took too long and was stopped")
        if answer is None:
            raise WorkError(
                "lost", "the process that worked on it is gone: it may have been too "
                "large for this machine's memory"
            )  # fmt: skip
        if "code" in answer:
            raise WorkError(answer["code"], answer["words"])


def _followed(process: "subprocess.Popen[str]", told: Told) -> dict[str, Any] | None:
    """Pass on what the child tells; return its last word, None where it has none.

    While it is silent the last news is told again: whether the work is still wanted
    must not wait for the child.
    """
    stage, done, total = "starting", 0, 0
    for line in said_by(process):
        whole = line.endswith("\n")  # a child that is lost may leave half a line
        said: dict[str, Any] = json.loads(line) if whole else {"stage": stage}
        if "stage" not in said:
            return said
        stage, done = said["stage"], said.get("done", done)
        total = said.get("total", total)
        if not told(stage, done, total):
            raise GivenUp
    return None

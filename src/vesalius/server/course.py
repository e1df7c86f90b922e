"""Course: what a signer has to know; the right answers are nowhere but here.

Words of questions and answers live in the pages' catalogue, by the same ids: here is
what is right, how many must be, and who passed when.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from vesalius.errors import ConfigError
from vesalius.governance.audit import Event
from vesalius.server.accounts import Account, Record
from vesalius.server.conflicts import ConflictError
from vesalius.server.schema import COURSES

PICTURES = Path(__file__).parent / "course"
COURSE = "1"  # another number asks everybody to pass anew
NEEDED = 7  # right answers of the eight: one may be a slip


@dataclass(frozen=True)
class Question:
    """One question.

    Attributes:
        choices: Ids, in the order they are shown in.
        right: The id of the one that is.
    """

    choices: tuple[str, ...]
    right: str


QUESTIONS: Mapping[str, Question] = MappingProxyType(
    {
        # What is generated, what is measured.
        "denoised-is": Question(("measured", "estimated", "another-scan"), "estimated"),
        "synthetic-ct-lesion": Question(
            ("rules-out", "says-nothing", "confirms"), "says-nothing"
        ),
        # What the interval means, and does not.
        "interval-means": Question(
            ("nine-of-ten-voxels", "this-voxel-surely", "nine-of-ten-patients-well"),
            "nine-of-ten-voxels",
        ),
        "interval-narrow": Question(
            ("cannot-be-wrong", "may-be-wrong", "lesion-free"), "may-be-wrong"
        ),
        # Where the machine is wrong.
        "small-lesion": Question(("kept", "weakened", "strengthened"), "weakened"),
        "sharp-texture": Question(
            ("patients-own", "possibly-invented", "measured-twice"),
            "possibly-invented",
        ),
        "foreign-input": Question(
            ("machine-notices", "look-at-the-scan", "run-it-again"),
            "look-at-the-scan",
        ),
        # And what a signature says.
        "signature-means": Question(
            ("machine-answers", "i-answer", "nobody-answers"), "i-answer"
        ),
    }
)


@dataclass(frozen=True)
class Marked:
    """How a test went.

    Attributes:
        is_passed: Whether enough was right.
        wrong: Ids of questions that were not answered, or wrongly.
    """

    is_passed: bool
    wrong: tuple[str, ...]


def take_test(
    connection: Connection,
    record: Record,
    answers: Mapping[str, str],
    by: Account,
    now: datetime,
) -> Marked:
    """Mark a test; who passes may sign from now on, and the record says so.

    Args:
        connection: Within a block that writes.
        record: Writes what was done.
        answers: Choices by question.
        by: Who answers.
        now: The time.

    Raises:
        ConfigError: A question or a choice is none.
    """
    for name, choice in answers.items():
        if name not in QUESTIONS or choice not in QUESTIONS[name].choices:
            raise ConfigError("this is no answer to a question of the course")
    wrong = tuple(
        name for name, one in QUESTIONS.items() if answers.get(name) != one.right
    )
    is_passed = len(QUESTIONS) - len(wrong) >= NEEDED
    if is_passed:
        own = (COURSES.c.user == by.id) & (COURSES.c.course == COURSE)
        connection.execute(delete(COURSES).where(own))
        row = {"user": by.id, "course": COURSE, "passed": now.isoformat()}
        connection.execute(insert(COURSES).values(row))
    what = "course.passed" if is_passed else "course.failed"
    about = f"course-{COURSE}"
    record(Event(who=by.id, role=by.role, what=what, about=about))
    return Marked(is_passed, wrong)


def passed_on(connection: Connection, account: Account) -> datetime | None:
    """Return when an account passed the course; None where it has not.

    Args:
        connection: Within a block.
        account: Whose.
    """
    own = (COURSES.c.user == account.id) & (COURSES.c.course == COURSE)
    when = connection.execute(select(COURSES.c.passed).where(own)).scalar()
    return None if when is None else datetime.fromisoformat(when)


def refuse_unlearned(connection: Connection, account: Account) -> None:
    """Let nobody sign who has not passed the course.

    Args:
        connection: Within a block.
        account: Who wants to sign.

    Raises:
        ConflictError: They have not.
    """
    if passed_on(connection, account) is None:
        raise ConflictError(
            "who signs has passed the course first, and you have not yet",
            "open Learn: it takes a quarter of an hour; then sign",
        )


@cache
def facts() -> dict[str, Any]:
    """Return what was measured on each picture of the course, by its name."""
    found: dict[str, Any] = json.loads((PICTURES / "facts.json").read_bytes())
    return found

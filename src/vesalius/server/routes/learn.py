"""Learn: the course, its pictures and its test; nobody signs before it is passed."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from vesalius.server.course import (
    NEEDED,
    PICTURES,
    QUESTIONS,
    facts,
    passed_on,
    take_test,
)
from vesalius.server.doors import Own, TheDesk
from vesalius.server.projects import AbsentError

ROUTER = APIRouter(prefix="/api/learn", tags=["learn"])

Word = Annotated[str, Field(max_length=40)]


class Asked(BaseModel):
    """A question and what may be answered, by ids: pages have the words."""

    id: str
    choices: list[str]


class Course(BaseModel):
    """The course, for whoever is signed in.

    Attributes:
        passed: When; None where not yet.
        questions: Of the test.
        needed: Right answers that pass it.
        needed_to_sign: Whether a signature needs it.
        pictures: What was measured on each, by its name: every number in the pages'
            words comes from here.
    """

    passed: datetime | None
    questions: list[Asked]
    needed: int
    needed_to_sign: bool
    pictures: dict[str, dict[str, Any]]


class Answers(BaseModel):
    """Choices by question."""

    answers: Annotated[dict[Word, Word], Field(max_length=40)]


class Marked(BaseModel):
    """How the test went.

    Attributes:
        wrong: Questions not answered, or wrongly: look at their part again.
    """

    passed: bool
    wrong: list[str]


@ROUTER.get("")
def look(desk: TheDesk, session: Own) -> Course:
    """Return the course."""
    with desk.look() as connection:
        passed = passed_on(connection, session.account)
    asked = [Asked(id=n, choices=list(q.choices)) for n, q in QUESTIONS.items()]
    return Course(
        passed=passed,
        questions=asked,
        needed=NEEDED,
        needed_to_sign=True,
        pictures=facts()["pictures"],
    )


@ROUTER.post("")
def take(given: Answers, desk: TheDesk, session: Own) -> Marked:
    """Mark the test; who passes it may sign."""
    with desk.change() as (connection, record):
        by, now = session.account, desk.now()
        marked = take_test(connection, record, given.answers, by, now)
    return Marked(passed=marked.is_passed, wrong=list(marked.wrong))


@ROUTER.get("/pictures/{name}", response_class=FileResponse)
def show(name: str, desk: TheDesk) -> FileResponse:
    """Return a picture of the course, made by the shipped models from phantoms."""
    if name not in facts()["pictures"]:
        raise AbsentError
    return FileResponse(PICTURES / f"{name}.png", media_type="image/png")

"""The course: right answers stay here, and nobody signs before it is passed."""

import json
from io import BytesIO

import pytest

pytest.importorskip("fastapi", reason="of the extra 'server'")
pytest.importorskip("argon2", reason="of the extra 'server'")

from PIL import Image
from sqlalchemy import delete

from server.desks import (
    RIGHT,
    WORD,
    Clock,
    do,
    entered,
    kept_answer,
)
from vesalius.server.course import COURSE, NEEDED, PICTURES, QUESTIONS, facts
from vesalius.server.schema import COURSES
from vesalius.weights import card


@pytest.fixture
def bare_desk(bare_desk):
    bare_desk.now = Clock()
    return bare_desk


@pytest.fixture
def desk(desk):
    with desk.change() as (connection, _):
        connection.execute(delete(COURSES))  # nobody has passed it yet
    return desk


def take(client, answers):
    return client.post("/api/learn", json={"answers": answers})


def mistaken(count):
    """The right answers but for so many."""
    wrong = dict(RIGHT)
    for name in list(RIGHT)[:count]:
        question = QUESTIONS[name]
        wrong[name] = next(one for one in question.choices if one != question.right)
    return wrong


def test_who_has_not_passed_cannot_sign_and_can_after(desk):
    anna, found = entered(desk, "anna"), kept_answer(desk)
    digest = do(anna, found, "show").json()["digest"]
    do(anna, found, "accept", digest=digest)
    refused = do(anna, found, "sign", digest=digest, password=WORD)
    assert refused.status_code == 409
    assert "passed the course" in refused.json()["what"]
    assert "open Learn" in refused.json()["next"]
    assert anna.get("/api/learn").json()["passed"] is None
    assert take(anna, RIGHT).json() == {"passed": True, "wrong": []}
    assert anna.get("/api/learn").json()["passed"].startswith("2100-01-01")
    signed = do(anna, found, "sign", digest=digest, password=WORD)
    assert signed.json()["state"] == "signed"
    iris = entered(desk, "iris")
    passed = iris.get("/api/audit", params={"what": "course.passed"}).json()["entries"]
    assert (passed[-1]["name"], passed[-1]["about"]) == ("anna", f"course-{COURSE}")


def test_the_test_is_asked_without_its_answers(desk):
    told = entered(desk, "anna").get("/api/learn").json()
    assert [one["id"] for one in told["questions"]] == list(QUESTIONS)
    assert all(set(one) == {"id", "choices"} for one in told["questions"])
    assert (told["needed_to_sign"], told["needed"]) == (True, NEEDED)
    assert "right" not in json.dumps(told["questions"])


@pytest.mark.parametrize("slips", range(len(QUESTIONS) + 1))
def test_the_mark_is_the_count_of_what_is_right(desk, slips):
    told = take(entered(desk, "ben"), mistaken(slips)).json()
    assert told["passed"] is (len(QUESTIONS) - slips >= NEEDED)
    assert told["wrong"] == list(QUESTIONS)[:slips]


def test_no_answer_is_a_wrong_one_and_a_strange_one_is_refused(desk):
    ben = entered(desk, "ben")
    assert take(ben, {}).json() == {"passed": False, "wrong": list(QUESTIONS)}
    name = next(iter(QUESTIONS))
    for strange in ({name: "maybe"}, {"nobodys": "right"}, {name: "x" * 41}):
        assert take(ben, strange).status_code == 422
    assert ben.get("/api/learn").json()["passed"] is None


def test_who_has_passed_stays_so_after_a_later_slip(desk):
    ben = entered(desk, "ben")
    take(ben, RIGHT)
    take(ben, {})
    assert ben.get("/api/learn").json()["passed"]


@pytest.mark.parametrize("name", QUESTIONS)
def test_each_question_has_one_right_answer_among_its_choices(name):
    question = QUESTIONS[name]
    assert len(set(question.choices)) == len(question.choices) >= 3
    assert question.right in question.choices


def test_pictures_are_small_and_each_has_its_facts(desk):
    anna = entered(desk, "anna")
    pictures = anna.get("/api/learn").json()["pictures"]
    assert pictures == facts()["pictures"]
    assert {file.stem for file in PICTURES.glob("*.png")} == set(pictures)
    assert sum(file.stat().st_size for file in PICTURES.iterdir()) < 600_000
    for name, told in pictures.items():
        assert told["is_generated"] is (told["shows"] in ("answer", "spread"))
        if told["is_generated"]:  # else draw them anew: tools/draw_course.py
            assert told["weights_sha256"] == card(told["model"]).weights_sha256
        answer = anna.get(f"/api/learn/pictures/{name}")
        assert answer.headers["content-type"] == "image/png"
        assert min(Image.open(BytesIO(answer.content)).size) >= 100
    for absent in ("facts", "none", "..%2Fcourse%2Fhead-truth"):
        assert anna.get(f"/api/learn/pictures/{absent}").status_code == 404

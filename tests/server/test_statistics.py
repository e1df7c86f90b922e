"""Statistics over HTTP: real counts, one's own or all, no patient in them."""

from datetime import timedelta

import pytest

pytest.importorskip("fastapi", reason="of the extra 'server'")
pytest.importorskip("argon2", reason="of the extra 'server'")

from server.desks import (
    Clock,
    do,
    entered,
    kept_answer,
)

WHY = {"reason": "poor-answer"}


@pytest.fixture
def bare_desk(bare_desk):
    bare_desk.now = Clock()
    return bare_desk


def read(desk, client, found, what, seconds, **words):
    """Have an answer shown, and decide on it so many seconds later."""
    digest = do(client, found, "show").json()["digest"]
    desk.now.time += timedelta(seconds=seconds)
    answer = do(client, found, what, digest=digest, **words)
    assert answer.status_code == 200, answer.text


def counts(desk, name, **params):
    return entered(desk, name).get("/api/statistics", params=params).json()


def test_decisions_are_counted_by_reader_and_by_model(desk):
    anna, ben = entered(desk, "anna"), entered(desk, "ben")
    first, second, third = (
        kept_answer(desk),
        kept_answer(desk),
        kept_answer(desk, model="other"),
    )
    read(desk, anna, first, "accept", 30)
    read(desk, anna, second, "reject", 10, **WHY)
    read(desk, ben, first, "accept", 50)
    told = counts(desk, "iris")
    assert told["whose"] == "all"
    assert {one["name"]: one["decisions"] for one in told["readers"]} == {
        "anna": 2,
        "ben": 1,
    }
    (mine,) = [one for one in told["readers"] if one["name"] == "anna"]
    assert (mine["accepted"]["count"], mine["accepted"]["of"]) == (1, 2)
    assert (mine["overridden"]["count"], mine["rejected"]["count"]) == (1, 1)
    assert mine["median_s"] == 20
    assert "Only 2" in mine["few"]
    models = {one["id"]: one for one in told["models"]}
    assert (models["segment-tumour"]["results"], models["other"]["results"]) == (2, 1)
    assert models["segment-tumour"]["decisions"] == 3
    assert (models["other"]["decisions"], models["other"]["accepted"]) == (0, None)
    assert third.model == "other"
    assert desk.scan.case not in str(told)


def test_readers_see_their_own_numbers_and_strangers_no_project(desk):
    anna, ben = entered(desk, "anna"), entered(desk, "ben")
    found = kept_answer(desk)
    read(desk, anna, found, "accept", 30)
    read(desk, ben, found, "accept", 50)
    told = counts(desk, "ben", project=desk.scan.project)
    assert told["whose"] == "own"
    assert [(one["name"], one["median_s"]) for one in told["readers"]] == [("ben", 50)]
    assert [one["decisions"] for one in told["models"]] == [1]
    assert counts(desk, "otto") == {"whose": "own", "readers": [], "models": []}
    for name in ("otto", "boss"):
        project = desk.scan.project if name == "otto" else "p-none"
        client = entered(desk, name)
        absent = client.get("/api/statistics", params={"project": project})
        assert absent.status_code == 404


def test_the_last_word_counts_and_the_time_to_the_first(desk):
    anna, found = entered(desk, "anna"), kept_answer(desk)
    read(desk, anna, found, "accept", 20)
    read(desk, anna, found, "reject", 500, **WHY)
    (mine,) = counts(desk, "anna")["readers"]
    assert (mine["decisions"], mine["rejected"]["count"]) == (1, 1)
    assert mine["median_s"] == 20


def test_a_first_read_is_compared_with_what_the_machine_said(desk):
    boss = entered(desk, "boss")
    boss.put("/api/policies/segment", json={"first_read": True, "signers": 1})
    anna = entered(desk, "anna")
    for finds, thought in ((1, "present"), (1, "absent"), (0, "absent"), (0, "unsure")):
        found = kept_answer(desk, finds=finds)
        do(anna, found, "opinion", finds=thought, confidence=70)
        read(desk, anna, found, "accept", 30)
    (mine,) = counts(desk, "anna")["readers"]
    assert (mine["first_read"]["count"], mine["first_read"]["of"]) == (2, 3)
    assert (mine["followed"]["count"], mine["followed"]["of"]) == (1, 1)


def test_twenty_accepted_at_a_glance_are_warned_of(desk):
    anna = entered(desk, "anna")
    for _ in range(19):
        read(desk, anna, kept_answer(desk), "accept", 2)
    (mine,) = counts(desk, "anna")["readers"]
    assert (mine["warning"], bool(mine["few"])) == ("", True)
    read(desk, anna, kept_answer(desk), "accept", 2)
    (mine,) = counts(desk, "boss")["readers"]
    assert "20 answers were accepted" in mine["warning"]
    assert mine["few"] == ""

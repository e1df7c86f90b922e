"""The worklist: most doubtful first, what is needed of whom, nothing given away."""

from dataclasses import replace
from threading import Thread

import pytest

pytest.importorskip("fastapi", reason="of the extra 'server'")
pytest.importorskip("argon2", reason="of the extra 'server'")

from server.desks import (
    WORD,
    detected,
    do,
    flair,
    keep_nifti,
    outlined,
    restored,
    withheld,
    worked,
)
from vesalius.result import Verdict
from vesalius.server.routes import worklist
from vesalius.server.viewing import prepare


def another(desk, tmp_path):
    """A scan of another shape: a second answer on the same one would supersede."""
    keep_nifti(desk, flair(shape=(8, 6, 5)), tmp_path)


def listed(desk, client):
    answer = client.get("/api/reviews", params={"project": desk.project.id})
    assert answer.status_code == 200, answer.text
    return answer.json()


def row(desk, client, found):
    return {one["result"]: one for one in listed(desk, client)}[found.id]


def warned(scan):
    return replace(restored(scan), verdict=Verdict("warn", ("Coarse voxels.",)))


def test_the_most_doubtful_comes_first(desk, enter, tmp_path):
    sure = worked(desk, "denoise", restored)
    likely = worked(desk, "detect", detected)
    another(desk, tmp_path)
    unsure = worked(desk, "denoise", warned)
    none = worked(desk, "segment", withheld)
    rows = listed(desk, enter("anna"))
    assert [one["result"] for one in rows] == [
        found.id for found in (none, unsure, likely, sure)
    ]
    assert [one["outcome"] for one in rows] == ["withhold", "warn", "show", "show"]
    doubts = [one["doubt"] for one in rows]
    assert doubts == sorted(doubts, reverse=True)
    assert {(one["modality"], one["contrast"]) for one in rows} == {("MR", "FLAIR")}


def test_a_first_read_is_not_told_what_the_machine_thinks(desk, enter, tmp_path):
    reading = {"first_read": True, "signers": 1}
    enter("boss").put("/api/policies/segment", json=reading)
    first = worked(desk, "denoise", warned)
    hidden = [worked(desk, "segment", outlined)]
    another(desk, tmp_path)
    hidden.append(worked(desk, "segment", withheld))
    anna, ben = enter("anna"), enter("ben")
    for client in (anna, ben):
        rows = listed(desk, client)
        # the oldest first, though of the other nothing could be shown
        order = [*hidden, first]
        assert [one["result"] for one in rows] == [found.id for found in order]
        assert [one["doubt"] for one in rows[:2]] == [None, None]
        assert [one["outcome"] for one in rows[:2]] == [None, None]
        assert {one["needs"] for one in rows[:2]} == {"opinion"}
    do(anna, hidden[0], "opinion", finds="absent", confidence=70)
    assert row(desk, anna, hidden[0])["needs"] == "look"
    assert row(desk, anna, hidden[0])["doubt"] is None
    do(anna, hidden[0], "show")
    assert row(desk, anna, hidden[0])["outcome"] == "show"
    assert row(desk, ben, hidden[0])["outcome"] is None


def test_a_row_says_what_is_needed_of_whom(desk, enter):
    two = {"first_read": False, "signers": 2}
    enter("boss").put("/api/policies/denoise", json=two)
    found = worked(desk, "denoise", restored)
    anna, ben, rita = enter("anna"), enter("ben"), enter("rita")

    def needs(client):
        one = row(desk, client, found)
        return one["needs"], one["waits_for_me"]

    assert needs(anna) == ("look", True)
    digest = do(anna, found, "show").json()["digest"]
    assert needs(anna) == ("decision", True)
    assert needs(ben) == ("look", True)
    do(anna, found, "accept", digest=digest)
    assert needs(anna) == ("signature", True)
    do(rita, found, "show")
    assert needs(rita) == ("signature", False)  # a reader does not sign
    do(anna, found, "sign", digest=digest, password=WORD)
    assert needs(anna) == ("second signature", False)
    do(ben, found, "show")
    assert needs(ben) == ("second signature", True)
    do(ben, found, "sign", digest=digest, password=WORD)
    assert listed(desk, anna) == []


def test_who_has_seen_an_earlier_version_looks_again(desk, enter):
    found, anna, ben = worked(desk, "detect", detected), enter("anna"), enter("ben")
    for client in (anna, ben):
        digest = do(client, found, "show").json()["digest"]
    changed = {"digest": digest, "dismissed": [0], "added": []}
    assert do(anna, found, "correct/findings", **changed).status_code == 200
    assert row(desk, anna, found)["needs"] == "signature"
    assert row(desk, ben, found)["needs"] == "look again"


def test_a_rejected_answer_waits_for_nobody(desk, enter):
    found, anna = worked(desk, "denoise", restored), enter("anna")
    digest = do(anna, found, "show").json()["digest"]
    do(anna, found, "reject", digest=digest, reason="poor-answer")
    assert listed(desk, anna) == []


def test_a_row_says_whether_the_scan_can_be_seen_at_once(desk, enter):
    found, anna = worked(desk, "denoise", restored), enter("anna")
    assert not row(desk, anna, found)["preview"]
    while prepare(desk, done := set()) and not row(desk, anna, found)["preview"]:
        done.clear()
    assert row(desk, anna, found)["preview"]


def test_what_has_not_changed_is_not_sent_again(desk, enter):
    found, anna = worked(desk, "denoise", restored), enter("anna")
    where = {"params": {"project": desk.project.id}}
    tag = anna.get("/api/reviews", **where).headers["ETag"]
    same = anna.get("/api/reviews", headers={"If-None-Match": tag}, **where)
    assert (same.status_code, same.content) == (304, b"")
    do(anna, found, "show")
    other = anna.get("/api/reviews", headers={"If-None-Match": tag}, **where)
    assert other.status_code == 200
    assert other.headers["ETag"] != tag


def test_each_change_is_told_and_the_end_too(desk, enter, monkeypatch):
    monkeypatch.setattr(worklist, "LOOK_EVERY_S", 0.02)
    found, anna = worked(desk, "denoise", restored), enter("anna")
    where = {"params": {"project": desk.project.id}}
    told = []

    def change():
        do(enter("ben"), found, "show")

    with anna.stream("GET", "/api/reviews/events", **where) as stream:
        for line in stream.iter_lines():
            if line.startswith("id:"):
                told.append(line)
                if len(told) == 1:
                    Thread(target=change).start()
                else:
                    desk.stopping.set()
            ended = line == "event: end"
    assert told == ["id: 0", "id: 1"]
    desk.stopping.clear()
    assert not ended


def test_a_stranger_hears_nothing(desk, enter):
    otto, where = enter("otto"), {"params": {"project": desk.project.id}}
    for address in ("/api/reviews", "/api/reviews/events"):
        assert otto.get(address, **where).status_code == 404


def test_a_session_that_ends_hears_no_more(desk, enter, monkeypatch):
    monkeypatch.setattr(worklist, "LOOK_EVERY_S", 0.02)
    anna, where = enter("anna"), {"params": {"project": desk.project.id}}
    lines = []
    with anna.stream("GET", "/api/reviews/events", **where) as stream:
        for line in stream.iter_lines():
            lines.append(line)
            if line.startswith("id:"):
                enter("anna").delete("/api/session")  # another session of hers
                with desk.change() as (connection, _):
                    connection.exec_driver_sql("DELETE FROM sessions")
    assert "event: end" in lines

"""The record over HTTP: searched, verified while written, handed out, told."""

import sqlite3
from contextlib import closing

import pytest

pytest.importorskip("fastapi", reason="of the extra 'server'")
pytest.importorskip("argon2", reason="of the extra 'server'")

from server.desks import (
    Clock,
    do,
    entered,
    kept_answer,
)
from vesalius.governance.audit_check import DATABASE, check_folder, read_checkpoint


@pytest.fixture
def bare_desk(bare_desk):
    bare_desk.now = Clock()
    return bare_desk


def bend(desk, number, at=30):
    """Change one byte of a stored entry."""
    with closing(sqlite3.connect(desk.settings.data / DATABASE)) as database:
        chosen = "SELECT entry FROM audit WHERE number = ?"
        (entry,) = database.execute(chosen, (number,)).fetchone()
        bent = bytearray(entry)
        bent[at] ^= 1
        change = "UPDATE audit SET entry = ? WHERE number = ?"
        database.execute(change, (bytes(bent), number))
        database.commit()


def test_the_record_is_searched_by_case_person_and_deed(desk):
    anna, iris = entered(desk, "anna"), entered(desk, "iris")
    found = kept_answer(desk)
    do(anna, found, "show")

    def search(**params):
        return iris.get("/api/audit", params=params).json()

    everything = search(limit=500)["entries"]
    assert [one["index"] for one in everything] == list(range(len(everything)))
    mine = search(who="anna", what="review.")["entries"]
    assert [one["what"] for one in mine] == ["review.shown"]
    assert mine[0]["who"] == desk.staff["anna"].id
    assert mine[0]["name"] == "anna"
    assert mine[0]["digests"]["output"] == found.output_sha256
    assert "was shown the answer" in mine[0]["sentence"]
    of_case = search(case=desk.scan.case)["entries"]
    assert {one["case"] for one in of_case} == {desk.scan.case}
    assert len(of_case) == sum(one["case"] == desk.scan.case for one in everything)
    assert search(case="case-none")["entries"] == []
    assert search(what="review")["entries"] == []  # no such deed: the dot makes a group


def test_pages_follow_each_other_both_ways(desk):
    iris = entered(desk, "iris")
    everything = iris.get("/api/audit", params={"limit": 500}).json()["entries"]
    for order in ("oldest", "newest"):
        after, seen = None, []
        while True:
            params = {"limit": 4, "order": order}
            if after is not None:
                params["after"] = after
            page = iris.get("/api/audit", params=params).json()
            seen += [one["index"] for one in page["entries"]]
            after = page["next"]
            if after is None:
                break
        indices = [one["index"] for one in everything]
        assert seen == (indices if order == "oldest" else indices[::-1])


@pytest.mark.parametrize(
    "params", [{"limit": 0}, {"limit": 501}, {"after": -1}, {"what": 'x"%'}]
)
def test_a_search_that_makes_no_sense_is_refused(desk, params):
    assert entered(desk, "iris").get("/api/audit", params=params).status_code == 422


def test_one_byte_changed_in_the_database_is_named(desk):
    kept_answer(desk)
    iris = entered(desk, "iris")
    sound = iris.post("/api/audit/verify").json()
    assert (sound["sound"], sound["first_bad"]) == (True, None)
    assert f"{sound['count']} entries" in sound["words"]
    assert len(sound["root"]) == 64
    bend(desk, 5)
    bent = iris.post("/api/audit/verify", json={})
    assert bent.status_code == 200
    assert (bent.json()["sound"], bent.json()["first_bad"]) == (False, 5)
    assert "entry 5" in bent.json()["words"]
    assert iris.get("/api/audit/export").status_code == 503  # not passed on as proof


def test_a_last_entry_that_takes_no_more_is_told_all_the_same(desk):
    iris = entered(desk, "iris")
    last = iris.post("/api/audit/verify").json()["count"]  # its own entry's number
    bend(desk, last, at=0)
    told = iris.post("/api/audit/verify").json()
    assert (told["sound"], told["first_bad"]) == (False, last)
    page = iris.get("/api/audit", params={"after": last - 1}).json()
    assert page["entries"][0]["index"] == last
    assert "not what was written" in page["entries"][0]["sentence"]


def test_an_export_proves_later_that_the_end_was_cut_off(desk, tmp_path):
    iris = entered(desk, "iris")
    exported = iris.get("/api/audit/export")
    assert "attachment" in exported.headers["content-disposition"]
    file = tmp_path / "record.json"
    file.write_bytes(exported.content)
    assert check_folder(desk.settings.data, read_checkpoint(file)).bad is None
    kept = exported.json()["checkpoint"]
    told = iris.post("/api/audit/verify", json={"checkpoint": kept}).json()
    assert told["sound"]
    with closing(sqlite3.connect(desk.settings.data / DATABASE)) as database:
        cut = "DELETE FROM audit WHERE number >= ?"
        database.execute(cut, (kept["count"] - 1,))
        database.commit()
    assert iris.post("/api/audit/verify").json()["sound"]  # nobody could see it
    told = iris.post("/api/audit/verify", json={"checkpoint": kept}).json()
    assert not told["sound"]
    forged = {**kept, "count": kept["count"] - 2}
    refused = iris.post("/api/audit/verify", json={"checkpoint": forged})
    assert refused.status_code == 422


def test_a_case_is_told_to_its_readers_and_to_auditors_alone(desk):
    anna, ben = entered(desk, "anna"), entered(desk, "ben")
    entered(desk, "boss").put(
        "/api/policies/segment", json={"first_read": True, "signers": 1}
    )
    found = kept_answer(desk)
    do(anna, found, "opinion", finds="absent", confidence=60)
    digest = do(anna, found, "show").json()["digest"]
    do(anna, found, "reject", digest=digest, reason="invented")
    address = f"/api/cases/{desk.scan.case}/story"
    story = anna.get(address).json()
    assert story[0]["what"] == "scan.kept"
    assert story[-1]["what"] == "review.rejected"
    assert "because invented" in story[-1]["sentence"]
    # who owes an opinion of their own is not told what the others decided
    assert "review.rejected" not in [one["what"] for one in ben.get(address).json()]
    assert entered(desk, "iris").get(address).json() == story
    assert entered(desk, "otto").get(address).status_code == 404
    assert entered(desk, "boss").get(address).status_code == 403
    assert entered(desk, "iris").get("/api/cases/case-none/story").status_code == 404

"""From a result to a signature over HTTP: first read first, nobody blind, one wins."""

import io
from datetime import UTC, datetime, timedelta

import pytest

pytest.importorskip("fastapi", reason="of the extra 'server'")
pytest.importorskip("argon2", reason="of the extra 'server'")

from server.desks import (
    NOW,
    WORD,
    do,
    recorded,
)
from vesalius.governance.audit_check import check_folder
from vesalius.server import queue
from vesalius.server.job import Wish
from vesalius.server.results import UNREVIEWED, keep_result
from vesalius.server.reviews import open_review
from vesalius.server.routes.results import LABEL

PICTURE = b"a picture, as far as this test goes"


def done(desk, verb="segment"):
    """A result, as work leaves it."""
    told = {
        "provenance": {"model": "m", "weights_sha256": "ef" * 32, "version": "0.1"},
        "verdict": {"outcome": "show"},
    }
    picture = desk.objects.put(io.BytesIO(PICTURE)).digest
    listed = f'{{"files": {{"dicom/1.dcm": "{picture}"}}}}'.encode()
    output = desk.objects.put(io.BytesIO(listed)).digest
    scan = desk.scan
    with desk.change() as (connection, record):
        wish = Wish(scan.project, scan.case, verb, scan.scan_sha256, {}, scan.id)
        job = queue.submit(connection, record, wish, desk.anna, NOW)
        queue.take(connection, record, "w", NOW)
        job = queue.finish(connection, record, job.id, "w", output, NOW)
        found = keep_result(connection, record, job, scan, told, NOW)
        open_review(connection, found, NOW)
    return found


def test_what_is_to_be_read_is_told_before_the_answer(desk, enter):
    found = done(desk)
    address = f"/api/reviews/{found.id}/subject"
    told = enter("rita").get(address).json()
    assert told["scan"]["id"] == desk.scan.id
    assert told["scan"]["modality"] == "MR"
    assert told["verb"] == "segment"
    assert not {"outcome", "digest", "output_sha256"} & told.keys()
    assert enter("otto").get(address).status_code == 404
    assert enter("boss").get(address).status_code == 403


def test_an_answer_is_seen_accepted_and_signed(desk, enter):
    found, anna = done(desk), enter("anna")
    address = f"/api/results/{found.id}"
    (waiting,) = anna.get("/api/reviews", params={"project": desk.scan.project}).json()
    assert (waiting["result"], waiting["state"]) == (found.id, "draft")
    blind = anna.get(address)
    assert blind.status_code == 409
    assert "not shown to you yet" in blind.json()["what"]
    shown = do(anna, found, "show").json()
    assert (shown["state"], shown["label"]) == ("shown", UNREVIEWED)
    digest = shown["digest"]
    answer = anna.get(address).json()
    assert answer["label"] == UNREVIEWED
    file = anna.get(f"{address}/files/dicom/1.dcm")
    assert (file.content, file.headers[LABEL]) == (PICTURE, UNREVIEWED)
    part = anna.get(f"{address}/files/dicom/1.dcm", headers={"Range": "bytes=2-8"})
    assert (part.status_code, part.content) == (206, PICTURE[2:9])
    assert anna.get(f"{address}/files/../../vault.key").status_code == 404
    assert do(anna, found, "accept", digest=digest).json()["state"] == "accepted"
    wrong = do(anna, found, "sign", digest=digest, password="not this one")
    assert wrong.status_code == 401
    signed = do(anna, found, "sign", digest=digest, password=WORD).json()
    assert (signed["state"], signed["label"]) == ("signed", "")
    assert LABEL not in anna.get(f"{address}/files/dicom/1.dcm").headers
    assert anna.get("/api/reviews", params={"project": desk.scan.project}).json() == []
    told = recorded(desk)[-3:]
    assert [event.what for event in told] == [
        "review.shown",
        "review.accepted",
        "review.signed",
    ]
    assert {event.output_sha256 for event in told} == {digest}
    assert check_folder(desk.settings.data).bad is None


def test_a_first_read_comes_before_the_answer_whatever_the_page_does(desk, enter):
    boss = enter("boss")
    settled = boss.put("/api/policies/segment", json={"first_read": True, "signers": 1})
    assert settled.status_code == 204
    found, anna, ben = done(desk), enter("anna"), enter("ben")
    address = f"/api/results/{found.id}"
    for attempt in (
        lambda: do(anna, found, "show"),
        lambda: anna.get(address),
        lambda: anna.get(f"{address}/files/dicom/1.dcm"),
        lambda: do(anna, found, "accept", digest=found.output_sha256),
    ):
        refused = attempt()
        assert refused.status_code == 409
        assert PICTURE not in refused.content
    assert anna.get(f"/api/reviews/{found.id}").json()["digest"] == ""
    thought = {"finds": "absent", "confidence": 80, "marks_mm": [[1.0, 2.0, 3.0]]}
    assert do(anna, found, "opinion", **thought).status_code == 200
    assert do(anna, found, "opinion", **thought).status_code == 409  # it stays
    assert do(anna, found, "show").json()["seen"]
    assert anna.get(address).status_code == 200
    # and the next reader's is their own: they see neither answer nor opinion before
    assert ben.get(f"/api/reviews/{found.id}").json()["opinions"] == []
    assert do(ben, found, "show").status_code == 409
    other = {"finds": "present", "confidence": 60}
    assert do(ben, found, "opinion", **other).status_code == 200
    both = do(ben, found, "show").json()["opinions"]
    assert [one["finds"] for one in both] == ["absent", "present"]
    assert do(anna, found, "opinion", **thought).status_code == 409


@pytest.mark.parametrize(
    "thought",
    [
        {"finds": "maybe", "confidence": 50},
        {"finds": "absent", "confidence": 101},
        {"finds": "absent"},
        {"finds": "absent", "confidence": 5, "marks_mm": [[0.0] * 3] * 51},
    ],
)
def test_what_is_no_opinion_is_refused(desk, enter, thought):
    found = done(desk)
    assert do(enter("anna"), found, "opinion", **thought).status_code in (409, 422)
    assert recorded(desk)[-1].what != "review.first-read"


def test_of_two_who_sign_at_once_one_is_told(desk, enter):
    found, anna, ben = done(desk), enter("anna"), enter("ben")
    digest = do(anna, found, "show").json()["digest"]
    do(ben, found, "show")
    do(anna, found, "accept", digest=digest)
    first = do(anna, found, "sign", digest=digest, password=WORD)
    late = do(ben, found, "sign", digest=digest, password=WORD)
    assert (first.status_code, late.status_code) == (200, 409)
    assert "is signed cannot be" in late.json()["what"]


def test_two_persons_sign_where_the_policy_says_so(desk, enter):
    enter("boss").put("/api/policies/segment", json={"first_read": False, "signers": 2})
    found, anna, ben = done(desk), enter("anna"), enter("ben")
    digest = do(anna, found, "show").json()["digest"]
    do(anna, found, "accept", digest=digest)
    once = do(anna, found, "sign", digest=digest, password=WORD).json()
    assert (once["state"], once["label"]) == ("accepted", UNREVIEWED)
    assert do(anna, found, "sign", digest=digest, password=WORD).status_code == 409
    assert do(ben, found, "sign", digest=digest, password=WORD).status_code == 409
    do(ben, found, "show")
    twice = do(ben, found, "sign", digest=digest, password=WORD).json()
    assert (twice["state"], len(twice["signed_by"])) == ("signed", 2)


def test_a_decision_on_another_output_is_void(desk, enter):
    found, anna = done(desk), enter("anna")
    do(anna, found, "show")
    stale = do(anna, found, "accept", digest="0" * 64)
    assert stale.status_code == 409
    assert "changed since it was shown" in stale.json()["what"]
    bare = do(anna, found, "reject", digest=found.output_sha256, reason="no such")
    assert bare.status_code == 409
    why = {"digest": found.output_sha256, "reason": "poor-answer"}
    assert do(anna, found, "reject", **why).json()["state"] == "rejected"
    assert recorded(desk)[-1].why == "poor-answer"


def test_a_reader_decides_and_does_not_sign_and_strangers_see_nothing(desk, enter):
    found, rita, otto = done(desk), enter("rita"), enter("otto")
    digest = do(rita, found, "show").json()["digest"]
    assert do(rita, found, "accept", digest=digest).status_code == 200
    assert do(rita, found, "sign", digest=digest, password=WORD).status_code == 403
    for answer in (
        otto.get(f"/api/results/{found.id}"),
        otto.get(f"/api/reviews/{found.id}"),
        otto.get("/api/reviews", params={"project": desk.scan.project}),
        do(otto, found, "show"),
        do(otto, found, "sign", digest=digest, password=WORD),
    ):
        assert answer.status_code == 404
    assert enter("boss").get(f"/api/results/{found.id}").status_code == 403


def test_guessing_the_password_of_a_signature_waits(desk, enter):
    found, anna = done(desk), enter("anna")
    digest = do(anna, found, "show").json()["digest"]
    do(anna, found, "accept", digest=digest)
    codes = [
        do(anna, found, "sign", digest=digest, password=f"guess {n}").status_code
        for n in range(7)
    ]
    assert codes == [401] * 5 + [429] * 2
    desk.now = lambda: datetime.now(UTC) + timedelta(minutes=20)
    assert do(anna, found, "sign", digest=digest, password=WORD).status_code == 200


def test_a_policy_that_cannot_be_is_refused(enter):
    boss = enter("boss")
    three = boss.put("/api/policies/segment", json={"first_read": True, "signers": 3})
    assert three.status_code == 422
    none = boss.put("/api/policies/guess", json={"first_read": True, "signers": 1})
    assert none.status_code == 404

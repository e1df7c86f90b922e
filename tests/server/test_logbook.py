"""The log: a line of JSON a request, by route and account, and no patient in any."""

import io
import json
import logging
import zipfile
from collections import defaultdict

import pytest

pytest.importorskip("fastapi", reason="of the extra 'server'")
pytest.importorskip("argon2", reason="of the extra 'server'")

from pydicom import dcmread

from server.desks import WORD, entered, flair, keep_nifti
from vesalius.io.dicom_phantom import write_phantom_dicom
from vesalius.physics.phantom import head
from vesalius.physics.phantom import scan as scanned
from vesalius.server.executing import Here
from vesalius.server.logbook import REQUEST, JsonLines
from vesalius.server.receiving import read_in
from vesalius.server.roles import MATRIX
from vesalius.server.viewing import prepare
from vesalius.server.working import work_once

PLANTED = {
    "PatientName": "QUAXOLOTL^BRUNHILDE",
    "PatientID": "ZK-7731904-QX",
    "PatientBirthDate": "19370229",
    "OtherPatientIDs": "QXALT-55",
    "PatientComments": "lives beside the KRAKENWERK",
}
TOKENS = ("quaxolotl", "brunhilde", "7731904", "19370229", "qxalt", "krakenwerk")


@pytest.fixture
def lines():
    """What the log says, as the command writes it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    log = logging.getLogger("vesalius")
    before = log.level
    log.setLevel(logging.INFO)
    log.addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    log.removeHandler(handler)
    log.setLevel(before)


@pytest.fixture
def desk(bare_desk):
    return bare_desk


def test_a_request_is_written_by_its_route_and_account(desk, tmp_path, lines):
    keep_nifti(desk, flair(), tmp_path)
    anna = entered(desk, "anna")
    anna.headers["X-Request-ID"] = "Quaxolotl"
    answer = anna.get(f"/api/scans/{desk.scan.id}?name=Quaxolotl")
    told = lines()[-1]
    assert told["route"] == "/api/scans/{scan}"
    assert (told["method"], told["status"], told["level"]) == ("GET", 200, "info")
    assert told["account"] == desk.anna.id
    assert told["request"] == answer.headers[REQUEST]
    assert told["ms"] >= 0
    anna.get("/api/scans/Quaxolotl")
    anna.get("/Quaxolotl")
    anna.request("QUAXOLOTL", "/api/scans")
    assert [line["status"] for line in lines()[-3:]] == [404, 404, 405]
    words = json.dumps(lines())
    assert desk.scan.id not in words
    assert "quaxolotl" not in words.lower()


def test_what_nobody_foresaw_is_written_without_its_words(desk, lines, monkeypatch):
    def fall():
        raise RuntimeError("Quaxolotl")

    monkeypatch.setattr(desk.objects, "room", fall)
    answer = entered(desk, "anna").get("/ready")
    assert answer.status_code == 500
    told = lines()[-1]
    assert (told["error"], told["level"]) == ("RuntimeError", "error")
    assert any(place.startswith("server/routes/health.py:") for place in told["at"])
    assert "Quaxolotl" not in answer.text + json.dumps(lines())


def test_an_exception_in_the_log_is_named_by_its_kind_alone(lines):
    try:
        raise ValueError("Quaxolotl")
    except ValueError:
        logging.getLogger("vesalius.server").exception("something fell")
    (told,) = lines()
    assert (told["message"], told["error"]) == ("something fell", "ValueError")
    assert "Quaxolotl" not in json.dumps(told)


def planted(folder):
    """A DICOM series whose every file names a patient."""
    folder.mkdir()
    truth = head(shape=(40, 48, 4), spacing_mm=(5.0, 5.0, 8.0), contrast="T1w")
    write_phantom_dicom(scanned(truth, noise=0.05), folder, seed=1)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for number, file in enumerate(sorted(folder.iterdir())):
            sliced = dcmread(file)
            for name, value in PLANTED.items():
                setattr(sliced, name, value)
            sliced.save_as(file)
            archive.write(file, f"{PLANTED['PatientName']}/{number}.dcm")
    return content.getvalue()


def send(client, project, content, ending=".zip"):
    wish = {"project": project, "ending": ending, "size": len(content)}
    upload = client.post("/api/uploads", json=wish).json()["id"]
    client.put(f"/api/uploads/{upload}/pieces/0", content=content)
    client.post(f"/api/uploads/{upload}/end")
    return upload


def in_clear(found):
    """Return which tokens stand in bytes, as text of one byte a letter or of two."""
    text = found.lower()
    return [
        token
        for token in TOKENS
        if token.encode() in text or token.encode("utf-16-le") in text
    ]


def tried_on_every_route(client, values):
    """Ask each route for what is there, and for what is not; return all answers."""
    for route in sorted(MATRIX.keys() - {"DELETE /api/session"}):
        method, path = route.split()
        if path.endswith("/events"):
            continue  # ends when the work does
        for known in (values, {}):
            address = path.format_map(defaultdict(lambda: "none", known))
            for body in ({}, {"digest": "0" * 64}, ["wrong"]):
                yield route, client.request(method, address, json=body)


def test_a_planted_patient_is_found_nowhere_in_clear(desk, tmp_path, lines):
    content, anna = planted(tmp_path / "series"), entered(desk, "anna")
    project = desk.project.id
    kept = read_in(desk, send(anna, project, content))
    assert kept.scans, kept.reason
    cut = read_in(desk, send(anna, project, content[: len(content) // 2]))
    torn = read_in(desk, send(anna, project, content[:-9] + b"QUAXOLOTL", ".dcm"))
    assert not cut.scans
    assert not torn.scans
    (scan,) = kept.scans
    case = anna.get(f"/api/scans/{scan}").json()["case"]
    job = anna.post("/api/jobs", json={"scan": scan, "verb": "denoise"}).json()["id"]
    assert work_once(desk, Here(), "w").state == "done"
    prepare(desk, set())
    (found,) = anna.get("/api/results", params={"scan": scan}).json()
    result = found["id"]
    digest = anna.post(f"/api/reviews/{result}/show").json()["digest"]
    anna.post(f"/api/reviews/{result}/accept", json={"digest": digest})
    signed = {"digest": digest, "password": WORD}
    anna.post(f"/api/reviews/{result}/sign", json=signed)
    who = anna.get(f"/api/cases/{case}/identity").json()
    assert who["number"] == PLANTED["PatientID"]  # it is there, for who may see it
    values = {
        "scan": scan,
        "case": case,
        "job": job,
        "result": result,
        "name": "picture",
        "upload": kept.id,
        "project": project,
        "at": "0",
        "verb": "denoise",
    }
    shown = {"GET /api/cases/{case}/identity", "GET /api/results/{result}/export"}
    for reader in (anna, *(entered(desk, name) for name in ("otto", "boss"))):
        for route, answer in tried_on_every_route(reader, values):
            if route not in shown or answer.status_code != 200:
                everything = answer.content + repr(answer.headers).encode()
                assert not in_clear(everything), (route, answer.status_code)
    assert not in_clear(json.dumps(lines()).encode())
    files = [file for file in desk.settings.data.rglob("*") if file.is_file()]
    assert len(files) > 10
    assert {file.name: in_clear(file.read_bytes()) for file in files} == {
        file.name: [] for file in files
    }
    assert not [file for file in files if in_clear(str(file).encode())]

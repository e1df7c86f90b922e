"""Models on the desk: kept, served, suspended, rolled back; no job by a wrong one."""

import shutil
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="of the extra 'server'")
pytest.importorskip("argon2", reason="of the extra 'server'")

from safetensors.torch import load, save

from server.desks import ask as put
from server.desks import keep_nifti, recorded
from vesalius.errors import WeightsError
from vesalius.governance.audit_check import check_folder
from vesalius.physics.phantom import head
from vesalius.physics.phantom import scan as scanned
from vesalius.server import queue
from vesalius.server.executing import Here, WorkError
from vesalius.server.job import JobState
from vesalius.server.model_versions import note_models, versions_of
from vesalius.server.performing import Kept, Task, checked, model_of
from vesalius.server.results import results_of
from vesalius.server.working import work_once
from vesalius.weights import shelf
from vesalius.weights.cards import read_card, write_card
from vesalius.weights.models import open_kept

MODEL = "denoise-mr"
REAL = shelf.SHELF


@pytest.fixture
def box(tmp_path, monkeypatch):
    """A box with one model in it."""
    folder = tmp_path / "box"
    folder.mkdir()
    for ending in (".toml", ".safetensors"):
        shutil.copy(REAL / f"{MODEL}{ending}", folder)
    monkeypatch.setattr(shelf, "SHELF", folder)
    shelf._card.cache_clear()
    yield folder
    shelf._card.cache_clear()


def upgrade(box, factor):
    """Put other weights into the box, and their card; return their digest."""
    tensors = load((REAL / f"{MODEL}.safetensors").read_bytes())
    content = save({key: tensor * factor for key, tensor in tensors.items()})
    digest = sha256(content).hexdigest()
    (box / f"{MODEL}.safetensors").write_bytes(content)
    card = replace(read_card(REAL / f"{MODEL}.toml"), weights_sha256=digest)
    write_card(card, box / f"{MODEL}.toml")
    shelf._card.cache_clear()
    return digest


@pytest.fixture
def desk(bare_desk, box, tmp_path):
    """A desk with one MR and one model."""
    truth = scanned(head(shape=(32, 32, 2), spacing_mm=(6.0, 6.0, 9.0)), noise=0.05)
    keep_nifti(bare_desk, truth, tmp_path, contrast="T1w")
    assert note_models(bare_desk) == {}
    return bare_desk


def do(client, what, **words):
    return client.post(f"/api/models/{MODEL}/{what}", json=words)


def ask(client, desk, **options):
    wish = {"scan": desk.scan.id, "verb": "denoise", "options": options}
    return client.post("/api/jobs", json=wish)


def state_of(desk, job):
    with desk.look() as connection:
        found = queue.find(connection, job)
    return found.state, found.reason


def test_a_models_card_is_told_to_whoever_is_signed_in_and_kept_once(desk, enter):
    (told,) = enter("anna").get("/api/models").json()
    card = read_card(REAL / f"{MODEL}.toml")
    assert (told["name"], told["task"], told["state"]) == (MODEL, "denoise", "serving")
    assert told["limits"] == list(card.limits)
    assert len(told["figures"]) == len(card.figures)
    assert told["training"]["recipe"] == MODEL
    (version,) = told["versions"]
    assert (version["weights_sha256"], version["is_serving"]) == (
        card.weights_sha256,
        True,
    )
    assert desk.objects.is_whole(card.weights_sha256)
    before = len(recorded(desk))
    assert note_models(desk) == {}  # a second start has nothing to note
    assert len(recorded(desk)) == before


def test_only_administrators_act_and_each_act_has_a_reason_on_the_record(desk, enter):
    assert do(enter("anna"), "suspend", reason="invented").status_code == 403
    boss = enter("boss")
    assert do(boss, "suspend", reason="I dislike it").status_code == 422
    told = do(boss, "suspend", reason="invented").json()
    assert (told["state"], told["reason"]) == ("suspended", "invented")
    assert not told["versions"][0]["is_serving"]
    assert do(boss, "suspend", reason="drift").status_code == 409
    assert do(boss, "serve", reason="mended").json()["state"] == "serving"
    assert do(boss, "serve", reason="mended").status_code == 409
    acts = [(e.what, e.why, e.about) for e in recorded(desk)[-2:]]
    assert acts == [
        ("model.suspended", "invented", MODEL),
        ("model.served", "mended", MODEL),
    ]
    none = boss.post("/api/models/nobodys/suspend", json={"reason": "drift"})
    assert none.status_code == 404
    assert check_folder(desk.settings.data).bad is None


def test_a_suspended_model_takes_no_job_and_those_that_wait_fail(desk, enter):
    anna, boss = enter("anna"), enter("boss")
    job = ask(anna, desk).json()["id"]
    do(boss, "suspend", reason="incident")
    assert state_of(desk, job) == (JobState.FAILED, "suspended")
    failed = [event for event in recorded(desk) if event.what == "job.failed"]
    assert [event.why for event in failed] == ["suspended"]
    for refused in (
        ask(anna, desk),
        anna.post(f"/api/jobs/{job}/retry", json={"reason": "again"}),
    ):
        assert refused.status_code == 409
        assert f"{MODEL} is suspended (incident)" in refused.json()["what"]
        assert "ask an administrator" in refused.json()["next"]
    do(boss, "serve", reason="unfounded")
    again = anna.post(f"/api/jobs/{job}/retry", json={"reason": "again"})
    assert again.json()["state"] == "waiting"


def test_a_job_that_was_asked_for_past_the_door_is_not_done_by_it_either(desk, enter):
    do(enter("boss"), "suspend", reason="incident")
    job = put(desk, "denoise")
    done = work_once(desk, Here(), "w")
    assert (done.id, done.state, done.reason) == (job.id, JobState.FAILED, "suspended")


def test_open_answers_of_a_suspended_model_are_marked(desk, enter):
    anna, boss = enter("anna"), enter("boss")
    ask(anna, desk)
    work_once(desk, Here(), "w")

    def marks():
        params = {"project": desk.scan.project}
        (row,) = anna.get("/api/reviews", params=params).json()
        told = anna.get(f"/api/reviews/{row['result']}").json()
        return row["suspended"], told["suspended"]

    assert marks() == (False, False)
    do(boss, "suspend", reason="missed")
    assert marks() == (True, True)
    do(boss, "serve", reason="unfounded")
    assert marks() == (False, False)


def test_after_an_upgrade_an_earlier_version_is_gone_back_to(desk, enter, box):
    anna, boss = enter("anna"), enter("boss")
    first = read_card(REAL / f"{MODEL}.toml").weights_sha256
    second = upgrade(box, 0.5)
    assert note_models(desk) == {}
    (told,) = boss.get("/api/models").json()
    served = [v["weights_sha256"] for v in told["versions"] if v["is_serving"]]
    assert served == [second]
    absent = do(boss, "roll-back", reason="trial", weights_sha256="0" * 64)
    assert absent.status_code == 422
    same = do(boss, "roll-back", reason="trial", weights_sha256=second)
    assert same.status_code == 409
    used = []
    for weights in (second, first):
        if weights == first:
            do(boss, "suspend", reason="poor-answers")
            back = do(boss, "roll-back", reason="poor-answers", weights_sha256=first)
            assert back.json()["state"] == "serving"
        job = ask(anna, desk).json()["id"]
        assert work_once(desk, Here(), "w").state is JobState.DONE
        used.append(anna.get(f"/api/jobs/{job}").json()["weights_sha256"])
    assert used == [second, first]
    with desk.look() as connection:
        found = results_of(connection, desk.scan.id)
    assert {one.weights_sha256 for one in found} == {first, second}
    for one in found:  # what the version has answered before is marked, and no other
        told = anna.get(f"/api/reviews/{one.id}").json()
        assert told["suspended"] is (one.weights_sha256 == second)
    third = upgrade(box, 0.25)  # it waits: somebody chose the version that serves
    note_models(desk)
    (told,) = boss.get("/api/models").json()
    assert [v["weights_sha256"] for v in told["versions"]] == [third, second, first]
    assert [v["is_serving"] for v in told["versions"]] == [False, False, True]
    do(boss, "roll-back", reason="trial", weights_sha256=third)
    fourth = upgrade(box, 0.125)  # and is not waited for after the latest was chosen
    note_models(desk)
    assert boss.get("/api/models").json()[0]["versions"][0] == {
        **boss.get("/api/models").json()[0]["versions"][0],
        "weights_sha256": fourth,
        "is_serving": True,
    }


def test_an_upgrade_does_not_lift_a_suspension(desk, enter, box):
    boss = enter("boss")
    do(boss, "suspend", reason="recall")
    upgrade(box, 0.5)
    note_models(desk)
    (told,) = boss.get("/api/models").json()
    assert (told["state"], len(told["versions"])) == ("suspended", 2)


def test_a_card_written_anew_replaces_the_one_before(desk, enter, box):
    card = read_card(box / f"{MODEL}.toml")
    write_card(replace(card, limits=("Another limit.",)), box / f"{MODEL}.toml")
    shelf._card.cache_clear()
    note_models(desk)
    (told,) = enter("anna").get("/api/models").json()
    assert (told["limits"], len(told["versions"])) == (["Another limit."], 1)
    assert "model.described" in [event.what for event in recorded(desk)]


def test_what_is_altered_in_the_box_is_not_kept(desk, box):
    upgrade(box, 0.5)
    (box / f"{MODEL}.safetensors").write_bytes(b"altered")
    assert "not the ones" in note_models(desk)[MODEL]
    (box / f"{MODEL}.safetensors").unlink()
    assert "missing" in note_models(desk)[MODEL]
    with desk.look() as connection:
        assert len(versions_of(connection, MODEL)) == 1


def test_a_copy_that_was_altered_does_no_work(desk, enter):
    anna = enter("anna")
    ask(anna, desk)
    weights = desk.objects.path(read_card(REAL / f"{MODEL}.toml").weights_sha256)
    weights.chmod(0o640)
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    done = work_once(desk, Here(), "w")
    assert (done.state, done.reason) == (JobState.FAILED, "no-model")


def test_a_kept_model_is_opened_only_with_the_weights_of_its_card(box, tmp_path):
    card, weights = box / f"{MODEL}.toml", box / f"{MODEL}.safetensors"
    assert open_kept(card, weights).card.name == MODEL
    with pytest.raises(WeightsError, match="damaged"):
        open_kept(weights, weights)
    weights.write_bytes(b"other")
    with pytest.raises(WeightsError, match="not the ones"):
        open_kept(card, weights)
    task = Task(
        "denoise", tmp_path / "none", tmp_path / "out", model=Kept(card, weights)
    )
    with pytest.raises(WorkError) as error:
        Here().run(task, lambda *_: True)
    assert error.value.code == "no-model"


def test_an_option_without_a_model_is_refused_at_the_door(desk, enter):
    wish = {"scan": desk.scan.id, "verb": "translate"}
    refused = enter("anna").post("/api/jobs", json=wish)  # the box has no translator
    assert refused.status_code == 422
    assert "no model translate-mr-ct" in refused.json()["what"]


@pytest.mark.parametrize(
    ("verb", "modality", "options", "name"),
    [
        ("denoise", "MR", {}, "denoise-mr"),
        ("denoise", "CT", {"look": "sharp"}, "denoise-ct-sharp"),
        ("denoise", "PT", {}, "denoise-mr"),
        ("translate", "MR", {}, "translate-mr-ct"),
        ("translate", "CT", {"to": "mr"}, "translate-ct-mr"),
        ("segment", "MR", {}, "segment-tumour"),
        ("detect", "CT", {}, "detect-nodule"),
    ],
)
def test_each_verbs_model_is_in_the_box(verb, modality, options, name):
    found = model_of(verb, modality, checked(verb, options))
    assert found == name
    assert (REAL / f"{name}.toml").is_file()
    assert read_card(Path(REAL / f"{name}.toml")).task == verb

"""Pages: served below any prefix, cached as they should be, and missed in words."""

import pytest

pytest.importorskip("fastapi", reason="of the extra 'server'")
pytest.importorskip("argon2", reason="of the extra 'server'")

from fastapi.testclient import TestClient

from vesalius.server import pages
from vesalius.server.app import create_app
from vesalius.server.desk import open_desk
from vesalius.server.openapi import write_document
from vesalius.server.settings import Settings

SCRIPT = "index-Ab_3.js"


@pytest.fixture
def built(tmp_path, monkeypatch):
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>Vesalius</title>")
    (folder / "assets" / SCRIPT).write_text("export {}")
    (folder / "assets" / "notes.txt").write_text("no asset of ours")
    (folder / "secret.js").write_text("beside the assets")
    monkeypatch.setattr(pages, "BUILT", folder)
    return folder


def client(tmp_path, **more):
    desk, _ = open_desk(Settings(data=tmp_path / "desk", **more))
    return TestClient(create_app(desk), raise_server_exceptions=False)


def test_the_page_is_asked_for_each_time_and_its_parts_once(built, tmp_path):
    asked = client(tmp_path)
    page = asked.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["cache-control"] == "no-cache"
    part = asked.get(f"/assets/{SCRIPT}")
    assert part.headers["content-type"].startswith("text/javascript")
    assert "immutable" in part.headers["cache-control"]
    assert asked.get("/health").headers.get("cache-control") is None


def test_nothing_inline_and_nothing_from_elsewhere_may_run(built, tmp_path):
    policy = client(tmp_path).get("/").headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "style-src 'self';" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


def test_below_a_prefix_the_same_pages_are_served(built, tmp_path):
    asked = client(tmp_path, path="/desk")
    assert asked.get("/desk/").text.startswith("<!doctype html>")
    assert asked.get(f"/desk/assets/{SCRIPT}").status_code == 200
    assert asked.get("/desk/health").json()["ok"]
    # A proxy that takes the prefix off is served as well.
    assert asked.get("/").text.startswith("<!doctype html>")
    for address in ("/api/session", "/desk/api/session"):
        assert asked.get(address).headers["cache-control"] == "no-store"
    assert asked.get("/desktop").status_code == 404
    # Without its last / the page's own relative addresses would lead elsewhere.
    bare = asked.get("/desk", follow_redirects=False)
    assert bare.status_code in (307, 308)
    assert bare.headers["location"].endswith("/desk/")


@pytest.mark.parametrize(
    "name",
    ["none.js", "notes.txt", "../secret.js", "..%2Fsecret.js", ".hidden.js", "a/b.js"],
)
def test_what_is_no_part_of_the_page_is_not_there(built, tmp_path, name):
    answer = client(tmp_path).get(f"/assets/{name}")
    assert answer.status_code in (404, 422)
    assert "next" in answer.json()


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("path", ["/api/none", "/api", "/other"])
def test_unknown_routes_stay_problems_and_not_pages(built, tmp_path, method, path):
    answer = client(tmp_path).request(method, path)
    assert answer.status_code == 404
    assert answer.json()["what"]


def test_pages_that_were_not_built_say_how(tmp_path, monkeypatch):
    monkeypatch.setattr(pages, "BUILT", tmp_path / "nothing")
    answer = client(tmp_path).get("/")
    assert answer.status_code == 503
    assert "make pages" in answer.text
    assert client(tmp_path).get("/health").status_code == 200


def test_the_api_is_described_in_a_file_that_changes_only_with_it(tmp_path):
    file = tmp_path / "openapi.json"
    assert write_document(file)
    before = file.read_bytes()
    assert b'"/api/session"' in before
    assert not write_document(file)
    assert file.read_bytes() == before

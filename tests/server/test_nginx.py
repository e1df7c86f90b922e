"""The nginx page, with a real nginx: TLS, a prefix, cookies, and no waiting lines."""

import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx2 as httpx
import pytest

pytest.importorskip("fastapi", reason="of the extra 'server'")
pytest.importorskip("uvicorn", reason="of the extra 'server'")
pytest.importorskip("argon2", reason="of the extra 'server'")

from vesalius.server.doors import CSRF

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
OPENSSL = shutil.which("openssl")
pytestmark = pytest.mark.skipif(
    not (NGINX and OPENSSL), reason="needs nginx and openssl (Debian: nginx-light)"
)

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "nginx.md"
WORD = "correct horse battery"
PATIENCE_S = 120
SERVE = "from vesalius.cli import main; main()"
AROUND = """
daemon off;
pid {place}/nginx.pid;
error_log stderr warn;
events {{}}
http {{
    client_body_temp_path {place}/body;
    proxy_temp_path {place}/proxy;
    fastcgi_temp_path {place}/fastcgi;
    uwsgi_temp_path {place}/uwsgi;
    scgi_temp_path {place}/scgi;
    {server}
}}
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as door:
        return door.getsockname()[1]


@contextmanager
def process(words, **said):
    with subprocess.Popen(words, text=True, **said) as running:
        try:
            yield running
        finally:
            running.send_signal(signal.SIGTERM)
            running.wait(timeout=PATIENCE_S)


@pytest.fixture
def proxied(tmp_path):
    """A demo behind nginx as the page has it: the link's token, and a client of it."""
    inside, outside = free_port(), free_port()
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *subject]
    files = ["-keyout", key, "-out", chain]
    subprocess.run([OPENSSL, *made, *files], check=True, capture_output=True)
    (block,) = re.findall(r"```nginx\n(.*?)```", PAGE.read_text(), re.DOTALL)
    for told, true in (
        ("listen 443", f"listen 127.0.0.1:{outside}"),
        ("/etc/ssl/desk/chain.pem", str(chain)),
        ("/etc/ssl/desk/key.pem", str(key)),
        ("127.0.0.1:8765", f"127.0.0.1:{inside}"),
    ):
        assert told in block
        block = block.replace(told, true)
    settings = tmp_path / "nginx.conf"
    settings.write_text(AROUND.format(place=tmp_path, server=block))
    words = ["serve", "--demo", "--data", tmp_path / "desk", "--port", inside]
    words += ["--demo-data", tmp_path, "--behind-proxy", "--path", "/desk"]
    serve = [sys.executable, "-c", SERVE, *map(str, words)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    proxy = [NGINX, "-c", settings, "-p", tmp_path, "-e", "stderr"]
    with (
        process(serve, stdout=subprocess.PIPE, env=environment) as desk,
        process(proxy),
    ):
        link = desk.stdout.readline().strip()
        assert link.startswith(f"http://127.0.0.1:{inside}/desk/#first=")
        trusted = ssl.create_default_context(cafile=str(chain))
        base = f"https://localhost:{outside}/desk"
        with httpx.Client(base_url=base, verify=trusted, timeout=60) as client:
            yield client, link.partition("=")[2]


def until(look, wanted):
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        with suppress(httpx.TransportError):
            found = look()
            if wanted(found):
                return found
        time.sleep(0.1)
    raise AssertionError("it did not come")


def test_the_desk_works_behind_nginx_as_the_page_says(proxied):
    client, token = proxied
    until(lambda: client.get("/health"), lambda answer: answer.is_success)
    first = {"name": "anna", "password": WORD, "token": token}
    answer = client.post("/api/session/first", json=first)
    assert answer.status_code == 201
    cookie = answer.headers["set-cookie"]
    assert "Secure" in cookie
    assert "HttpOnly" in cookie
    assert "Path=/desk" in cookie
    assert "max-age" in answer.headers["strict-transport-security"]
    client.headers[CSRF] = answer.json()["csrf"]
    (project,) = client.get("/api/projects").json()
    where = {"project": project["id"]}
    size = 2**23
    wish = {**where, "ending": ".zip", "size": size}
    upload = client.post("/api/uploads", json=wish).json()["id"]
    sent = client.put(f"/api/uploads/{upload}/pieces/0", content=bytes(size))
    assert sent.json() == {"received": size}  # the largest piece passes
    look = lambda: client.get("/api/jobs", params=where).json()  # noqa: E731
    (job,) = until(look, bool)
    with client.stream("GET", f"/api/jobs/{job['id']}/events") as stream:
        line = next(line for line in stream.iter_lines() if line.startswith("data:"))
        assert json.loads(line[5:])["id"] == job["id"]
        # It came while the work goes on: nothing waits in the proxy for the end.
        assert look()[0]["state"] in ("waiting", "running")

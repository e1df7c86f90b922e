"""Journeys: a real browser at a real desk."""

import json
import os
import subprocess

import pytest

from web.browsing import BUILT, PATIENCE_S, ROOT, WEB, WORD, Served, chromium, node


@pytest.fixture
def travel(tmp_path):
    """Return what takes a journey of `web/e2e` at a desk, and fails where it does."""
    if node() is None or not (WEB / "node_modules/playwright-core").exists():
        pytest.skip("Node or its packages are not installed: make pages")
    if not BUILT.exists():
        pytest.skip("the pages are not built: make pages")
    if chromium() is None:
        pytest.skip("no Chromium is installed, and none can be had")

    def take(name: str, served: Served, **facts: object) -> str:
        told = {"url": served.url, "link": served.link, "word": WORD, **facts}
        out = ROOT / "out" / "web"
        done = subprocess.run(
            [node(), f"e2e/{name}.ts"],
            cwd=WEB,
            env={
                **os.environ,
                "FACTS": json.dumps(told),
                "OUT": str(out),
                "CHROMIUM": chromium(),
            },
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
        assert done.returncode == 0, f"{done.stdout}{done.stderr}"
        return done.stdout

    return take

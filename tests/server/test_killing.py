"""The claim of benchmarks/kill.py, in small: three kills, nothing lost."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="of the extra 'server'")
pytest.importorskip("uvicorn", reason="of the extra 'server'")
pytest.importorskip("argon2", reason="of the extra 'server'")

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "kill.py"


def test_kills_at_random_moments_lose_nothing_acknowledged(tmp_path):
    words = ["--times", "3", "--seed", "4", "--backup-every", "2", "--out", tmp_path]
    done = subprocess.run(
        [sys.executable, SCRIPT, *words],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        check=False,
    )
    found = json.loads((tmp_path / "kill.json").read_text())
    assert (found["lost"], found["answers_of_500"]) == ([], [])
    assert found["kills"] == 3
    assert found["backups"]
    assert sum(found["acknowledged"].values()) > 0
    assert done.returncode == 0

"""What breaks image tools in practice: a small case each, from public reports."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

FIELD = Path(__file__).parents[3] / "shared" / "field_cases"
CASES = sorted(path.name for path in FIELD.glob("[0-9][0-9][0-9]-*"))
COMMAND = Path(sys.executable).with_name("vesalius")


@pytest.mark.skipif(not CASES, reason="the field cases are not beside this clone")
@pytest.mark.parametrize("case", CASES)
def test_field_case(case):
    words = [FIELD / "run.py", "--vesalius", COMMAND, "--only", case]
    done = subprocess.run(
        [sys.executable, *map(str, words)],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    number, _, name = case.partition("-")
    (line,) = [
        line for line in done.stdout.splitlines() if line.startswith(f"{number} {name}")
    ]
    if "skipped" in line:
        pytest.skip(line)
    assert done.returncode == 0, line

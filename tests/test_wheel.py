"""The wheel, in a clean environment without a network, is all that a user needs."""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
INGREDIENTS = ("pyproject.toml", "README.md", "LICENSE", "src")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.egg-info")
DEMO_SECONDS = 300  # ten times what it takes: a guard, not a measurement


def pip(*words):
    command = [sys.executable, "-m", "pip", "--quiet", "--no-input", *words]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build the wheel from a copy, so that no build folder is left in the clone."""
    folder = tmp_path_factory.mktemp("wheel")
    copy = folder / "copy"
    copy.mkdir()
    for name in INGREDIENTS:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=LEFT_OUT)
        else:
            shutil.copy(source, copy / name)
    only_ours = ("--no-deps", "--no-index", "--no-build-isolation")
    pip("wheel", *only_ours, "--wheel-dir", str(folder), str(copy))
    (built,) = folder.glob("vesalius-*.whl")
    return built


@pytest.fixture(scope="module")
def clean(wheel, tmp_path_factory):
    """Install it where nothing of the clone can be seen, only its dependencies.

    They are borrowed from the environment that runs the tests: a folder that is named
    in a .pth file is searched, but its own .pth files, the clone's among them, are not
    followed.
    """
    folder = tmp_path_factory.mktemp("clean")
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    python = folder / "venv" / "bin" / "python"
    pip("--python", str(python), "install", "--no-deps", "--no-index", str(wheel))
    (packages,) = (folder / "venv").glob("lib/python*/site-packages")
    borrowed = [path for path in sys.path if path.endswith("site-packages")]
    (packages / "borrowed.pth").write_text("\n".join(borrowed) + "\n")
    return folder


def without_network():
    """Return the words that cut a command off the network, or None."""
    for words in (["unshare", "-n"], ["unshare", "-r", "-n"]):
        if shutil.which("unshare"):
            tried = subprocess.run([*words, "true"], capture_output=True)
            if tried.returncode == 0:
                return words
    return None


def run(clean, *words, prefix=()):
    command = [*prefix, str(clean / "venv" / "bin" / words[0]), *words[1:]]
    return subprocess.run(
        command,
        cwd=clean,
        env={"PATH": os.environ["PATH"], "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=DEMO_SECONDS,
    )


def test_it_is_the_wheel_that_runs_and_not_the_clone(clean):
    where = "import vesalius; print(vesalius.__file__, vesalius.__version__)"
    done = run(clean, "python", "-c", where)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.split()[0]).is_relative_to(clean)


def test_the_wheel_holds_what_is_no_python(wheel, clean):
    from vesalius import weights

    (package,) = (clean / "venv").glob("lib/python*/site-packages/vesalius")
    source = ROOT / "src" / "vesalius"
    wanted = {
        path.relative_to(source)
        for path in source.rglob("*")
        if path.is_file() and path.suffix not in (".pyc", ".draft")
    }
    held = {path.relative_to(package) for path in package.rglob("*") if path.is_file()}
    assert sorted(map(str, wanted - held)) == []
    assert weights.names(), "a box without a model"


def test_the_demo_runs_without_a_network(clean):
    prefix = without_network()
    if prefix is None:
        pytest.skip("this user may not cut a command off the network (unshare -n)")
    done = run(clean, "vesalius", "demo", "-o", "out", prefix=prefix)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    reports = {path.parent.name for path in (clean / "out").rglob("report.html")}
    assert reports == {"head-mr", "chest-ct", "phantom"}
    assert "against the truth" in done.stdout
    assert "was in training" in done.stdout

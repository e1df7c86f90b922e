"""Every command and every option is documented, and nothing that is not there."""

import re
from pathlib import Path

import pytest
import typer

from vesalius.cli.commands import app

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reference" / "commands.md"
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
GROUP = typer.main.get_command(app)
COMMANDS = GROUP.commands


def section(command: str) -> str:
    """Return what the page says of one command, without the page's other parts."""
    parts = re.split(r"^## vesalius (\S+)$", PAGE.read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True)).get(command, "")


def options_of(command: str) -> set[str]:
    return {
        word
        for parameter in COMMANDS[command].params
        for word in (*parameter.opts, *parameter.secondary_opts)
        if word.startswith("-")
    }


def arguments_of(command: str) -> set[str]:
    return {
        parameter.metavar
        for parameter in COMMANDS[command].params
        if parameter.param_type_name == "argument"
    }


def test_the_page_has_the_commands_and_no_other():
    named = set(re.findall(r"^## vesalius (\S+)$", PAGE.read_text(), re.MULTILINE))
    assert named == set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_documented(command):
    rows = re.findall(r"^\| (`-.*?) \|", section(command), re.MULTILINE)
    table = set(re.findall(r"`(-{1,2}[a-z0-9-]+)`", " ".join(rows)))
    assert options_of(command) - {"--help"} == table


@pytest.mark.parametrize("command", COMMANDS)
def test_every_argument_is_documented(command):
    usage = section(command).split("```")[1]
    assert all(name in usage for name in arguments_of(command))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_says_what_it_does(command):
    silent = [
        parameter.name for parameter in COMMANDS[command].params if not parameter.help
    ]
    assert not silent


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_says_what_it_does(command):
    assert COMMANDS[command].help.endswith(".")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_points_at_what_is_not_there(page):
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text())
    inside = [link for link in links if "://" not in link and "@" not in link]
    assert not [link for link in inside if not (page.parent / link).exists()]


def test_the_readme_names_the_exit_codes_in_one_screen():
    readme = (ROOT / "README.md").read_text()
    assert len(readme.splitlines()) <= 60
    assert "0 done, 2 unusable\ninput or usage, 3 withheld, 4 weights" in readme
    (code,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    lines = [line for line in code.splitlines() if line.strip()]
    assert len(lines) <= 12

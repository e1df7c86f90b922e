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


def flat(group, before=""):
    """Return commands by their words, those of groups as "audit verify"."""
    found = {}
    for name, command in group.commands.items():
        inner = hasattr(command, "commands")
        words = f"{before}{name}"
        found |= flat(command, f"{words} ") if inner else {words: command}
    return found


COMMANDS = flat(GROUP)
KNOWN = {*COMMANDS, *(name.split()[0] for name in COMMANDS)}


def section(command: str) -> str:
    """Return what the page says of one command, without the page's other parts."""
    parts = re.split(r"^## vesalius (\S.*)$", PAGE.read_text(), flags=re.MULTILINE)
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
    named = set(re.findall(r"^## vesalius (\S.*)$", PAGE.read_text(), re.MULTILINE))
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


def spoken_in(page):
    """Return the commands that a page has in code: "audit verify", their options."""
    text = page.read_text().replace("\\\n", " ").replace("\n  ", " ")
    fenced = re.findall(r"^```[a-z]*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    inline = re.findall(r"`([^`]+)`", text)
    lines = [line for part in (*fenced, *inline) for line in part.splitlines()]
    return [
        found.group(1).split()
        for line in lines
        if (found := re.search(r"\bvesalius ([a-z].*)", line))
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_names_a_command_or_an_option_that_is_not_there(page):
    for words in spoken_in(page):
        (name,) = [n for n in (" ".join(words[:2]), words[0]) if n in KNOWN][:1] or [""]
        assert name, f"there is no command {' '.join(words[:2])!r}"
        options = {w.split("=")[0] for w in words if re.match(r"--[a-z]", w)}
        if name in COMMANDS:
            assert options <= options_of(name) | {"--help"}


def test_the_readme_names_the_exit_codes_in_one_screen():
    readme = (ROOT / "README.md").read_text()
    assert len(readme.splitlines()) <= 60
    assert "0 done, 2 unusable\ninput or usage, 3 withheld, 4 weights" in readme
    (code,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    lines = [line for line in code.splitlines() if line.strip()]
    assert len(lines) <= 12
